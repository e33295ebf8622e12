# SPDX-License-Identifier: GPL-2.0
#
# transmit.awk - from the measurements of micro.sh, qdisc.sh, senders.sh, relay.sh and
# nics.sh to results.
#
#	awk -v json=FILE -v bars=FILE -f lib.awk -f transmit.awk VM.tsv [UML.tsv]
#
# Prints a table; writes the JSON, and data for transmit.gp. Lines of the same kind are
# one result, their median; of the rates of senders.sh it is the highest, because
# others that use the host's CPUs make them lower. JSON: min and max of all rounds.

BEGIN { FS = OFS = "\t" }

# Which file: the first is the VM's, the second UML's.
FNR == 1 { file++ }

{
	# case peer nic cpus queues metric
	k = (file == 2 ? "uml-" : "") $1 "\t" $2 "\t" $3 "\t" $4 "\t" $5 "\t" $7
	if (!(k in n)) {
		key[++keys] = k
		unit[k] = $9
		offered[k] = $6
	}
	at[k, ++n[k]] = $8
}

# Sorts the values of a key: sets value, least, most.
function settle(k,	i, j, t)
{
	for (i = 2; i <= n[k]; i++)
		for (j = i; j > 1 && at[k, j] + 0 < at[k, j - 1] + 0; j--) {
			t = at[k, j]; at[k, j] = at[k, j - 1]; at[k, j - 1] = t
		}
	least[k] = at[k, 1]
	most[k] = at[k, n[k]]
	value[k] = n[k] % 2 ? at[k, (n[k] + 1) / 2] : \
		(at[k, n[k] / 2] + at[k, n[k] / 2 + 1]) / 2
	if (k ~ /^senders\t/)
		value[k] = most[k]
}

function name(c, peer, nic, cpus, queues, metric)
{
	return c "\t" peer "\t" nic "\t" cpus "\t" queues "\t" metric
}

function v(c, peer, nic, cpus, queues, metric,	k)
{
	k = name(c, peer, nic, cpus, queues, metric)
	return (k in value) ? value[k] : "?"
}

function json_out(	i, f, lines)
{
	for (i = 1; i <= keys; i++) {
		split(key[i], f, "\t")
		printf("%s\n  {\"case\": \"%s\", \"peer\": \"%s\", \"nic\": \"%s\", " \
			"\"cpus\": %d, \"queues\": \"%s\", \"offered\": \"%s\", " \
			"\"metric\": \"%s\", \"value\": %.6g, \"min\": %.6g, " \
			"\"max\": %.6g, \"rounds\": %d, \"unit\": \"%s\", " \
			"\"kernel\": \"%s\"}", lines++ ? "," : "[", f[1], f[2], f[3],
			f[4], f[5], offered[key[i]], f[6], value[key[i]],
			least[key[i]], most[key[i]], n[key[i]], unit[key[i]],
			f[1] ~ /^uml-/ ? uml_kernel : kernel) > json
	}
	print "\n]" > json
}

# The peers of a case in the order of measurement, whatever the number of queues, which
# is then set, or with q queues: sets peer[], returns how many.
function peers_of(c, nic, cpus, metric, q,	i, f, count)
{
	split("", peer)
	for (i = 1; i <= keys; i++) {
		split(key[i], f, "\t")
		if (f[1] == c && f[3] == nic && f[4] == cpus && f[6] == metric &&
		    (q == "" || f[5] == q)) {
			peer[++count] = f[2]
			queues = f[5]
		}
	}
	return count + 0
}

function micro_table(	i, count, p)
{
	count = peers_of("micro", "-", 1, "time")
	if (!count)
		return
	print "parts of the TX side, per packet"
	printf "  %-28s %14s %14s\n", "", "instructions", "nanoseconds"
	for (i = 1; i <= count; i++) {
		p = peer[i]
		printf "  %-28s %s %s\n", p,
			show(v("micro", p, "-", 1, "-", "time"), 14, 1),
			show(v("uml-micro", p, "-", 1, "-", "time"), 14, 1)
		print "micro", p, v("micro", p, "-", 1, "-", "time") > bars
	}
}

# What a queueing discipline costs one sender, on a device.
function qdisc_table(nic, q,	i, count, p, base, uml_base, ns, x, u)
{
	count = peers_of("pktgen", nic, 1, "time", q)
	base = v("pktgen", "noqueue", nic, 1, q, "time")
	uml_base = v("uml-pktgen", "noqueue", nic, 1, q, "time")
	if (base == "?")
		return
	printf "\nqueueing discipline, one sender, %s, %d queue%s\n", nic, q, (q > 1) ? "s" : ""
	printf "  %-28s %14s %14s %14s\n", "", "instructions", "to noqueue",
		"nanoseconds"
	for (i = 1; i <= count; i++) {
		p = peer[i]
		x = v("pktgen", p, nic, 1, q, "time")
		if (x == "?")
			continue
		u = v("uml-pktgen", p, nic, 1, q, "time")
		printf "  %-28s %s %14s %s\n", p, show(x, 14, 1),
			sprintf("%+.1f", x - base), show(u, 14, 1)
		if (p != "noqueue")
			print "qdisc", p " (" nic ")", x - base > bars
	}
}

