// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* The module, as the test plays it: what it answers, and what it announces. */
#include "check.h"

void put_port(struct nl_msg *msg, unsigned int ifindex, const char *name)
{
	nla_put_u32(msg, KPAC_A_PORT_IFINDEX, ifindex);
	nla_put_string(msg, KPAC_A_PORT_IFNAME, name);
	nla_put_u32(msg, KPAC_A_PORT_DOOR, KPAC_DOOR_AUTO);
	nla_put_u32(msg, KPAC_A_PORT_DOOR_USED, KPAC_DOOR_INGRESS);
	nla_put_u32(msg, KPAC_A_PORT_DOOR_WHY, KPAC_DOOR_WHY_TAKEN);
	nla_put_u8(msg, KPAC_A_PORT_FORWARD, 1);
}

static void put_pass(struct nl_msg *msg, unsigned int reason, uint32_t packets,
		     uint64_t bytes)
{
	struct nlattr *nest = nla_nest_start(msg, KPAC_A_STATS_PASS);

	nla_put_u32(msg, KPAC_A_PASS_REASON, reason);
	nla_put_u32(msg, KPAC_A_PASS_PACKETS, packets);
	nla_put_u64(msg, KPAC_A_PASS_BYTES, bytes);
	nla_nest_end(msg, nest);
}

void put_stats(struct nl_msg *msg, unsigned int ifindex, const char *name)
{
	nla_put_u32(msg, KPAC_A_STATS_IFINDEX, ifindex);
	nla_put_string(msg, KPAC_A_STATS_IFNAME, name);
	nla_put_u64(msg, KPAC_A_STATS_PACKETS, 5000000000);
	nla_put_u64(msg, KPAC_A_STATS_BYTES, 320000000000);
	nla_put_u64(msg, KPAC_A_STATS_ACCELERATED_PACKETS, 4999999990);
	nla_put_u64(msg, KPAC_A_STATS_ACCELERATED_BYTES, 319999999360);
	nla_put_u64(msg, KPAC_A_STATS_HANDOVER_PACKETS, 4999999000);
	nla_put_u32(msg, KPAC_A_STATS_DIRECT_PACKETS, 900);
	nla_put_u32(msg, KPAC_A_STATS_QUEUED_PACKETS, 90);
	nla_put_u32(msg, KPAC_A_STATS_DROP_PACKETS, 1);
	nla_put_u32(msg, KPAC_A_STATS_RESOLVE_PACKETS, 7);
	put_pass(msg, KPAC_PASS_REASON_TTL, 2, 128);
	put_pass(msg, KPAC_PASS_REASON_NOT_IP, 7, 322);
	nla_put_u32(msg, KPAC_A_STATS_HANDLER_DROP_PACKETS, 41);
	nla_put_u32(msg, KPAC_A_STATS_REPLY_PACKETS, 42);
	nla_put_u64(msg, KPAC_A_STATS_REDIRECT_PACKETS, 43);
	nla_put_u32(msg, KPAC_A_STATS_STOLEN_PACKETS, 44);
	nla_put_u32(msg, 200, 1);	/* of a newer module */
}

void put_master(struct nl_msg *msg)
{
	nla_put_u32(msg, KPAC_A_PORT_MASTER, 4000000);
}

void put_tuning(struct nl_msg *msg)
{
	nla_put_u32(msg, KPAC_A_PORT_TX_BATCH, 64);
	nla_put_u32(msg, KPAC_A_PORT_CLEAN_BATCH, 32);
	nla_put_u32(msg, KPAC_A_PORT_POOL, 512);
	nla_put_u32(msg, KPAC_A_PORT_COPYBREAK, 256);
}

void put_tx_size(struct nl_msg *msg, unsigned int least, uint32_t batches)
{
	struct nlattr *nest = nla_nest_start(msg, KPAC_A_TX_SIZE);

	nla_put_u32(msg, KPAC_A_TX_SIZE_LEAST, least);
	nla_put_u32(msg, KPAC_A_TX_SIZE_BATCHES, batches);
	nla_nest_end(msg, nest);
}

void put_tx(struct nl_msg *msg)
{
	struct nlattr *nest = nla_nest_start(msg, KPAC_A_STATS_TX);

	nla_put_u64(msg, KPAC_A_TX_PACKETS, 6000000000);
	nla_put_u32(msg, KPAC_A_TX_DOORBELLS, 100000000);
	nla_put_u32(msg, KPAC_A_TX_SHARED_PACKETS, 11);
	nla_put_u32(msg, KPAC_A_TX_REQUEUED_PACKETS, 12);
	nla_put_u32(msg, KPAC_A_TX_DROP_PACKETS, 13);
	nla_put_u32(msg, KPAC_A_TX_COPIED_PACKETS, 14);
	put_tx_size(msg, 256, 4);
	put_tx_size(msg, 1, 50000000);
	put_tx_size(msg, 32, 49999996);
	nla_put_u32(msg, KPAC_A_TX_POOL_HITS, 9990);
	nla_put_u32(msg, KPAC_A_TX_POOL_MISSES, 10);
	nla_put_u32(msg, KPAC_A_TX_POOL_RECLAIMS, 350);
	nla_put_u32(msg, KPAC_A_TX_POOL_SIZE, 640);
	nla_put_u32(msg, KPAC_A_TX_POOL_BYTES, 1638400);
	nla_put_u32(msg, KPAC_A_TX_POOL_HIGH, 300);
	nla_put_u32(msg, 200, 1);	/* of a newer module */
	nla_nest_end(msg, nest);
}

