# SPDX-License-Identifier: GPL-2.0
#
# forward.gp - bars of what forwarding costs.
#
#	gnuplot -e "bars='FILE'; scale='FILE'; out='FILE'; kernel='RELEASE'" forward.gp

rows = int(system("wc -l < " . scale))
set terminal svg noenhanced size 900, (rows ? 1000 : 520) \
	font "sans-serif,14" background "white"
set output out
set datafile separator "\t"
set datafile missing "?"
set border 3
set tics nomirror
if (rows) set multiplot layout 2,1

set title "Forwarding a packet, veth to veth, 64 bytes, Linux " . kernel
set xlabel "instructions per packet, receiving and dropping it subtracted"
stats bars using 3 nooutput
set xrange [0:STATS_max * 1.12]
set yrange [-0.6:*]
set grid xtics lc rgb "#dddddd"
set key top right reverse Left samplen 1
set style fill solid noborder
plot bars using 2:0:(0):2:($0+0.02):($0+0.38):ytic(1) title "IPv4" with boxxyerror lc rgb "#2b6cb0", \
	'' using 3:0:(0):3:($0-0.38):($0-0.02) title "IPv6" with boxxyerror lc rgb "#a0c4e8", \
	'' using 2:($0+0.2):(sprintf(" %.0f", $2)) notitle with labels left font ",12", \
	'' using 3:($0-0.2):(sprintf(" %.0f", $3)) notitle with labels left font ",12"

if (rows) {
	unset grid
	set grid ytics lc rgb "#dddddd"
	set title "The same with many flows and routes, IPv4"
	unset xlabel
	set ylabel "net instructions per packet"
	set xrange [*:*]
	set yrange [0:*]
	set key outside top center horizontal
	set bmargin 3
	set style data histograms
	set style histogram clustered gap 1
	plot scale using 2:xtic(1) title "ip_forward" lc rgb "#718096", \
		'' using 3 title "flowtable" lc rgb "#b7791f", \
		'' using 4 title "kpac, door ingress" lc rgb "#a0c4e8", \
		'' using 5 title "kpac, hand-over" lc rgb "#2b6cb0"
}
