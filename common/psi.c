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

/* "0.12" as thousandths; the kernel prints two decimals.  Returns its end. */
static const char *average(const char *s, int64_t *out)
{
	int64_t whole = 0, frac = 0, unit = 100;

	for (; *s >= '0' && *s <= '9' && whole < 1000; s++)
		whole = whole * 10 + (*s - '0');
	if (*s == '.')
		for (s++; *s >= '0' && *s <= '9'; s++, unit /= 10)
			frac += (*s - '0') * unit;
	*out = whole * 1000 + frac;
	return s;
}

static const char *counter(const char *s, uint64_t *out)
{
	uint64_t v = 0;

	for (; *s >= '0' && *s <= '9'; s++)
		v = v * 10 + (uint64_t)(*s - '0');
	*out = v;
	return s;
}

/* Most of a sample's work: compares of a known length are a load or two. */
static inline bool begins(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(end - p) >= n && !memcmp(p, word, n);
}

/* The fields behind "some" or "full"; returns where they end. */
static const char *parse_line(const char *p, const char *end,
			      struct psi_line *out)
{
	while (*p == ' ') {
		p++;
		if (begins(p, end, "avg10=")) {
			p = average(p + 6, &out->avg10_mpct);
		} else if (begins(p, end, "avg60=")) {
			p = average(p + 6, &out->avg60_mpct);
		} else if (begins(p, end, "avg300=")) {
			p = average(p + 7, &out->avg300_mpct);
		} else if (begins(p, end, "total=")) {
			p = counter(p + 6, &out->total_us);
			out->seen = true;
		}
		while (*p && *p != ' ' && *p != '\n')
			p++;
	}
	return p;
}

int psi_parse(const char *text, struct psi *out)
{
	const char *end = text + strlen(text);
	bool any = false;

	memset(out, 0, sizeof(*out));
	while (*text) {
		struct psi_line *line = NULL;

		if (begins(text, end, "some "))
			line = &out->line[PSI_SOME];
		else if (begins(text, end, "full "))
			line = &out->line[PSI_FULL];
		if (line)
			text = parse_line(text + 4, end, line);
		if (line && !line->seen)
			return -EBADMSG;
		any |= line != NULL;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return any ? 0 : -EBADMSG;
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
