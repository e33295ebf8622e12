# SPDX-License-Identifier: GPL-2.0
#
# table.gp - what the table adds to forwarding, and what dropping costs.
#
#	gnuplot -e "bars='FILE'; scale='FILE'; out='FILE'; kernel='RELEASE'" table.gp
#
# Lines of bars: label, IPv4, IPv6. Of scale: peer, rules, net.

peers = system("cut -f 1 '" . scale . "' | uniq")
points(name) = "< grep '^" . name . "\t' '" . scale . "'"
color(name) = name eq "kpac" ? 0x2b6cb0 : name[1:3] eq "nft" ? 0xb7791f : \
	name[1:2] eq "tc" ? 0x38a169 : 0xc53030

set terminal svg noenhanced size 900, 1000 font "sans-serif,14" background "white"
set output out
set datafile separator "\t"
set datafile missing "?"
set border 3
set tics nomirror
set multiplot layout 2,1

set title "What kpac's table adds to forwarding a packet, Linux " . kernel
set xlabel "instructions per packet, beyond kpac with an empty table"
stats bars using 3 nooutput
max = STATS_max
stats bars using 2 nooutput
max = STATS_max > max ? STATS_max : max
set xrange [0:max * 1.12]
set yrange [-0.6:*]
set grid xtics lc rgb "#dddddd"
set key top right reverse Left samplen 1
set style fill solid noborder
plot bars using 2:0:(0):2:($0+0.02):($0+0.38):ytic(1) title "IPv4" with boxxyerror lc rgb "#2b6cb0", \
	'' using 3:0:(0):3:($0-0.38):($0-0.02) title "IPv6" with boxxyerror lc rgb "#a0c4e8", \
	'' using 2:($0+0.2):(sprintf(" %.0f", $2)) notitle with labels left font ",12", \
	'' using 3:($0-0.2):(sprintf(" %.0f", $3)) notitle with labels left font ",12"

unset grid
set grid lc rgb "#dddddd"
set title "Dropping a UDP packet, the last of so many rules says so"
set xlabel "rules"
set ylabel "instructions per packet, its arrival subtracted"
set logscale xy
set xrange [0.8:15000]
set yrange [*:*]
set xtics autofreq
set ytics autofreq
set key outside right center vertical
plot for [i = 1:words(peers)] points(word(peers, i)) using 2:3 title word(peers, i) \
	with linespoints lw (word(peers, i) eq "kpac" ? 3 : 1) pt i ps 0.8 \
	lc rgb color(word(peers, i))
unset multiplot
