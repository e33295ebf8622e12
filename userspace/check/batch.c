// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* kpacctl handler batch: files, good and bad, and large ones. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../ctl/kpacctl.h"
#include "check.h"

#define MANY 100000

static char name[] = "/tmp/kpac-check-batch-XXXXXX";

static FILE *begin(void)
{
	strcpy(name + strlen(name) - 6, "XXXXXX");
	return fdopen(mkstemp(name), "w");
}

static int end(FILE *f, const char *options, const char *verb)
{
	char command[128];
	int status;

	fclose(f);
	snprintf(command, sizeof(command), "%shandler %s %s", options, verb,
		 name);
	status = run_here(command);
	unlink(name);
	return status;
}

static int batch(const char *text)
{
	FILE *f = begin();

	fputs(text, f);
	return end(f, *text == '[' || *text == '{' ? "-j " : "", "batch");
}

/* That @text is refused with @said behind the file's name. */
static bool bad(const char *text, int status, const char *said)
{
	char expected[1024];
	int got = batch(text);

	snprintf(expected, sizeof(expected), "%s:%s", name, said);
	if (got == status && !*out &&
	    !strncmp(err_out, expected, strlen(expected)))
		return true;
	printf("# \"%s\": %d \"%s\", not \"%s\"\n", text, got, err_out, expected);
	return false;
}

static void test_files(void)
{
	fake_reset(answer_table);
	table_clear();
	EXPECT(!batch("") && !batch("\n\n") && !batch("# nothing\n") &&
	       !batch("  # nothing") && !operations);
	EXPECT(!batch("add do drop") && operations == 1);
	EXPECT(!batch("add do drop\nhandler add do pass # why\n\n"
		      "7: add\tdo drop\r\n12: handler add do drop\n") &&
	       operations == 4);
	EXPECT(!batch("add proto \\\n  tcp \\\n do drop\n") && operations == 1);
	EXPECT(!batch("add comment 'it''s' do drop\nadd comment a#b do drop\n"
		      "add comment a\\ b do drop\nadd comment \"a\nb\" do drop\n"));
	EXPECT(operations == 4);
	EXPECT(!batch("flush\nadd do drop\ndel id 7\ndelete prio 8\n"
		      "del comment \"x y\"\n") && operations == 5);
	EXPECT(table_size() == 1);
	EXPECT(!run_here("handler batch /dev/null"));
	EXPECT(says_here("handler batch /no/such/file", 1,
			 "Error: cannot read \"/no/such/file\": No such file"));
	EXPECT(says_here("handler batch", 1, "\"FILE\" is required"));
	EXPECT(says_here("handler batch a b", 1, "nothing can follow"));
	EXPECT(says_here("-s handler batch replace /dev/null", 0,
			 "entries 0 masks 1 memory 0 added"));
	table_clear();
}

static void test_bad_files(void)
{
	fake_reset(answer_table);
	table_clear();
	EXPECT(bad("add do drop\n\nadd do drpo\n", 1,
		   "3: Error: argument \"drpo\" is wrong: "));
	EXPECT(strstr(err_out, "did you mean \"drop\"?\n  add do drpo\n         ^^^^\n"));
	EXPECT(bad("ad do drop\n", 1, "1: Error: argument \"ad\" is wrong: expected "
		   "\"add\", \"del\" or \"flush\"; did you mean \"add\"?\n  ad do drop\n"
		   "  ^^\n"));
	EXPECT(bad("#\nflush all\n", 1, "2: Error: argument \"all\" is wrong: "
		   "\"flush\" has no arguments.\n  flush all\n        ^^^\n"));
	EXPECT(bad("del\n", 1, "1: Error: one of \"id\", \"prio\" and \"comment\" is "
		   "required.\n  del\n     ^\n"));
	EXPECT(bad("12:\n", 1, "1: Error: expected \"add\", \"del\" or"));
	/* The line of the word, of a statement that has several. */
	EXPECT(bad("\nadd proto tcp \\\n  dport 5x \\\n  do drop\n", 1,
		   "3: Error: argument \"5x\" is wrong: "));
	EXPECT(strstr(err_out, "\n    dport 5x \\\n          ^^\n"));
	EXPECT(bad("add comment \"a\nb\" dprot 5 do drop\nadd\n", 1,
		   "2: Error: argument \"dprot\" is wrong: "));
	EXPECT(strstr(err_out, "\n  b\" dprot 5 do drop\n     ^^^^^\n"));
	EXPECT(bad("add do drop\nadd comment \"abc do drop\n", 1,
		   "2: Error: argument \"\"\" is wrong: the quote does not end"));
	EXPECT(strstr(err_out, "\n  add comment \"abc do drop\n              ^\n"));
	/* Tabs, letters of several bytes, and what a terminal would obey. */
	EXPECT(bad("add\tcomment \"\xc3\xa4\xe2\x82\xac\" dprot 5 do drop\n", 1,
		   "1: Error: argument \"dprot\" is wrong: "));
	EXPECT(strstr(err_out, "\n  add comment \"\xc3\xa4\xe2\x82\xac\" dprot 5 do drop\n"
		      "                   ^^^^^\n"));
	EXPECT(bad("add comment \033[2J dprot 5 do drop\n", 1, "1: Error: "));
	EXPECT(strstr(err_out, "\n  add comment \\033[2J dprot 5 do drop\n"
		      "                      ^^^^^\n"));
	EXPECT(!strchr(err_out, '\033'));
	EXPECT(bad("add comment \xff\xc2\x9b dprot 5 do drop\n", 1, "1: Error: "));
	EXPECT(strstr(err_out, "\n  add comment \\377\\302\\233 dprot 5 do drop\n"
		      "                           ^^^^^\n"));
	EXPECT(bad("add \033[31m 5\n", 1, "1: Error: argument \"\\033[31m\" is"));
	EXPECT(!table_size());
}

