/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
#ifndef FAKE_H
#define FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>

#define FAKE_FAMILY	0x42
#define FAKE_GROUP	0x77

/*
 * The kernel's side of a netlink socket, played by the test: sendmsg() and
 * recvmsg() of the program end here, libnl's calls included.
 */
struct fake {
	bool absent;		/* the module is not loaded */
	int event_fd;		/* the socket that has joined a group */
	/* Called for each request to the module; fake_*() make replies. */
	void (*answer)(const struct nlmsghdr *request);
	char request[4096];	/* the last one */
	int requests;
	int sent;		/* how often something was sent */
	bool overrun;		/* the next read of events says ENOBUFS */
	bool lost;		/* the next read that does not wait says so */
	bool older;		/* the module has no table */
};

extern struct fake fake;

void fake_reset(void (*answer)(const struct nlmsghdr *request));
void fake_push(const void *data, size_t len, bool event, unsigned int pid);
void fake_send(struct nl_msg *msg, bool event);
void fake_ack(const struct nlmsghdr *request, int err, struct nl_msg *tlvs);
void fake_done(const struct nlmsghdr *request, int err, struct nl_msg *tlvs,
	       int flags);
struct nl_msg *fake_msg(const struct nlmsghdr *request, uint8_t cmd, int flags);

#endif /* FAKE_H */
