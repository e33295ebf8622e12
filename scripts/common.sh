#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# common.sh - what kpac's own scripts share: places, messages, versions.
# To be sourced, never run.
#
# KPAC_CACHE  where downloaded and built things live. Default: /var/cache/kpac
#             for root, else $XDG_CACHE_HOME/kpac (~/.cache/kpac). Everything
#             in it can be deleted at any time and comes back by itself.

KPAC_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
if [[ -z ${KPAC_CACHE:-} ]]; then
	if [[ -n ${XDG_CACHE_HOME:-} ]]; then
		KPAC_CACHE=$XDG_CACHE_HOME/kpac
	elif [[ $(id -u) = 0 ]]; then
		KPAC_CACHE=/var/cache/kpac
	else
		KPAC_CACHE=$HOME/.cache/kpac
	fi
fi
export KPAC_TOP KPAC_CACHE

# The reference kernel series, and the one that stands for current mainline.
KPAC_REF_SERIES=6.12
KPAC_NEXT_SERIES=7.2
export KPAC_REF_SERIES KPAC_NEXT_SERIES

say() { printf 'kpac: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# The newest reference kernel in the cache: prints its release (uname -r). Below
# $KPAC_CACHE/image-RELEASE is what its packages would install below /.
ref_release() {
	local d
	for d in "$KPAC_CACHE"/image-"$KPAC_REF_SERIES".*; do
		[[ ! -e $d/boot/vmlinuz-${d##*/image-} ]] || echo "${d##*/image-}"
	done | sort -V | tail -n 1 | grep .
}

# What KDIR must be to build for it.
ref_kdir() {
	local rel
	rel=$(ref_release) || return
	echo "$KPAC_CACHE/image-$rel/usr/src/linux-headers-$rel"
}

# Runs apt-get or apt-cache on the same Debian mirror as the system's, but with
# other suites and with lists and state of its own in the cache: nothing of the
# system's apt configuration changes.
#   other_apt SUITE apt-get|apt-cache ARGS...
other_apt() {
	local suite=$1 tool=$2 d=$KPAC_CACHE/apt-$1
	shift 2
	"$tool" -q -o Dir::Etc::sourcelist="$d/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null \
		-o Dir::State::lists="$d/lists" -o Dir::State::status="$d/status" \
		-o Dir::Cache="$d/cache" -o APT::Sandbox::User=root "$@"
}

# Prepares and refreshes the lists of SUITE for other_apt.
other_apt_update() {
	local suite=$1 d=$KPAC_CACHE/apt-$1 mirror
	# shellcheck disable=SC2016 # apt expands it
	mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' |
		grep '/debian/*$' | sort -u | head -n 1) || true
	[[ -n $mirror ]] || die "no Debian mirror in this system's apt sources"
	mkdir -p "$d/lists/partial" "$d/cache/archives/partial"
	: > "$d/status"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
		"$mirror $suite main" > "$d/sources.list"
	other_apt "$suite" apt-get update >&2
}
