/* Which slots of zram are written back: by their lines, and in which words. */
#include "swap-balance/slots.c"

#include "tap.h"

#define S UINT64_C(1000000)

static enum slot judge(const char *line, uint64_t now_us, uint64_t age_us)
{
	uint64_t index = 0;
	enum slot slot = slots_judge(line, now_us, age_us, &index);

	if (slot != SLOT_OTHER)
		is_u64(index, 300, "the index of '%s'", line);
	return slot;
}

static void test_judge(void)
{
	const char *line = "         300           75.033841 ....";

	ok(judge(line, 85 * S, 10 * S) == SLOT_OTHER, "9.97 s are not 10");
	ok(judge(line, 86 * S, 10 * S) == SLOT_COLD, "10.97 s are");
	ok(judge(line, 75 * S, 0) == SLOT_OTHER, "a time to come is no age");
	ok(judge("300 75.033841 ..hi..", 86 * S, 10 * S) == SLOT_COLD_HUGE,
	   "one that did not compress, of a kernel with six flags");
	ok(judge("300 75 ....", 86 * S, 10 * S) == SLOT_OTHER,
	   "a line that is not as documented is none");
	ok(judge("300 75.0 .w..", 86 * S, 10 * S) == SLOT_OTHER,
	   "it is written back");
	ok(judge("300 75.0 s...", 86 * S, 10 * S) == SLOT_OTHER,
	   "it takes no memory");
	ok(judge("300 0.000075 ....", 86 * S, 10 * S) == SLOT_UNDATED,
	   "nothing was in swap within a second of the boot");
	ok(judge("300 75.0", 86 * S, 10 * S) == SLOT_OTHER, "a cut line");
	ok(judge("", 86 * S, 10 * S) == SLOT_OTHER, "no line");
}

static void test_choose(void)
{
	uint64_t v[] = { 9, 3, 9, 4, 1 };

	is_u64(slots_choose(v, 5, 10), 4, "each once");
	ok(v[0] == 1 && v[1] == 3 && v[2] == 4 && v[3] == 9, "in order");
	is_u64(slots_choose(v, 4, 2), 2, "no more than may be written");
	is_u64(slots_choose(v, 4, 0), 0, "none");
	is_u64(slots_choose(v, 0, 7), 0, "of none");
}

static void test_words(void)
{
	const uint64_t v[] = { 1, 2, 3, 7, 9, 10 };
	char buf[4096];

	is_u64(slots_words(v, 6, false, buf, sizeof(buf)), 6, "all");
	is_str(buf, "page_indexes=1-3 page_indexes=7-7 page_indexes=9-10",
	       "as ranges");
	is_u64(slots_words(v + 3, 3, true, buf, sizeof(buf)), 1, "one at once");
	is_str(buf, "page_index=7", "as an index");
	is_u64(slots_words(v, 6, false, buf, 90), 4, "as many as fit");
	is_str(buf, "page_indexes=1-3 page_indexes=7-7", "as whole words");
	is_u64(slots_words(v, 6, false, buf, 10), 0, "no room");
}

/* Lines that come in pieces of any size, the table grows. */
static void test_lines(void)
{
	const char *const text = "1 5.000000 ....\n70000 5.000000 ..h.\n"
				 "2 9.000000 ....\n";
	size_t n = strlen(text);

	for (size_t piece = 1; piece <= n; piece += 7) {
		struct slots s = { 0 };
		char buf[256];
		size_t len = 0;
		int err = 0;

		for (size_t at = 0; at < n; at += piece) {
			size_t some = n - at < piece ? n - at : piece;

			memcpy(buf + len, text + at, some);
			len += some;
			err |= take_lines(&s, buf, &len, 10 * S, 3 * S);
		}
		ok(!err && !len && s.n > 70000 && s.slot[1] == SLOT_COLD &&
			   s.slot[2] == SLOT_OTHER && !s.slot[0] &&
			   s.slot[70000] == SLOT_COLD_HUGE && s.huge == 1,
		   "in pieces of %zu", piece);
		slots_free(&s);
	}
}

int main(void)
{
	struct slots s = { 0 };

	test_judge();
	test_choose();
	test_words();
	test_lines();
	ok(add(&s, SLOTS_MOST, SLOT_COLD) == -EFBIG, "no device is so large");
	return tap_done();
}
