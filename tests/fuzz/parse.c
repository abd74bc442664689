/*
 * parse - whatever reads text that somebody else wrote, for libFuzzer: the
 * first byte of the input chooses the parser, the rest is its text.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cg.h"
#include "cold-scan/lrugen.h"
#include "kv.h"
#include "mem.h"
#include "num.h"
#include "psi-watch/expr.h"
#include "psi-watch/spec.h"
#include "psi.h"
#include "rows.h"
#include "tmo-reclaim/parkfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold of every input; abort() is how libFuzzer is told. */
static void must(bool cond)
{
	if (!cond)
		abort();
}

static void fuzz_kv(const char *text)
{
	struct {
		uint64_t a, b;
	} out = { 0, 0 };
	static const struct kv_field field[] = { KV_FIELD("anon", 0),
						 KV_FIELD("file", 8) };
	uint64_t v = 7;

	if (kv_u64(text, "anon", &v))
		must(v == 7);
	(void)kv_nested_u64(text, "8:0", "rbytes", &v);
	(void)kv_single(text, &v);
	kv_fill(text, field, 2, &out);
}

static void fuzz_stat(const char *text)
{
	struct mem_stat st;

	if (!mem_stat_parse(text, &st)) {
		(void)mem_anon_lru_bytes(&st);
		(void)mem_file_lru_bytes(&st);
	}
}

static void fuzz_psi(const char *text)
{
	struct psi psi, totals;
	int err = psi_parse(text, &psi);

	must(psi_parse_totals(text, &totals) == err);
	for (int kind = 0; kind < PSI_KIND_COUNT; kind++)
		must(totals.line[kind].total_us == psi.line[kind].total_us);
	if (!err)
		must(psi.line[PSI_SOME].seen || psi.line[PSI_FULL].seen);
}

/* What was read is written, and read again as the same. */
static void fuzz_num(const char *text)
{
	char buf[NUM_LEN + 1];
	uint64_t v, again;
	int64_t m, m_again;
	double pct;

	if (!num_u64(text, &v)) {
		buf[num_put_u64(buf, v)] = '\0';
		must(!num_u64(buf, &again) && again == v);
	}
	if (!num_milli(text, &m)) {
		buf[num_put_milli(buf, m)] = '\0';
		must(!num_milli(buf, &m_again) && m_again == m);
	}
	if (!num_size(text, &v))
		must(strlen(num_human_bytes(buf, v)) < NUM_LEN);
	if (!num_time(text, &v))
		must(strlen(num_human_us(buf, v)) < NUM_LEN);
	(void)num_pct(text, &pct);
}

/* A filter with a column of its own, in each format. */
static void fuzz_rows(const char *text, size_t len)
{
	static const struct col mine = { "mine", "", NULL, 0 };
	const struct col *cols[] = { &mine };
	struct col_set set = { cols, 1 };

	for (int format = ROWS_TSV; format <= ROWS_PROM; format++) {
		struct rows_out out;
		struct rows_in in;
		struct row own = { 0 };
		int fd = memfd_create("rows", MFD_CLOEXEC), event;

		must(fd >= 0 && write(fd, text, len) == (ssize_t)len);
		must(lseek(fd, 0, SEEK_SET) == 0);
		rows_open(&out, format, true, "fuzz");
		out.fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
		rows_in_open(&in, fd, &out);
		while ((event = rows_next(&in)) > ROWS_END) {
			uint64_t v;
			int64_t m;

			if (event != ROWS_ROW)
				continue;
			(void)rows_u64(&in, rows_find(&in, "n_bytes"), &v);
			(void)rows_milli(&in, rows_find(&in, "n_pct"), &m);
			row_reset(&own);
			row_u64(&own, in.line);
			rows_emit(&out, &in, &set, &own);
		}
		rows_in_close(&in);
		rows_close(&out);
		row_free(&own);
		close(fd);
	}
}

static bool value(const void *sample, int arg, int64_t *out)
{
	(void)sample;
	*out = arg;
	return arg != 0;
}

static void fuzz_expr(const char *text)
{
	static const struct col cols[] = {
		{ "a_pct", "", NULL, 0 },
		{ "b_us", "", NULL, 1 },
		{ "time", "", NULL, 2 },
	};
	uint64_t clock[EXPR_NODES] = { 0 };
	struct expr e;

	if (expr_parse(&e, text, cols, 3)) {
		must(e.error && e.at <= strlen(text));
		return;
	}
	must(e.nodes <= EXPR_NODES && e.clocks <= e.nodes);
	for (uint64_t t = 0; t < 4; t++)
		(void)expr_judge(&e, value, NULL, t * 1000000,
				 (t + 1) * 1000000, clock);
}

/* What is accepted can be told to the kernel and read back. */
static void fuzz_spec(const char *text)
{
	struct spec s, again, wide;
	char buf[256];
	const char *why = NULL;

	if (spec_parse(text, &s, &why)) {
		must(why);
	} else {
		spec_kernel_text(&s, buf);
		must(!spec_kernel_parse(buf, &again));
		if (spec_widen(&s, &wide))
			must(wide.law.window_us % 2000000 == 0);
	}
	(void)spec_kernel_parse(text, &s);
	must(spec_base64(text, buf, sizeof(buf)) < (int)sizeof(buf));
}

static void each_vec(const struct lrugen_vec *v, void *ctx)
{
	(void)ctx;
	must(v->n <= sizeof(v->gen) / sizeof(*v->gen));
	for (size_t i = 0; i < v->n; i++)
		(void)lrugen_bound_us(v, i);
}

/* What is read and written is read as the same. */
static void fuzz_park(const char *text, size_t len)
{
	struct parkfile f, again;
	size_t one_len, two_len;
	char *one, *two;

	if (parkfile_parse(text, len, &f))
		return;
	one = parkfile_text(&f, &one_len);
	must(!parkfile_parse(one, one_len, &again));
	parkfile_merge(&again, &f);
	two = parkfile_text(&again, &two_len);
	must(one_len == two_len && !memcmp(one, two, one_len));
	parkfile_free(&f);
	parkfile_free(&again);
	free(one);
	free(two);
}

static void fuzz_key(const char *text)
{
	static const struct cg_set set = { .mount = (char *)"sys/fs/cgroup" };
	char key[CG_KEY_MAX];

	if (cg_key(&set, text, key))
		return;
	must(key[0] == '/' && strlen(key) < CG_KEY_MAX);
	(void)cg_is_glob(key);
	while (cg_parent(key))
		must(key[0] == '/');
	must(!strcmp(key, "/"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (!size || !(text = malloc(size)))
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	switch (data[0]) {
	case 'k': fuzz_kv(text); break;
	case 'm': fuzz_stat(text); break;
	case 'p': fuzz_psi(text); break;
	case 'n': fuzz_num(text); break;
	case 'r': fuzz_rows(text, size - 1); break;
	case 'e': fuzz_expr(text); break;
	case 't': fuzz_spec(text); break;
	case 'l': (void)lrugen_parse(text, each_vec, NULL); break;
	case 'c': fuzz_key(text); break;
	case 'q': fuzz_park(text, size - 1); break;
	}
	free(text);
	return 0;
}
