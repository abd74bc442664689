/* What cold-scan tells of the page tables that an aging looked at. */
#include "cold-scan/age.c"

#include "cold-scan/charged.c"
#include "cold-scan/lrugen.c"
#include "cold-scan/pack.c"
#include "cold-scan/seen.c"
#include "cold-scan/tally.c"
#include "cold-scan/walked.c"
#include "num.h"
#include "tap.h"

#include <sched.h>
#include <sys/wait.h>

/* No test here draws pages: none is told. */
static unsigned int reads;
ssize_t idle_read_words(int fd, uint64_t first_word, uint64_t *buf,
			size_t words)
{
	(void)fd, (void)first_word, (void)buf, (void)words;
	reads++;
	return 0;
}
const struct referenced_vec *referenced_look(struct referenced *r,
					     const struct lrugen_vec *v)
{
	static const struct referenced_vec none;

	(void)r, (void)v;
	return &none;
}
void referenced_after(struct referenced *r, const struct lrugen_vec *v,
		      bool done)
{
	(void)r, (void)v, (void)done;
}
bool referenced_knows_shmem(const struct referenced *r, unsigned long id,
			    int node)
{
	return referenced_knows(r, id, node);
}
bool referenced_knows(const struct referenced *r, unsigned long id, int node)
{
	(void)r, (void)id, (void)node;
	return false;
}

#define MEMCG	 "memcg     2 /w0\n node     0\n"
#define GEN(seq) "          " seq "       4408          1         207 \n"
#define TIER(s)                                                               \
	"                     0          0" s "          0" s "          0" s \
	"          0" s "          0" s "          0" s "\n"

/* As recorded of a process of 272M, before an aging and after it. */
static const char *const form[][2] = {
	/* 6.12, as Debian builds it: a sum, at the newest */
	{ MEMCG GEN("3") TIER("x") "                           0x          0x  "
				   "        0x   "
				   "       0x\n" GEN("4") TIER(
					   "R") "                       70210T "
						"     70183Y        "
						"139F        138A\n",
	  MEMCG GEN("4") TIER("x") "                           0x          0x  "
				   "        0x   "
				   "       0x\n" GEN("5") TIER(
					   "R") "                      140420T "
						"     74322Y        "
						"278F        147A\n" },
	/* 6.1: another letter, and what lies between has none */
	{ MEMCG GEN("3") TIER(
		  " ") "                           0           0           0   "
		       " "
		       "       0           0           0 \n" GEN("4") TIER(
			       "R") "                       69892L          0O "
				    "     69814Y"
				    "        140N        140F        138A\n",
	  MEMCG GEN("4") TIER(
		  " ") "                           0           0           0   "
		       " "
		       "       0           0           0 \n" GEN("5") TIER(
			       "R") "                      140102L      65710O "
				    "     73918Y"
				    "        280N        280F        147A\n" },
	/* CONFIG_LRU_GEN_STATS: each walk at the generation before it */
	{ MEMCG GEN("3") TIER("r") "                       69865t      69814y  "
				   "      139f   "
				   "     138a\n" GEN("4") TIER(
					   "R") "                           0x "
						"         0x          0x"
						"          0x\n",
	  MEMCG GEN("4") TIER("r") "                       70210t       4104y  "
				   "      139f   "
				   "       9a\n" GEN("5") TIER(
					   "R") "                           0x "
						"         0x          0x"
						"          0x\n" },
};
enum { FORMS = sizeof(form) / sizeof(*form) };

static struct walked w;

static void take_one(const struct lrugen_vec *v, void *ctx)
{
	(void)ctx;
	walked_take(&w, v);
}

static void mine(const struct lrugen_vec *v, void *ctx)
{
	(void)ctx;
	walked_aged(&w, v);
}

static void parse(const char *text,
		  void (*each)(const struct lrugen_vec *, void *))
{
	char copy[2048];

	snprintf(copy, sizeof(copy), "%s", text);
	ok(!lrugen_parse(copy, each, NULL), "parsed");
}

