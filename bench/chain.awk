# SPDX-License-Identifier: GPL-2.0
#
# chain.awk - from the measurements of chain.sh to results.
#
#	awk -v json=FILE -v bars=FILE -v scale=FILE -f lib.awk -f chain.awk VM.tsv [UML.tsv]
#
# Prints a table; writes the JSON, and data for chain.gp. VM.tsv has one CPU, and then
# two, and counts instructions.
#
# Net is what is more than the reference, which gets the same packets and drops them, or
# sends them back, at once; so it is the whole way through R and into the next host. What
# is compared is the net of kpac and of its peers in the same mode, by medians of what
# they were in each round.

BEGIN { FS = OFS = "\t"; SUBSEP = "/" }

# Which file: the first is the VM's, the second UML's.
FNR == 1 { file++; round = 1 }

# What follows is of another round.
$1 == "round" && NF == 2 {
	round = $2
	next
}

{
	# case peer mode proto cpus metric
	k = file SUBSEP $1 SUBSEP $2 SUBSEP $3 SUBSEP $4 SUBSEP $5 SUBSEP $6
	if (!(k in unit)) {
		key[++keys] = k
		unit[k] = $8
	}
	at[k, round] = $7
	if (round > rounds[file, $5])
		rounds[file, $5] = round
}

function name(file, c, peer, mode, proto, cpus, metric)
{
	return file SUBSEP c SUBSEP peer SUBSEP mode SUBSEP proto SUBSEP cpus \
		SUBSEP metric
}

# What a key's value is more than the reference in one round, or "?".
function net_in(k, r,	f, ref)
{
	split(k, f, SUBSEP)
	ref = name(f[1], f[2], "reference", "nat", f[5], f[6], "time") SUBSEP r
	return f[7] == "time" && ((k, r) in at) && (ref in at) ? at[k, r] - at[ref] : "?"
}

# Medians over the rounds: sets value, net, n.
function settle(k,	f, r, values, nets, count, x)
{
	split(k, f, SUBSEP)
	for (r = 1; r <= rounds[f[1], f[6]]; r++) {
		if (!((k, r) in at))
			continue
		values[++n[k]] = at[k, r]
		x = net_in(k, r)
		if (x != "?")
			nets[++count] = x
	}
	value[k] = median(values, n[k])
	net[k] = count ? median(nets, count) : "?"
}

function value_of(file, c, peer, mode, proto, cpus, metric,	k)
{
	k = name(file, c, peer, mode, proto, cpus, metric)
	return (k in value) ? value[k] : "?"
}

function net_of(file, c, peer, mode, proto, cpus,	k)
{
	k = name(file, c, peer, mode, proto, cpus, "time")
	return (k in net) ? net[k] : "?"
}

# How many times as much as kpac a peer needs, in the median of the rounds, or "?".
function times_kpac(file, c, peer, mode, proto, cpus,	k, kpac, r, x, y, list, count)
{
	k = name(file, c, peer, mode, proto, cpus, "time")
	kpac = name(file, c, "kpac", mode, proto, cpus, "time")
	for (r = 1; r <= rounds[file, cpus]; r++) {
		x = net_in(k, r); y = net_in(kpac, r)
		if (x != "?" && y != "?" && y > 0)
			list[++count] = x / y
	}
	return count ? median(list, count) : "?"
}

function json_number(x) { return x == "?" ? "null" : sprintf("%.6g", x) }

function json_out(	i, f, k, lines, times)
{
	for (i = 1; i <= keys; i++) {
		k = key[i]
		split(k, f, SUBSEP)
		times = "?"
		if (f[7] == "time")
			times = times_kpac(f[1], f[2], f[3], f[4], f[5], f[6])
		printf("%s\n  {\"case\": \"%s%s\", \"peer\": \"%s\", \"mode\": \"%s\", " \
			"\"%s\": \"%s\", \"cpus\": %d, \"metric\": \"%s\", " \
			"\"value\": %.6g, \"net\": %s, \"times_kpac\": %s, " \
			"\"unit\": \"%s\", \"rounds\": %d, \"kernel\": \"%s\"}",
			lines++ ? "," : "[", f[1] == 2 ? "uml-" : "", f[2], f[3],
			f[4], f[2] == "web" ? "connections" : "proto", f[5], f[6],
			f[7], value[k], json_number(net[k]),
			json_number(times), unit[k], n[k], f[1] == 2 ? uml_kernel : kernel) > json
	}
	print "\n]" > json
}

