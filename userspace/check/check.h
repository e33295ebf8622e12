/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/* What the tests share: a way to say what must be so, and the played module. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <linux/kpac.h>

#include "fake.h"

struct kpac;

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

/* check.c */
struct kpac *open_fake(void (*answer)(const struct nlmsghdr *request));

/* ctl.c */
void check_ctl(void);

/* What answer_no() refuses with. */
struct refusal {
	int err;
	const char *text;
	int offset;	/* of the wrong attribute */
	int missing;	/* type of the missing attribute */
	uint32_t cookie;
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
void push_change(void);
void push_gone(const char *family);
struct nl_msg *tlvs_of_refusal(void);

/* table.c */
struct fault_at {
	int operation;		/* of a batch, from 0; -1: none */
	int path[4];		/* attributes, each the first of its type, or */
	int index[4];		/* ... behind so many others; 0 ends the path */
	int err;
	const char *text;
	bool at_commit;
};

extern struct fault_at fault_at;
extern int operations;	/* of the last batch */

void answer_table(const struct nlmsghdr *request);
void table_clear(void);
size_t table_size(void);
void put_handlers(const struct nlmsghdr *request);

/* entry.c, handler.c, batch.c */
void check_entry(void);
void check_handler(void);
void check_batch(void);

/* flowmon.c */
extern unsigned int more;

void answer_flows(const struct nlmsghdr *request);
void check_flowmon(void);

/* balance.c */
void check_balance(void);

/* export.c */
void check_export(void);

/* heartbeat.c */
void push_peer(unsigned int state);
void check_heartbeat(void);

/* run.c */
int split(char *words, char **argv);
extern char out[1 << 16], err_out[1 << 16];
int run(const char *command);
bool says(const char *command, int status, const char *text);
int run_here(const char *command);
bool says_here(const char *command, int status, const char *text);

#endif /* CHECK_H */
