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
	nla_put_u32(msg, 200, 1);	/* of a newer module */
}

void put_master(struct nl_msg *msg)
{
	nla_put_u32(msg, KPAC_A_PORT_MASTER, 4000000);
}

/* A module with two ports, a and b. */
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
		if (cmd == KPAC_CMD_PORT_GET)
			put_port(msg, 2 + i, i ? "b" : "a");
		else
			put_stats(msg, 2 + i, i ? "b" : "a");
		if (i && cmd == KPAC_CMD_PORT_GET)
			put_master(msg);
		fake_send(msg, false);
	}
	if (dump)
		fake_done(request, 0, NULL, 0);
	else
		fake_ack(request, 0, NULL);
}

void answer_nothing(const struct nlmsghdr *request)
{
	if ((request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP)
		fake_done(request, 0, NULL, 0);
	else
		fake_ack(request, 0, NULL);
}

struct refusal refusal;

static struct nl_msg *tlvs_of_refusal(void)
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
	fake_send(msg, true);
}

void push_gone(const char *family)
{
	struct nl_msg *msg = nlmsg_alloc();

	genlmsg_put(msg, 0, 0, GENL_ID_CTRL, 0, 0, CTRL_CMD_DELFAMILY, 2);
	nla_put_string(msg, CTRL_ATTR_FAMILY_NAME, family);
	fake_send(msg, true);
}
