#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# senders.sh - what a second CPU that sends by the same queue adds; see senders.c.
#
#   senders.sh DIR [full|quick]     runs as root inside a VM with two CPUs; see run.sh
#
# kpac_senders.ko lies where KPAC_KO does. Adds lines to DIR/transmit.tsv:
#   senders PEER DEVICE SENDERS 1 max rate PACKETS packets/s
# The rate is what one round of ten exceeds. DEVICE is dummy, whose driver needs no
# lock, or locked. Only ratios are worth reading: see senders.c. KPAC_WORK is what a
# sender has to do for a packet besides (0).

set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

DIR=${1:?where to write}
ROUNDS=${KPAC_ROUNDS:-11}
[[ ${2:-full} = full ]] || ROUNDS=7
RUN=/sys/module/kpac_senders/parameters/run

sysctl -qw net.ipv6.conf.default.disable_ipv6=1
modprobe dummy
insmod "$KPAC_KO" && insmod "${KPAC_KO%/*}/kpac_senders.ko" || die "cannot load the modules"
echo "${KPAC_WORK:-0}" > "${RUN%run}work"
ip link add dm0 type dummy
ip link set dm0 up
ip link set sink0 up
for ((i = 1; i <= ROUNDS; i++)); do
	say "round $i of $ROUNDS"
	for dev in dm0 sink0; do
		for peer in noqueue pfifo_fast fq_codel kpac; do
			tc qdisc replace dev $dev root $peer || die "$peer: cannot be set up"
			for n in 1 2; do
				echo "$dev $n" > $RUN || die "$peer: cannot send"
				read -r _ rate < $RUN
				name=dummy
				[[ $dev = dm0 ]] || name=locked
				result senders $peer $name $n 1 max rate "$rate" packets/s
			done
		done
	done
done
