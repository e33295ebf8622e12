// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* Numbers with units, ranges and addresses, from words and back. */
#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "table.h"

struct unit {
	const char *name;
	uint64_t factor;
};

#define K 1000ull
#define KI 1024ull

static const struct unit numbers[] = {
	{ "", 1 }, { "k", K }, { "m", K * K }, { "g", K * K * K },
};

static const struct unit sizes[] = {
	{ "", 1 }, { "b", 1 }, { "k", KI }, { "kb", KI }, { "kib", KI },
	{ "m", KI * KI }, { "mb", KI * KI }, { "mib", KI * KI },
	{ "g", KI * KI * KI }, { "gb", KI * KI * KI }, { "gib", KI * KI * KI },
	{ "t", KI * KI * KI * KI }, { "tb", KI * KI * KI * KI },
	{ "tib", KI * KI * KI * KI },
};

/* As those of tc(8): of bits per second, and of bytes. */
static const struct unit bit_rates[] = {
	{ "", 1 }, { "bit", 1 },
	{ "kbit", K }, { "mbit", K * K }, { "gbit", K * K * K },
	{ "tbit", K * K * K * K },
	{ "kibit", KI }, { "mibit", KI * KI }, { "gibit", KI * KI * KI },
	{ "tibit", KI * KI * KI * KI },
};

static const struct unit byte_rates[] = {
	{ "bps", 1 },
	{ "kbps", K }, { "mbps", K * K }, { "gbps", K * K * K },
	{ "tbps", K * K * K * K },
	{ "kibps", KI }, { "mibps", KI * KI }, { "gibps", KI * KI * KI },
	{ "tibps", KI * KI * KI * KI },
};

static const struct unit times[] = {
	{ "ms", 1 }, { "s", 1000 }, { "sec", 1000 }, { "m", 60000 },
	{ "min", 60000 }, { "h", 3600000 }, { "d", 86400000 },
};

static bool digits(const char **text, uint64_t *value)
{
	const char *c = *text;

	for (*value = 0; isdigit((unsigned char)*c); c++)
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, (uint64_t)(*c - '0'), value))
			return false;
	if (c == *text)
		return false;
	*text = c;
	return true;
}

/* A decimal number, or a hexadecimal one that begins with 0x. */
bool parse_uint(const char *text, uint64_t max, uint64_t *value)
{
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		text += 2;
		if (!*text || strlen(text) > 16)
			return false;
		for (*value = 0; isxdigit((unsigned char)*text); text++)
			*value = *value << 4 | (uint64_t)(isdigit(
				(unsigned char)*text) ? *text - '0' :
				tolower((unsigned char)*text) - 'a' + 10);
	} else if (!digits(&text, value)) {
		return false;
	}
	return !*text && *value <= max;
}

/* A number such as 64k or 1.5mbit; nine digits behind the point are enough. */
static bool parse_scaled(const char *text, const struct unit *units, size_t n,
			 uint64_t *value)
{
	uint64_t part = 0, scale = 1;
	size_t i;

	if (!digits(&text, value))
		return false;
	if (*text == '.') {
		text++;
		if (!isdigit((unsigned char)*text))
			return false;
		for (; isdigit((unsigned char)*text); text++) {
			if (scale == 1000000000)
				return false;
			part = part * 10 + (uint64_t)(*text - '0');
			scale *= 10;
		}
	}
	for (i = 0; i < n; i++) {
		if (strcasecmp(text, units[i].name))
			continue;
		part = (uint64_t)((long double)part *
				  (long double)units[i].factor /
				  (long double)scale);
		return !__builtin_mul_overflow(*value, units[i].factor, value) &&
		       !__builtin_add_overflow(*value, part, value);
	}
	return false;
}

bool parse_number(const char *text, bool raw, uint64_t *value)
{
	return raw ? parse_uint(text, UINT64_MAX, value) :
	       parse_scaled(text, numbers, ARRAY_SIZE(numbers), value);
}

bool parse_size(const char *text, bool raw, uint64_t *value)
{
	return raw ? parse_uint(text, UINT64_MAX, value) :
	       parse_scaled(text, sizes, ARRAY_SIZE(sizes), value);
}

/* In bytes per second; a bare number is bits per second, as in tc(8). */
bool parse_rate(const char *text, bool raw, uint64_t *value)
{
	if (raw)
		return parse_uint(text, UINT64_MAX, value);
	if (parse_scaled(text, byte_rates, ARRAY_SIZE(byte_rates), value))
		return true;
	if (!parse_scaled(text, bit_rates, ARRAY_SIZE(bit_rates), value))
		return false;
	*value /= 8;
	return true;
}

/* In milliseconds; a bare number could be of anything. */
bool parse_time(const char *text, bool raw, uint64_t *value)
{
	return raw ? parse_uint(text, UINT64_MAX, value) :
	       parse_scaled(text, times, ARRAY_SIZE(times), value);
}

/* One number, or two with "-" between them; whether they are in order is not
 * looked at.
 */
