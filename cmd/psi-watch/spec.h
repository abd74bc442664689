/* spec - a trigger as operators and systemd write it.  Pure. */
#ifndef SPEC_H
#define SPEC_H

#include "alarm.h"
#include "psi.h"

struct spec {
	enum psi_res res;
	enum psi_kind kind;
	struct alarm_config law;
};

/*
 * "memory some 150ms/1s", "io full 5%/2s".  0, or -EINVAL with *why; sustain
 * and cooldown are left alone, clear is the threshold.
 */
int spec_parse(const char *text, struct spec *out, const char **why);

/* "50ms" or "2%" of the window. */
int spec_level(const char *text, uint64_t window_us, uint64_t *out_us);

/* As the kernel takes it: "some 150000 1000000", in microseconds. */
int spec_kernel_parse(const char *text, struct spec *out);
enum { SPEC_TEXT = 64 };
void spec_kernel_text(const struct spec *s, char *buf);

/*
 * The next window that needs no privilege, a multiple of 2 s (since 6.4,
 * kernel/sched/psi.c), with the stall in proportion; false: over 10 s.
 */
bool spec_widen(const struct spec *s, struct spec *out);

/* Standard base64; the length, or -EINVAL. */
int spec_base64(const char *text, char *buf, int size);

#endif
