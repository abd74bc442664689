#include "sensitivity.h"

#include <math.h>

enum {
	EVIDENCE = 32, /* swap-ins, to tell how they were felt */
	HALF_LIFE_S = 60,
};

void sensitivity_learn(double *pct, const struct window *w,
		       const double us[KIND_COUNT])
{
	double file = w->pages[KIND_FILE] * us[KIND_FILE];
	double swap = w->pages[KIND_ZSWAP] * us[KIND_ZSWAP] +
		      w->pages[KIND_DEVICE] * us[KIND_DEVICE];
	double caused;

	if (w->pages[KIND_ZSWAP] + w->pages[KIND_DEVICE] < EVIDENCE) {
		*pct *= exp2(-w->s / HALF_LIFE_S);
		return;
	}
	if (isnan(w->mem_some_pct)) /* nobody knows how they were felt */
		return;
	caused = w->mem_some_pct * swap / (swap + file);
	if (isnan(*pct))
		*pct = caused;
	*pct += 0.3 * (caused - *pct);
}
