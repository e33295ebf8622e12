// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* Numbers of protocols that have names, spelled as nft(8) and tc(8) do. */
#include <netdb.h>
#include <arpa/inet.h>
#include <string.h>

#include "table.h"

struct named {
	const char *name;
	uint16_t value;
};

/* Of names for the same number, the first is printed. */
struct name_set {
	const struct named *names;
	size_t n;
};

#define SET(array) { array, ARRAY_SIZE(array) }

static const struct named ethertypes[] = {
	{ "ip", 0x0800 }, { "ipv4", 0x0800 }, { "ip6", 0x86dd },
	{ "ipv6", 0x86dd }, { "arp", 0x0806 }, { "rarp", 0x8035 },
	{ "vlan", 0x8100 }, { "802.1q", 0x8100 }, { "802.1ad", 0x88a8 },
	{ "qinq", 0x88a8 }, { "mpls", 0x8847 }, { "mpls_uc", 0x8847 },
	{ "mpls_mc", 0x8848 }, { "pppoe", 0x8864 }, { "ppp_ses", 0x8864 },
	{ "pppoe_disc", 0x8863 }, { "ppp_disc", 0x8863 }, { "eapol", 0x888e },
	{ "lldp", 0x88cc }, { "macsec", 0x88e5 }, { "ptp", 0x88f7 },
};

static const struct named protos[] = {
	{ "tcp", 6 }, { "udp", 17 }, { "icmp", 1 }, { "icmpv6", 58 },
	{ "ipv6-icmp", 58 }, { "sctp", 132 }, { "dccp", 33 },
	{ "udplite", 136 }, { "esp", 50 }, { "ah", 51 }, { "gre", 47 },
	{ "igmp", 2 }, { "ipip", 4 }, { "ipencap", 4 }, { "ipv6", 41 },
	{ "ospf", 89 }, { "pim", 103 }, { "vrrp", 112 }, { "l2tp", 115 },
	{ "comp", 108 }, { "mpls", 137 }, { "rsvp", 46 }, { "eigrp", 88 },
};

static const struct named dscps[] = {
	{ "cs0", 0 }, { "cs1", 8 }, { "cs2", 16 }, { "cs3", 24 },
	{ "cs4", 32 }, { "cs5", 40 }, { "cs6", 48 }, { "cs7", 56 },
	{ "af11", 10 }, { "af12", 12 }, { "af13", 14 }, { "af21", 18 },
	{ "af22", 20 }, { "af23", 22 }, { "af31", 26 }, { "af32", 28 },
	{ "af33", 30 }, { "af41", 34 }, { "af42", 36 }, { "af43", 38 },
	{ "ef", 46 }, { "va", 44 }, { "le", 1 }, { "be", 0 },
};

static const struct named icmps[] = {
	{ "echo-reply", 0 }, { "destination-unreachable", 3 },
	{ "source-quench", 4 }, { "redirect", 5 }, { "echo-request", 8 },
	{ "router-advertisement", 9 }, { "router-solicitation", 10 },
	{ "time-exceeded", 11 }, { "parameter-problem", 12 },
	{ "timestamp-request", 13 }, { "timestamp-reply", 14 },
	{ "info-request", 15 }, { "info-reply", 16 },
	{ "address-mask-request", 17 }, { "address-mask-reply", 18 },
};

static const struct named icmpv6s[] = {
	{ "destination-unreachable", 1 }, { "packet-too-big", 2 },
	{ "time-exceeded", 3 }, { "parameter-problem", 4 },
	{ "echo-request", 128 }, { "echo-reply", 129 },
	{ "mld-listener-query", 130 }, { "mld-listener-report", 131 },
	{ "mld-listener-done", 132 }, { "mld-listener-reduction", 132 },
	{ "nd-router-solicit", 133 }, { "nd-router-advert", 134 },
	{ "nd-neighbor-solicit", 135 }, { "nd-neighbor-advert", 136 },
	{ "nd-redirect", 137 }, { "router-renumbering", 138 },
	{ "ind-neighbor-solicit", 141 }, { "ind-neighbor-advert", 142 },
	{ "mld2-listener-report", 143 },
};

static const struct named tcp_flags[] = {
	{ "fin", 0x01 }, { "syn", 0x02 }, { "rst", 0x04 }, { "psh", 0x08 },
	{ "ack", 0x10 }, { "urg", 0x20 }, { "ece", 0x40 }, { "cwr", 0x80 },
};

const struct name_set ethertype_names = SET(ethertypes);
const struct name_set proto_names = SET(protos);
const struct name_set dscp_names = SET(dscps);
const struct name_set icmp_names = SET(icmps);
const struct name_set icmpv6_names = SET(icmpv6s);
const struct name_set tcp_flag_names = SET(tcp_flags);

bool name_value(const struct name_set *set, const char *name, uint64_t *value)
{
	size_t i;

	for (i = 0; i < set->n; i++) {
		if (!strcmp(name, set->names[i].name)) {
			*value = set->names[i].value;
			return true;
		}
	}
	return false;
}

/* The name, or NULL. */
const char *value_name(const struct name_set *set, uint64_t value)
{
	size_t i;

	for (i = 0; i < set->n; i++)
		if (set->names[i].value == value)
			return set->names[i].name;
	return NULL;
}

/* All names, or as many as there is room for; how many that were. */
size_t set_names(const struct name_set *set, const char **names, size_t n)
{
	size_t i;

	for (i = 0; i < set->n && i < n; i++)
		names[i] = set->names[i].name;
	return i;
}

/* A port that /etc/services has. The last names are remembered: it is slow. */
bool port_value(const char *name, uint64_t *value)
{
	static struct {
		char name[20];
		uint16_t port;
	} known[16];
	static unsigned int next;
	struct servent *service;
	size_t len = strlen(name);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		if (*name && !strcmp(known[i].name, name)) {
			*value = known[i].port;
			return true;
		}
	}
	service = getservbyname(name, NULL);
	if (!service)
		return false;
	*value = ntohs((uint16_t)service->s_port);
	if (len < sizeof(known[0].name)) {
		i = next++ % ARRAY_SIZE(known);
		memcpy(known[i].name, name, len + 1);
		known[i].port = (uint16_t)*value;
	}
	return true;
}
