#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# relay.sh - kmod/relay.h beside other queues, with real threads; see relay.c.
#
#   relay.sh DIR [full|quick]     runs on the host; DIR has the program relay
#
# Adds lines to DIR/transmit.tsv:
#   relay-BATCH QUEUE - SENDERS 1 max time|scaling|instructions VALUE UNIT

set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

DIR=${1:?where to write}
ROUNDS=101
[[ ${2:-full} = full ]] || ROUNDS=21

"$DIR/relay" -r $ROUNDS > "$DIR/relay.tsv"
status=$?
while IFS=$'\t' read -r queue senders batch ns scaling instructions; do
	[[ $queue != '#'* ]] || continue
	result "relay-$batch" "$queue" - "$senders" 1 max time "$ns" ns
	result "relay-$batch" "$queue" - "$senders" 1 max scaling "$scaling" ratio
	[[ -z $instructions ]] ||
		result "relay-$batch" "$queue" - "$senders" 1 max instructions \
			"$instructions" instructions
done < "$DIR/relay.tsv"
exit $status
