#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034,SC2086,SC2119,SC2317 # split words, functions called by name
#
# While packets leave by a kpac qdisc, it comes, is changed and goes; the device goes
# down or is pulled out; a CPU goes; somebody tries to unload the module.

. "$(dirname "$0")/transmit.bash"
[[ $KPAC_MODE != without ]] || skip_all "nothing to test without kpac"
[[ -e $TC_LIB_DIR/q_kpac.so ]] || skip_all "no q_kpac.so in $TC_LIB_DIR"

test_add_change_del() {
	local i
	wired "${1:-virtio}" || return
	ask start from="$R" senders=2 cpus=0,1 burst=16 window=128 >/dev/null
	for i in 1 2 3; do
		rtc add root kpac
		rtc change root kpac batch $i limit 2000
		rtc change root kpac batch 256
		rtc replace root handle $i: kpac batch 4
		rtc replace root pfifo_fast
		rtc replace root kpac
		rtc del root
	done
	check "flows" flowing
	GOT=$(ask stop)
	in_order "changed" 100
	# What waits in a qdisc that is replaced is dropped.
	(($(value lost) <= 3 * 5 * 1000)) || fail "lost: $GOT"
	packets count=320 burst=64 window=128
	intact "afterwards"
	check "kernel log" quiet_log
}

# Nothing waits: nothing is lost.
test_change_loses_nothing() {
	wired e1000e || return
	rtc add root kpac
	ask start from="$R" senders=2 cpus=0,1 burst=16 window=64 >/dev/null
	for _ in 1 2 3 4; do
		rtc change root kpac batch 1
		rtc change root kpac batch 64
	done
	check "flows" flowing
	GOT=$(ask stop)
	intact "changed"
}

test_module_is_used() {
	wired virtio || return
	rtc add root kpac
	rmmod kpac 2>/dev/null && fail "the module went away under its qdisc"
	packets count=64 burst=64
	intact "afterwards"
	rtc del root
	check "rmmod" timeout 20 rmmod kpac
	load_kpac
}

test_down_up() {
	wired "${1:-virtio}" || return
	rtc add root kpac
	ask start from="$R" burst=64 window=192 >/dev/null
	for _ in 1 2; do
		check "flows" flowing
		ip -n "$R" link set r2 down
		wire_up
	done
	check "flows after that" flowing
	GOT=$(ask stop)
	# The stack's neighbour keeps packets until its address is known again.
	equal "repeated, broken" "$(value repeated) $(value broken)" "0 0"
	equal "backlog, qlen" "$(shown '[.backlog, .qlen]')" "[0,0]"
	packets from="$R" count=320 burst=64 window=128
	intact "afterwards"
	check "kernel log" quiet_log
}
test_down_up_e1000e() { test_down_up e1000e; }

test_cpu_offline() {
	[[ -w /sys/devices/system/cpu/cpu1/online ]] || { skip "CPU 1 cannot be taken offline"; return; }
	wired virtio || return
	rtc add root kpac
	cpu_comes_and_goes from="$R"
}

test_unplug() {
	local slot
	wired virtio || return
	ring 32
	rtc add root kpac
	ask start from="$R" senders=2 cpus=0,1 burst=64 window=192 >/dev/null
	check "flows" flowing
	slot=$(in_ns "$R" readlink -f /sys/class/net/r2/device)
	echo 1 >"${slot%/*}/remove"
	ask stop >/dev/null
	unwire
	echo 1 >/sys/bus/pci/rescan
	check "rmmod" timeout 20 rmmod kpac
	load_kpac
	wired virtio || { fail "the NIC is not back"; return; }
	check "kernel log" quiet_log
}

run_tests add_change_del module_is_used down_up cpu_offline unplug change_loses_nothing down_up_e1000e
