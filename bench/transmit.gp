# SPDX-License-Identifier: GPL-2.0
#
# transmit.gp - bars of what sending a packet costs.
#
#	gnuplot -e "bars='FILE'; out='FILE'; kernel='RELEASE'" transmit.gp
#
# Each line of the data: group, label, value.

group(name) = "< grep '^" . name . "\t' '" . bars . "'"
rows(name) = int(system("grep -c '^" . name . "\t' '" . bars . "' || true"))

set terminal svg noenhanced size 1500, 1100 font "sans-serif,13" background "white"
set output out
set datafile separator "\t"
set border 3
set tics nomirror
set grid xtics lc rgb "#dddddd"
set style fill solid noborder
set yrange [-0.6:*] reverse
unset key
blue(label) = label[1:4] eq "kpac" || label[1:4] eq "pool" || label[1:3] eq "txq" || \
	label[1:7] eq "mq-kpac" || label[1:10] eq "qdisc:kpac" || \
	label[1:10] eq "nogro:kpac" ? 0x2b6cb0 : 0x718096

set multiplot layout 2,2 title "Sending a packet, Linux " . kernel
do for [g in "micro qdisc senders router"] {
	if (rows(g) == 0) {
		continue
	}
	format = " %.0f"
	set xtics autofreq
	if (g eq "micro") { set title "parts of the TX side, instructions per packet" }
	if (g eq "qdisc") { set title "queueing disciplines, one sender: instructions beyond noqueue" }
	if (g eq "senders") {
		set title "two senders, one queue: rate to that of one"
		format = " %.2f"
	}
	if (g eq "router") {
		set title "a router between NICs, bursts of 16: instructions"
		set xtics 2000
	}
	stats group(g) using 3 nooutput
	set xrange [0:STATS_max * 1.18]
	plot group(g) using 3:0:(0):3:($0-0.38):($0+0.38):(blue(strcol(2))):ytic(2) \
		with boxxyerror lc rgb variable, \
		'' using 3:0:(sprintf(format, $3)) with labels left font ",11"
}
unset multiplot
