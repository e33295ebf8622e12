#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# deps.sh - install what is missing.
#
#   scripts/deps.sh build|check|bench|demo...
#
#   build   compile the module and the tools
#   check   make check: also the VM, the static checks, the kernel source
#   bench   make bench: also the peers that kpac is compared with
#   demo    make demo
#
# Packages come from apt; does nothing, and fast, when all is there. The VM's
# kernel and its headers are not installed but unpacked into $KPAC_CACHE (see
# common.sh): Debian's headers depend on the image, and the machine's boot menu
# shall stay as it is. virtme-ng, which Debian 12 lacks, is the one package
# taken from Debian 13. The kernel source is kernel.sh's business.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

BUILD="gcc make libc6-dev kmod pahole pkg-config libnl-3-dev libnl-genl-3-dev
	libjansson-dev"
VM="qemu-system-x86 busybox-static udev kmod file python3 iproute2 iputils-ping procps iperf3 jq"
CHECK="$VM sparse shellcheck python3-yaml python3-jsonschema ethtool nftables wireguard-tools
	tcpdump xz-utils zstd bc bison flex libelf-dev libssl-dev perl
	psmisc conntrack socat g++ man-db groff bash-completion"
BENCH="$CHECK openvswitch-common gnuplot-nox iptables wrk libpcre2-8-0 libpopt0"

export DEBIAN_FRONTEND=noninteractive
updated=''

as_root() {
	if [[ $(id -u) = 0 ]]; then
		"$@"
	else
		sudo -n "$@" || die "not root: run scripts/deps.sh $what as root first"
	fi
}

update_once() {
	[[ -z $updated ]] || return 0
	say "apt-get update"
	as_root apt-get -qq -o DPkg::Lock::Timeout=300 update
	updated=1
}

installed() {
	[[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) = installed ]]
}

# Installs those of the arguments that are missing.
need() {
	local p missing=()
	for p; do
		installed "$p" || missing+=("$p")
	done
	[[ ${#missing[@]} -gt 0 ]] || return 0
	update_once
	say "installing ${missing[*]}"
	as_root apt-get -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 \
		-o Dpkg::Use-Pty=0 install "${missing[@]}" >/dev/null
}

# Releases of the reference kernel that apt knows, newest last.
known_releases() {
	apt-cache pkgnames "linux-headers-$KPAC_REF_SERIES." |
		sed -n 's/^linux-headers-\(.*+deb[0-9.]*-amd64\)$/\1/p' | sort -V
}

# Downloads the packages of a release and unpacks them below one directory.
# Its modules must be in "lib" there: that is where vng looks.
fetch_kernel() {
	local rel=$1 base=${1%-*} tmp=$KPAC_CACHE/tmp-image.$$ deb
	say "downloading the kernel $rel and its headers (about 130 MB)"
	rm -rf "$tmp"
	mkdir -p "$tmp/root"
	(cd "$tmp" && apt-get -qq -o APT::Sandbox::User=root download \
		"linux-image-$rel" "linux-headers-$rel" \
		"linux-headers-$base-common" "linux-kbuild-$base" >/dev/null)
	for deb in "$tmp"/*.deb; do
		dpkg-deb -x "$deb" "$tmp/root"
	done
	[[ -e $tmp/root/lib ]] || ln -s usr/lib "$tmp/root/lib"
	/sbin/depmod -b "$tmp/root" "$rel"
	sed -i "s|/usr/src/|$KPAC_CACHE/image-$rel/usr/src/|" \
		"$tmp/root/usr/src/linux-headers-$rel/Makefile"
	rm -rf "$KPAC_CACHE/image-$rel"
	mv "$tmp/root" "$KPAC_CACHE/image-$rel"
	rm -rf "$tmp"
}

# The compiler that the headers of the reference kernel want, by its own name.
need_compiler() {
	need "$(sed -n 's/^CC.*= .*\(gcc-[0-9]*\).*/\1/p' \
		"$(ref_kdir)/.kernelvariables" | head -n 1 | grep . || echo gcc)"
}

need_kernel() {
	local rel
	if ! ref_kdir >/dev/null; then
		update_once
		rel=$(known_releases | tail -n 1)
		[[ -n $rel ]] || die "apt knows no linux-headers-$KPAC_REF_SERIES.*:" \
			"enable this release's security archive in apt's sources"
		fetch_kernel "$rel"
	fi
	need_compiler
}

# To build for the running kernel, its own headers are enough.
need_headers() {
	[[ -e /lib/modules/$(uname -r)/build/Makefile ]] || need_kernel
}

need_vng() {
	local tmp=$KPAC_CACHE/tmp-vng.$$
	! installed virtme-ng || return 0
	update_once
	if apt-cache show virtme-ng >/dev/null 2>&1; then
		need virtme-ng
		return
	fi
	say "installing virtme-ng from Debian 13, this one package only"
	mkdir -p "$tmp"
	other_apt_update trixie
	(cd "$tmp" && other_apt trixie apt-get download virtme-ng >/dev/null)
	as_root apt-get -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 \
		-o Dpkg::Use-Pty=0 install "$tmp"/virtme-ng_*.deb >/dev/null
	rm -rf "$tmp"
}

# Unpacks PACKAGE into the cache, which is there for FILE: installing it would start
# a daemon. need_unpacked DIRECTORY FILE PACKAGE
need_unpacked() {
	local dir=$KPAC_CACHE/$1 tmp=$KPAC_CACHE/tmp-$1.$$
	[[ ! -e $dir/$2 ]] || return 0
	update_once
	say "downloading $3"
	mkdir -p "$tmp/root"
	(cd "$tmp" && apt-get -qq -o APT::Sandbox::User=root \
		download "$3" >/dev/null)
	dpkg-deb -x "$tmp/$3"_*.deb "$tmp/root"
	# where all of them are from Debian 13 on
	[[ ! -d $tmp/root/sbin ]] || cp -r "$tmp/root/sbin" "$tmp/root/usr/"
	rm -rf "$dir"
	mv "$tmp/root" "$dir"
	rm -rf "$tmp"
}

need_peers() {
	need_unpacked ovs usr/bin/ovs-dpctl openvswitch-switch
	need_unpacked nginx usr/sbin/nginx nginx
	need_unpacked ipvsadm usr/sbin/ipvsadm ipvsadm
}

deps() {
	local list
	case $1 in
	build) list=$BUILD ;;
	check) list="$BUILD $CHECK" ;;
	bench) list="$BUILD $BENCH" ;;
	demo) list="$BUILD $VM" ;;
	*) die "deps.sh: do not know '$1' (build, check, bench, demo)" ;;
	esac
	# shellcheck disable=SC2086 # a list of words
	need $list
	if [[ $1 = build ]]; then
		need_headers
	else
		need_kernel
		need_vng
	fi
	[[ $1 != bench ]] || need_peers
	[[ $1 != check ]] || need_unpacked nfdump usr/bin/nfcapd nfdump
}

[[ $# -gt 0 ]] || { sed -n '3,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
mkdir -p "$KPAC_CACHE"
for what; do
	deps "$what"
done
