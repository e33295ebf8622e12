# SPDX-License-Identifier: GPL-2.0
#
# table.awk - from the measurements of table.sh to results.
#
#	awk -v json=FILE -v bars=FILE -v scale=FILE -f lib.awk -f table.awk VM.tsv [UML.tsv]
#
# Prints a table; writes the JSON, and data for table.gp.
#
# Net is, for what R forwards (forward*, chain*), what is more than the reference,
# which receives the same packets and drops them at once; for what R drops (drop*) what
# is more than a packet's arrival: a receive handler that frees every packet, less
# what freeing one costs. So that cost is part of what everybody needs to drop.

BEGIN { FS = OFS = "\t"; SUBSEP = "/" }

# Which file: the first is the VM's, the second UML's.
FNR == 1 { file++; round = 1 }

# What follows is of another round.
$1 == "round" {
	round = $2
	next
}

{
	# case peer family entries masks metric
	k = file SUBSEP $1 SUBSEP $2 SUBSEP $3 SUBSEP $4 SUBSEP $5 SUBSEP $6
	if (!(k in unit)) {
		key[++keys] = k
		unit[k] = $8
	}
	at[k, round] = $7
	if (round > rounds[file])
		rounds[file] = round
}

function name(file, c, peer, family, entries, masks, metric)
{
	return file SUBSEP c SUBSEP peer SUBSEP family SUBSEP entries SUBSEP \
		masks SUBSEP metric
}

# What one round measured and is subtracted from a key's value, or "?".
function base_of(k, r,	f, sink, free, ref)
{
	split(k, f, SUBSEP)
	if (f[7] != "time")
		return "?"
	if (f[3] == "free")
		return 0
	if (f[2] ~ /^drop/) {
		sink = name(f[1], "drop-addr", "sink", 4, 0, 1, "time") SUBSEP r
		free = name(f[1], "drop-addr", "free", 4, 0, 0, "time") SUBSEP r
		return (sink in at) && (free in at) ? at[sink] - at[free] : "?"
	}
	ref = name(f[1], "forward", "reference", f[4], 0, 0, "time") SUBSEP r
	return (ref in at) ? at[ref] : "?"
}

# Medians over the rounds: sets value, net, n.
function settle(k,	r, values, nets, count, base)
{
	for (r = 1; r <= rounds[substr(k, 1, 1)]; r++) {
		if (!((k, r) in at))
			continue
		values[++n[k]] = at[k, r]
		base = base_of(k, r)
		if (base != "?")
			nets[++count] = at[k, r] - base
	}
	value[k] = median(values, n[k])
	net[k] = count ? median(nets, count) : "?"
}

function value_of(file, c, peer, family, entries, masks, metric,	k)
{
	k = name(file, c, peer, family, entries, masks, metric)
	return (k in value) ? value[k] : "?"
}

function net_of(file, c, peer, family, entries, masks,	k)
{
	k = name(file, c, peer, family, entries, masks, "time")
	return (k in net) ? net[k] : "?"
}

function less(x, y)
{
	return x == "?" || y == "?" ? "?" : x - y
}

function json_out(	i, f, k, lines)
{
	for (i = 1; i <= keys; i++) {
		k = key[i]
		split(k, f, SUBSEP)
		printf("%s\n  {\"case\": \"%s%s\", \"peer\": \"%s\", " \
			"\"family\": \"ipv%d\", \"entries\": %d, \"masks\": %d, " \
			"\"metric\": \"%s\", \"value\": %.6g, \"net\": %s, " \
			"\"unit\": \"%s\", \"rounds\": %d, \"kernel\": \"%s\"}",
			lines++ ? "," : "[", f[1] == 2 ? "uml-" : "", f[2], f[3],
			f[4], f[5], f[6], f[7], value[k],
			net[k] == "?" ? "null" : sprintf("%.1f", net[k]), unit[k],
			n[k], f[1] == 2 ? uml_kernel : kernel) > json
	}
	print "\n]" > json
}

# What packets of a case cost without a table.
function without_table(file, c, family)
{
	return net_of(file, c == "forward-flows" ? c : "forward", "kpac", family, 0, 0)
}

function forward_row(file, title, c, peer, entries, masks,	f, x, line)
{
	for (f = 4; f <= 6; f += 2) {
		x = net_of(file, c, peer, f, entries, masks)
		line = line show(value_of(file, c, peer, f, entries, masks, "time"), 10, 1) \
			show(x, 9, 1) show(peer == "kpac" ? \
				less(x, without_table(file, c, f)) : "?", 9, 1)
		if (f == 4 && x == "?")
			return
	}
	printf "  %-42s %s\n", title, line
}

function forward_rows(file, c, what)
{
	forward_row(file, "1 entry, " what, c, "kpac", 1, 1)
	forward_row(file, "10 000 in one mask, " what, c, "kpac", 10000, 1)
	forward_row(file, "10 000 in 10 masks, " what, c, "kpac", 10000, 10)
	forward_row(file, "100 000 in one mask, " what, c, "kpac", 100000, 1)
	forward_row(file, "100 000 in 10 masks, " what, c, "kpac", 100000, 10)
}

function forward_table(file)
{
	printf "  %-42s %28s%28s\n", "forwarding with a table, veth to veth", \
		"IPv4    net   table", "IPv6    net   table"
	forward_row(file, "receiving and dropping (reference)", "forward", "reference", 0, 0)
	forward_row(file, "ip_forward", "forward", "ip_forward", 0, 0)
	forward_row(file, "kpac, hand-over, no entry", "forward", "kpac", 0, 0)
	forward_rows(file, "forward-match", "one matches")
	forward_rows(file, "forward-none", "none matches")
	forward_rows(file, "forward-flows", "new flows")
}