static uint64_t walked(const char *before, const char *after, bool ours)
{
	w.n = w.at = 0;
	w.after = false;
	parse(before, take_one);
	if (ours)
		parse(before, mine);
	w.after = true;
	parse(after, take_one);
	return walked_entries(&w, 2, 0);
}

static void test_forms(void)
{
	for (size_t i = 0; i < FORMS; i++) {
		is_u64(walked(form[i][0], form[i][1], true), 70210,
		       "of the aging alone");
		is_u64(walked(form[i][0], form[i][1], false), NUM_NONE,
		       "another's tells nothing");
		is_u64(walked_entries(&w, 3, 0), NUM_NONE,
		       "nor does another cgroup's");
	}
	is_u64(walked(form[0][0], form[0][0], true), 0, "passed over");
	is_u64(walked(form[0][1], form[0][0], true), NUM_NONE,
	       "a sum that went back tells nothing");
	is_u64(walked(MEMCG GEN("3") GEN("4"), MEMCG GEN("4") GEN("5"), true),
	       NUM_NONE, "nor does a kernel that has no walks");
}

static void test_missed(void)
{
	is_u64(walked_missed(69632, 69700, 70210), 0, "all were looked at");
	is_u64(walked_missed(69632, 69700, 0), 69632, "none");
	is_u64(walked_missed(4096, 70000, 66000), 4000, "so many may be own");
	is_u64(walked_missed(69632, 69700, 68306), 0, "2 %% off, as may be");
	is_u64(walked_missed(10, 60, 0), 0, "less than a batch");
	is_u64(walked_missed(69632, 544, 272), 34816,
	       "of huge pages one entry is many");
	is_u64(walked_missed(0, 70000, 0), 0, "of nothing");
}

static void test_entries(void)
{
	char text[] = "7f00-7f20 rw-p 00000000 00:00 0 \n"
		      "Rss:               12288 kB\nPss:   6144 kB\n"
		      "Anonymous:         12288 kB\n"
		      "AnonHugePages:      8192 kB\n"
		      "VmFlags: rd wr mr mw me ac sd \n"
		      "7f20-7f40 r--s 00000000 fe:00 12  /usr/lib/x\n"
		      "Rss:                 400 kB\nPss:  4 kB\n"
		      "VmFlags: rd mr me ms sd \n"
		      "7f40-7f60 ---p 00000000 00:00 0 \n"
		      "Rss:                4096 kB\nPss:  4096 kB\n"
		      "Anonymous:          4096 kB\nVmFlags: mr mw me ac \n"
		      "7f60-7f80 rw-p 00000000 00:00 0 \n"
		      "Rss:                4096 kB\nPss:  4096 kB\n"
		      "Anonymous:          4096 kB\n"
		      "VmFlags: rd wr mr mw me lo ac \n"
		      "7f80-7fa0 rw-s 00000000 00:05 9  /dev/x\n"
		      "Rss:                4096 kB\nPss:  4096 kB\n"
		      "VmFlags: rd wr sh mr mw me pf io \n";
	char absurd[] = "7f00-7f20 rw-p 00000000 00:00 0 \n"
			"Rss: 4 kB\nAnonHugePages: 2048 kB\n"
			"VmFlags: rd wr \n";
	char shared[] = "7f00-7f20 rw-s 00000000 00:01 7 /memfd:a (deleted)\n"
			"Rss: 4096 kB\nPss: 4096 kB\nAnonymous: 0 kB\n"
			"ShmemPmdMapped: 4096 kB\nVmFlags: rd wr sh \n"
			"7f20-7f40 rw-s 00000000 00:01 8 /memfd:b (deleted)\n"
			"Rss: 512 kB\nPss: 512 kB\nAnonymous: 0 kB\n"
			"ShmemPmdMapped: 0 kB\nVmFlags: rd wr sh \n"
			"7f40-7f60 rw-s 00000000 00:01 9 /dev/zero (deleted)\n"
			"Rss: 4096 kB\nPss: 4096 kB\nAnonymous: 0 kB\n"
			"ShmemPmdMapped: 4096 kB\nVmFlags: rd wr sh \n";
	struct seen s;

	is_u64(seen_parse(text, 4096, NULL).entries, 1024 + 4 + 100,
	       "small ones, huge ones, files', and none where no aging looks");
	is_u64(seen_parse(absurd, 4096, NULL).entries, 1, "absurd numbers");
	s = seen_parse(shared, 4096, NULL);
	is_u64(s.by_file_bytes, 4608 << 10, "shared memory with a file");
	is_u64(s.by_file_huge_bytes, 4096 << 10, "of which huge");
}

