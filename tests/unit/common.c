/* Unit tests of the parsers and formatters in common/. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "io.h"
#include "kv.h"
#include "mem.h"
#include "num.h"
#include "pid.h"
#include "psi.h"
#include "root.h"
#include "rows.h"
#include "state.h"
#include "tier.h"

#include "tap.h"

static void test_num(void)
{
	static const struct {
		const char *text;
		int err;
		uint64_t want;
	} sizes[] = {
		{ "0", 0, 0 },
		{ "4096", 0, 4096 },
		{ "64K", 0, 65536 },
		{ "64k", 0, 65536 },
		{ "1.5G", 0, UINT64_C(1610612736) },
		{ "0.1K", 0, 102 },
		{ "16P", 0, UINT64_C(16) << 50 },
		{ "", -EINVAL, 0 },
		{ "K", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 },
		{ "1.5", -EINVAL, 0 },
		{ "1.", -EINVAL, 0 },
		{ "1KB", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 },
		{ "1\xc3\x8b", -EINVAL, 0 },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "17000000P", -ERANGE, 0 },
	}, times[] = {
		{ "1", 0, 1000000 },	  { "250ms", 0, 250000 },
		{ "0.5s", 0, 500000 },	  { "2m", 0, 120000000 },
		{ "1.5h", 0, 5400000000 }, { "7us", 0, 7 },
		{ "5 s", -EINVAL, 0 },	  { "5x", -EINVAL, 0 },
		{ "ms", -EINVAL, 0 },	  { "999999999999d", -ERANGE, 0 },
	};
	static const char *const no_numbers[] = {
		"",   "0x10", "0X10",  "nan", "inf", "infinity",
		" 1", "1 ",   "\t1",   "+1",  "1e3", "1,5",
		".5", "1.",   "1.2.3", "-",   "--1", "1K1",
	};
	const char *rest = "1.5TBW";
	double pct;
	int64_t milli;
	uint64_t no;
	char buf[NUM_LEN + 1];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		uint64_t v = 0;
		int err = num_size(sizes[i].text, &v);

		ok(err == sizes[i].err && v == sizes[i].want,
		   "size '%s' is %llu (%d)", sizes[i].text,
		   (unsigned long long)v, err);
	}
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		uint64_t v = 0;
		int err = num_time(times[i].text, &v);

		ok(err == times[i].err && v == times[i].want,
		   "time '%s' is %llu us (%d)", times[i].text,
		   (unsigned long long)v, err);
	}
	ok(!num_pct("0.1%", &pct) && pct > 0.0999 && pct < 0.1001, "0.1%%");
	ok(num_pct("%", &pct) == -EINVAL, "%% alone is no percentage");
	for (size_t i = 0; i < sizeof(no_numbers) / sizeof(*no_numbers); i++)
		ok(num_u64(no_numbers[i], &no) &&
			   num_size(no_numbers[i], &no) &&
			   num_time(no_numbers[i], &no) &&
			   num_pct(no_numbers[i], &pct) &&
			   num_milli(no_numbers[i], &milli),
		   "'%s' is no number", no_numbers[i]);
	ok(!num_decimal(&rest, &pct) && pct > 1.4999 && pct < 1.5001 &&
		   !strcmp(rest, "TBW"),
	   "1.5 before a unit");
	ok(!num_milli("-12.345", &milli) && milli == -12345, "-12.345");
	ok(!num_milli("0.0019", &milli) && milli == 2, "0.0019 is rounded");
	for (int64_t v = -1005; v <= 1005; v += 67) {
		buf[num_put_milli(buf, v)] = '\0';
		ok(!num_milli(buf, &milli) && milli == v, "%s there and back",
		   buf);
	}
	buf[num_put_u64(buf, UINT64_MAX)] = '\0';
	is_str(buf, "18446744073709551615", "the largest number");
	is_u64(num_delta(5, 3), 2, "a delta");
	is_u64(num_delta(3, 5), NUM_NONE, "a counter that went back");
	is_u64(num_delta(NUM_NONE, 5), NUM_NONE, "an unknown counter");
	is_u64((uint64_t)num_mpct(1, 3), 33333, "a third in mpct");
	is_u64((uint64_t)num_mpct(UINT64_C(1) << 62, UINT64_C(1) << 62), 100000,
	       "a large whole does not overflow");
	is_str(num_human_bytes(buf, 1023), "1023", "bytes");
	is_str(num_human_bytes(buf, 1536), "1.50K", "1.50K");
	is_str(num_human_bytes(buf, UINT64_C(1) << 40), "1.00T", "1.00T");
	is_str(num_human_us(buf, 250000), "250ms", "250ms");
}

static void test_kv(void)
{
	static const char flat[] = "anon 4096\nfile_dirty 7\nfile 12\n"
				   "new_key nonsense\nlimit max\n";
	static const char nested[] = "8:0 rbytes=1 wbytes=22 rios=3\n"
				     "8:16 rbytes=5\n";
	static const struct kv_field fields[] = { KV_FIELD("file", 0),
						  KV_FIELD("limit", 8),
						  KV_FIELD("absent", 16),
						  KV_FIELD("new_key", 24) };
	static const char *const cuts[] = { "",	       "fil",	 "file",
					    "file ",   "file x", "files 3",
					    "limit m", NULL };
	uint64_t out[4], v;

	ok(!kv_u64(flat, "file", &v) && v == 12, "a key, not its prefix");
	ok(kv_u64(flat, "fil", &v) == -ENOENT, "half a key is none");
	ok(kv_u64(flat, "new_key", &v) == -EBADMSG, "a word is no number");
	ok(!kv_u64(flat, "limit", &v) && v == NUM_MAX, "max");
	ok(!kv_nested_u64(nested, "8:0", "wbytes", &v) && v == 22, "nested");
	ok(kv_nested_u64(nested, "8:16", "wbytes", &v) == -ENOENT,
	   "not the next line's");
	ok(kv_nested_u64(nested, "8:1", "rbytes", &v) == -ENOENT,
	   "not a longer name's");
	ok(!kv_single("123\n", &v) && v == 123, "single value");
	ok(kv_single("\n", &v) == -EBADMSG, "nothing is no number");
	ok(!kv_single("9223372036854775807\n", &v) && v == INT64_MAX,
	   "the most that a kernel counts");
	ok(kv_single("9223372036854775808\n", &v) == -EBADMSG &&
		   kv_single("18446744073709547520\n", &v) == -EBADMSG &&
		   kv_single("99999999999999999999999\n", &v) == -EBADMSG,
	   "a count that went below 0 is no number");
	kv_fill(flat, fields, 4, out);
	ok(out[0] == 12 && out[1] == NUM_MAX && out[2] == NUM_NONE &&
		   out[3] == NUM_NONE,
	   "a table in one pass, the unknown marked");
	kv_fill("new_key x\nlimit 5 6\nfile 3", fields, 4, out);
	ok(out[0] == 3 && out[1] == 5 && out[3] == NUM_NONE,
	   "no number is passed over, and the last line needs no end");
	for (const char *const *cut = cuts; *cut; cut++) {
		char *text = strdup(*cut); /* none is read beyond its end */

		kv_fill(text, fields, 4, out);
		ok(out[0] == NUM_NONE && out[1] == NUM_NONE, "cut: '%s'", *cut);
		free(text);
	}
}