function chain_table(	k)
{
	printf "\n  %-20s %22s %22s %22s\n", "count, beyond no entry", \
		"handlers of an entry", "entries of a key", "entries of as many masks"
	for (k = 1; k <= 8; k *= 2)
		printf "  %-20d %s %s %s\n", k, chain_cell("handlers", k, 1),
			chain_cell("entries", k, 1), chain_cell("masks", k, k)
}

function chain_cell(kind, k, masks)
{
	return show(less(net_of(1, "chain-" kind, "kpac", 4, k, masks),
			 net_of(1, "forward", "kpac", 4, 0, 0)), 22, 1)
}

# The peers of a case in the order of measurement: sets peer[], returns how many.
function peers_of(file, c, metric,	i, f, seen, count)
{
	split("", peer)
	for (i = 1; i <= keys; i++) {
		split(key[i], f, SUBSEP)
		if (f[1] == file && f[2] == c && f[7] == metric && !(f[3] in seen)) {
			seen[f[3]] = 1
			peer[++count] = f[3]
		}
	}
	return count + 0
}

function drop_table(file, c, what,	i, count, p, k, x, kpac, line)
{
	count = peers_of(file, c, "time")
	if (!count)
		return
	printf "\n  %-26s %22s%22s%22s\n", "dropping by " what ", rules", "1, net, to kpac",
		"100, net, to kpac", "10 000, net, to kpac"
	for (i = 1; i <= count; i++) {
		p = peer[i]
		if (p == "sink" || p == "free")
			continue
		line = ""
		for (k = 1; k <= 10000; k *= 100) {
			x = net_of(file, c, p, 4, k, 1)
			kpac = net_of(file, c, "kpac", 4, k, 1)
			line = line show(x, 14, 1) \
				show((x == "?" || kpac == "?" || kpac <= 0) ? "?" : x / kpac, 8, 2)
			if (file == 1 && x != "?")
				curve[c, p, k] = x
		}
		printf "  %-26s %s\n", p, line
	}
	if (c != "drop-addr")
		return
	printf "  %-26s %s\n", "freeing a packet by itself", \
		show(value_of(file, c, "free", 4, 0, 0, "time"), 14, 1)
	printf "  %-26s %s\n", "its arrival, subtracted", \
		show(less(value_of(file, c, "sink", 4, 0, 1, "time"),
			value_of(file, c, "free", 4, 0, 0, "time")), 14, 1)
}

function load_table(	i, f, k, p, e)
{
	printf "\n  %-26s %9s %14s %14s %14s %14s %14s\n", "loading and removing", "rules",
		"load, M instr.", "load, s, UML", "remove, M", "remove, s, UML",
		"bytes a rule"
	for (i = 1; i <= keys; i++) {
		split(key[i], f, SUBSEP)
		if (f[2] != "load" || f[7] != "elapsed" || ((f[3], f[5]) in done))
			continue
		p = f[3]; e = f[5]
		done[p, e] = 1
		printf "  %-26s %9d %s %s %s %s %s\n", p, e,
			millions(value_of(1, "load", p, 4, e, 1, "cpu")),
			show(value_of(2, "load", p, 4, e, 1, "elapsed"), 14, 3),
			millions(value_of(1, "flush", p, 4, e, 1, "cpu")),
			show(value_of(2, "flush", p, 4, e, 1, "elapsed"), 14, 3),
			show(value_of(1, "load", p, 4, e, 1, "memory"), 14, 0)
	}
}

function millions(x) { return show(x == "?" ? x : x / 1e6, 14, 0) }

function bar(title, c, entries, masks,	four, six)
{
	four = less(net_of(1, c, "kpac", 4, entries, masks), without_table(1, c, 4))
	six = less(net_of(1, c, "kpac", 6, entries, masks), without_table(1, c, 6))
	if (four != "?")
		print title, four, six > bars
}

# For the plot: what the table adds, and what dropping costs by the number of rules.
function plot_data(	i, count, k, line)
{
	printf "" > bars
	bar("100 000 in 10 masks, new flows", "forward-flows", 100000, 10)
	bar("100 000 in 10 masks, none matches", "forward-none", 100000, 10)
	bar("100 000 in 10 masks, one matches", "forward-match", 100000, 10)
	bar("10 000 in 10 masks, new flows", "forward-flows", 10000, 10)
	bar("10 000 in 10 masks, none matches", "forward-none", 10000, 10)
	bar("10 000 in 10 masks, one matches", "forward-match", 10000, 10)
	bar("10 000 in one mask, one matches", "forward-match", 10000, 1)
	bar("1 entry, does not match", "forward-none", 1, 1)
	bar("1 entry, matches", "forward-match", 1, 1)
	printf "" > scale
	count = peers_of(1, "drop-addr", "time")
	for (i = 1; i <= count; i++) {
		if (peer[i] == "sink" || peer[i] == "free")
			continue
		for (k = 1; k <= 10000; k *= 100)
			if (("drop-addr", peer[i], k) in curve)
				print peer[i], k, curve["drop-addr", peer[i], k] > scale
	}
}

END {
	for (i = 1; i <= keys; i++)
		settle(key[i])
	json_out()
	print "instructions per packet"
	forward_table(1)
	chain_table()
	drop_table(1, "drop-addr", "address")
	drop_table(1, "drop-port", "port")
	load_table()
	plot_data()
	if (rounds[2]) {
		printf "\nnanoseconds on user-mode Linux %s, one CPU, medians of %d rounds\n",
			uml_kernel, rounds[2]
		forward_table(2)
		drop_table(2, "drop-addr", "address")
	}
}