/* A zero byte, which is no text. */
static void test_zero(void)
{
	FILE *f = begin();

	fake_reset(answer_table);
	fwrite("add do drop\nadd d\0o", 1, 18, f);
	EXPECT(end(f, "", "batch") == 1 &&
	       strstr(err_out, ":2: Error: argument \"\" is wrong: a text file"));
	f = begin();
	fwrite("add comment \"a\0\"", 1, 16, f);
	EXPECT(end(f, "", "batch") == 1 && strstr(err_out, "a zero byte in it"));
}

static void test_refused_files(void)
{
	static const char text[] =
		"add do drop\nadd prio 7 dport 5 do drop\ndel id 8\n";

	fake_reset(answer_table);
	table_clear();
	fault_at = (struct fault_at){
		.operation = 1, .err = -EINVAL, .text = "no ports here",
		.path = { KPAC_A_ENTRY_MATCH, KPAC_A_MATCH_DPORT },
	};
	EXPECT(bad(text, 2, "2: Error: kpac: no ports here.\n"
		   "  add prio 7 dport 5 do drop\n                   ^\n"));
	fault_at.at_commit = true;
	fault_at.operation = 2;
	fault_at.err = -ENOENT;
	fault_at.text = "there is no such entry";
	EXPECT(bad(text, 2, "3: Error: kpac: there is no such entry.\n"
		   "  del id 8\n  ^^^^^^^^\n"));
	/* The first operation is the flush of "replace". */
	{
		FILE *f = begin();

		fputs(text, f);
		EXPECT(end(f, "", "batch replace") == 2);
		EXPECT(strstr(err_out, ":2: Error: kpac: there is no such"));
	}
	fault_at.operation = -1;
	EXPECT(!table_size());
	/* What cannot be sent at all. */
	{
		FILE *f = begin();
		int i;

		fputs("add do drop\nadd do all ", f);
		for (i = 0; i < 255; i++)
			fprintf(f, "text %0127d ", i);
		for (i = 0; i < 3; i++)
			fputs("do all ", f);
		fputs("\n", f);
		EXPECT(!end(f, "", "batch") && operations == 2);
		f = begin();
		fputs("add do drop\nadd ", f);
		for (i = 0; i < 255 * 4; i++)
			fprintf(f, "%stext %0127d ", i % 255 ? "" : "do all ", i);
		EXPECT(end(f, "", "batch") == 2 &&
		       strstr(err_out, ":2: Error: kpac: the entry is too long"));
	}
	fake_reset(answer_no);
	refusal.err = -EPERM;
	EXPECT(batch(text) == 2 && strstr(err_out, "Error: kpac: Operation not "
					  "permitted: needs CAP_NET_ADMIN."));
	memset(&refusal, 0, sizeof(refusal));
	table_clear();
}