static void test_psi(void)
{
	struct psi p;

	ok(!psi_parse("some avg10=1.25 avg60=0.50 avg300=0.00 total=123\n"
		      "full avg10=0.01 avg60=0.00 avg300=0.00 total=45\n",
		      &p),
	   "a pressure file");
	is_u64(p.line[PSI_SOME].total_us, 123, "some total");
	is_u64(p.line[PSI_FULL].total_us, 45, "full total");
	is_u64((uint64_t)p.line[PSI_SOME].avg10_mpct, 1250, "some avg10");
	is_u64((uint64_t)p.line[PSI_FULL].avg10_mpct, 10, "full avg10");
	ok(!psi_parse("full avg10=0.00 total=9\n", &p) &&
		   !p.line[PSI_SOME].seen && p.line[PSI_FULL].seen,
	   "irq has no some");
	ok(psi_parse("some avg10=0.00 avg60=0.00 avg300=0.00\n", &p) ==
		   -EBADMSG,
	   "without total= it is refused");
	ok(psi_parse("", &p) == -EBADMSG, "empty is refused");
	ok(!psi_parse("some new=7 total=1 avg10=0.00\nmore total=2\n", &p) &&
		   p.line[PSI_SOME].total_us == 1,
	   "new words and lines are passed over");
	ok(!psi_parse("some total=7 avg300=0.30 avg60=0.60 avg10=1.00\n", &p) &&
		   p.line[PSI_SOME].total_us == 7 &&
		   p.line[PSI_SOME].avg10_mpct == 1000 &&
		   p.line[PSI_SOME].avg60_mpct == 600 &&
		   p.line[PSI_SOME].avg300_mpct == 300,
	   "words in another order are the same words");
	ok(psi_parse("some avg10=0.00\nfull avg10=0.00 total=9\n", &p) ==
		   -EBADMSG,
	   "the total of the next line is not this one's");
	ok(!psi_parse_totals("some avg10=1.25 total=123\nfull total=45\n",
			     &p) &&
		   p.line[PSI_SOME].total_us == 123 &&
		   p.line[PSI_FULL].total_us == 45 &&
		   !p.line[PSI_SOME].avg10_mpct,
	   "totals alone");
}

