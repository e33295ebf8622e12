# SPDX-License-Identifier: GPL-2.0
#
# reply.gp - what an answer costs, and how long it takes.
#
#	gnuplot -e "bars='FILE'; scale='FILE'; out='FILE'; kernel='RELEASE'" reply.gp
#
# Lines of bars: label, one at a time, 32 at once. Of scale: label, instructions.

set terminal svg noenhanced size 900, 900 font "sans-serif,14" background "white"
set output out
set datafile separator "\t"
set datafile missing "?"
set border 3
set tics nomirror
set style fill solid noborder
set multiplot layout 2,1

set title "What an answer costs, its request's arrival subtracted, Linux " . kernel
set xlabel "instructions per answer"
set xrange [0:*]
set yrange [*:*] reverse
set grid xtics lc rgb "#dddddd"
set key bottom right reverse Left samplen 1
plot bars using 2:0:(0):2:($0-0.38):($0-0.02):ytic(1) title "one at a time" with boxxyerror lc rgb "#2b6cb0", \
	'' using 3:0:(0):3:($0+0.02):($0+0.38) title "32 at once" with boxxyerror lc rgb "#a0c4e8", \
	'' using 2:($0-0.2):(sprintf(" %.0f", $2)) notitle with labels left font ",12", \
	'' using 3:($0+0.2):(sprintf(" %.0f", $3)) notitle with labels left font ",12"

set title "Until 99.9 % of the answers are there"
set xlabel "instructions"
set logscale x
set xrange [1000:*]
plot scale using 2:0:(1000):2:($0-0.35):($0+0.35):ytic(1) notitle with boxxyerror lc rgb "#2b6cb0"
unset multiplot
