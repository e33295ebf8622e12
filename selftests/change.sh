#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034,SC2086,SC2119,SC2317 # split words, functions called by name
#
# The routed path stays right when routes, rules, settings, neighbours, addresses
# and devices change while packets flow. See change.bash.

. "$(dirname "$0")/change.bash"

change route_replace "4:C 6:C a:C"
route_replace_on() {
	batch "$R" <<-END
		route replace 10.9.0.0/24 via 10.3.0.2
		route replace fd09::/64 via fd03::2
	END
}
route_replace_off() {
	batch "$R" <<-END
		route replace 10.9.0.0/24 via 10.2.0.2
		route replace fd09::/64 via fd02::2
	END
}

change more_specific_route "4:C 6:C a:C"
more_specific_route_on() {
	batch "$R" <<-END
		route add 10.9.0.1/32 via 10.3.0.2
		route add fd09::1/128 via fd03::2
	END
}
more_specific_route_off() {
	batch "$R" <<-END
		route del 10.9.0.1/32
		route del fd09::1/128
	END
}

change blackhole "4:- 6:- a:-"
blackhole_on() {
	batch "$R" <<-END
		route add blackhole 10.9.0.1/32
		route add blackhole fd09::1/128
	END
}
blackhole_off() {
	batch "$R" <<-END
		route del blackhole 10.9.0.1/32
		route del blackhole fd09::1/128
	END
}

change route_deleted "4:- 6:- a:-"
route_deleted_on() {
	batch "$R" <<-END
		route del 10.9.0.0/24
		route del fd09::/64
	END
}
route_deleted_off() {
	batch "$R" <<-END
		route add 10.9.0.0/24 via 10.2.0.2
		route add fd09::/64 via fd02::2
	END
}

change route_mtu "4:- 6:- a:-"
route_mtu_on() {
	batch "$R" <<-END
		route replace 10.9.0.0/24 via 10.2.0.2 mtu 1300
		route replace fd09::/64 via fd02::2 mtu 1300
	END
}
route_mtu_off() { route_replace_off; }

change policy_rule "4:C 6:C a:C"
policy_rule_on() {
	batch "$R" <<-END
		route add 10.9.0.0/24 via 10.3.0.2 table 100
		route add fd09::/64 via fd03::2 table 100
		rule add to 10.9.0.1 table 100 pref 50
	END
	ip -n "$R" -6 rule add to fd09::1 table 100 pref 50
}
policy_rule_off() {
	batch "$R" <<-END
		rule del pref 50
		route flush table 100
	END
	batch "$R" -6 <<-END
		rule del pref 50
		route flush table 100
	END
}

change policy_rule_iif "4:- 6:- a:-"
policy_rule_iif_on() {
	ip -n "$R" rule add iif r1 blackhole pref 50
	ip -n "$R" -6 rule add iif r1 blackhole pref 50
}
policy_rule_iif_off() {
	ip -n "$R" rule del pref 50
	ip -n "$R" -6 rule del pref 50
}

change rp_filter "4:B 6:B a:-"
rp_filter_on() { in_ns "$R" sysctl -qw net.ipv4.conf.r1.rp_filter=1; }
rp_filter_off() { in_ns "$R" sysctl -qw net.ipv4.conf.r1.rp_filter=0; }

change rp_filter_all "4:B 6:B a:-"
rp_filter_all_on() { in_ns "$R" sysctl -qw net.ipv4.conf.all.rp_filter=1; }
rp_filter_all_off() { in_ns "$R" sysctl -qw net.ipv4.conf.all.rp_filter=0; }

change forwarding "4:- 6:- a:-"
forwarding_on() { forwarding 0; }
forwarding_off() { forwarding 1; }

# IPv6 asks only whether the namespace forwards.
change forwarding_of_port "4:- 6:B a:-"
forwarding_of_port_on() {
	in_ns "$R" sysctl -qw net.ipv4.conf.r1.forwarding=0 net.ipv6.conf.r1.forwarding=0
}
forwarding_of_port_off() {
	in_ns "$R" sysctl -qw net.ipv4.conf.r1.forwarding=1 net.ipv6.conf.r1.forwarding=1
}

change ipv6_disabled "4:B 6:- a:B"
ipv6_disabled_on() { in_ns "$R" sysctl -qw net.ipv6.conf.r1.disable_ipv6=1; }
ipv6_disabled_off() {
	in_ns "$R" sysctl -qw net.ipv6.conf.r1.disable_ipv6=0
	batch "$R" <<-END
		addr add fd01::1/64 dev r1 nodad
		neigh replace fd01::2 lladdr 02:00:00:00:01:02 dev r1
	END
}

change neighbour_new_mac "4:B 6:B a:B"
neighbour_mac() {
	ip -n "$B" link set h0 address "$1"
	batch "$R" <<-END
		neigh replace 10.2.0.2 lladdr $1 dev r2
		neigh replace fd02::2 lladdr $1 dev r2
	END
}
neighbour_new_mac_on() { neighbour_mac 02:00:00:00:02:22; }
neighbour_new_mac_off() { neighbour_mac 02:00:00:00:02:02; }