static int child(void *arg)
{
	(void)arg;
	pause();
	return 0;
}

/*
 * Two processes of one address space (CLONE_VM) and a fork of it, in any order:
 * by the kernel's word, and where it has none by what may be.
 */
static void test_spaces(void)
{
	static char stack[4][16384];
	struct seen sum = { 0 }, one;
	struct look l = { UINT64_MAX, 4096, NULL, 0, &sum, NULL };
	pid_t pid[5] = { getpid() };
	const char *bad;

	root_open(NULL, &bad);

	for (int i = 1; i < 5; i++)
		pid[i] = clone(child, stack[i - 1] + sizeof(stack[0]),
			       i == 3 ? SIGCHLD : CLONE_VM | SIGCHLD, NULL);
	if (pid_order_memory((uint64_t)pid[0], (uint64_t)pid[0])) {
		ok(true, "# skip: needs CONFIG_KCMP");
	} else {
		ok(!add_process(&l, (uint64_t)pid[1]), "one can be read");
		one = sum;
		ok(one.bytes && one.entries, "and has memory");
		for (int i = 0; i < 5; i++)
			if (i != 3)
				add_process(&l, (uint64_t)pid[i]);
		ok(l.n == 1 && sum.bytes == one.bytes &&
			   sum.entries == one.entries && !sum.twice_bytes,
		   "an address space counts once");
		add_process(&l, (uint64_t)pid[3]);
		ok(l.n == 2 && sum.bytes > one.bytes &&
			   sum.entries > one.entries && !sum.twice_bytes,
		   "that of a fork counts for itself");
		free(l.v);
		/* The youngest first, which no aging can have met. */
		sum = (struct seen){ 0 };
		l = (struct look){ 0, 4096, NULL, 0, &sum, NULL };
		add_process(&l, (uint64_t)pid[1]);
		ok(l.n == 1 && sum.bytes && !sum.entries,
		   "one that began after the aging was not walked");
		l.since_ticks = UINT64_MAX;
		add_process(&l, (uint64_t)pid[0]);
		add_process(&l, (uint64_t)pid[2]);
		ok(l.n == 1 && sum.entries == l.v->own.entries,
		   "but what an older one has, too, once");
		free(l.v);
	}
	for (int i = 1; i < 5; i++) {
		kill(pid[i], SIGKILL);
		waitpid(pid[i], NULL, 0);
	}
}

/* Where no page frame is told, a process of 16 TiB takes no more looks. */
static void test_draws(void)
{
	const uint64_t huge = UINT64_C(1) << 44;
	struct charged c;

	charged_open(&c, 1, 4096, 4096);
	c.pagemap = open("/dev/null", O_RDONLY | O_CLOEXEC);
	reads = 0;
	charged_draw(&c, 0, huge, true, huge);
	is_u64(reads, MOST, "so many looks of a cgroup");
	charged_draw(&c, 0, huge, true, huge);
	is_u64(reads, MOST, "and no more");
	is_u64(charged_others(&c, huge), 0, "that tell nothing");
	charged_close(&c);
}

int main(void)
{
	test_draws();
	test_spaces();
	test_forms();
	test_missed();
	test_entries();
	walked_close(&w);
	return tap_done();
}
