/* The record of --park: its text, what is no such text, and two as one. */
#include <stdlib.h>

#include "tap.h"
#include "tmo-reclaim/parkfile.c"

#define HEAD "boot b-1\ncgroup 77 /t/a b\n"

/* 0 or -errno. */
static int parse(const char *text)
{
	struct parkfile f;
	int err = parkfile_parse(text, strlen(text), &f);

	parkfile_free(&f);
	return err;
}

static struct parkfile begun(uint64_t pid, uint64_t start_ticks)
{
	struct park_process p = { .pid = pid, .start_ticks = start_ticks };
	struct parkfile f = { .ino = 77, .key = xstrdup("/t/a b") };

	snprintf(f.boot, sizeof(f.boot), "b-1");
	parkfile_process(&f, &p);
	return f;
}

static void add_map(struct parkfile *f, uint64_t page, uint64_t pages,
		    uint64_t offset_pages, uint64_t ino)
{
	struct park_map m = { .page = page,
			      .pages = pages,
			      .offset_pages = offset_pages,
			      .ino = ino };

	parkfile_map(f, &m);
}

static void is_text(const struct parkfile *f, const char *want,
		    const char *what)
{
	size_t len;
	char *text = parkfile_text(f, &len);

	is_str(text, want, "%s", what);
	is_u64(len, strlen(want), "%s: its length", what);
	free(text);
}

static void test_text(void)
{
	static const char want[] = HEAD "process 5 900 0 0\n"
					"map 100 50 0 0 0\n"
					"0 3\n"
					"7 1\n"
					"map 200 10 4 0 12\n"
					"2 8\n"
					"end\n";
	struct parkfile f = begun(5, 900), again;

	add_map(&f, 100, 50, 0, 0);
	parkfile_run(&f, 100, 1);
	parkfile_run(&f, 101, 2);
	parkfile_run(&f, 110, 1);
	add_map(&f, 160, 9, 0, 0); /* of which nothing was in memory */
	add_map(&f, 200, 10, 4, 12);
	parkfile_run(&f, 202, 8);
	is_text(&f, want, "runs that meet are one, a map without is left out");
	is_u64(parkfile_pages(&f, f.process), 12, "pages");
	ok(!parkfile_parse(want, sizeof(want) - 1, &again), "it is read");
	is_text(&again, want, "read and written it is the same");
	parkfile_free(&again);
	parkfile_free(&f);
}

static void test_hostile(void)
{
	static const char *const bad[] = {
		"",
		"end\n",
		"boot b-1\n",
		"boot \ncgroup 77 /t\nend\n",
		"boot "
		"0123456789012345678901234567890123456789012345678901234567"
		"890123\ncgroup 77 /t\nend\n",
		"boot b-1\ncgroup x /t\nend\n",
		"boot b-1\ncgroup 77 t\nend\n",
		"boot b-1\ncgroup 77 \nend\n",
		HEAD,
		HEAD "end",
		HEAD "end\nend\n",
		HEAD "process 0 1 0 0\nend\n",
		HEAD "process 4294967297 1 0 0\nend\n",
		HEAD "process 5 1 0\nend\n",
		HEAD "process -5 1 0 0\nend\n",
		HEAD "process 5 99999999999999999999 0 0\nend\n",
		HEAD "map 1 1 0 0 0\nend\n",
		HEAD "1 1\nend\n",
		HEAD "process 5 1 0 0\n1 1\nend\n",
		HEAD "process 5 1 0 0\nmap 9 9 0 0 0\nmap 17 1 0 0 0\nend\n",
		HEAD "process 5 1 0 0\nmap 9 9 0 0 0\n0 10\nend\n",
		HEAD "process 5 1 0 0\nmap 9 9 0 0 0\n9 1\nend\n",
		HEAD "process 5 1 0 0\nmap 9 9 0 0 0\n0 0\nend\n",
		HEAD "process 5 1 0 0\nmap 9 9 0 0 0\n0 5\n0 5\nend\n",
		HEAD "process 5 1 0 0\nmap 9 9 0 0 0\n9223372036854775807 "
		     "9223372036854775807\nend\n",
		HEAD "process 5 1 0 0\nmap 9223372036854775807 1 0 0 0\nend\n",
		HEAD "process 5 1 0 0\nmap 9 9 0 0 0\n 1 1\nend\n",
		HEAD "process 5 1 0 0\nmap 9 9 0 0 0\n1  1\nend\n",
		HEAD "process 5 1 0 0\nmap 9 9 0 0 0\n0x1 1\nend\n",
		HEAD "\nend\n",
	};
	static const char good[] = HEAD "process 5 1 0 0\nmap 9 9 0 0 0\n"
					"0 9\nmap 18 1 0 0 0\n0 1\nend\n";
	static const char nul[] = "boot b\0x\ncgroup 77 /t\nend\n";
	struct parkfile f;
	size_t cut = 0;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(parse(bad[i]) == -EBADMSG, "refused: %zu", i);
	ok(parkfile_parse(nul, sizeof(nul) - 1, &f) == -EBADMSG,
	   "refused: a NUL");
	ok(!parse(good), "and this is none of them");
	for (size_t n = 0; n < sizeof(good) - 1; n++)
		cut += parkfile_parse(good, n, &f) == -EBADMSG;
	is_u64(cut, sizeof(good) - 1, "refused wherever it is cut");
}

