# SPDX-License-Identifier: GPL-2.0
#
# chain.gp - what firewall, flow monitor and load balancer cost together.
#
#	gnuplot -e "bars='FILE'; scale='FILE'; out='FILE'; kernel='RELEASE'" chain.gp
#
# Lines of bars: label, net of a request's packet, of that and of the answer's. Of
# scale: label, instructions per request, with and without connections that are kept.

set terminal svg noenhanced size 900, 1000 font "sans-serif,14" background "white"
set output out
set datafile separator "\t"
set datafile missing "?"
set border 3
set tics nomirror
set grid xtics lc rgb "#dddddd"
set key top right reverse Left samplen 1
set style fill solid noborder
set yrange [-0.6:*]
set multiplot layout 2,1

set title "Firewall, flow monitor and load balancer, 1000 TCP connections, Linux " . kernel
set xlabel "instructions, receiving and dropping at once subtracted"
set xrange [0:*]
plot bars using 2:0:(0):2:($0+0.02):($0+0.38):ytic(1) title "a packet of a request" \
		with boxxyerror lc rgb "#2b6cb0", \
	'' using 3:0:(0):3:($0-0.38):($0-0.02) title "that, and the answer's" \
		with boxxyerror lc rgb "#a0c4e8", \
	'' using 2:($0+0.2):(sprintf(" %.0f", $2)) notitle with labels left font ",12", \
	'' using 3:($0-0.2):(sprintf(" %.0f", $3)) notitle with labels left font ",12"

set title "The same in front of nginx, 1 KiB, clients and servers included"
set xlabel "instructions per request"
plot scale using 2:0:(0):2:($0+0.02):($0+0.38):ytic(1) title "connections are kept" \
		with boxxyerror lc rgb "#2b6cb0", \
	'' using 3:0:(0):3:($0-0.38):($0-0.02) title "a connection for each request" \
		with boxxyerror lc rgb "#a0c4e8", \
	'' using 2:($0+0.2):(sprintf(" %.0f", $2)) notitle with labels left font ",12", \
	'' using 3:($0-0.2):(sprintf(" %.0f", $3)) notitle with labels left font ",12"
unset multiplot
