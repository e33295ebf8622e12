// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * IPFIX messages (RFC 7011): a header, then sets, each of records of one kind.
 * A template says which elements the records of a data set have, in which order.
 * All numbers are in network byte order.
 */
#include <netinet/in.h>
#include <string.h>

#include "ipfix.h"
#include "kpacctl.h"

#define VERSION_IPFIX	10
#define HEADER_LEN	16
#define SET_LEN		4
#define TEMPLATE_SET	2

/* Templates have numbers from 256. */
enum { TEMPLATE_IPV4 = 256, TEMPLATE_IPV6 = 257 };

/* The elements, by their numbers in IANA's registry. */
enum {
	OCTET_DELTA_COUNT = 1,
	PACKET_DELTA_COUNT = 2,
	PROTOCOL_IDENTIFIER = 4,
	IP_CLASS_OF_SERVICE = 5,
	TCP_CONTROL_BITS = 6,
	SOURCE_TRANSPORT_PORT = 7,
	SOURCE_IPV4_ADDRESS = 8,
	INGRESS_INTERFACE = 10,
	DESTINATION_TRANSPORT_PORT = 11,
	DESTINATION_IPV4_ADDRESS = 12,
	SOURCE_IPV6_ADDRESS = 27,
	DESTINATION_IPV6_ADDRESS = 28,
	ICMP_TYPE_CODE_IPV4 = 32,
	VLAN_ID = 58,
	ICMP_TYPE_CODE_IPV6 = 139,
	FLOW_START_MILLISECONDS = 152,
	FLOW_END_MILLISECONDS = 153,
};

struct element {
	uint16_t id;
	uint16_t len;
};

/* What put_record() writes, in this order. */
static const struct element elements4[] = {
	{ SOURCE_IPV4_ADDRESS, 4 }, { DESTINATION_IPV4_ADDRESS, 4 },
	{ SOURCE_TRANSPORT_PORT, 2 }, { DESTINATION_TRANSPORT_PORT, 2 },
	{ ICMP_TYPE_CODE_IPV4, 2 }, { PROTOCOL_IDENTIFIER, 1 },
	{ IP_CLASS_OF_SERVICE, 1 }, { TCP_CONTROL_BITS, 2 }, { VLAN_ID, 2 },
	{ INGRESS_INTERFACE, 4 }, { PACKET_DELTA_COUNT, 8 },
	{ OCTET_DELTA_COUNT, 8 }, { FLOW_START_MILLISECONDS, 8 },
	{ FLOW_END_MILLISECONDS, 8 },
};
static const struct element elements6[] = {
	{ SOURCE_IPV6_ADDRESS, 16 }, { DESTINATION_IPV6_ADDRESS, 16 },
	{ SOURCE_TRANSPORT_PORT, 2 }, { DESTINATION_TRANSPORT_PORT, 2 },
	{ ICMP_TYPE_CODE_IPV6, 2 }, { PROTOCOL_IDENTIFIER, 1 },
	{ IP_CLASS_OF_SERVICE, 1 }, { TCP_CONTROL_BITS, 2 }, { VLAN_ID, 2 },
	{ INGRESS_INTERFACE, 4 }, { PACKET_DELTA_COUNT, 8 },
	{ OCTET_DELTA_COUNT, 8 }, { FLOW_START_MILLISECONDS, 8 },
	{ FLOW_END_MILLISECONDS, 8 },
};

#define RECORD_LEN(addr_len) (2 * (addr_len) + 48u)

static void write16(uint8_t *at, size_t number)
{
	at[0] = (uint8_t)(number >> 8);
	at[1] = (uint8_t)number;
}

static void put(struct ipfix *x, const void *data, size_t len)
{
	memcpy(x->data + x->len, data, len);
	x->len += len;
}

static void put_number(struct ipfix *x, uint64_t number, size_t len)
{
	while (len--)
		x->data[x->len++] = (uint8_t)(number >> 8 * len);
}

static void begin_message(struct ipfix *x)
{
	if (x->len)
		return;
	put_number(x, VERSION_IPFIX, 2);
	put_number(x, 0, 2);	/* the length, see ipfix_flush() */
	put_number(x, x->time, 4);
	put_number(x, x->sequence, 4);
	put_number(x, x->domain, 4);
	x->set = 0;
	x->records = 0;
}

static void end_set(struct ipfix *x)
{
	if (x->set)
		write16(x->data + x->set + 2, x->len - x->set);
	x->set = 0;
}

static void begin_set(struct ipfix *x, uint16_t id)
{
	end_set(x);
	x->set = x->len;
	x->template = id;
	put_number(x, id, 2);
	put_number(x, 0, 2);	/* the length, see end_set() */
}

static void put_template(struct ipfix *x, uint16_t id,
			 const struct element *element, size_t n)
{
	size_t i;

	put_number(x, id, 2);
	put_number(x, n, 2);
	for (i = 0; i < n; i++) {
		put_number(x, element[i].id, 2);
		put_number(x, element[i].len, 2);
	}
}

/* Send the message, if one has been begun. */
int ipfix_flush(struct ipfix *x)
{
	int err;

	if (!x->len)
		return 0;
	end_set(x);
	write16(x->data + 2, x->len);
	err = x->send(x->data, x->len, x->arg);
	/* A message that was not sent is none that the collector misses. */
	if (!err)
		x->sequence += x->records;
	x->len = 0;
	return err;
}

/* Tell what records look like: before others of a message. */
int ipfix_templates(struct ipfix *x)
{
	int err = ipfix_flush(x);

	begin_message(x);
	begin_set(x, TEMPLATE_SET);
	put_template(x, TEMPLATE_IPV4, elements4, ARRAY_SIZE(elements4));
	put_template(x, TEMPLATE_IPV6, elements6, ARRAY_SIZE(elements6));
	return err;
}

static void put_record(struct ipfix *x, const struct kpac_flow *flow)
{
	put(x, flow->src, flow->addr_len);
	put(x, flow->dst, flow->addr_len);
	put_number(x, flow->sport, 2);
	put_number(x, flow->dport, 2);
	put_number(x, flow->icmp_type, 1);
	put_number(x, flow->icmp_code, 1);
	put_number(x, flow->proto, 1);
	put_number(x, flow->tos, 1);
	put_number(x, flow->tcp_flags, 2);
	put_number(x, flow->vlan, 2);
	put_number(x, flow->ifindex, 4);
	put_number(x, flow->packets, 8);
	put_number(x, flow->bytes, 8);
	put_number(x, flow->first_seen, 8);
	put_number(x, flow->last_seen, 8);
}

/*
 * Add what was counted of a flow, its members @packets and @bytes since the last
 * time; if the message is full, send that first, which tells of an error.
 */
int ipfix_flow(struct ipfix *x, const struct kpac_flow *flow)
{
	uint16_t template = flow->addr_len == 4 ? TEMPLATE_IPV4 : TEMPLATE_IPV6;
	size_t len = SET_LEN + RECORD_LEN(flow->addr_len);
	int err = 0;

	if (x->len && x->len + len > x->most)
		err = ipfix_flush(x);
	begin_message(x);
	if (!x->set || x->template != template)
		begin_set(x, template);
	put_record(x, flow);
	x->records++;
	return err;
}
