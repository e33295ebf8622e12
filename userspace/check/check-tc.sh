# SPDX-License-Identifier: GPL-2.0						-*- shell-script -*-
# tc(8) with our plugin, and with a kernel that the test plays (tc/kernel.c).
# Sourced by check.sh.

TC=${TC:-$(PATH=$PATH:/usr/sbin:/sbin command -v tc)}

# tc_prints STATUS TEXT REPLY ARGS...: what tc says, with "|" between lines
tc_prints()
{
	local want=$1 text=$2 reply=$3 got status
	shift 3
	got=$(TC_LIB_DIR=$PWD KPAC_TC_REPLY=$reply \
		LD_PRELOAD=$PWD/build/check/tckernel.so \
		timeout 20 "$TC" "$@" 2>&1)
	status=$?
	got=$(tr '\n' '|' <<<"$got")
	[ "$status" -eq "$want" ] && [ "$got" = "$text|" ] && return 0
	echo "# tc $*: $status, not $want, \"$got\", not \"$text|\""
	return 1
}

# sends ATTRIBUTES OPTIONS...: what the kernel is asked for
sends()
{
	local attrs=$1
	shift
	tc_prints 0 "request kpac${attrs:+ options $attrs}" 4 \
		qdisc replace dev lo root kpac "$@"
}

# refuses MESSAGE OPTIONS...: an error, before the kernel is asked
refuses()
{
	local message=$1
	shift
	tc_prints 1 "Error: $message" 4 qdisc add dev lo root kpac "$@"
}

tc_options()
{
	local bad=0 word

	sends '' || bad=1
	sends '1=1' limit 1 || bad=1
	sends '1=1000000' limit 1000000 || bad=1
	sends '2=256' batch 256 || bad=1
	sends '1=2000 2=1' batch 1 limit 2000 || bad=1
	sends '1=1000 2=64' limit 1000p batch 64p || bad=1
	for word in 0 1000001 -1 +1 0x10 1k many '' p 1pp \
		99999999999999999999999999; do
		refuses "argument \"$word\" is wrong: \"limit\" is a number of packets from 1 to 1000000." \
			limit "$word" || bad=1
	done
	refuses 'argument "257" is wrong: "batch" is a number of packets from 1 to 256.' \
		limit 5 batch 257 || bad=1
	refuses 'command line is not complete: "batch" needs a value.' \
		limit 1 batch || bad=1
	refuses 'duplicate "limit": "2" is the second value.' \
		limit 1 limit 2 || bad=1
	usage='Usage: ... kpac [ limit PACKETS ] [ batch PACKETS ]'
	usage+='|  limit  packets that may be queued, 1 to 1000000 (1000)'
	usage+='|  batch  packets that are sent at once, 1 to 256 (64)'
	refuses "argument \"flows\" is wrong: expected \"limit\" or \"batch\".|$usage" \
		flows 1024 || bad=1
	tc_prints 1 "$usage" 4 qdisc add dev lo root kpac help || bad=1
	return $bad
}

tc_shows()
{
	local bad=0 first='qdisc kpac 8001: dev lo root limit 1000p batch 64p '
	local counts=' Sent 6400 bytes 100 pkt (dropped 0, overlimits 0 requeues 0) '
	local count4='  batches 1 doorbells 5000000000 shared 3 requeued 4'
	counts+='| backlog 0b 9p requeues 0'

	tc_prints 0 "${first/dev lo /}" 4 qdisc show dev lo || bad=1
	tc_prints 0 "$first" 4 qdisc show || bad=1
	tc_prints 0 "$first|$counts|$count4" 4 -s qdisc show || bad=1
	# An older and a newer kernel: fewer counters, none, and more
	tc_prints 0 "$first|$counts|  batches 1 doorbells 5000000000" 2 \
		-s qdisc show || bad=1
	tc_prints 0 "$first|$counts" 0 -s qdisc show || bad=1
	tc_prints 0 "$first|$counts|$count4" 7 -s qdisc show || bad=1
	tc_prints 0 'qdisc kpac 8001: dev lo root ' none -s qdisc show || bad=1
	return $bad
}

# tc_json COUNTERS CONDITION: a condition on what tc -j prints of one discipline
tc_json()
{
	local got
	got=$(TC_LIB_DIR=$PWD KPAC_TC_REPLY=$1 \
		LD_PRELOAD=$PWD/build/check/tckernel.so \
		timeout 20 "$TC" -j -s qdisc show 2>&1)
	python3 -c 'import json, sys
q = json.loads(sys.argv[1])[0]
sys.exit(not eval(sys.argv[2], {"q": q}))' "$got" "$2" && return 0
	echo "# tc -j -s qdisc show: \"$got\", not $2"
	return 1
}

tc_shows_json()
{
	local bad=0
	tc_json 4 'q["options"] == {"limit": 1000, "batch": 64}' || bad=1
	tc_json 4 'q["doorbells"] == 5000000000 and q["requeued"] == 4' || bad=1
	tc_json 2 'q["batches"] == 1 and "shared" not in q' || bad=1
	tc_json none 'q["options"] == {} and "batches" not in q' || bad=1
	return $bad
}

if [ -x "$TC" ]; then
	tc_options
	result $? "tc: options of the queueing discipline kpac"
	tc_shows
	result $? "tc: shows the queueing discipline kpac"
	if command -v python3 >/dev/null; then
		tc_shows_json
		result $? "tc: shows it as JSON"
	else
		skip "tc: shows it as JSON" "no python3"
	fi
else
	skip "tc: the queueing discipline kpac" "no tc"
fi
