#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# micro.sh - what the parts of the TX side cost, beside the kernel's own; see micro.c.
#
#   micro.sh DIR [ROUNDS]     runs as root inside a guest; see run.sh
#
# kpac_micro.ko lies where KPAC_KO does. Adds lines to DIR/transmit.tsv, per packet
# in instructions, or in nanoseconds where those are not counted:
#   micro NAME - 1 - - time VALUE UNIT

set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

DIR=${1:?where to write}
ROUNDS=${2:-1}
MODULE=${KPAC_KO%/*}/kpac_micro.ko

values() { dmesg | sed -n 's/.*\(^\|\] \)micro: //p'; }

for ((i = 1; i <= ROUNDS; i++)); do
	before=$(values | wc -l)
	# It has done its work and does not stay.
	insmod "$MODULE" 2>/dev/null
	values | tail -n +$((before + 1)) > "$DIR/micro"
	[[ -s $DIR/micro ]] || die "micro: nothing was measured"
	while read -r name value; do
		result micro "$name" - 1 - - time "$value" "$UNIT"
	done < "$DIR/micro"
done
