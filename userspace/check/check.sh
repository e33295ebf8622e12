#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What "make -C userspace check" runs: check.c, and then what was built around
# it. Needs neither root nor the module. Prints TAP.

cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C.UTF-8
tests=0
failed=0

result()
{
	local status=$1
	shift
	tests=$((tests + 1))
	if [ "$status" -eq 0 ]; then
		echo "ok $tests $*"
	else
		echo "not ok $tests $*"
		failed=$((failed + 1))
	fi
}

skip()
{
	tests=$((tests + 1))
	echo "ok $tests $1 # SKIP $2"
}

echo "TAP version 13"
output=$(timeout 300 build/check/check 2>&1)
status=$?
printf '%s\n' "$output"
tests=$(grep -c -E '^(not )?ok ' <<<"$output")
failed=$(grep -c '^not ok ' <<<"$output")
finished=1
[ "$status" -le 1 ] && [ "$tests" -gt 0 ] && finished=0
result $finished "check.c came to its end (exit status $status)"

# The library exports what its map and its header have, no more and no less.
exported=$(nm -D --defined-only libkpac.so | awk '$2 == "T" { print $3 }' | sort)
mapped=$(sed -n 's/^\t\(kpac_[a-z_]*\);$/\1@@KPAC_1.0/p' lib/libkpac.map | sort)
declared=$(grep -oh '\bkpac_[a-z_]*(' lib/kpac.h lib/kpac-table.h lib/kpac-flow.h \
	lib/kpac-heartbeat.h lib/kpac-balance.h | tr -d '(' |
	grep -v -E '^kpac_dev_(name|index)$' | sort -u | sed 's/$/@@KPAC_1.0/')
