// SPDX-License-Identifier: GPL-2.0
/* Maglev: filling a table; see maglev.h. */

#include <linux/minmax.h>
#include <linux/sched.h>

#include "maglev.h"

/* Each member wants all slots, in an order of its own. */
static void kpac_maglev_begin(struct kpac_maglev_member *m)
{
	m->at = kpac_maglev_mix(m->hash, 1) % KPAC_MAGLEV_SLOTS;
	m->skip = kpac_maglev_mix(m->hash, 2) % (KPAC_MAGLEV_SLOTS - 1) + 1;
	m->slots = 0;
	m->credit = 0;
}

/* Take the first slot that a member wants and nobody has. */
static void kpac_maglev_take(u16 *slot, struct kpac_maglev_member *m)
{
	while (slot[m->at] != KPAC_MAGLEV_NOBODY) {
		m->at += m->skip;
		if (m->at >= KPAC_MAGLEV_SLOTS)
			m->at -= KPAC_MAGLEV_SLOTS;
	}
	slot[m->at] = m->name;
	m->slots++;
}

/**
 * kpac_maglev_fill - share the slots of a table
 * @slot: the table, of %KPAC_MAGLEV_SLOTS; nobody has those of which there is
 *	no member with a weight
 * @member: the members, in an order on which all agree
 * @n: how many
 *
 * Members take turns: the heaviest each time, one with half its weight every
 * other time.
 *
 * Context: process, may sleep.
 */
void kpac_maglev_fill(u16 *slot, struct kpac_maglev_member *member,
		      unsigned int n)
{
	u32 most = 0, left;
	unsigned int i;

	for (i = 0; i < KPAC_MAGLEV_SLOTS; i++)
		slot[i] = KPAC_MAGLEV_NOBODY;
	for (i = 0; i < n; i++) {
		kpac_maglev_begin(&member[i]);
		most = max(most, member[i].weight);
	}
	left = most ? KPAC_MAGLEV_SLOTS : 0;
	for (i = 0; left; i++) {
		if (i == n) {
			i = 0;
			cond_resched();
		}
		member[i].credit += member[i].weight;
		if (member[i].credit < most)
			continue;
		member[i].credit -= most;
		kpac_maglev_take(slot, &member[i]);
		left--;
	}
}
