// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* Devices by their names, of which a batch has few, but often. */
#include <stdlib.h>
#include <string.h>

#include "table.h"

/* One name for each hash: another one that has the same takes its place. */
static struct known {
	char name[IF_NAMESIZE];
	unsigned int ifindex;
} cache[1024];

static struct known *place_of(const char *name)
{
	unsigned int hash = 5381;

	for (; *name; name++)
		hash = hash * 33 + (unsigned char)*name;
	return &cache[hash % ARRAY_SIZE(cache)];
}

/* "if7" is the device with that number, as for ip(8), if none is called so. */
static bool by_number(const char *name, unsigned int *ifindex)
{
	uint64_t number;

	if (strncmp(name, "if", 2) || name[2] < '1' || name[2] > '9' ||
	    !parse_uint(name + 2, INT32_MAX, &number))
		return false;
	*ifindex = (unsigned int)number;
	return true;
}

/* 0, or a negative errno with what is wrong in kpac_error(). */
int find_device(struct ctl *ctl, const char *name, unsigned int *ifindex)
{
	struct known *known = place_of(name);
	size_t len = strlen(name);
	int err;

	if (*name && !strcmp(known->name, name)) {
		*ifindex = known->ifindex;
		return 0;
	}
	err = kpac_ifindex(ctl->kpac, name, ifindex);
	if (err)
		return by_number(name, ifindex) ? 0 : err;
	if (len < sizeof(known->name)) {
		memcpy(known->name, name, len + 1);
		known->ifindex = *ifindex;
	}
	return 0;
}