static void test_mem(void)
{
	struct mem_stat st;

	ok(!mem_stat_parse(
		   "anon 10\nfile 20\ninactive_anon 3\n"
		   "active_anon 4\npgsteal 9\nworkingset_refault_file 2\n",
		   &st),
	   "memory.stat");
	is_u64(mem_anon_lru_bytes(&st), 7, "the anonymous LRU");
	is_u64(mem_file_lru_bytes(&st), NUM_NONE, "an LRU that is not told");
	is_u64(st.refault_file_pages, 2, "refaults");
	is_u64(st.pgsteal_proactive_pages, NUM_NONE, "before 6.15: unknown");
	ok(mem_stat_parse("nothing 1\n", &st) == -EBADMSG, "no memory.stat");
}

static int feed(struct rows_in *in, const char *text)
{
	int fd[2];

	if (pipe(fd))
		return -1;
	if (write(fd[1], text, strlen(text)) < 0)
		return -1;
	close(fd[1]);
	rows_in_open(in, fd[0], NULL);
	return fd[0];
}

static void test_rows(void)
{
	struct rows_in in;
	uint64_t v;
	int64_t milli;
	int fd = feed(&in, "#cgroup\tx_bytes\n/a\t18446744073709551615\n"
			   "/a\t18446744073709551616\n");

	ok(rows_next(&in) == ROWS_HEADER && rows_next(&in) == ROWS_ROW &&
		   !rows_u64(&in, 1, &v) && v == NUM_MAX,
	   "2^64-1 is max, and not unknown");
	ok(rows_next(&in) == ROWS_ROW && rows_u64(&in, 1, &v) == -ERANGE,
	   "more is no number");
	close(fd);
	rows_in_close(&in);
	fd = feed(&in, "/bare\n#cgroup\ttime\tx_bytes\n# a comment\n\n"
		       "/a\t1.500\t12\n/b\t-\tmax\n#cgroup\ty\n/c\t7\n"
		       "/d\t8");

	ok(rows_next(&in) == ROWS_ROW && !strcmp(rows_str(&in, 0), "/bare"),
	   "a bare path is a row");
	ok(rows_next(&in) == ROWS_HEADER, "a header");
	ok(rows_next(&in) == ROWS_ROW, "comments and empty lines are skipped");
	ok(!rows_u64(&in, rows_find(&in, "x_bytes"), &v) && v == 12, "a u64");
	ok(!rows_milli(&in, rows_find(&in, "time"), &milli) && milli == 1500,
	   "a decimal");
	ok(rows_next(&in) == ROWS_ROW &&
		   rows_milli(&in, 1, &milli) == -ENOENT &&
		   !rows_u64(&in, 2, &v) && v == NUM_MAX,
	   "- and max");
	ok(rows_next(&in) == ROWS_HEADER && rows_find(&in, "x_bytes") < 0,
	   "a later header re-declares");
	ok(rows_next(&in) == ROWS_ROW && !rows_u64(&in, 1, &v) && v == 7,
	   "rows of the later header");
	ok(rows_next(&in) == -EBADMSG && in.eof, "a cut last line");
	close(fd);
	rows_in_close(&in);
	fd = feed(&in, "#cgroup\n/a\t1\n");
	rows_next(&in);
	ok(rows_next(&in) == -EBADMSG && !in.eof, "more cells than columns");
	close(fd);
	rows_in_close(&in);
}

