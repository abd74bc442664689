#include "share.h"

#include <math.h>

static const double KEPT_US = 120e6;
static const double LEAST = 0.02; /* so that it is tried again */
/* So little tells nothing yet: what the kernel takes at once. */
static const double NOISE_BYTES = 128 << 10;

void share_note(struct share *s, uint64_t window_us,
		const uint64_t taken_bytes[SHARE_KINDS],
		const uint64_t back_bytes[SHARE_KINDS])
{
	double kept = exp(-(double)window_us / KEPT_US);

	for (int k = 0; k < SHARE_KINDS; k++) {
		s->taken_bytes[k] =
			s->taken_bytes[k] * kept + (double)taken_bytes[k];
		s->back_bytes[k] =
			s->back_bytes[k] * kept + (double)back_bytes[k];
	}
}

static double stayed(const struct share *s, enum share_kind k)
{
	double back = s->back_bytes[k] / (s->taken_bytes[k] + NOISE_BYTES);

	return fmax(LEAST, 1 - back);
}

double share_anon(const struct share *s, uint64_t swappiness,
		  uint64_t anon_bytes, uint64_t file_bytes)
{
	double anon =
		(double)swappiness * (double)anon_bytes * stayed(s, SHARE_ANON);
	double file = (double)(200 - swappiness) * (double)file_bytes *
		      stayed(s, SHARE_FILE);

	return anon / (anon + file);
}
