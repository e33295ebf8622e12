// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* Reading attributes, of which nothing is believed, and writing them. */
#define _GNU_SOURCE
#include <string.h>

#include "internal.h"

bool kpac_get_u8(const struct nlattr *nla, unsigned int *value)
{
	if (!nla || nla_len(nla) != sizeof(uint8_t))
		return false;
	*value = nla_get_u8(nla);
	return true;
}

bool kpac_get_u16(const struct nlattr *nla, unsigned int *value)
{
	if (!nla || nla_len(nla) != sizeof(uint16_t))
		return false;
	*value = nla_get_u16(nla);
	return true;
}

bool kpac_get_u32(const struct nlattr *nla, unsigned int *value)
{
	if (!nla || nla_len(nla) != sizeof(uint32_t))
		return false;
	*value = nla_get_u32(nla);
	return true;
}

/* The type "uint" has 4 or 8 bytes, as the value needs. */
bool kpac_get_uint(const struct nlattr *nla, uint64_t *value)
{
	if (!nla)
		return false;
	switch (nla_len(nla)) {
	case sizeof(uint32_t):
		*value = nla_get_u32(nla);
		return true;
	case sizeof(uint64_t):
		*value = nla_get_u64(nla);
		return true;
	default:
		return false;
	}
}

/* A name that is not empty, with room for @size bytes and so one less. */
bool kpac_get_name(const struct nlattr *nla, char *name, size_t size)
{
	size_t len;

	if (!nla)
		return false;
	len = strnlen(nla_data(nla), (size_t)nla_len(nla));
	if (!len || len >= size)
		return false;
	memcpy(name, nla_data(nla), len);
	name[len] = '\0';
	return true;
}

bool kpac_get_ifname(const struct nlattr *nla, char name[IF_NAMESIZE])
{
	return kpac_get_name(nla, name, IF_NAMESIZE);
}

/* A string of its own, for the message's need not end with a zero. */
bool kpac_get_text(struct kpac_arena *arena, const struct nlattr *nla,
		   const char **text)
{
	size_t len = strnlen(nla_data(nla), (size_t)nla_len(nla));
	char *copy = kpac_arena_get(arena, len + 1);

	if (!copy)
		return false;
	memcpy(copy, nla_data(nla), len);
	*text = copy;
	return true;
}

bool kpac_attrs(const struct nlmsghdr *nlh, struct nlattr **first, int *len)
{
	if (nlh->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN)
		return false;
	*first = (struct nlattr *)((char *)nlh + NLMSG_HDRLEN + GENL_HDRLEN);
	*len = (int)(nlh->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN);
	return true;
}

/* How many attributes of a type there are: those that occur more than once. */
size_t kpac_count_attrs(struct nlattr *first, int len, int type)
{
	struct nlattr *nla;
	size_t n = 0;
	int rest;

	nla_for_each_attr(nla, first, len, rest)
		n += nla_type(nla) == type;
	return n;
}

int kpac_put_uint(struct nl_msg *msg, int attr, uint64_t value)
{
	return value > UINT32_MAX ? nla_put_u64(msg, attr, value) :
				    nla_put_u32(msg, attr, (uint32_t)value);
}

/* With the flag that the kernel's strict checks want. */
struct nlattr *kpac_nest(struct nl_msg *msg, int attr)
{
	return nla_nest_start(msg, attr | NLA_F_NESTED);
}
