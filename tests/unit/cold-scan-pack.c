/* How cold-scan keeps ages: packed, and what differs from pass to pass. */
#include "cold-scan/pack.c"

#include "tap.h"

enum { N = 4096 };

struct ages {
	uint8_t age[N];
	uint64_t swap[N / 64];
};

static uint64_t chance(void)
{
	static uint64_t x = 1;

	x ^= x << 13;
	x ^= x >> 7;
	return x ^= x << 17;
}

/* Runs of up to so many frames, of what is known after so many passes. */
static void fill(struct ages *a, size_t n, unsigned int run, uint32_t passes)
{
	static const uint8_t others[] = { AGE_MAX, AGE_LEFT, AGE_NONE, 0 };
	size_t end;

	for (size_t i = 0; i < n; i = end) {
		uint64_t x = chance();
		uint8_t age = others[x & 3];

		if (x & 12)
			age = (uint8_t)(x >> 8 & (passes > AGE_MAX ? 127 : 3));
		end = i + 1 + (x >> 32) % run;
		if (end > n)
			end = n;
		memset(a->age + i, age, end - i);
		bits_set(a->swap, i, end, x >> 20 & 1);
	}
}

/* A pass later: nearly all goes on as it was. */
static void go_on(struct ages *a, size_t n, unsigned int changes)
{
	for (size_t i = 0; i < n; i++) {
		if (a->age[i] && a->age[i] < AGE_MAX)
			a->age[i]++;
		if (!(chance() % 1000 >= changes))
			a->age[i] = a->age[i] ? 0 : 1;
	}
}

static bool same(const struct ages *a, const struct ages *b, size_t n)
{
	return !memcmp(a->age, b->age, n) &&
	       !memcmp(a->swap, b->swap, n / 64 * 8);
}

static void test_pack(void)
{
	static uint8_t packed[2 * (N + N / 8)];
	static const uint32_t passes[] = {
		4, 252, 253, 300, 100000, UINT32_MAX
	};
	unsigned int wrong = 0, longest = 0;

	for (unsigned int i = 0; i < 6000; i++) {
		size_t n = i % 3 ? N : 64, len;
		struct ages a = { .age = { 0 } }, b = { .age = { 0 } };
		uint32_t p = passes[i % 6];

		fill(&a, n, 1 + i % 50, p);
		len = pack_ages(a.age, a.swap, n, p, packed);
		wrong += len > pack_most(n) ||
			 !pack_open(packed, len, n, p, b.age, b.swap) ||
			 !same(&a, &b, n);
		longest += len == pack_most(n);
	}
	is_u64(wrong, 0, "what is packed comes out");
	ok(longest > 0, "also where each frame is another than the last");
}

/* Packs what is, a pass after what was; the length of what differs. */
static size_t pack_both(const struct ages *was, const struct ages *a,
			uint32_t passes, uint8_t *is, size_t *len,
			uint8_t *differ)
{
	struct pack p;
	size_t end;

	pack_begin(&p, N, passes, is);
	pack_compare(&p, was->age, was->swap, passes - 1, differ);
	for (size_t i = 0; i < N; i = end) {
		/* A run may come in pieces. */
		end = bytes_alike(a->age, i, bits_alike(a->swap, i, N));
		end -= (end - i) / 2;
		pack_run(&p, end - i, a->age[i], bits_has(a->swap, i));
	}
	pack_end(&p);
	*len = p.len;
	return p.differ_len;
}

/* Pass by pass, each told by what differs: of the last pass all is known. */
static void test_differ(void)
{
	static uint8_t was[2 * (N + N / 8)], is[sizeof(was)],
		whole[sizeof(was)], out[N + N / 8 + 1];
	unsigned int wrong = 0;
	size_t was_len = 0, sum = 0, all = 0;
	struct ages a = { .age = { 0 } }, b, before = { .age = { 0 } };

	fill(&a, N, 20, 1);
	memset(before.age, AGE_NONE, N);
	b = before;
	for (uint32_t pass = 1; pass < 700; pass++) {
		size_t len, d = pack_both(&before, &a, pass, is, &len, out);

		wrong += len != pack_ages(a.age, a.swap, N, pass, whole) ||
			 memcmp(is, whole, len) != 0;
		/* b is of the pass before, as the file has it. */
		if (was_len)
			wrong += !pack_open(was, was_len, N, pass, b.age,
					    b.swap);
		wrong += !pack_apply(out, d, N, pass, b.age, b.swap) ||
			 !same(&a, &b, N);
		if (pass > 1) {
			sum += d;
			all += len;
		}
		memcpy(was, is, len);
		was_len = len;
		before = a;
		go_on(&a, N, pass % 20 ? 10 : 500);
	}
	is_u64(wrong, 0, "what differs makes the next of the last");
	ok(sum * 3 < all, "and is less than a third of it");
	for (int i = 0; i < 20; i++)
		go_on(&a, N, 0);
	before = a;
	go_on(&a, N, 0);
	is_u64(pack_both(&before, &a, 721, is, &was_len, out), 0,
	       "where all goes on as it was, nothing differs");
}

static void test_damage(void)
{
	static uint8_t was[2 * (N + N / 8)], is[sizeof(was)],
		differ[N + N / 8 + 1];
	struct ages a = { .age = { 0 } }, b = { .age = { 0 } }, before;
	unsigned int n_open = 0;

	fill(&a, N, 30, 9);
	for (int i = 0; i < 20000; i++) {
		size_t len = pack_ages(a.age, a.swap, N, 9, was), is_len, d;

		before = a;
		go_on(&a, N, 20);
		d = pack_both(&before, &a, 10, is, &is_len, differ);
		was[chance() % len] = (uint8_t)chance();
		n_open += pack_open(was, chance() & 1 ? len : chance() % len, N,
				    9, b.age, b.swap);
		if (d > 1)
			differ[1 + chance() % (d - 1)] = (uint8_t)chance();
		n_open += pack_apply(differ, d, N, 9, b.age, b.swap);
	}
	ok(n_open < 40000, "damage is refused, or is other ages");
}

int main(void)
{
	test_pack();
	test_differ();
	test_damage();
	return tap_done();
}