bool parse_range(const char *text, uint64_t max, struct kpac_range *range)
{
	const char *dash = strchr(text, '-');
	uint64_t first, last;
	char one[24];

	if (!dash) {
		if (!parse_uint(text, max, &first))
			return false;
		range->first = range->last = (uint32_t)first;
		return true;
	}
	if ((size_t)(dash - text) >= sizeof(one))
		return false;
	memcpy(one, text, (size_t)(dash - text));
	one[dash - text] = '\0';
	if (!parse_uint(one, max, &first) || !parse_uint(dash + 1, max, &last))
		return false;
	range->first = (uint32_t)first;
	range->last = (uint32_t)last;
	return true;
}

/* Clear the bits that do not count. */
void mask_prefix(struct kpac_prefix *prefix)
{
	unsigned int i;

	for (i = prefix->len; i < prefix->bytes * 8; i++)
		prefix->address[i / 8] &= (uint8_t)~(0x80u >> i % 8);
}

/* An address with or without a prefix length. */
enum prefix_fault parse_prefix(const char *text, struct kpac_prefix *prefix)
{
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	char address[INET6_ADDRSTRLEN];
	struct kpac_prefix masked;
	uint64_t len;

	if (n >= sizeof(address))
		return PREFIX_BAD;
	memcpy(address, text, n);
	address[n] = '\0';
	memset(prefix, 0, sizeof(*prefix));
	prefix->bytes = strchr(address, ':') ? 16 : 4;
	if (inet_pton(prefix->bytes == 16 ? AF_INET6 : AF_INET, address,
		      prefix->address) != 1)
		return PREFIX_BAD;
	prefix->len = prefix->bytes * 8;
	if (!slash)
		return PREFIX_GOOD;
	if (!isdigit((unsigned char)slash[1]) ||
	    !parse_uint(slash + 1, prefix->bytes * 8, &len))
		return PREFIX_LEN;
	prefix->len = (unsigned int)len;
	masked = *prefix;
	mask_prefix(&masked);
	return memcmp(masked.address, prefix->address, 16) ? PREFIX_BEYOND :
	       PREFIX_GOOD;
}

static int hex_digit(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	return isxdigit((unsigned char)c) ?
	       tolower((unsigned char)c) - 'a' + 10 : -1;
}

/* Bytes, written with two digits each. */
bool parse_hex(const char *text, size_t len, uint8_t *bytes, size_t max,
	       unsigned int *n)
{
	size_t i;

	if (!len || len % 2 || len / 2 > max)
		return false;
	for (i = 0; i < len / 2; i++) {
		int high = hex_digit(text[i * 2]);
		int low = hex_digit(text[i * 2 + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	*n = (unsigned int)(len / 2);
	return true;
}

/* Six bytes, with ":" between them. */
bool parse_lladdr(const char *text, uint8_t *address)
{
	unsigned int one;
	int i;

	for (i = 0; i < 6; i++, text += 3) {
		if (strnlen(text, 3) < (i < 5 ? 3 : 2) ||
		    !parse_hex(text, 2, &address[i], 1, &one) ||
		    text[2] != (i < 5 ? ':' : '\0'))
			return false;
	}
	return true;
}

void format_prefix(struct buf *buf, const struct kpac_prefix *prefix, bool len)
{
	char address[INET6_ADDRSTRLEN] = "?";

	inet_ntop(prefix->bytes == 16 ? AF_INET6 : AF_INET, prefix->address,
		  address, sizeof(address));
	buf_add(buf, "%s", address);
	if (len)
		buf_add(buf, "/%u", prefix->len);
}

/* With the largest unit of @units that leaves no remainder; 1 is one of them. */
static void format_scaled(struct buf *buf, uint64_t value,
			  const struct unit *units, size_t n)
{
	size_t best = 0;
	size_t i;

	for (i = 1; value && i < n; i++)
		if (value % units[i].factor == 0)
			best = i;
	buf_add(buf, "%" PRIu64 "%s", value / units[best].factor,
		units[best].name);
}

void format_size(struct buf *buf, uint64_t size)
{
	static const struct unit units[] = {
		{ "", 1 }, { "k", KI }, { "M", KI * KI },
		{ "G", KI * KI * KI }, { "T", KI * KI * KI * KI },
	};

	format_scaled(buf, size, units, ARRAY_SIZE(units));
}

void format_rate(struct buf *buf, uint64_t rate)
{
	static const struct unit units[] = {
		{ "bit", 1 }, { "kbit", K }, { "mbit", K * K },
		{ "gbit", K * K * K }, { "tbit", K * K * K * K },
	};

	if (rate > UINT64_MAX / 8)
		buf_add(buf, "%" PRIu64 "bps", rate);
	else
		format_scaled(buf, rate * 8, units, ARRAY_SIZE(units));
}

void format_time(struct buf *buf, uint64_t ms)
{
	static const struct unit units[] = {
		{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 },
	};

	format_scaled(buf, ms, units, ARRAY_SIZE(units));
}
