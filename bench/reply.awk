# SPDX-License-Identifier: GPL-2.0
#
# reply.awk - from the measurements of reply.sh to results.
#
#	awk -v json=FILE -v bars=FILE -v scale=FILE -f lib.awk -f reply.awk VM.tsv [UML.tsv]
#
# Prints a table; writes the JSON, and data for reply.gp.
#
# Net is, for what an answer costs, what is more than the reference, in which the
# request is dropped where it comes in; for what asking peers costs, what is more than
# such an answer by "do heartbeat", 32 at once: the part of the host that asks.

BEGIN { FS = OFS = "\t"; SUBSEP = "/" }

# Which file: the first is the VM's, the second UML's.
FNR == 1 { file++; round = 1 }

# What follows is of another round.
$1 == "round" {
	round = $2
	next
}

{
	# case peer kind burst|load metric
	k = file SUBSEP $1 SUBSEP $2 SUBSEP $3 SUBSEP $4 SUBSEP $5
	if (!(k in unit)) {
		key[++keys] = k
		unit[k] = $7
	}
	at[k, round] = $6
	if (round > rounds[file])
		rounds[file] = round
}

function name(file, c, peer, kind, load, metric)
{
	return file SUBSEP c SUBSEP peer SUBSEP kind SUBSEP load SUBSEP metric
}

# Medians over the rounds: sets value, net, n.
function settle(k,	f, r, ref, less, values, nets, count)
{
	split(k, f, SUBSEP)
	ref = name(f[1], "cost", "reference", f[4], f[5], "time")
	if (f[2] == "peers" && f[3] != "sent" && f[6] == "time") {
		ref = name(f[1], "cost", "kpac", "heartbeat", 32, "time")
		less = name(f[1], "cost", "reference", "heartbeat", 32, "time")
	}
	for (r = 1; r <= rounds[f[1]]; r++) {
		if (!((k, r) in at))
			continue
		values[++n[k]] = at[k, r]
		if ((f[2] == "cost" || (less, r) in at) && (ref, r) in at)
			nets[++count] = at[k, r] - at[ref, r] + (less ? at[less, r] : 0)
	}
	value[k] = median(values, n[k])
	net[k] = count ? median(nets, count) : "?"
}

function value_of(file, c, peer, kind, load, metric,	k)
{
	k = name(file, c, peer, kind, load, metric)
	return (k in value) ? value[k] : "?"
}

function net_of(file, peer, kind, burst, c,	k)
{
	k = name(file, c ? c : "cost", peer, kind, burst, "time")
	return (k in net) ? net[k] : "?"
}

function ratio(x, y)
{
	return x == "?" || y == "?" || y <= 0 ? "?" : x / y
}

function json_out(	i, f, k, lines)
{
	for (i = 1; i <= keys; i++) {
		k = key[i]
		split(k, f, SUBSEP)
		printf("%s\n  {\"case\": \"%s%s\", \"peer\": \"%s\", " \
			"\"kind\": \"%s\", \"load\": \"%s\", \"metric\": \"%s\", " \
			"\"value\": %.6g, \"net\": %s, \"unit\": \"%s\", " \
			"\"rounds\": %d, \"kernel\": \"%s\"}",
			lines++ ? "," : "[", f[1] == 2 ? "uml-" : "", f[2], f[3],
			f[4], f[5], f[6], value[k],
			net[k] == "?" ? "null" : sprintf("%.1f", net[k]), unit[k],
			n[k], f[1] == 2 ? uml_kernel : kernel) > json
	}
	print "\n]" > json
}

function cost_row(file, title, peer, kind, other,	b, line, x)
{
	for (b = 1; b <= 32; b += 31) {
		x = net_of(file, peer, kind, b)
		line = line show(x, 12, 0) \
			show(ratio(x, net_of(file, other, kind, b)), 8, 2)
	}
	printf "  %-38s%s\n", title, line
	if (file == 1)
		print title, net_of(file, peer, kind, 1), \
			net_of(file, peer, kind, 32) > bars
}