[ -n "$exported" ] && [ "$exported" = "$mapped" ]
result $? "libkpac.so exports what libkpac.map has"
[ -n "$declared" ] && [ "$exported" = "$(grep -v '_fn@' <<<"$declared")" ]
result $? "libkpac.so exports what kpac.h and what it includes have"
readelf -d libkpac.so | grep -q 'SONAME.*\[libkpac\.so\.1\]'
result $? "the SONAME is libkpac.so.1"
missing=$(while IFS=@ read -r f _; do
	grep -q "^ \* $f() - " lib/*.c || echo "# $f"
done <<<"$exported")
[ -z "$missing" ]
result $? "every function has its kernel-doc${missing:+ $missing}"

[ "$(nm -D --defined-only q_kpac.so | awk '{ print $3 }')" = kpac_qdisc_util ]
result $? "q_kpac.so exports what tc looks for, and nothing else"

# A program that has nothing but what "make install" installs.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
make -s install DESTDIR="$dir" PREFIX=/usr >/dev/null
result $? "make install"
cat >"$dir/program.c" <<-'END'
	#include <kpac.h>
	int main(void)
	{
		struct kpac *kpac;
		int err = kpac_open(&kpac, "there is no such namespace");

		kpac_close(kpac);
		return err != -2 || kpac_pass_reason_from_name("mtu") < 0;
	}
END
flags=$(PKG_CONFIG_PATH=$dir/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$dir \
	pkg-config --cflags --libs libkpac)
# shellcheck disable=SC2086 # they are many words
cc -Wall -Wextra -pedantic -std=c99 -I"$dir/usr/include" -o "$dir/program" \
	"$dir/program.c" $flags -L"$dir/usr/lib" &&
	LD_LIBRARY_PATH=$dir/usr/lib "$dir/program"
result $? "a program builds and runs with the installed library"
if command -v c++ >/dev/null; then
	c++ -fsyntax-only -x c++ -I"$dir/usr/include" "$dir/usr/include/kpac.h"
	result $? "the header is good for C++"
else
	skip "the header is good for C++" "no C++ compiler"
fi
"$dir/usr/sbin/kpacctl" -V | grep -q '^kpacctl [0-9]'
result $? "kpacctl runs where it was installed"
plugin=$(cd "$dir" && find usr -name q_kpac.so)
if tc=$(PATH=$PATH:/usr/sbin:/sbin command -v tc); then
	grep -q -a -F "/${plugin%q_kpac.so}" "$tc"
	result $? "q_kpac.so is installed where tc looks (/$plugin)"
else
	skip "q_kpac.so is installed where tc looks" "no tc"
fi
make -s uninstall DESTDIR="$dir" PREFIX=/usr >/dev/null
[ -z "$(find "$dir/usr" -type f -o -type l)" ]
result $? "make uninstall leaves nothing"

if [ -c /dev/full ]; then
	./kpacctl help >/dev/full 2>"$dir/stderr"
	[ $? -eq 2 ] && grep -q 'cannot write: No space left' "$dir/stderr"
	result $? "a full disk is an error"
fi

# Man pages
for page in man/kpacctl.8 man/libkpac.3 man/tc-kpac.8; do
	if command -v man >/dev/null && command -v groff >/dev/null; then
		warnings=$(MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l \
			-Tutf8 -Z "$page" 2>&1 >/dev/null)
		[ -z "$warnings" ]
		result $? "$page has no warnings${warnings:+ # $warnings}"
	else
		skip "$page has no warnings" "no man"
	fi
done
missing=$(for word in '.SH EXAMPLES' '.SH EXIT STATUS' '.SH SEE ALSO' NO_COLOR; do
	grep -q -e "$word" man/kpacctl.8 || echo "$word"
done)
[ -z "$missing" ]
result $? "kpacctl.8 is complete"
constant() { sed -n "s/^#define $1\t*//p" ../uapi/linux/*kpac.h; }
missing=$(for text in "1 to $(constant KPAC_MAX_BATCH);" \
	"$(constant KPAC_MIN_POOL) to $(constant KPAC_MAX_POOL);" \
	"1 to $(constant KPAC_MAX_COPYBREAK);"; do
	grep -q "^$text" man/kpacctl.8 || echo "\"$text\""
done)
[ -z "$missing" ]
result $? "kpacctl.8 has the ranges of linux/kpac.h${missing:+ # $missing}"
missing=$(./kpacctl handler help | grep -o -E '(^|[ |{])[a-z][a-z-]+' |
	tr -d ' |{' | sort -u | while read -r word; do
	grep -q -F -e "${word//-/\\-}" -e "$word" man/kpacctl.8 || echo "$word"
done)
[ -z "$missing" ]
result $? "kpacctl.8 has the words of an entry${missing:+ # $missing}"
missing=$(for f in $(sed -n 's/^\t\(kpac_[a-z_]*\);$/\1/p' lib/libkpac.map); do
	grep -q "$f(" man/libkpac.3 || echo "$f"
done)
[ -z "$missing" ]
result $? "libkpac.3 has all functions${missing:+ # $missing}"
missing=$(for text in "1 to $(constant TC_KPAC_MAX_LIMIT);" \
	"1 to $(constant TC_KPAC_MAX_BATCH);"; do
	grep -q "^$text" man/tc-kpac.8 || echo "\"$text\""
done)
[ -z "$missing" ]
result $? "tc-kpac.8 has the ranges of linux/sch_kpac.h${missing:+ # $missing}"

# Completion: the words offered for a command line that ends with a space
# unless its last word has begun.
PATH=$PWD:$PATH
# shellcheck disable=SC1091 # found beside us
. ctl/kpacctl.bash-completion
complete_line()
{
	read -r -a COMP_WORDS <<<"$1"
	[ "${1% }" = "$1" ] || COMP_WORDS+=('')
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	COMPREPLY=()
	_kpacctl kpacctl
	local IFS=' '
	echo "${COMPREPLY[*]}"
}

offers()
{
	local got
	got=$(complete_line "$1")
	[ "$got" = "$2" ] && return 0
	echo "# \"$1\" offers \"$got\", not \"$2\""
	return 1
}

bad=0
offers 'kpacctl ' 'port handler stat flowmon heartbeat balancer backend monitor help' || bad=1
offers 'kpacctl p' 'port' || bad=1
offers 'kpacctl -j -n blue st' 'stat' || bad=1
offers 'kpacctl -c = ' 'auto always never' || bad=1
offers 'kpacctl -st' '-stats' || bad=1
offers 'kpacctl port ' 'show add set del help' || bad=1
offers 'kpacctl stat re' 'reset' || bad=1
offers 'kpacctl port add dev l' 'lo' || bad=1
offers 'kpacctl port add lo ' \
	'door forward tx-batch clean-batch pool copybreak' || bad=1
offers 'kpacctl port add lo door ' 'auto rx-handler ingress' || bad=1
offers 'kpacctl port add lo door ingress ' \
	'forward tx-batch clean-batch pool copybreak' || bad=1
offers 'kpacctl port set lo pool ' '' || bad=1
offers 'kpacctl port set lo pool 64 tx-batch 8 c' 'clean-batch copybreak' || bad=1
offers 'kpacctl port set lo copybreak ' 'off' || bad=1
offers 'kpacctl port set lo copybreak off t' 'tx-batch' || bad=1
offers 'kpacctl port set lo forward o' 'on off' || bad=1
offers 'kpacctl port show lo ' '' || bad=1
result $bad "completion of options, words and devices"
_kpacctl_netns() { echo blue; echo green; }
_kpacctl_ports() { echo "port-of-$2"; }
bad=0
offers 'kpacctl -n ' 'blue green' || bad=1
offers 'kpacctl -n g' 'green' || bad=1
offers 'kpacctl -n blue port del dev ' 'port-of-blue' || bad=1
offers 'kpacctl -n blue stat show ' 'port-of-blue dev' || bad=1
result $bad "completion of namespaces and ports"
bad=0
offers 'kpacctl handler ' 'show add del flush stat reset batch types help' || bad=1
offers 'kpacctl ha b' 'batch' || bad=1
offers 'kpacctl handler add proto ic' 'icmp icmpv6' || bad=1
offers 'kpacctl handler add proto tcp d' 'dev dst dport dscp do' || bad=1
offers 'kpacctl handler add dev l' 'lo' || bad=1
offers 'kpacctl handler add src ' '' || bad=1
offers 'kpacctl handler add fragment f' 'first' || bad=1
offers 'kpacctl handler del ' 'id prio comment' || bad=1
offers 'kpacctl handler reset p' 'prio' || bad=1
offers 'kpacctl handler show ' 'id' || bad=1
offers 'kpacctl handler batch repl' 'replace' || bad=1
offers 'kpacctl handler batch replace check/check.s' 'check/check.sh' || bad=1
kpacctl()
{
	printf '%s\n' 'drop (kpac): drops it' 'limit (kpac): lets few through' \
		'    pps number 1..1000, required      packets per second' \
		'    quiet, repeated    says nothing' 'forward'
}
offers 'kpacctl handler add do ' 'drop limit forward' || bad=1
offers 'kpacctl handler add proto udp do limit ' 'pps quiet do' || bad=1
offers 'kpacctl handler add do limit pps 5 do d' 'drop' || bad=1
offers 'kpacctl handler add do limit pps 5 do drop ' 'do' || bad=1
unset -f kpacctl
result $bad "completion of entries and handlers"
bad=0
offers 'kpacctl flowmon ' 'show reset export help' || bad=1
offers 'kpacctl f show ' 'name top by' || bad=1
offers 'kpacctl flowmon show top 5 b' 'by' || bad=1
offers 'kpacctl flowmon show top 5 by ' 'packets bytes' || bad=1
offers 'kpacctl flowmon export collector ' '' || bad=1
offers 'kpacctl flowmon export count 5 c' 'collector' || bad=1
offers 'kpacctl flowmon reset ' 'name' || bad=1
kpacctl()
{
	printf '%s\n' '1: add prio 1 do flowmon' '2: add do flowmon name blue' \
		'3: add do flowmon name blue max 2000 do drop' \
		'4: add do flowmon max 4000 name green'
}
offers 'kpacctl flowmon show name ' 'blue default green' || bad=1
unset -f kpacctl
result $bad "completion of flow monitors"

bad=0
offers 'kpacctl heartbeat ' 'show add del help' || bad=1
offers 'kpacctl hea add addr 10.1.0.2 dp' 'dport' || bad=1
offers 'kpacctl heartbeat add addr ' '' || bad=1
offers 'kpacctl heartbeat add dport 7 dev l' 'lo' || bad=1
kpacctl() { printf '%s' '[{"name":"db1","state":"up"},{"name":"db2","state":"up"}]'; }
offers 'kpacctl heartbeat del ' 'db1 db2' || bad=1
offers 'kpacctl heartbeat show db2 ' '' || bad=1
unset -f kpacctl
result $bad "completion of heartbeats"

bad=0
kpacctl() { printf '%s\n' 'web: mode nat max 65536' '    cells 0' 'x: mode dsr'; }
offers 'kpacctl balancer ' 'show add set del help' || bad=1
offers 'kpacctl backend ' 'show add set del help' || bad=1
offers 'kpacctl balancer add ' '' || bad=1
offers 'kpacctl balancer del ' 'web x' || bad=1
offers 'kpacctl balancer add n mode ' 'nat dsr' || bad=1
offers 'kpacctl balancer add n mode nat ' 'max timeout' || bad=1
offers 'kpacctl backend add w' 'web' || bad=1
offers 'kpacctl backend add web ' 'addr port weight state heartbeat' || bad=1
offers 'kpacctl backend set web addr 10.2.0.2 state ' 'up down drain' || bad=1
offers 'kpacctl backend del web addr 10.2.0.2 ' 'port' || bad=1
unset -f kpacctl
result $bad "completion of balancers and back ends"

# shellcheck disable=SC1091 # found beside us
. check/check-tc.sh

echo "1..$tests"
[ "$failed" -eq 0 ]
