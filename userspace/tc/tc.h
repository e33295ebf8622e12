/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/*
 * tc(8) as a plugin sees it. iproute2 installs no header, so this says what its
 * binaries have: the same in 6.1 (Debian 12) and 6.15 (Debian 13), where struct
 * qdisc_util has eight pointers in this order. tc writes @next, and reads all of
 * them: none may be left out.
 */
#ifndef TC_H
#define TC_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

struct json_writer;

struct qdisc_util {
	struct qdisc_util *next;
	const char *id;
	/* The words behind the name, into @n; not 0: it has said what is wrong. */
	int (*parse_qopt)(struct qdisc_util *qu, int argc, char **argv,
			  struct nlmsghdr *n, const char *dev);
	/* TCA_OPTIONS and TCA_STATS_APP, to @f, or with -j to the JSON writer. */
	int (*print_qopt)(struct qdisc_util *qu, FILE *f, struct rtattr *opt);
	int (*print_xstats)(struct qdisc_util *qu, FILE *f,
			    struct rtattr *xstats);
	/* Of disciplines that have classes or blocks. */
	int (*parse_copt)(struct qdisc_util *qu, int argc, char **argv,
			  struct nlmsghdr *n, const char *dev);
	int (*print_copt)(struct qdisc_util *qu, FILE *f, struct rtattr *opt);
	int (*has_block)(struct qdisc_util *qu, struct rtattr *opt,
			 uint32_t block, bool *has);
};

/* Functions of tc's. @maxlen is the size of the buffer that @n is in. */
int addattr_l(struct nlmsghdr *n, int maxlen, int type, const void *data,
	      int len);
struct rtattr *addattr_nest(struct nlmsghdr *n, int maxlen, int type);
int addattr_nest_end(struct nlmsghdr *n, struct rtattr *nest);
bool is_json_context(void);
struct json_writer *get_json_writer(void);
void jsonw_u64_field(struct json_writer *writer, const char *name,
		     uint64_t value);

#endif /* TC_H */
