/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/* Words of a predicate: take_*() reads the value of one, format_*() writes it. */
#ifndef PREDICATE_H
#define PREDICATE_H

#include "table.h"

/* network.c */
int take_named(struct reader *r, const struct word *value,
	       const struct name_set *set, uint64_t max, const char *expected,
	       uint64_t *number);
void format_named(struct buf *buf, const struct name_set *set, uint64_t value);
int in_order(const struct reader *r, const struct word *value,
	     const struct kpac_range *range);
void format_range(struct buf *buf, const struct kpac_range *range);
int take_in_dev(struct reader *r, const struct word *value);
void format_in_dev(const struct kpac_match *m, struct buf *buf);
int take_vlan(struct reader *r, const struct word *value);
void format_vlan(const struct kpac_match *m, struct buf *buf);
int take_ethertype(struct reader *r, const struct word *value);
void format_ethertype(const struct kpac_match *m, struct buf *buf);
int take_proto(struct reader *r, const struct word *value);
void format_proto(const struct kpac_match *m, struct buf *buf);
int take_src(struct reader *r, const struct word *value);
void format_src(const struct kpac_match *m, struct buf *buf);
int take_dst(struct reader *r, const struct word *value);
void format_dst(const struct kpac_match *m, struct buf *buf);
int take_dscp(struct reader *r, const struct word *value);
void format_dscp(const struct kpac_match *m, struct buf *buf);
int take_fragment(struct reader *r, const struct word *value);
void format_fragment(const struct kpac_match *m, struct buf *buf);
int take_length(struct reader *r, const struct word *value);
void format_length(const struct kpac_match *m, struct buf *buf);

/* transport.c */
int take_sport(struct reader *r, const struct word *value);
void format_sport(const struct kpac_match *m, struct buf *buf);
int take_dport(struct reader *r, const struct word *value);
void format_dport(const struct kpac_match *m, struct buf *buf);
int take_icmp_type(struct reader *r, const struct word *value);
void format_icmp_type(const struct kpac_match *m, struct buf *buf);
int take_icmp_code(struct reader *r, const struct word *value);
void format_icmp_code(const struct kpac_match *m, struct buf *buf);
int take_tcp_flags(struct reader *r, const struct word *value);
void format_tcp_flags(const struct kpac_match *m, struct buf *buf);
int take_payload(struct reader *r, const struct word *value);
void format_payload(const struct kpac_payload *p, struct buf *buf);
int settle_icmp_type(const struct reader *r, const struct word *value);

#endif /* PREDICATE_H */
