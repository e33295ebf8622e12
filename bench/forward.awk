# SPDX-License-Identifier: GPL-2.0
#
# forward.awk - from the measurements of forward.sh to results.
#
#	awk -v json=FILE -v bars=FILE -v scale=FILE -f lib.awk -f forward.awk VM.tsv [UML.tsv]
#
# Prints a table; writes the JSON, and data for forward.gp.
#
# Net is what is more than the reference, which receives the same packets and
# drops them at once; for traffic that kpac passes (pass-*) it is what is more
# than without kpac. For TCP (tcp-*) nothing is subtracted.

BEGIN { FS = OFS = "\t"; SUBSEP = "/" }

# ipv4-64B-1flows-1routes: IPv4, 64 bytes, 1 flow, 1 route
function title(c)
{
	if (sub(/^pass-/, "", c))
		return "kpac passes it: " c
	if (sub(/^tcp-ipv/, "TCP through the router, both hosts included, IPv", c)) {
		sub(/-1streams/, ", 1 stream", c)
		sub(/-8streams/, ", 8 streams", c)
		return c " (1448 bytes)"
	}
	sub(/ipv/, "IPv", c)
	sub(/B-/, " bytes, ", c)
	sub(/flows-/, " flows, ", c)
	sub(/routes/, " routes", c)
	sub(/ 1 flows/, " 1 flow", c)
	sub(/ 1 routes/, " 1 route", c)
	sub(/-dummy/, ", out by a dummy device", c)
	sub(/-/, ", ", c)
	return c
}

# Which file: the first is the VM's, the second UML's.
FNR == 1 { file++ }

file == 1 {
	n1++
	kase[n1] = $1; peer[n1] = $2; size[n1] = $3; family[n1] = $4
	flows[n1] = $5; routes[n1] = $6; packets[n1] = $7; ns[n1] = $8
	if ($2 == "reference")
		ref[$3, $4, $5] = $8
	if ($2 == "without")
		without[$1] = $8
	if (!($1 in order)) {
		order[$1] = ++cases
		name[cases] = $1
	}
}

file == 2 {
	if ($2 == "reference")
		round[$4]++
	uml[$4 ($1 ~ /dummy/ ? "-dummy" : ""), $2, round[$4]] = $8
	rounds = round[$4]
}

function net_of(i)
{
	if (kase[i] ~ /^pass/)
		return ns[i] - without[kase[i]]
	if (kase[i] ~ /^tcp/)
		return ns[i]
	if (!((size[i], family[i], flows[i]) in ref))
		return "?"
	return ns[i] - ref[size[i], family[i], flows[i]]
}

function json_line(s)
{
	printf("%s\n  %s", lines++ ? "," : "[", s) > json
}

function compute(	i)
{
	for (i = 1; i <= n1; i++) {
		net[i] = net_of(i)
		if (peer[i] == "ip_forward")
			forward[kase[i]] = net[i]
	}
}

function vm_json(	i)
{
	for (i = 1; i <= n1; i++)
		json_line(sprintf("{\"case\": \"%s\", \"peer\": \"%s\", " \
			"\"packets_per_second\": %.0f, " \
			"\"instructions_per_packet\": %.1f, " \
			"\"net_instructions\": %s, \"size\": %d, " \
			"\"family\": \"ipv%d\", \"flows\": %d, \"routes\": %d, " \
			"\"packets\": %d, \"kernel\": \"%s\"}",
			kase[i], peer[i], 1e9 / ns[i], ns[i],
			kase[i] ~ /^tcp/ ? "null" : sprintf("%.1f", net[i]), size[i],
			family[i], flows[i], routes[i], packets[i], kernel))
}

# The cases in the order of measurement, their peers sorted by net.
function vm_table(	c, i, k, best, done)
{
	for (c = 1; c <= cases; c++) {
		printf("%s%s\n", c > 1 ? "\n" : "", title(name[c]))
		printf "  %-18s %12s %14s %10s %12s\n", "peer", "packets/s",
			"instructions", "net",
			name[c] ~ /^pass/ ? "" : "to ip_forward"
		split("", done)
		for (k = 1; k <= n1; k++) {
			best = 0
			for (i = 1; i <= n1; i++)
				if (kase[i] == name[c] && !(i in done) &&
				    (!best || net[i] < net[best]))
					best = i
			if (!best)
				break
			done[best] = 1
			vm_row(best)
		}
	}
}

