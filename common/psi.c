#include "psi.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "io.h"
#include "num.h"

static const struct {
	const char *name, *cgroup_file, *system_file;
} resources[PSI_RES_COUNT] = {
	[PSI_CPU] = { "cpu", "cpu.pressure", "proc/pressure/cpu" },
	[PSI_MEM] = { "mem", "memory.pressure", "proc/pressure/memory" },
	[PSI_IO] = { "io", "io.pressure", "proc/pressure/io" },
	[PSI_IRQ] = { "irq", "irq.pressure", "proc/pressure/irq" },
};

const char *psi_res_name(enum psi_res res)
{
	return resources[res].name;
}

const char *psi_kind_name(enum psi_kind kind)
{
	return kind == PSI_SOME ? "some" : "full";
}

const char *psi_cgroup_file(enum psi_res res)
{
	return resources[res].cgroup_file;
}

const char *psi_system_file(enum psi_res res)
{
	return resources[res].system_file;
}

/* Most of a sample's work: compares of a known length are a load or two. */
static inline bool begins(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(end - p) >= n && !memcmp(p, word, n);
}

/* What stands behind the key, looked for from the end: total= is there. */
static inline const char *field(const char *line, const char *end,
				const char *key)
{
	const char *p = end;

	while ((p = memrchr(line, ' ', (size_t)(p - line))))
		if (begins(p + 1, end, key))
			return p + 1 + strlen(key);
	return NULL;
}

/* "0.12" as thousandths; the kernel prints two decimals. */
static int64_t average(const char *s)
{
	int64_t whole = 0, frac = 0, unit = 100;

	for (; s && *s >= '0' && *s <= '9' && whole < 1000; s++)
		whole = whole * 10 + (*s - '0');
	if (s && *s == '.')
		for (s++; *s >= '0' && *s <= '9'; s++, unit /= 10)
			frac += (*s - '0') * unit;
	return whole * 1000 + frac;
}

static uint64_t counter(const char *s)
{
	uint64_t v = 0;

	for (; *s >= '0' && *s <= '9'; s++)
		v = v * 10 + (uint64_t)(*s - '0');
	return v;
}

static int parse(const char *text, bool averages, struct psi *out)
{
	bool any = false;

	memset(out, 0, sizeof(*out));
	for (const char *end; *text; text = end + (*end == '\n')) {
		struct psi_line *line;
		const char *total;

		end = strchrnul(text, '\n');
		if (begins(text, end, "some "))
			line = &out->line[PSI_SOME];
		else if (begins(text, end, "full "))
			line = &out->line[PSI_FULL];
		else
			continue;
		total = field(text, end, "total=");
		if (!total)
			return -EBADMSG;
		line->total_us = counter(total);
		line->seen = any = true;
		if (!averages)
			continue;
		line->avg10_mpct = average(field(text, end, "avg10="));
		line->avg60_mpct = average(field(text, end, "avg60="));
		line->avg300_mpct = average(field(text, end, "avg300="));
	}
	return any ? 0 : -EBADMSG;
}

int psi_parse(const char *text, struct psi *out)
{
	return parse(text, true, out);
}

int psi_parse_totals(const char *text, struct psi *out)
{
	return parse(text, false, out);
}

int psi_pread(int fd, struct psi *out)
{
	char buf[512];
	ssize_t n = io_pread(fd, buf, sizeof(buf));

	return n < 0 ? (int)n : psi_parse(buf, out);
}

uint64_t psi_stall_us(uint64_t now_us, uint64_t then_us, uint64_t window_us)
{
	enum { SLACK_US = 50000 };
	uint64_t stall_us = num_delta(now_us, then_us);

	return stall_us > window_us + window_us / 8 + SLACK_US ? NUM_NONE
							       : stall_us;
}