/* As the standard has it. */
static uint32_t crc32_by_bits(const unsigned char *p, size_t len)
{
	uint32_t crc = ~UINT32_C(0);

	while (len--) {
		crc ^= *p++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
	}
	return ~crc;
}

static void test_crc32(void)
{
	static unsigned char buf[64];
	bool same = true;

	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (unsigned char)(i * i >> 5);
	for (size_t from = 0; from < 8; from++)
		for (size_t len = 0; len < 40; len++)
			same &= state_crc32(buf + from, len) ==
				crc32_by_bits(buf + from, len);
	ok(same, "CRC-32 of every length and alignment");
}

/* A temporary of a living writer stays, and one that was left does not. */
static void test_replace(void)
{
	char path[] = "/tmp/tmo-unit.XXXXXX", left[64], tmp[IO_PATH], buf[8];
	int fd = mkstemp(path);
	struct stat st;

	close(fd);
	snprintf(left, sizeof(left), "%s.tmo-tmp", path);
	fd = open(left, O_RDWR | O_CREAT, 0600);
	ok(!flock(fd, LOCK_EX), "a writer lives");
	ok(io_replace(path, "a", 1, 0600) == -EBUSY && !stat(left, &st),
	   "its temporary is left to it");
	close(fd);
	ok(!io_replace(path, "a", 1, 0600) && stat(left, &st),
	   "what a killed writer left is gone");
	fd = open(path, O_RDONLY);
	ok(io_slurp(fd, buf, sizeof(buf)) == 1 && *buf == 'a',
	   "and the file is written");
	close(fd);
	ok(!io_may_replace(path) && stat(left, &st), "a try leaves nothing");
	fd = io_replace_begin(path, tmp, sizeof(tmp));
	ok(io_replace_end(path, tmp, fd, -EIO) == -EIO && stat(left, &st),
	   "nor does a failure");
	ok(!symlink("/nowhere", left) &&
		   io_replace(path, "a", 1, 0600) == -ELOOP &&
		   !lstat(left, &st),
	   "a link in its place is nobody's to remove");
	unlink(left);
	unlink(path);
}

static void test_state(void)
{
	char path[] = "/tmp/tmo-unit.XXXXXX", link[64];
	int fd = mkstemp(path);
	void *data;
	size_t len;

	close(fd);
	is_u64(state_crc32("123456789", 9), 0xcbf43926, "CRC-32 check value");
	is_u64(state_crc32("\xff\xff\xff\xff", 4), 0xffffffff,
	       "CRC-32 of bytes above 127");
	is_u64(state_crc32("", 0), 0, "CRC-32 of nothing");
	ok(!state_write(path, "unit", 1, "a\0b", 3), "written");
	ok(!state_read(path, "unit", 1, &data, &len) && len == 3 &&
		   !memcmp(data, "a\0b", 3),
	   "read back");
	free(data);
	ok(state_read(path, "unit", 2, &data, &len) == -EPROTO, "version");
	ok(state_read(path, "other", 1, &data, &len) == -EPROTO, "name");
	fd = open(path, O_WRONLY);
	ok(lseek(fd, -1, SEEK_END) > 0 && write(fd, "x", 1) == 1, "damaged");
	close(fd);
	ok(state_read(path, "unit", 1, &data, &len) == -EBADMSG, "checksum");
	snprintf(link, sizeof(link), "%s.link", path);
	ok(!symlink(path, link), "a symlink");
	ok(state_read(link, "unit", 1, &data, &len) == -ELOOP, "not read");
	ok(state_write(link, "unit", 1, "", 0) == -ELOOP, "nor written");
	unlink(link);
	chmod(path, 0622);
	ok(state_read(path, "unit", 1, &data, &len) == -EPERM,
	   "what others may write is not trusted");
	unlink(path);
	ok(state_read(path, "unit", 1, &data, &len) == -ENOENT, "none yet");
}

