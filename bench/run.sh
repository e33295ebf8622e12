#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# run.sh - run a benchmark: "make bench B=NAME".
#
#   bench/run.sh forward [full|quick]
#
# Installs what is missing, builds, boots a VM that counts instructions and a
# one-CPU user-mode Linux that runs at real speed, measures, prints a table, and
# writes bench/results/NAME.json and NAME.svg. full (the default) takes up to an
# hour under emulation, nearly all of it in the VM; quick takes five minutes and
# writes NAME-quick.*.
#
# Fails if any measurement did; what could be measured is reported all the same.
#
# Environment: KPAC_PACKETS  packets per measurement in the VM (50000)
#              KPAC_ROUNDS   rounds in user-mode Linux (11); 0: leave it out
#              KPAC_OUT      keep logs and raw numbers here ($KPAC_CACHE/bench)

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/common.sh"
cd "$KPAC_TOP"

name=${1:-} mode=${2:-full}
status=0

usage() { sed -n '3,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2; }

# Everything that runs in the guests is put into $out: nobody who builds in the
# meantime can change it.
build() {
	local dir p
	say "building"
	make -s tools >/dev/null
	dir=$(scripts/build.sh bench "$(ref_kdir)")
	cp "$dir/kpac.ko" "$KPAC_CACHE/ovs/usr/bin/ovs-dpctl" "$out/"
	for p in routes xdp; do
		gcc -O2 -Wall -Wextra -o "$out/$p" "bench/$p.c"
	done
}

in_vm() {
	say "measuring in the VM, mode $mode"
	KPAC_KO=$out/kpac.ko scripts/vm.sh -i -c 1 -m 4G -t 5400 -o "$out" -- \
		"bench/$name.sh" "$out" "$mode" || status=1
	if grep -E 'BUG:|WARNING:|Oops' "$out/dmesg"; then
		status=1
	fi
}

in_uml() {
	local dir
	[[ ${KPAC_ROUNDS:-11} != 0 ]] || return 0
	say "measuring in user-mode Linux (built if it is not there yet)"
	mkdir -p "$out/uml"
	if ! dir=$(scripts/build.sh bench-uml "$(scripts/kernel.sh uml)" ARCH=um); then
		say "no user-mode Linux: no nanoseconds"
		status=1
		return
	fi
	cp "$dir/kpac.ko" "$out/uml/"
	KPAC_KO=$out/uml/kpac.ko KPAC_PACKETS=${KPAC_UML_PACKETS:-300000} \
		scripts/uml.sh -t 1200 -o "$out/uml" -- \
		"bench/$name.sh" "$out/uml" uml > "$out/uml/log" 2>&1 || {
		tail -n 20 "$out/uml/log" >&2
		status=1
	}
}

report() {
	local to=bench/results/$name
	[[ $mode = full ]] || to+=-$mode
	[[ -s $out/$name.tsv ]] || die "nothing was measured"
	: >> "$out/uml/$name.tsv"
	awk -v json="$to.json" -v bars="$out/bars" -v scale="$out/scale" \
		-v kernel="$(<"$out/kernel")" \
		-v uml_kernel="$(cat "$out/uml/kernel" 2>/dev/null)" \
		-f bench/report.awk "$out/$name.tsv" "$out/uml/$name.tsv" |
		tee "$out/table"
	gnuplot -e "bars='$out/bars'; scale='$out/scale'; out='$to.svg'" \
		-e "kernel='$(<"$out/kernel")'" bench/plot.gp
	say "written: $to.json $to.svg"
}

[[ -n $name && $mode =~ ^(full|quick)$ ]] || usage
[[ -x bench/$name.sh && $name != run ]] || die "no benchmark bench/$name.sh"
scripts/deps.sh bench || die "cannot install what the benchmarks need"
out=${KPAC_OUT:-$KPAC_CACHE/bench}
rm -rf "$out"
mkdir -p "$out/uml" bench/results
out=$(cd "$out" && pwd -P)
build
in_vm
in_uml
report
exit $status