function socket_table(	i, count, p)
{
	count = peers_of("udp", "virtio", 1, "call_mean")
	if (!count)
		return
	print "\nsockets, one process, virtio, instructions"
	printf "  %-28s %14s %14s %14s %14s %14s\n", "", "sendto, mean", "p99",
		"arrival, mean", "p99", "TCP, 1448 B"
	for (i = 1; i <= count; i++) {
		p = peer[i]
		printf "  %-28s %s %s %s %s %s\n", p,
			show(v("udp", p, "virtio", 1, 1, "call_mean"), 14, 0),
			show(v("udp", p, "virtio", 1, 1, "call_p99"), 14, 0),
			show(v("udp", p, "virtio", 1, 1, "latency_mean"), 14, 0),
			show(v("udp", p, "virtio", 1, 1, "latency_p99"), 14, 0),
			show(v("tcp", p, "virtio", 1, 1, "time"), 14, 0)
	}
}

function scaling(p, dev,	one, two)
{
	one = v("senders", p, dev, 1, 1, "rate")
	two = v("senders", p, dev, 2, 1, "rate")
	return (one == "?" || two == "?" || !one) ? "?" : two / one
}

# Without a queue, and a driver that needs no lock, senders share next to nothing: if
# two are not nearly twice as fast even so, they have not had the host's CPUs.
function senders_table(dev,	i, count, p, one, two, valid)
{
	count = peers_of("senders", dev, 1, "rate")
	if (!count)
		return
	valid = scaling("noqueue", "dummy") >= 1.7
	printf "\ntwo senders, one queue, %s\n", dev == "dummy" ? \
		"a driver that needs no lock" : "a driver that needs a lock"
	printf "  %-28s %14s %14s %14s\n", "", "one, packets/s", "two", "scaling"
	for (i = 1; i <= count; i++) {
		p = peer[i]
		one = v("senders", p, dev, 1, 1, "rate")
		two = v("senders", p, dev, 2, 1, "rate")
		printf "  %-28s %s %s %s\n", p, show(one, 14, 0), show(two, 14, 0),
			show(scaling(p, dev), 14, 2)
		if (valid)
			print "senders", p " (" dev ")", scaling(p, dev) > bars
	}
	if (!valid)
		print "  NOT VALID: others used this machine's CPUs, noqueue ought to reach 1.7"
}

function relay_table(	i, count, p, b)
{
	count = peers_of("relay-1", "-", 2, "scaling")
	if (!count)
		return
	print "\nthe relay beside other queues, threads on this machine: two senders' scaling"
	printf "  %-28s %14s %14s\n", "", "one by one", "batches of 16"
	for (i = 1; i <= count; i++) {
		p = peer[i]
		printf "  %-28s %s %s\n", p,
			show(v("relay-1", p, "-", 2, 1, "scaling"), 14, 2),
			show(v("relay-16", p, "-", 2, 1, "scaling"), 14, 2)
	}
}

function nics_table(c, nic, cpus,	i, count, p, base, x)
{
	count = peers_of(c, nic, cpus, "router")
	if (!count)
		return
	base = v(c, "ip_forward", nic, cpus, queues, "router")
	printf "\nrouter, %s, %d CPU%s, %s, per packet\n", nic, cpus, (cpus > 1) ? "s" : "", c
	printf "  %-36s %10s %8s %8s %9s %8s %8s %8s %10s %10s\n", "", "router",
		"ratio", "busy", "doorbells", "TX irqs", "allocs", "pages",
		"latency", "p99"
	for (i = 1; i <= count; i++) {
		p = peer[i]
		x = v(c, p, nic, cpus, queues, "router")
		printf "  %-36s %s %s %s %s %s %s %s %s %s\n", p, show(x, 10, 1),
			show((base == "?" || !base) ? "?" : x / base, 8, 2),
			show(v(c, p, nic, cpus, queues, "busy"), 8, 2),
			show(v(c, p, nic, cpus, queues, "tx_kicks"), 9, 3),
			show(v(c, p, nic, cpus, queues, "tx_irqs"), 8, 3),
			show(v(c, p, nic, cpus, queues, "skb_allocs"), 8, 2),
			show(v(c, p, nic, cpus, queues, "page_allocs"), 8, 2),
			show(v(c, p, nic, cpus, queues, "latency_mean"), 10, 0),
			show(v(c, p, nic, cpus, queues, "latency_p99"), 10, 0)
		if (c == "burst16-max" && cpus == 1)
			print "router", p " (" nic ")", x > bars
	}
}

function nics_tables(	i, f, k, seen)
{
	for (i = 1; i <= keys; i++) {
		split(key[i], f, "\t")
		k = f[1] "\t" f[3] "\t" f[4]
		if (f[1] ~ /^burst/ && !(k in seen)) {
			seen[k] = 1
			nics_table(f[1], f[3], f[4])
		}
	}
}

END {
	for (i = 1; i <= keys; i++)
		settle(key[i])
	printf "" > bars
	json_out()
	micro_table()
	qdisc_table("dummy", 1)
	qdisc_table("dummy", 4)
	qdisc_table("virtio", 1)
	socket_table()
	senders_table("dummy")
	senders_table("locked")
	relay_table()
	nics_tables()
}
