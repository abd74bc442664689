#include "spec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "num.h"

enum { UNPRIVILEGED_US = 2000000, WINDOW_MAX_US = 10000000 };

static int resource(const char *word, enum psi_res *out)
{
	if (!strcmp(word, "memory"))
		word = "mem";
	for (int i = 0; i < PSI_RES_COUNT; i++)
		if (!strcmp(word, psi_res_name((enum psi_res)i))) {
			*out = (enum psi_res)i;
			return 0;
		}
	return -EINVAL;
}

static int kind_of(const char *word, enum psi_kind *out)
{
	*out = !strcmp(word, "full") ? PSI_FULL : PSI_SOME;
	return strcmp(word, psi_kind_name(*out)) ? -EINVAL : 0;
}

int spec_level(const char *text, uint64_t window_us, uint64_t *out_us)
{
	size_t n = strlen(text);
	double pct;

	if (!n || text[n - 1] != '%')
		return num_time(text, out_us);
	if (num_pct(text, &pct) || pct > 100)
		return -EINVAL;
	*out_us = (uint64_t)(pct / 100 * (double)window_us + 0.5);
	return 0;
}

int spec_parse(const char *text, struct spec *out, const char **why)
{
	char res[16], kind[16], stall[32], window[32], rest;

	*why = "expected RESOURCE some|full STALL/WINDOW";
	if (sscanf(text, " %15s %15s %31[^/ ]/%31s %c", res, kind, stall,
		   window, &rest) != 4)
		return -EINVAL;
	*why = "the resource is cpu, memory, io or irq";
	if (resource(res, &out->res))
		return -EINVAL;
	*why = "the kind is some or full";
	if (kind_of(kind, &out->kind))
		return -EINVAL;
	*why = "irq has only full";
	if (out->res == PSI_IRQ && out->kind == PSI_SOME)
		return -EINVAL;
	*why = "the window is a time such as 2s, at least 10ms";
	if (num_time(window, &out->law.window_us) || out->law.window_us < 10000)
		return -EINVAL;
	*why = "the stall is a time or a percentage, at most the window";
	if (spec_level(stall, out->law.window_us, &out->law.stall_us) ||
	    !out->law.stall_us || out->law.stall_us > out->law.window_us)
		return -EINVAL;
	out->law.clear_us = out->law.stall_us;
	return 0;
}

int spec_kernel_parse(const char *text, struct spec *out)
{
	char kind[8], stall[24], window[24];

	if (sscanf(text, "%7s %23s %23s", kind, stall, window) != 3 ||
	    kind_of(kind, &out->kind) || num_u64(stall, &out->law.stall_us) ||
	    num_u64(window, &out->law.window_us) || !out->law.window_us ||
	    out->law.window_us > WINDOW_MAX_US ||
	    out->law.stall_us > out->law.window_us)
		return -EINVAL;
	out->law.clear_us = out->law.stall_us;
	return 0;
}

void spec_kernel_text(const struct spec *s, char *buf)
{
	snprintf(buf, SPEC_TEXT, "%s %llu %llu", psi_kind_name(s->kind),
		 (unsigned long long)s->law.stall_us,
		 (unsigned long long)s->law.window_us);
}

bool spec_widen(const struct spec *s, struct spec *out)
{
	uint64_t window_us = (s->law.window_us + UNPRIVILEGED_US - 1) /
			     UNPRIVILEGED_US * UNPRIVILEGED_US;

	if (window_us > WINDOW_MAX_US)
		return false;
	*out = *s;
	out->law.stall_us =
		(uint64_t)((double)s->law.stall_us * (double)window_us /
			   (double)s->law.window_us);
	out->law.window_us = window_us;
	return true;
}

int spec_base64(const char *text, char *buf, int size)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned int bits = 0, n = 0;
	int len = 0;

	for (; *text && *text != '='; text++) {
		const char *p = strchr(digits, *text);

		if (!p || len + 1 >= size)
			return -EINVAL;
		bits = bits << 6 | (unsigned int)(p - digits);
		n += 6;
		if (n >= 8) {
			n -= 8;
			buf[len++] = (char)(bits >> n);
		}
	}
	buf[len] = '\0';
	return len;
}