static void test_json(void)
{
	fake_reset(answer_table);
	table_clear();
	EXPECT(!batch("[]") && !operations);
	EXPECT(!batch("[{\"id\": 9, \"priority\": 5, \"comment\": \"a b\", "
		      "\"expires\": 5000, \"match\": {\"proto\": \"tcp\", "
		      "\"dport\": 53, \"src_ip\": \"10.0.0.0/8\", \"payload\": "
		      "[\"l2:00\", \"l3:01\"], \"unfiltered\": true}, \"do\": "
		      "[{\"handler\": \"all\", \"args\": [{\"rate\": 1000}, "
		      "{\"time\": 7}, {\"quiet\": true}, {\"text\": \"x\"}, "
		      "{\"text\": \"y\"}]}], \"packets\": 1}]"));
	EXPECT(says_here("handler", 0, "1: add prio 5 comment \"a b\" expires 5s "
			 "src 10.0.0.0/8 proto tcp dport 53 payload l2:00 "
			 "payload l3:01 unfiltered do all rate 8kbit time 7ms "
			 "quiet text x text y\n"));
	EXPECT(!batch("[{\"do\": [{\"handler\": \"limit\", \"args\": "
		      "{\"pps\": 7}}]}]"));
	EXPECT(bad("[{\"do\": [{\"handler\": \"drop\"}]}, {\"match\": {\"dprot\": 7}, "
		   "\"do\": [{\"handler\": \"drop\"}]}]", 1,
		   " entry 2: Error: argument \"dprot\" is wrong: "));
	EXPECT(strstr(err_out, "did you mean \"dport\"?\n  add dprot 7 do drop\n"
		      "      ^^^^^\n"));
	EXPECT(bad("[{\"prioritiy\": 7}]", 1, " entry 1: Error: key \"prioritiy\" is "
		   "wrong: expected "));
	EXPECT(strstr(err_out, "did you mean \"priority\"?"));
	EXPECT(bad("[{\"match\": 7}]", 1, " entry 1: Error: key \"match\" is wrong"));
	EXPECT(bad("[{\"match\": {\"src\": null}}]", 1,
		   " entry 1: Error: key \"match.src\" is wrong: "));
	EXPECT(bad("[{\"match\": {\"do\": \"drop\"}}]", 1,
		   " entry 1: Error: key \"match.do\" is wrong: "));
	EXPECT(bad("[{\"do\": 7}]", 1, " entry 1: Error: key \"do\" is wrong"));
	EXPECT(bad("[{\"do\": [{}]}]", 1,
		   " entry 1: Error: key \"do.handler\" is wrong"));
	EXPECT(bad("[{\"do\": [{\"handler\": \"drop\", \"frob\": 1}]}]", 1,
		   " entry 1: Error: key \"do.frob\" is wrong"));
	EXPECT(bad("[{\"do\": [{\"handler\": \"all\", \"args\": {\"do\": \"x\"}}]}]", 1,
		   " entry 1: Error: key \"do.args.do\" is wrong"));
	EXPECT(bad("[{\"match\": {}}]", 1,
		   " entry 1: Error: argument \"do\" is required"));
	EXPECT(bad("[7]", 1, " entry 1: Error: "));
	EXPECT(bad("{\"a\": 7}", 1, "1: Error: expected an array"));
	EXPECT(bad("[{]", 1, "1:"));
	fault_at = (struct fault_at){
		.operation = 0, .err = -EINVAL, .text = "no ports here",
		.path = { KPAC_A_ENTRY_MATCH, KPAC_A_MATCH_DPORT },
	};
	EXPECT(bad("[{\"match\": {\"dport\": 5}, \"do\": [{\"handler\": \"drop\"}]}]",
		   2, " entry 1: Error: kpac: no ports here.\n  add dport 5 do drop\n"
		   "            ^\n"));
	table_clear();
}

static void many(FILE *f, int wrong)
{
	int i;

	for (i = 1; i <= MANY; i++)
		fprintf(f, i == wrong ? "add dst 10.%d.%d.%d dprot 7 do drop\n" :
			"add prio 5 comment \"number\" dev lo proto tcp src 10.0.0.0/8 dst 192.%d.%d.%d dport 1000-2000 do limit pps 1000 burst 50 do forward\n",
			i >> 16, i >> 8 & 255, i & 255);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The bound is generous: the sanitizers watch, and the machine is busy. */
static void test_many(void)
{
	char expected[64];
	double start;
	FILE *f;

	fake_reset(answer_table);
	table_clear();
	f = begin();
	many(f, 0);
	start = seconds();
	EXPECT(!end(f, "", "batch replace"));
	printf("# %d lines took %.2f s\n", MANY, seconds() - start);
	EXPECT(seconds() - start < 15);
	EXPECT(table_size() == MANY && operations == MANY + 1);
	EXPECT(fake.requests < fake.sent * 100000 && fake.sent < 2000);

	f = begin();
	many(f, 4711);
	EXPECT(end(f, "", "batch") == 1);
	snprintf(expected, sizeof(expected), "%s:4711: Error: argument \"dprot\"",
		 name);
	EXPECT(!strncmp(err_out, expected, strlen(expected)));
	EXPECT(strstr(err_out, "\n  add dst 10.0.18.103 dprot 7 do drop\n"
		      "                      ^^^^^\n"));

	f = begin();
	many(f, 0);
	fault_at = (struct fault_at){
		.operation = 4711, .at_commit = true, .err = -EEXIST,
		.text = "again",
	};
	EXPECT(end(f, "", "batch replace") == 2);
	snprintf(expected, sizeof(expected), "%s:4711: Error: kpac: again.", name);
	EXPECT(!strncmp(err_out, expected, strlen(expected)));
	EXPECT(strstr(err_out, "dst 192.0.18.103 "));
	table_clear();
}

void check_batch(void)
{
	subject("kpacctl handler batch: files", test_files);
	subject("kpacctl handler batch: wrong words", test_bad_files);
	subject("kpacctl handler batch: zero bytes", test_zero);
	subject("kpacctl handler batch: the kernel's refusals",
		test_refused_files);
	subject("kpacctl handler batch: JSON", test_json);
	subject("kpacctl handler batch: a hundred thousand lines", test_many);
}