/* A module with two ports, a and b; b's master has gone. */
void answer_well(const struct nlmsghdr *request)
{
	bool dump = (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	uint8_t cmd = genlmsg_hdr((struct nlmsghdr *)request)->cmd;
	struct nl_msg *msg;
	int i;

	if (cmd != KPAC_CMD_PORT_GET && cmd != KPAC_CMD_STATS_GET) {
		fake_ack(request, 0, NULL);
		return;
	}
	for (i = 0; i < (dump ? 2 : 1); i++) {
		msg = fake_msg(request, cmd, dump ? NLM_F_MULTI : 0);
		if (cmd == KPAC_CMD_PORT_GET) {
			put_port(msg, 2 + i, i ? "b" : "a");
			put_tuning(msg);
			if (i)
				put_master(msg);
		} else {
			put_stats(msg, 2 + i, i ? "b" : "a");
			put_tx(msg);
		}
		fake_send(msg, false);
	}
	if (dump)
		fake_done(request, 0, NULL, 0);
	else
		fake_ack(request, 0, NULL);
}

/* One that knows nothing of the TX side. */
void answer_older(const struct nlmsghdr *request)
{
	uint8_t cmd = genlmsg_hdr((struct nlmsghdr *)request)->cmd;
	struct nl_msg *msg = fake_msg(request, cmd, NLM_F_MULTI);

	if (cmd == KPAC_CMD_PORT_GET)
		put_port(msg, 2, "a");
	else
		put_stats(msg, 2, "a");
	fake_send(msg, false);
	fake_done(request, 0, NULL, 0);
}

void answer_nothing(const struct nlmsghdr *request)
{
	if ((request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP)
		fake_done(request, 0, NULL, 0);
	else
		fake_ack(request, 0, NULL);
}

struct refusal refusal;

struct nl_msg *tlvs_of_refusal(void)
{
	struct nl_msg *tlvs = nlmsg_alloc();

	nlmsg_put(tlvs, 0, 0, 0, 0, 0);
	if (refusal.text)
		nla_put_string(tlvs, NLMSGERR_ATTR_MSG, refusal.text);
	if (refusal.offset)
		nla_put_u32(tlvs, NLMSGERR_ATTR_OFFS,
			    (uint32_t)refusal.offset);
	if (refusal.missing)
		nla_put_u32(tlvs, NLMSGERR_ATTR_MISS_TYPE,
			    (uint32_t)refusal.missing);
	if (refusal.cookie)
		nla_put_u32(tlvs, NLMSGERR_ATTR_COOKIE, refusal.cookie);
	if (refusal.policy) {
		struct nlattr *nest = nla_nest_start(tlvs, NLMSGERR_ATTR_POLICY);

		nla_put_u32(tlvs, NL_POLICY_TYPE_ATTR_TYPE, NL_ATTR_TYPE_U32);
		nla_nest_end(tlvs, nest);
	}
	return tlvs;
}

void answer_no(const struct nlmsghdr *request)
{
	if (refusal.at_end)
		fake_done(request, refusal.err, tlvs_of_refusal(), 0);
	else
		fake_ack(request, refusal.err, tlvs_of_refusal());
}

void push_event(uint8_t cmd)
{
	struct nl_msg *msg = fake_msg(NULL, cmd, 0);

	put_port(msg, 5, "eve");
	put_tuning(msg);
	fake_send(msg, true);
}

void push_change(void)
{
	struct nl_msg *msg = fake_msg(NULL, KPAC_CMD_TABLE_CHANGE_NTF, 0);

	nla_put_u32(msg, KPAC_A_TABLE_GENERATION, 17);
	nla_put_u32(msg, KPAC_A_TABLE_ENTRIES, 5);
	nla_put_u32(msg, KPAC_A_TABLE_MASKS, 2);
	nla_put_u64(msg, KPAC_A_TABLE_MEMORY, 5000000000);
	nla_put_u32(msg, KPAC_A_TABLE_ADDED, 3);
	nla_put_u32(msg, KPAC_A_TABLE_DELETED, 1);
	fake_send(msg, true);
}

void push_gone(const char *family)
{
	struct nl_msg *msg = nlmsg_alloc();

	genlmsg_put(msg, 0, 0, GENL_ID_CTRL, 0, 0, CTRL_CMD_DELFAMILY, 2);
	nla_put_string(msg, CTRL_ATTR_FAMILY_NAME, family);
	fake_send(msg, true);
}