function cost_table(file,	per)
{
	per = file == 1 ? "instructions" : "ns"
	printf "  %-38s%20s%20s\n", "an answer, veth to veth, " per, \
		"one at a time", "32 at once"
	printf "  %-38s%12s%8s%12s%8s\n", "", "net", "ratio", "net", "ratio"
	cost_row(file, "ICMP echo: do echo", "kpac", "icmp", "kernel")
	cost_row(file, "ICMP echo: the kernel", "kernel", "icmp", "kernel")
	cost_row(file, "UDP echo: do echo", "kpac", "echo", "many")
	cost_row(file, "UDP echo: recvmmsg, sendmmsg", "many", "echo", "many")
	cost_row(file, "UDP echo: recvfrom, sendto", "plain", "echo", "many")
	cost_row(file, "heartbeat: do heartbeat", "kpac", "heartbeat", "many")
	cost_row(file, "heartbeat: recvmmsg, sendmmsg", "many", "heartbeat", "many")
	cost_row(file, "heartbeat: recvfrom, sendto", "plain", "heartbeat", "many")
	print ""
}

function time_row(file, title, peer, kind,	load, line, i, loads, m, metrics)
{
	split("idle busy", loads, " ")
	split("p50 p99 p99.9", metrics, " ")
	if (value_of(file, "time", peer, kind, "idle", "p50") == "?")
		return
	for (i = 1; i <= 2; i++)
		for (m = 1; m <= 3; m++) {
			x = value_of(file, "time", peer, kind, loads[i], metrics[m])
			line = line show(x == "?" ? x : x / 1000, 10, 1)
			if (file == 1 && m == 3)
				print peer " " kind ", " loads[i], x > scale
		}
	printf "  %-24s%s\n", title, line
}

function time_table(file)
{
	printf "  %-24s%30s%30s\n", "until the answer is there, 1000 " \
		(file == 1 ? "instr." : "ns"), "idle", "every CPU busy"
	printf "  %-24s%10s%10s%10s%10s%10s%10s\n", "", "p50", "p99", "p99.9", \
		"p50", "p99", "p99.9"
	time_row(file, "do heartbeat", "kpac", "heartbeat")
	time_row(file, "recvfrom, sendto", "plain", "heartbeat")
	time_row(file, "recvmmsg, sendmmsg", "many", "heartbeat")
	time_row(file, "do echo", "kpac", "echo")
	time_row(file, "UDP echo, recvfrom", "plain", "echo")
	print ""
}

# What an instruction is of a CPU that does 3e9 of them in a second.
function peer_share(x)
{
	return x == "?" ? sprintf("%12s", "-") : sprintf("%10.2f %%", x * 1e4 / 3e9 * 100)
}

function peer_row(title, c,	x, y)
{
	x = value_of(1, "peers", c, "heartbeat", 1000, "time")
	y = net_of(1, c, "heartbeat", 1000, "peers")
	printf "  %-40s%12s%s%12s%s\n", title, show(x, 12, 0), peer_share(x), \
		show(y, 12, 0), peer_share(y)
}

function peer_table()
{
	printf "  %-40s%24s%24s\n", "a probe, of 1000 peers every 100 ms", \
		"with who answers", "who asks alone"
	printf "  %-40s%12s%12s%12s%12s\n", "", "instr.", "of 3e9/s", "instr.", "of 3e9/s"
	peer_row("nobody answers", "sent")
	peer_row("answers come in by the socket", "socket")
	peer_row("answers come in at the door of a port", "door")
	print ""
}

END {
	for (i = 1; i <= keys; i++)
		settle(key[i])
	for (f = 1; f <= file; f++) {
		print f == 1 ? "Linux " kernel ", instructions" : \
			"Linux " uml_kernel ", nanoseconds in user-mode Linux"
		cost_table(f)
		time_table(f)
		if (f == 1)
			peer_table()
	}
	json_out()
}
