/* options - what an operator says, and what holds where nothing is said. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdint.h>

#include "maintain.h"
#include "member.h"
#include "tool.h"

#define STATE_DIR "/var/lib/tmo"

enum mode {
	MODE_SHOW,
	MODE_STATUS,
	MODE_ACCOUNT,
	MODE_FORECAST,
	MODE_PLAN,
	MODE_APPLY, /* from here on something is changed */
	MODE_UNDO,
	MODE_MAINTAIN,
};

struct options {
	struct config cfg;
	struct maintain_cfg zram;
	enum mode mode;
	uint64_t probe_bytes;
	const char *state;
	uint32_t given; /* a bit for each of options[] */
};

/* The option that chose it; not of MODE_SHOW. */
const char *options_mode(enum mode mode);

/* An option that was given and that its mode would leave out of account, as it
 * is written; NULL: there is none. */
const char *options_unused(const struct options *o);

extern const struct options options_default;

/* The tool's own options, for -h, and the one that takes them: see tool.h. */
extern const struct opt options[];
extern const size_t options_n;
void options_take(void *options, int key, const char *text);

#endif
