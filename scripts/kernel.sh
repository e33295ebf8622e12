#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# kernel.sh - current mainline: its source, and a user-mode Linux built from it.
#
#   scripts/kernel.sh source   unpack Debian sid's linux-source; prints its path
#   scripts/kernel.sh uml      build one-CPU user-mode Linux too; prints the
#                              build directory (the executable in it is "linux")
#   scripts/kernel.sh find     prints the source's path if it is there already
#
# Everything is in $KPAC_CACHE (see common.sh), keyed by package version and
# configuration. A module is built for this kernel with
#   make ARCH=um KDIR=$(scripts/kernel.sh uml)
# There is no SMP in it (so that its nanoseconds are honest, see uml.sh):
# code that only SMP compiles is covered by the build for the reference kernel.

set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# What one-CPU UML needs beyond its defconfig to run kpac's test beds.
CONFIG="MODULES MODULE_UNLOAD NET INET IPV6 PACKET UNIX NAMESPACES NET_NS
	VETH DUMMY TUN VXLAN BONDING BRIDGE MACVLAN VLAN_8021Q
	NET_VRF NET_L3_MASTER_DEV
	IP_ADVANCED_ROUTER IP_MULTIPLE_TABLES IPV6_MULTIPLE_TABLES XFRM_USER
	NETFILTER NETFILTER_INGRESS NETFILTER_EGRESS
	NF_TABLES NF_TABLES_INET NF_TABLES_NETDEV
	NF_CONNTRACK NF_CT_NETLINK NFT_CT NF_NAT
	NETFILTER_XTABLES NETFILTER_XTABLES_LEGACY IP_NF_IPTABLES_LEGACY
	IP_NF_IPTABLES IP_NF_FILTER NETFILTER_XT_MATCH_CONNTRACK
	IP_VS IP_VS_PROTO_TCP IP_VS_PROTO_UDP IP_VS_MH IP_VS_NFCT
	NET_SCHED NET_SCH_INGRESS NET_SCH_FQ_CODEL NET_CLS_ACT NET_CLS_MATCHALL
	NET_ACT_GACT NET_ACT_MIRRED NET_PKTGEN
	HOSTFS TMPFS DEVTMPFS SECCOMP DEBUG_INFO_NONE"
# What makes its build slow for nothing.
CONFIG_OFF="DEBUG_INFO_DWARF_TOOLCHAIN_DEFAULT EXT4_FS"
# Lines that make prints for it, to estimate what is left.
STEPS=1640

# The newest source package of the wanted series that apt-cache knows: prints
# "package version"; any newer series if sid has moved on.
pick_package() {
	local p=linux-source-$KPAC_NEXT_SERIES v
	if ! other_apt sid apt-cache show "$p" >/dev/null 2>&1; then
		p=$(other_apt sid apt-cache pkgnames linux-source- |
			grep -E '^linux-source-[0-9.]+$' | sort -V | tail -n 1)
		say "sid has no linux-source-$KPAC_NEXT_SERIES any more: using $p"
	fi
	v=$(other_apt sid apt-cache show --no-all-versions "$p" |
		sed -n 's/^Version: //p')
	echo "$p $v"
}

cached_source() {
	local d
	for d in "$KPAC_CACHE"/linux-*; do
		[[ ! -e $d/.complete ]] || echo "$d"
	done | sort -V | tail -n 1 | grep .
}

fetch_source() {
	local p v tmp=$KPAC_CACHE/tmp-linux.$$
	! cached_source >/dev/null || return 0
	other_apt_update sid
	read -r p v < <(pick_package)
	[[ -n $v ]] || die "no linux-source package in Debian sid"
	say "downloading $p $v (about 165 MB) and unpacking it (1.8 GB); 1 to 2 minutes"
	rm -rf "$tmp"
	mkdir -p "$tmp/src"
	(cd "$tmp" && other_apt sid apt-get download "$p" >/dev/null)
	dpkg-deb --fsys-tarfile "$tmp/$p"_*.deb |
		tar -xO --wildcards './usr/src/linux-source-*.tar.*' |
		nice tar -xJ -C "$tmp/src" --strip-components=1
	touch "$tmp/src/.complete"
	mv "$tmp/src" "$KPAC_CACHE/linux-${v//[^A-Za-z0-9.+-]/_}"
	rm -rf "$tmp"
}

uml_dir() {
	local hash
	hash=$(sha256sum <<<"$CONFIG $CONFIG_OFF" | cut -c 1-8)
	echo "$KPAC_CACHE/uml-${1##*/linux-}-$hash"
}

# Says every 20 seconds how far the build is, until it is killed.
progress() {
	local log=$1 start=$SECONDS n
	while sleep 20; do
		n=$(wc -l < "$log")
		say "user-mode Linux: $((n * 100 / STEPS)) % after $((SECONDS - start)) s"
	done
}

configure_uml() {
	local src=$1 dir=$2 o args=()
	for o in $CONFIG; do
		args+=(-e "$o")
	done
	for o in $CONFIG_OFF; do
		args+=(-d "$o")
	done
	make -s -C "$src" ARCH=um O="$dir" defconfig
	"$src/scripts/config" --file "$dir/.config" "${args[@]}"
	make -s -C "$dir" ARCH=um olddefconfig
	for o in $CONFIG; do
		grep -q "^CONFIG_$o=y" "$dir/.config" ||
			say "note: this kernel has no CONFIG_$o"
	done
}

build_uml() {
	local src=$1 dir=$2 pid rc=0
	[[ ! -e $dir/.complete ]] || return 0
	say "building user-mode Linux ${src##*/linux-}: 5 to 8 minutes on 2 CPUs, once"
	mkdir -p "$dir"
	configure_uml "$src" "$dir" > "$dir.log" 2>&1 || rc=$?
	[[ $rc = 0 ]] || { tail -n 20 "$dir.log" >&2; die "configuring failed: $dir.log"; }
	progress "$dir.log" &
	pid=$!
	nice make -C "$dir" ARCH=um -j"$(nproc)" >> "$dir.log" 2>&1 || rc=$?
	kill "$pid" 2>/dev/null || true
	[[ $rc = 0 ]] || { tail -n 20 "$dir.log" >&2; die "building failed: $dir.log"; }
	touch "$dir/.complete"
}

main() {
	local lock src dir
	mkdir -p "$KPAC_CACHE"
	exec {lock}> "$KPAC_CACHE/kernel.lock"
	case ${1:-} in
	find)
		cached_source
		;;
	source)
		cached_source && return
		flock "$lock"
		fetch_source {lock}>&-
		cached_source
		;;
	uml)
		flock "$lock"
		fetch_source {lock}>&-
		src=$(cached_source)
		dir=$(uml_dir "$src")
		build_uml "$src" "$dir" {lock}>&-
		echo "$dir"
		;;
	*)
		sed -n '3,/^$/s/^# \{0,1\}//p' "$0" >&2
		exit 2
		;;
	esac
}

main "$@"
exit