static void test_tier(void)
{
	static const char stat[] = "anon N0=300 N1=30\n"
				   "inactive_anon N0=100 N1=10\n"
				   "active_anon N0=200 N1=20\n";
	struct tier t = { .slow_nodes = 2 };

	is_u64(tier_nodes("0\n"), 1, "a node");
	is_u64(tier_nodes("0-1,3\n"), 11, "a range, and one more");
	is_u64(tier_nodes("\n"), 0, "none");
	is_u64(tier_nodes("62-200"), UINT64_C(3) << 62, "no more than 64");
	is_u64(tier_fast_anon_bytes(&t, stat), 300, "what is not on the slow");
	t.slow_nodes = 0;
	is_u64(tier_fast_anon_bytes(&t, stat), 330, "all of it");
}

/* A signal that comes while the tool works ends its next wait. */
static void test_clock(void)
{
	const char *bad;
	uint64_t start_us;

	ok(!root_open(NULL, &bad), "clock: of this machine");
	start_us = clock_mono_us();
	clock_catch_signals();
	raise(SIGUSR1);
	ok(clock_wait(start_us + 5000000) == -EINTR,
	   "clock: told of a signal before the wait");
	ok(clock_take_usr1() && !clock_take_usr1(),
	   "clock: and of which, once");
	ok(clock_wait(clock_mono_us() + 1000) == 1, "clock: once");
	ok(clock_mono_us() - start_us < 4000000, "clock: at once");
}

/* A descriptor, the time or a signal: whatever comes first. */
static void test_clock_events(void)
{
	struct clock_events e;
	uint64_t start_us = clock_mono_us();
	int in[2];
	char byte = 'x';

	ok(!pipe(in) && !clock_events_open(&e), "events: opened");
	ok(!clock_events_add(&e, in[0], EPOLLIN, in), "events: of a pipe");
	ok(clock_wait_events(&e, start_us + 20300) == 1 && e.n == 0,
	   "events: the time is none of them");
	ok(clock_mono_us() - start_us >= 20300, "events: not before");
	ok(write(in[1], &byte, 1) == 1 &&
		   clock_wait_events(&e, UINT64_MAX) == 1 && e.n == 1 &&
		   e.v[0].data.ptr == in,
	   "events: the pipe has some, without a time");
	ok(read(in[0], &byte, 1) == 1 &&
		   clock_wait_events(&e, clock_mono_us() + 1000) == 1 && !e.n,
	   "events: the timer is set anew");
	raise(SIGUSR1);
	ok(clock_wait_events(&e, UINT64_MAX) == -EINTR && clock_take_usr1(),
	   "events: a signal ends it, too");
	clock_events_close(&e);
	close(in[0]);
	close(in[1]);
}

static void test_pid(void)
{
	uint64_t ticks, again;
	pid_t child = fork();
	siginfo_t info;

	if (!child)
		_exit(0);
	waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
	ok(pid_started((uint64_t)child, &ticks) == -ESRCH,
	   "pid: one that nobody has waited for has ended");
	waitpid(child, NULL, 0);
	ok(pid_started((uint64_t)child, &ticks) == -ENOENT,
	   "pid: one that is not there");
	ok(!pid_started((uint64_t)getpid(), &ticks) &&
		   !pid_started((uint64_t)getpid(), &again) && ticks == again &&
		   ticks,
	   "pid: when we started");
}

static void test_protection(void)
{
	ok(mem_protected_share(100, 400, 100) == 25,
	   "protection: a quarter of the whole has a quarter");
	ok(mem_protected_share(100, 100, 200) == 100 &&
		   mem_protected_share(100, 0, 200) == 100,
	   "protection: all of it where it is all there is");
	ok(mem_protected_share(NUM_MAX, 400, 100) == NUM_MAX &&
		   mem_protected_share(100, NUM_NONE, 100) == 100,
	   "protection: max, and a size that is not known, are not shared");
}

int main(void)
{
	test_clock();
	test_clock_events();
	test_num();
	test_kv();
	test_pid();
	test_psi();
	test_mem();
	test_protection();
	test_rows();
	test_crc32();
	test_replace();
	test_state();
	test_tier();
	return tap_done();
}