change neighbour_wrong_mac "4:- 6:- a:-"
neighbour_wrong_mac_on() {
	batch "$R" <<-END
		neigh replace 10.2.0.2 lladdr 02:00:00:00:0b:ad dev r2
		neigh replace fd02::2 lladdr 02:00:00:00:0b:ad dev r2
	END
}
neighbour_wrong_mac_off() { neighbour_mac 02:00:00:00:02:02; }

change neighbour_deleted "4:B 6:B a:B"
neighbour_deleted_on() {
	batch "$R" <<-END
		neigh del 10.2.0.2 dev r2
		neigh del fd02::2 dev r2
	END
}
neighbour_deleted_off() { neighbour_mac 02:00:00:00:02:02; }

change neighbour_failed "4:- 6:- a:-"
neighbour_failed_on() {
	in_ns "$B" nft -f - <<-END
		table arp t { chain i { type filter hook input priority 0; drop; }; }
		table ip6 t { chain i { type filter hook input priority 0; icmpv6 type nd-neighbor-solicit drop; }; }
	END
	neighbour_deleted_on
}
neighbour_failed_off() {
	in_ns "$B" nft flush ruleset
	neighbour_mac 02:00:00:00:02:02
}

change out_mtu "4:- 6:- a:-"
out_mtu_on() { ip -n "$R" link set r2 mtu 1300; }
out_mtu_off() { ip -n "$R" link set r2 mtu 1500; }

change out_down "4:- 6:- a:-"
out_down_on() { ip -n "$R" link set r2 down; }
out_down_off() {
	batch "$R" <<-END
		link set r2 up
		addr replace fe80::1/64 dev r2 nodad
		neigh replace 10.2.0.2 lladdr 02:00:00:00:02:02 dev r2
		neigh replace fd02::2 lladdr 02:00:00:00:02:02 dev r2
		route replace 10.9.0.0/24 via 10.2.0.2
		route replace fd09::/64 via fd02::2
	END
}

change peer_down "4:- 6:- a:-"
peer_down_on() { ip -n "$B" link set h0 down; }
peer_down_off() {
	batch "$B" <<-END
		link set h0 up
		addr replace fe80::2/64 dev h0 nodad
		route replace default via 10.2.0.1
		route replace default via fd02::1
	END
	out_down_off
}

change local_address "4:- 6:- a:-"
local_address_on() {
	batch "$R" <<-END
		addr add 10.9.0.1/32 dev lo
		addr add fd09::1/128 dev lo nodad
	END
}
local_address_off() {
	batch "$R" <<-END
		addr del 10.9.0.1/32 dev lo
		addr del fd09::1/128 dev lo
	END
}

change port_mac "4:- 6:- a:-"
port_mac_on() { ip -n "$R" link set r1 address 02:00:00:00:01:11; }
port_mac_off() { ip -n "$R" link set r1 address 02:00:00:00:01:01; }

change out_mac "4:B 6:B a:B"
out_mac_on() { ip -n "$R" link set r2 address 02:00:00:00:02:11; }
out_mac_off() { ip -n "$R" link set r2 address 02:00:00:00:02:01; }

change vrf "4:- 6:- a:-"
vrf_on() {
	batch "$R" <<-END
		link add vrf0 up type vrf table 300
		route replace unreachable default table 300
		route replace unreachable ::/0 table 300
		link set r1 master vrf0
	END
	r1_again
}
vrf_off() {
	ip -n "$R" link del vrf0
	r1_again
}

# A device that gets or loses a master goes down and up again.
r1_again() {
	batch "$R" <<-END
		addr replace fd01::1/64 dev r1 nodad
		neigh replace 10.1.0.2 lladdr 02:00:00:00:01:02 dev r1
		neigh replace fd01::2 lladdr 02:00:00:00:01:02 dev r1
	END
}

change multipath "4:C 6:C a:C"
multipath_on() {
	batch "$R" <<-END
		route replace 10.9.0.0/24 nexthop via 10.3.0.2 nexthop via 10.3.0.2 weight 3
		route replace fd09::/64 nexthop via fd03::2
	END
}
multipath_off() { route_replace_off; }

change nexthop_object "4:C 6:C a:C"
nexthop_object_on() {
	batch "$R" <<-END
		nexthop add id 1 via 10.2.0.2 dev r2
		nexthop add id 2 via fd02::2 dev r2
		route replace 10.9.0.0/24 nhid 1
		route replace fd09::/64 nhid 2
	END
	ask watch 3 >/dev/null
	batch "$R" <<-END
		nexthop replace id 1 via 10.3.0.2 dev r3
		nexthop replace id 2 via fd03::2 dev r3
	END
}
nexthop_object_off() {
	route_replace_off
	ip -n "$R" nexthop flush 2>/dev/null
	:
}

run_changes
