#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034,SC2086,SC2119,SC2317 # split words, functions called by name
#
# The generic-netlink family, by the kernel's own YNL client and by hand: what
# is right works, what is wrong is refused with a reason and changes nothing.
#   KPAC_YNL   directory of the client: tools/net/ynl/pyynl of a kernel tree

. "$(dirname "$0")/lib.sh"

# find_ynl: the client's directory
find_ynl() {
	local dir
	for dir in "${KPAC_YNL:-}" "${KPAC_YNL:-}/pyynl" "$DIR"/../../../../net/ynl/pyynl \
		/usr/src/*/tools/net/ynl/pyynl; do
		[[ ! -f $dir/cli.py || ! -d $dir/lib ]] || { echo "$dir"; return; }
	done
	return 1
}

[[ $KPAC_MODE != without ]] || skip_all "nothing to test without kpac"
YNL=$(find_ynl) || skip_all "no YNL client: set KPAC_YNL to the kernel's tools/net/ynl/pyynl"
$PYTHON -c "import yaml" || skip_all "python3-yaml is missing"

namespaces R OTHER
batch "$R" <<-END
	link add d0 type dummy
	link add d1 type dummy
	link add t0 type ipip local 10.0.0.1 remote 10.0.0.2
END
for ((i = 0; i < 300; i++)); do echo "link add m$i type dummy"; done | batch "$R"
ip -n "$OTHER" link add d7 type dummy

$PYTHON "$DIR/netlink.py" "$YNL" "$KPAC_TOP/uapi/kpac.yaml" "$R" "$OTHER" \
	>"$TMP/results" 2>"$TMP/stderr"
status=$?

plan $(($(grep -c "^\(not \)\?ok " "$TMP/results") + 1))
WHY=() SKIP='' ASSERTED=0
while read -r line; do
	case $line in
	"#"*)       fail "${line#\# }" ;;
	"ok "*)     pass; result "${line#ok }" ;;
	"not ok "*) pass; result "${line#not ok }" ;;
	esac
done <"$TMP/results"
equal "exit status of netlink.py ($(tail -n3 "$TMP/stderr"))" $status 0
result "all ran"
finish
