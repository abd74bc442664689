#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fmt.h"
#include "num.h"
#include "table.h"

bool table_is_word(const char *s)
{
	return strcmp(s, "-") && strcmp(s, "max") && !fmt_is_number(s);
}

static const char *humane_pct(const char *text, char *buf)
{
	int64_t milli;
	double pct;

	if (num_milli(text, &milli))
		return text;
	pct = (double)milli / 1000;
	snprintf(buf, TABLE_TEXT, "%.*f",
		 pct < 9.995   ? 2
		 : pct < 99.95 ? 1
			       : 0,
		 pct);
	return buf;
}

static const char *humane_time(const char *text, char *buf)
{
	int64_t milli;
	time_t t;
	struct tm tm;

	if (num_milli(text, &milli))
		return text;
	t = (time_t)(milli / 1000);
	if (!localtime_r(&t, &tm) || !strftime(buf, TABLE_TEXT, "%T", &tm))
		return text;
	return buf;
}

/* The unit goes from the name to the cells: 1.50G, 250ms, 10:15:02. */
const char *table_cell(const char *name, const char *text, char *buf)
{
	bool minus = *text == '-' && text[1];
	uint64_t v;

	if (!strcmp(name, "time"))
		return humane_time(text, buf);
	if (fmt_is_number(text) && !fmt_is_label(name) &&
	    !text[strspn(text, "-0.")])
		return ".";
	if (fmt_ends(name, "_pct") || fmt_ends(name, "_pct_per_min"))
		return humane_pct(text, buf);
	if (num_u64(text + minus, &v))
		return text;
	buf[0] = '-';
	if (fmt_ends(name, "bytes") || fmt_ends(name, "_bytes_per_s") ||
	    fmt_ends(name, "_bytes_per_min") ||
	    fmt_ends(name, "_bytes_per_day"))
		num_human_bytes(buf + minus, v);
	else if (fmt_ends(name, "_us") || fmt_ends(name, "_us_per_day"))
		num_human_us(buf + minus, v);
	else
		return text;
	return buf;
}

/* ---- names ---- */

static void replace(char *name, const char *ending, const char *by)
{
	if (fmt_ends(name, ending))
		memmove(name + strlen(name) - strlen(ending), by,
			strlen(by) + 1);
}

static void cut_out(char *name, const char *part)
{
	char *at = strstr(name, part);

	if (at && at != name)
		memmove(at, at + strlen(part), strlen(at + strlen(part)) + 1);
}

/* "mem_some_avg10_pct" is MEM10%, "swap_write_bytes_per_s" WRITE/S. */
const char *table_name(const char *column, char *buf)
{
	static const char *const ours[][2] = {
		{ "memory_bytes", "mem" },
		{ "cold_anon_bytes", "cold_a" },
		{ "cold_file_bytes", "cold_f" },
		{ "got_anon_bytes", "anon" },
		{ "got_file_bytes", "file" },
		{ "swap_write_bytes_per_s", "write/s" },
		{ "swap_left_bytes", "left" },
		{ "saved_low_bytes", "low" },
		{ "saved_high_bytes", "high" },
		{ "device_bytes_per_day", "write/day" },
		{ "stall_us_per_day", "stall/day" },
		{ "balance_reason", "balance" },
		{ "reason", "why" },
	};

	snprintf(buf, TABLE_TEXT, "%s", column);
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		if (!strcmp(column, ours[i][0]))
			snprintf(buf, TABLE_TEXT, "%s", ours[i][1]);
	replace(buf, "_per_s", "/s");
	replace(buf, "_per_min", "/min");
	replace(buf, "_bytes", "");
	replace(buf, "_us", "");
	replace(buf, "_pct", "%");
	cut_out(buf, "_bytes/");
	cut_out(buf, "_some");
	cut_out(buf, "_avg");
	for (char *p = buf; *p; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	return buf;
}

/*
 * Green works, yellow waits, red cannot or is broken.  Rows are shown by
 * whatever tool ends a pipe, so that the words of all are known here;
 * tests/formats.bats holds them against the kinds that tmo-reclaim -h tells.
 */
const char *table_color(const struct rows_out *o, const char *name,
			const char *word)
{
	static const char *const columns[] = { "reason", "balance_reason",
					       "state", "verdict" };
	static const char *const works[] = {
		"law",	   "cap",   "cold",	 "max_step", "asked",
		"partial", "small", "empty",	 "ok",	     "compressible",
		"only",	   "calm",  "sensitive", "woken",
	};
	static const char *const cannot[] = {
		"floor",     "protected",     "row_floor",  "not_parked",
		"no_psi",    "locked",	      "off",	    "no_swap",
		"swap_full", "zswap_full",    "zram_full",  "rotational",
		"no_yield",  "no_swappiness", "stuck",	    "denied",
		"error",     "unsupported",   "missing",    "incompressible",
		"high",	     "none",	      "huge_pages", "swap_unknown",
		"self",	     "suspect",
	};
	bool any = false;

	for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++)
		any |= !strcmp(name, columns[i]);
	if (!o->color || !any || !table_is_word(word))
		return NULL;
	for (size_t i = 0; i < sizeof(works) / sizeof(*works); i++)
		if (!strcmp(word, works[i]))
			return "\033[32m";
	for (size_t i = 0; i < sizeof(cannot) / sizeof(*cannot); i++)
		if (!strcmp(word, cannot[i]))
			return "\033[31m";
	return "\033[33m";
}
