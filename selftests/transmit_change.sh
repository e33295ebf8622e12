#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034,SC2086,SC2119,SC2317 # split words, functions called by name
#
# While packets leave by a port, its device goes down, gets other queues, is pulled
# out, a CPU goes, ports come and go, the module goes: nothing is lost but what has
# to be, nothing is sent twice, and then all goes on.

. "$(dirname "$0")/transmit.bash"
[[ $KPAC_MODE != without ]] || skip_all "nothing to test without kpac"

# ---- while the device changes ----

test_down_up() {
	routed "${1:-virtio}" || return
	ask start burst=64 window=192 >/dev/null
	for _ in 1 2; do
		check "flows" flowing
		ip -n "$R" link set r2 down
		wire_up
	done
	check "flows after that" flowing
	GOT=$(ask stop)
	# The stack's neighbour keeps packets until its address is known again.
	equal "repeated, broken" "$(value repeated) $(value broken)" "0 0"
	packets count=320 burst=64 window=128
	intact "afterwards"
	check "kernel log" quiet_log
}
test_down_up_e1000e() { test_down_up e1000e; }

test_channels() {
	local n
	routed virtio4 || return
	ask start senders=2 cpus=0,1 burst=64 window=192 >/dev/null
	for n in 1 4 2 4; do
		check "flows" flowing
		in_ns "$R" ethtool -L r2 combined $n || fail "ethtool -L combined $n"
	done
	check "flows after that" flowing
	GOT=$(ask stop)
	equal "repeated, broken" "$(value repeated) $(value broken)" "0 0"
	packets count=320 burst=64 window=128
	intact "afterwards"
	check "kernel log" quiet_log
}

# unplug KIND: the NIC is pulled out under load
unplug() {
	local slot
	routed "$1" || return
	ask start burst=64 window=128 >/dev/null
	check "flows" flowing
	slot=$(in_ns "$R" readlink -f /sys/class/net/r2/device)
	[[ -e $slot/remove ]] || slot=${slot%/*}
	echo 1 >"$slot/remove"
	equal "ports" "$("$KPACCTL" -j -n "$R" port show | jq length)" 1
	GOT=$(ask stop)
	in_order "unplugged"
	unwire
	echo 1 >/sys/bus/pci/rescan
	routed "$1" || { fail "the NIC is not back"; return; }
	packets count=320 burst=64 window=128
	intact "afterwards"
	check "kernel log" quiet_log
}
test_unplug_virtio() { unplug virtio; }
test_unplug_e1000e() { unplug e1000e; }

test_cpu_offline() {
	[[ -w /sys/devices/system/cpu/cpu1/online ]] || { skip "CPU 1 cannot be taken offline"; return; }
	routed virtio || return
	cpu_comes_and_goes
}

# ---- while kpac changes ----

test_ports_come_and_go() {
	routed virtio || return
	# what is on its way fits into B's ring: QEMU reorders what does not
	ask start senders=2 cpus=0,1 burst=16 window=64 >/dev/null
	for _ in 1 2 3 4 5 6; do
		ports del r2
		kpac "$R" port add dev r2 tx-batch 8
		kpac "$R" port set dev r2 tx-batch 256 copybreak 256 pool 64
	done
	for _ in 1 2 3; do
		ports del r1
		ports add r1
	done
	check "flows" flowing
	GOT=$(ask stop)
	intact "changed"
	check "kernel log" quiet_log
}

test_module_goes() {
	grep -q "^kpac .* - " /proc/modules || { skip "kpac is built in"; return; }
	routed virtio || return
	ask start senders=2 cpus=0,1 burst=16 window=192 >/dev/null
	for _ in 1 2; do
		check "flows" flowing
		timeout 30 rmmod kpac || fail "rmmod"
		check "flows without kpac" flowing
		load_kpac
		ports add r1 r2
	done
	check "flows after that" flowing
	GOT=$(ask stop)
	equal "lost, of $(value sent)" "$(value lost)" 0
	equal "repeated, broken" "$(value repeated) $(value broken)" "0 0"
	check "kernel log" quiet_log
}

run_tests down_up cpu_offline ports_come_and_go module_goes unplug_virtio channels \
	down_up_e1000e unplug_e1000e