# The peers of a mode in the order of measurement: sets peer[], returns how many.
function peers_of(file, mode, cpus,	i, f, seen, count)
{
	split("", peer)
	for (i = 1; i <= keys; i++) {
		split(key[i], f, SUBSEP)
		if (f[1] == file && f[4] == mode && f[6] == cpus &&
		    f[3] != "reference" && !(f[3] in seen)) {
			seen[f[3]] = 1
			peer[++count] = f[3]
		}
	}
	return count + 0
}

function cell(file, c, p, mode, proto, cpus)
{
	return show(net_of(file, c, p, mode, proto, cpus), 9, 0) \
		show(times_kpac(file, c, p, mode, proto, cpus), 7, 2)
}

function packet_table(file, mode, cpus,	i, count, p)
{
	count = peers_of(file, mode, cpus)
	if (!count)
		return
	printf "\n  %-15s %16s%16s", mode ", net", "request, TCP", "UDP"
	print (mode == "nat") ? sprintf("%22s%16s", "and answer, TCP", "UDP") : ""
	for (i = 1; i <= count; i++) {
		p = peer[i]
		printf "  %-15s %s%s", p, cell(file, "request", p, mode, "tcp", cpus),
			cell(file, "request", p, mode, "udp", cpus)
		if (mode == "nat")
			printf "      %s%s", cell(file, "round", p, mode, "tcp", cpus),
				cell(file, "round", p, mode, "udp", cpus)
		print ""
	}
}

function web_cell(p, mode, how, cpus)
{
	return show(value_of(1, "web", p, mode, how, cpus, "rate"), 14, 0) \
		(cpus == 1 ? show(value_of(1, "web", p, mode, how, cpus, "cpu"), 14, 0) : "")
}

function web_table(mode, cpus,	i, count, p)
{
	count = peers_of(1, mode, cpus)
	for (i = 1; i <= count; i++) {
		p = peer[i]
		if (value_of(1, "web", p, mode, "keepalive", cpus, "rate") != "?")
			printf "  %-5s%-15s %s%s\n", mode, p,
				web_cell(p, mode, "keepalive", cpus),
				web_cell(p, mode, "close", cpus)
	}
}

# For the plot: bars of what a peer's chain costs a request; and of what requests cost.
function plot_data(	m, mode, i, count, p, x)
{
	printf "" > bars
	printf "" > scale
	for (m = 1; m <= 2; m++) {
		mode = m == 1 ? "dsr" : "nat"
		count = peers_of(1, mode, 1)
		for (i = count; i; i--) {
			p = peer[i]
			x = net_of(1, "request", p, mode, "tcp", 1)
			if (x != "?")
				print p ", " mode, x, net_of(1, "round", p, mode, "tcp", 1) > bars
			x = value_of(1, "web", p, mode, "keepalive", 1, "cpu")
			if (x != "?")
				print p ", " mode, x,
					value_of(1, "web", p, mode, "close", 1, "cpu") > scale
		}
	}
}

END {
	for (i = 1; i <= keys; i++)
		settle(key[i])
	json_out()
	print "instructions per packet"
	packet_table(1, "nat", 1)
	packet_table(1, "dsr", 1)
	print "\nweb server and clients      keepalive: requests/s, instructions each   " \
		"close: requests/s, instructions each"
	web_table("nat", 1)
	web_table("dsr", 1)
	if (rounds[1, 2]) {
		print "\ntwo CPUs that take turns: instructions per packet"
		packet_table(1, "nat", 2)
		packet_table(1, "dsr", 2)
		print "\nweb server and clients, two CPUs that take turns: requests/s of both"
		web_table("nat", 2)
		web_table("dsr", 2)
	}
	if (rounds[2, 1]) {
		printf "\nnanoseconds on user-mode Linux %s, one CPU, medians of %d rounds\n",
			uml_kernel, rounds[2, 1]
		packet_table(2, "nat", 1)
		packet_table(2, "dsr", 1)
	}
	plot_data()
}