function vm_row(i,	ratio)
{
	ratio = ""
	if (peer[i] != "reference" && forward[kase[i]] > 0)
		ratio = sprintf("%.2f", net[i] / forward[kase[i]])
	printf "  %-18s %12.0f %14.1f %10.1f %12s\n", peer[i], 1e9 / ns[i], ns[i],
		net[i], ratio
}

# For the plot: peers of the plain case, and what many flows and routes cost.
function plot_data(	i, j, c, p, list, n, f, r, fl, rl)
{
	for (i = 1; i <= n1; i++) {
		c = "ipv6-64B-1flows-1routes"
		if (kase[i] != "ipv4-64B-1flows-1routes" || peer[i] == "reference")
			continue
		for (j = 1; j <= n1; j++)
			if (kase[j] == c && peer[j] == peer[i])
				break
		print peer[i], net[i], net[j] | "sort -t '\t' -k 2,2nr > " bars
	}
	close("sort -t '\t' -k 2,2nr > " bars)
	n = split("ip_forward flowtable kpac-ingress kpac", list, " ")
	printf "" > scale
	for (i = 1; i <= n1; i++)
		if (family[i] == 4 && size[i] == 64 && kase[i] ~ /^ipv4.*routes$/)
			at[peer[i], flows[i], routes[i]] = net[i]
	split("1 1000 100000", fl, " ")
	split("1 1000000", rl, " ")
	for (r = 1; r <= 2; r++)
		for (f = 1; f <= 3; f++) {
			if (!(("ip_forward", fl[f], rl[r]) in at) || fl[f] rl[r] == "11" && cases < 12)
				continue
			printf("%s\\n%s", f == 1 ? "1 flow" : fl[f] / 1000 "k flows",
				r == 1 ? "1 route" : "1M routes") > scale
			for (p = 1; p <= n; p++)
				printf("\t%s", ((list[p], fl[f], rl[r]) in at) ? \
					at[list[p], fl[f], rl[r]] : "?") > scale
			printf "\n" > scale
		}
}

# Nanoseconds of one peer: the median over the rounds, less the reference of the
# same round; and its ratio to ip_forward, median and extremes. f is 4, 6,
# 4-dummy or 6-dummy.
function uml_row(f, p, to,	r, total, net_ns, ratio, n, x, lo, hi, t, m, q, c)
{
	for (r = 1; r <= rounds; r++) {
		if (!((f, p, r) in uml) || !((f, to, r) in uml))
			continue
		n++
		total[n] = uml[f, p, r]
		net_ns[n] = uml[f, p, r] - uml[f + 0, "reference", r]
		x = uml[f, to, r] - uml[f + 0, "reference", r]
		ratio[n] = x > 0 ? net_ns[n] / x : 0
		if (n == 1 || ratio[n] < lo) lo = ratio[n]
		if (n == 1 || ratio[n] > hi) hi = ratio[n]
	}
	if (!n)
		return
	t = median(total, n); m = median(net_ns, n); q = median(ratio, n)
	c = "ipv" f + 0 "-64B-1flows-1routes" (f ~ /dummy/ ? "-dummy" : "")
	printf "  %-48s %-12s %8.1f %8.1f %8.2f   %.2f to %.2f, %d rounds\n",
		title(c), p, t, m, q, lo, hi, n
	json_line(sprintf("{\"case\": \"uml-%s\", " \
		"\"peer\": \"%s\", \"packets_per_second\": %.0f, " \
		"\"instructions_per_packet\": null, \"net_instructions\": null, " \
		"\"nanoseconds_per_packet\": %.1f, \"net_nanoseconds\": %.1f, " \
		"\"ratio\": %.3f, \"ratio_min\": %.3f, \"ratio_max\": %.3f, " \
		"\"rounds\": %d, \"size\": 64, \"family\": \"ipv%d\", " \
		"\"flows\": 1, \"routes\": 1, \"kernel\": \"%s\"}",
		c, p, 1e9 / t, t, m, q, lo, hi, n, f, uml_kernel))
}

function uml_table(	f)
{
	printf "\nnanoseconds on user-mode Linux %s, one CPU, medians\n", uml_kernel
	printf "  %-48s %-12s %8s %8s %8s   %s\n", "", "peer", "packet", "net",
		"ratio", "the ratio was"
	for (f = 4; f <= 6; f += 2) {
		uml_row(f, "ip_forward", "ip_forward")
		uml_row(f, "kpac", "ip_forward")
		uml_row(f "-dummy", "ip_forward", "ip_forward")
		uml_row(f "-dummy", "kpac", "ip_forward")
	}
}

END {
	compute()
	vm_json()
	vm_table()
	plot_data()
	if (rounds)
		uml_table()
	print "\n]" > json
}
