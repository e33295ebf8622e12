#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ynl.sh - generate what follows from uapi/kpac.yaml, the netlink specification.
#
#   scripts/ynl.sh           write the generated files
#   scripts/ynl.sh --check   fail if one of them is not what would be generated
#
# Generated: uapi/linux/kpac.h, kmod/netlink-gen.h, kmod/netlink-gen.c, by the
# kernel's own generator (tools/net/ynl of linux-source, see kernel.sh).

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

SPEC=Documentation/netlink/specs/kpac.yaml
FILES=(uapi/linux/kpac.h kmod/netlink-gen.h kmod/netlink-gen.c)

# The generator resolves schemas and the tree's root relative to the spec: it
# gets a tree that has just these. (Without MAINTAINERS it never ends.)
make_tree() {
	mkdir -p "$tmp/${SPEC%/*}" "$tmp/out/uapi/linux" "$tmp/out/kmod"
	cp "$src"/Documentation/netlink/*.yaml "$tmp/Documentation/netlink/"
	cp "$KPAC_TOP/uapi/kpac.yaml" "$tmp/$SPEC"
	: > "$tmp/MAINTAINERS"
}

# gen MODE --header|--source FILE
gen() {
	(cd "$tmp" && timeout 60 /usr/bin/python3 \
		"$src/tools/net/ynl/pyynl/ynl_gen_c.py" \
		--mode "$1" "$2" --spec "$SPEC" -o "out/$3")
	sed -i -e "s|$SPEC|uapi/kpac.yaml|" \
		-e 's|^/\* To regenerate run: .*|/* To regenerate run: scripts/ynl.sh */|' \
		"$tmp/out/$3"
}

compare() {
	local f rc=0
	for f in "${FILES[@]}"; do
		diff -u "$KPAC_TOP/$f" "$tmp/out/$f" || rc=1
	done
	[[ $rc = 0 ]] || say "generated files are stale: run scripts/ynl.sh"
	return $rc
}

write() {
	local f
	for f in "${FILES[@]}"; do
		if ! cmp -s "$tmp/out/$f" "$KPAC_TOP/$f"; then
			cp "$tmp/out/$f" "$KPAC_TOP/$f"
			say "wrote $f"
		fi
	done
}

case ${1:-} in
'' | --check) ;;
*)
	sed -n '3,/^$/s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
src=$("$KPAC_TOP/scripts/kernel.sh" source)
tmp=$(mktemp -d "${TMPDIR:-/tmp}/kpac-ynl.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
make_tree
gen uapi --header "${FILES[0]}"
gen kernel --header "${FILES[1]}"
gen kernel --source "${FILES[2]}"
if [[ ${1:-} = --check ]]; then
	compare
else
	write
fi
