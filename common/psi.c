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

/* "0.12" as thousandths; the kernel prints two decimals. */
static int64_t average(const char *s)
{
	int64_t whole = 0, frac = 0, unit = 100;

	for (; *s >= '0' && *s <= '9' && whole < 1000; s++)
		whole = whole * 10 + (*s - '0');
	if (*s == '.')
		for (s++; *s >= '0' && *s <= '9'; s++, unit /= 10)
			frac += (*s - '0') * unit;
	return whole * 1000 + frac;
}

static int parse_line(const char *p, struct psi_line *out)
{
	bool total = false;

	for (; *p == ' '; p += strcspn(p, " \n")) {
		p++;
		if (!strncmp(p, "total=", 6)) {
			uint64_t v = 0;

			for (p += 6; *p >= '0' && *p <= '9'; p++)
				v = v * 10 + (uint64_t)(*p - '0');
			out->total_us = v;
			total = true;
		} else if (!strncmp(p, "avg10=", 6)) {
			out->avg10_mpct = average(p + 6);
		} else if (!strncmp(p, "avg60=", 6)) {
			out->avg60_mpct = average(p + 6);
		} else if (!strncmp(p, "avg300=", 7)) {
			out->avg300_mpct = average(p + 7);
		}
	}
	out->seen = total;
	return total ? 0 : -EBADMSG;
}

int psi_parse(const char *text, struct psi *out)
{
	bool any = false;

	memset(out, 0, sizeof(*out));
	while (*text) {
		struct psi_line *line = NULL;

		if (!strncmp(text, "some ", 5))
			line = &out->line[PSI_SOME];
		else if (!strncmp(text, "full ", 5))
			line = &out->line[PSI_FULL];
		if (line && parse_line(text + 4, line))
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
