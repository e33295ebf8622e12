# SPDX-License-Identifier: GPL-2.0
#
# lib.awk - what the other awk programs share.

# The median of list[1] to list[n], which is sorted then.
function median(list, n,	i, j, t)
{
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && list[j] < list[j - 1]; j--) {
			t = list[j]; list[j] = list[j - 1]; list[j - 1] = t
		}
	return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}

# A number, right-aligned, or "-" for one that there is not.
function show(x, width, decimals)
{
	if (x == "?")
		return sprintf("%" width "s", "-")
	return sprintf("%" width "." decimals "f", x)
}
