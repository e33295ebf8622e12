/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/* What the tests share: a way to say what must be so, and the played module. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <linux/kpac.h>

#include "fake.h"

/* One line of TAP per subject; what fails within it is named by a comment. */
#define EXPECT(what)							\
	do {								\
		if (!(what)) {						\
			printf("# %s:%d: %s\n", __FILE__, __LINE__, #what); \
			sound = false;					\
		}							\
	} while (0)

extern bool sound;

void subject(const char *name, void (*test)(void));

/* ctl.c */
void check_ctl(void);

/* What answer_no() refuses with. */
struct refusal {
	int err;
	const char *text;
	int offset;	/* of the wrong attribute */
	int missing;	/* type of the missing attribute */
	bool policy;
	bool at_end;	/* of a dump */
};

extern struct refusal refusal;

/* module.c */
void put_port(struct nl_msg *msg, unsigned int ifindex, const char *name);
void put_master(struct nl_msg *msg);
void put_stats(struct nl_msg *msg, unsigned int ifindex, const char *name);
void put_tuning(struct nl_msg *msg);
void put_tx_size(struct nl_msg *msg, unsigned int least, uint32_t batches);
void put_tx(struct nl_msg *msg);
void answer_well(const struct nlmsghdr *request);
void answer_older(const struct nlmsghdr *request);
void answer_nothing(const struct nlmsghdr *request);
void answer_no(const struct nlmsghdr *request);
void push_event(uint8_t cmd);
void push_gone(const char *family);

#endif /* CHECK_H */
