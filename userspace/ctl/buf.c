// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* Text in the making, and text that a terminal or JSON can be given. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

/* There is nothing that could be done without memory. */
static void *must(void *memory)
{
	if (memory)
		return memory;
	fputs("Error: out of memory.\n", stderr);
	exit(EXIT_REFUSED);
}

/* The array, with room for another element behind its @n. */
void *grow(void *array, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return array;
	*room = n ? n * 2 : 16;
	return must(reallocarray(array, *room, size));
}

void buf_put(struct buf *buf, const char *data, size_t len)
{
	if (buf->room - buf->len <= len) {
		buf->room = (buf->len + len) * 2 + 64;
		buf->data = must(realloc(buf->data, buf->room));
	}
	memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void buf_char(struct buf *buf, char c)
{
	buf_put(buf, &c, 1);
}

void buf_add(struct buf *buf, const char *fmt, ...)
{
	char small[128];
	va_list ap;
	char *text;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if ((size_t)n < sizeof(small)) {
		buf_put(buf, small, (size_t)n);
		return;
	}
	text = must(malloc((size_t)n + 1));
	va_start(ap, fmt);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	va_end(ap);
	buf_put(buf, text, (size_t)n);
	free(text);
}

void buf_free(struct buf *buf)
{
	free(buf->data);
	memset(buf, 0, sizeof(*buf));
}

/*
 * How many bytes a character has that is good to be printed; 0 if there is none
 * but a byte that a terminal might obey, or that is no UTF-8.
 */
size_t printable(const char *text, size_t len)
{
	const unsigned char *c = (const unsigned char *)text;
	size_t n, i;

	if (*c >= 0x20 && *c < 0x7f)
		return 1;
	n = *c >= 0xf0 && *c < 0xf5 ? 4 : *c >= 0xe0 && *c < 0xf0 ? 3 :
	    *c >= 0xc2 && *c < 0xe0 ? 2 : 0;
	if (!n || n > len || (*c == 0xc2 && c[1] < 0xa0))
		return 0;
	for (i = 1; i < n; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* A word as a batch file has it: quoted if that is needed. */
void buf_word(struct buf *buf, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:/+,%@=*-";
	size_t len = strlen(text);

	if (len && strspn(text, plain) == len) {
		buf_put(buf, text, len);
		return;
	}
	buf_char(buf, '"');
	while (len) {
		size_t n = printable(text, len);

		if (*text == '"' || *text == '\\')
			buf_char(buf, '\\');
		if (n)
			buf_put(buf, text, n);
		else
			buf_add(buf, "\\%03o", (unsigned char)*text);
		n += !n;
		text += n;
		len -= n;
	}
	buf_char(buf, '"');
}

/* What somebody else wrote must not make a terminal do things. */
void put_safe(FILE *to, const char *text, size_t len)
{
	while (len) {
		size_t n = printable(text, len);

		if (n)
			fwrite(text, 1, n, to);
		else if (*text == '\t')
			fputc(' ', to);
		else
			fprintf(to, "\\%03o", (unsigned char)*text);
		n += !n;
		text += n;
		len -= n;
	}
}

/* For JSON, which holds UTF-8 only: other bytes become U+00XX. */
json_t *json_text(const char *text)
{
	json_t *value = json_string(text);
	struct buf buf = { 0 };

	if (value)
		return value;
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x80)
			buf_char(&buf, (char)(0xc0 | c >> 6));
		buf_char(&buf, (char)(c < 0x80 ? c : 0x80 | (c & 0x3f)));
	}
	value = json_string(buf.data);
	buf_free(&buf);
	return value;
}
