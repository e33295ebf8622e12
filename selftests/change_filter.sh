#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034,SC2086,SC2119,SC2317 # split words, functions called by name
#
# The routed path stays right when filters, policies, queues and programs come
# into its way while packets flow. See change.bash.

. "$(dirname "$0")/change.bash"

change nft_forward "4:- 6:- a:-"
nft_forward_on() { rnft <<< "table inet t { chain c { type filter hook forward priority 0; drop; }; }"; }
nft_forward_off() { in_ns "$R" nft flush ruleset; }

change nft_prerouting "4:- 6:- a:-"
nft_prerouting_on() {
	rnft <<< "table inet t { chain c { type filter hook prerouting priority 0; udp dport 4009 drop; }; }"
}
nft_prerouting_off() { nft_forward_off; }

change nft_postrouting "4:- 6:B a:-"
nft_postrouting_on() {
	rnft <<< "table ip t { chain c { type filter hook postrouting priority 0; udp dport 4009 drop; }; }"
}
nft_postrouting_off() { nft_forward_off; }

change nft_dnat "4:- 6:B a:-"
nft_dnat_on() {
	rnft <<< "table ip t { chain c { type nat hook prerouting priority dstnat; udp dport 4009 dnat to 10.1.0.21; }; }"
}
nft_dnat_off() { nft_forward_off; }

change nft_ingress "4:- 6:- a:-"
nft_ingress_on() {
	rnft <<< "table netdev t { chain c { type filter hook ingress device r1 priority 0; udp dport 4009 drop; }; }"
}
nft_ingress_off() { nft_forward_off; }

change nft_egress "4:- 6:- a:-"
nft_egress_on() {
	rnft <<< "table netdev t { chain c { type filter hook egress device r2 priority 0; udp dport 4009 drop; }; }"
}
nft_egress_off() { nft_forward_off; }

change xfrm_fwd "4:- 6:- a:-"
xfrm_policy() {
	batch "$R" <<-END
		xfrm policy $1 dir $2 src 0.0.0.0/0 dst 10.9.0.1/32 ${3:-}
		xfrm policy $1 dir $2 src ::/0 dst fd09::1/128 ${3:-}
	END
}
xfrm_fwd_on() { xfrm_policy add fwd "action block"; }
xfrm_fwd_off() { xfrm_policy del fwd; }

change xfrm_out "4:- 6:- a:-"
xfrm_out_on() { xfrm_policy add out "action block"; }
xfrm_out_off() { xfrm_policy del out; }

change tc_egress "4:- 6:- a:-"
tc_egress_on() {
	tc -n "$R" qdisc add dev r2 clsact
	tc -n "$R" filter add dev r2 egress matchall action drop
}
tc_egress_off() { tc -n "$R" qdisc del dev r2 clsact; }

change tc_ingress "4:- 6:- a:-"
tc_ingress_on() {
	tc -n "$R" qdisc add dev r1 clsact
	tc -n "$R" filter add dev r1 ingress matchall action drop
}
tc_ingress_off() { tc -n "$R" qdisc del dev r1 clsact; }

change tc_redirect "4:- 6:- a:-"
tc_redirect_on() {
	tc -n "$R" qdisc add dev r1 clsact
	tc -n "$R" filter add dev r1 ingress matchall action mirred egress redirect dev r3
}
tc_redirect_off() { tc_ingress_off; }

change qdisc_drops "4:- 6:- a:-"
qdisc_drops_on() { tc -n "$R" qdisc add dev r2 root netem loss 100%; }
qdisc_drops_off() { tc -n "$R" qdisc del dev r2 root; }

change xdp_on_peer "4:- 6:- a:-"
xdp_on_peer_on() { ip -n "$B" link set h0 xdpdrv pinned "$BPFFS/drop"; }
xdp_on_peer_off() { ip -n "$B" link set h0 xdpdrv off; }

change xdp_generic_on_peer "4:- 6:- a:-"
xdp_generic_on_peer_on() { ip -n "$B" link set h0 xdpgeneric pinned "$BPFFS/drop"; }
xdp_generic_on_peer_off() { ip -n "$B" link set h0 xdpgeneric off; }

change xdp_on_port "4:- 6:- a:-"
xdp_on_port_on() { ip -n "$R" link set r1 xdpdrv pinned "$BPFFS/drop"; }
xdp_on_port_off() { ip -n "$R" link set r1 xdpdrv off; }

change tc_ingress_on_peer "4:- 6:- a:-"
tc_ingress_on_peer_on() {
	tc -n "$B" qdisc add dev h0 clsact
	tc -n "$B" filter add dev h0 ingress matchall action drop
}
tc_ingress_on_peer_off() { tc -n "$B" qdisc del dev h0 clsact; }

change nft_input_on_peer "4:- 6:- a:-"
nft_input_on_peer_on() {
	in_ns "$B" nft -f - <<< "table inet t { chain c { type filter hook input priority 0; drop; }; }"
}
nft_input_on_peer_off() { in_ns "$B" nft flush ruleset; }

mkdir "$BPFFS"
mount -t bpf kpac_test "$BPFFS" && $PYTHON "$DIR/loadbpf.py" 1 "$BPFFS/drop"
run_changes