static void count(void *arg, uint64_t page, uint64_t pages)
{
	char *text = arg;

	snprintf(text + strlen(text), 64, "%llu+%llu ",
		 (unsigned long long)page, (unsigned long long)pages);
}

/* was: 100 to 120 of memory, 200 to 220 of file 12 from page 4 on. */
static void test_common(void)
{
	static const struct {
		struct park_map m;
		const char *want, *what;
	} cases[] = {
		{ { .page = 90, .pages = 15 }, "100+3 ", "what it still has" },
		{ { .page = 101, .pages = 19 },
		  "101+2 110+1 ",
		  "what is cut off is left alone" },
		{ { .page = 130, .pages = 5 }, "", "elsewhere: nothing" },
		{ { .page = 200, .pages = 20, .offset_pages = 4, .ino = 12 },
		  "205+5 ",
		  "the same file at the same place" },
		{ { .page = 206, .pages = 2, .offset_pages = 10, .ino = 12 },
		  "206+2 ",
		  "a part of it" },
		{ { .page = 200, .pages = 20, .offset_pages = 5, .ino = 12 },
		  "",
		  "another place of the file" },
		{ { .page = 200, .pages = 20, .offset_pages = 4, .ino = 13 },
		  "",
		  "another file" },
		{ { .page = 200, .pages = 20 }, "", "no file now" },
	};
	struct parkfile was = begun(5, 900);

	add_map(&was, 100, 20, 0, 0);
	parkfile_run(&was, 100, 3);
	parkfile_run(&was, 110, 1);
	add_map(&was, 200, 20, 4, 12);
	parkfile_run(&was, 205, 5);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char got[256] = "";
		size_t at = was.process->first;

		parkfile_common(&was, was.process, &at, &cases[i].m, count,
				got);
		is_str(got, cases[i].want, "%s", cases[i].what);
	}
	parkfile_free(&was);
}

static void test_merge(void)
{
	struct parkfile was = begun(5, 900), now = begun(5, 900);
	struct park_process other = { .pid = 6, .start_ticks = 7 };

	add_map(&was, 100, 20, 0, 0);
	parkfile_run(&was, 100, 8);
	parkfile_run(&was, 112, 4);
	add_map(&now, 100, 40, 0, 0); /* it has grown */
	parkfile_run(&now, 104, 6);
	parkfile_run(&now, 130, 2);
	parkfile_process(&now, &other);
	add_map(&now, 100, 20, 0, 0);
	parkfile_run(&now, 101, 1);
	parkfile_merge(&now, &was);
	is_text(&now,
		HEAD "process 5 900 0 0\nmap 100 40 0 0 0\n0 10\n2 4\n14 2\n"
		     "process 6 7 0 0\nmap 100 20 0 0 0\n1 1\nend\n",
		"two records are one, each page once");
	parkfile_free(&now);

	now = begun(5, 901);
	add_map(&now, 100, 40, 0, 0);
	parkfile_merge(&now, &was);
	is_u64(parkfile_pages(&now, now.process), 0,
	       "of another start of that number nothing is taken over");
	parkfile_free(&now);
	parkfile_free(&was);
}

static void test_same(void)
{
	struct park_process a = { 5, 9, 1, 2, 0, 0 }, b = a;

	ok(parkfile_same(&a, &b), "the same process");
	b.exe_ino = 0;
	ok(parkfile_same(&a, &b), "a program that is not known");
	b.exe_ino = 3;
	ok(!parkfile_same(&a, &b), "another program");
	b = a;
	b.start_ticks = 8;
	ok(!parkfile_same(&a, &b), "another start");
}

int main(void)
{
	test_text();
	test_hostile();
	test_common();
	test_merge();
	test_same();
	return tap_done();
}
