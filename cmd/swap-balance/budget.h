/*
 * budget - how much may be written to swap devices: a token bucket a drive,
 * kept in a state file that all instances share.  Each budget has buckets of
 * its own, all of which are charged with what was written.
 *
 * Bytes are the device's own sectors (block/stat.rst), not pswpout: that
 * counts zram and, for zswap, what never left memory.  The file holds the
 * sector count that has been charged, so that a killed instance, or none at
 * all for a while, loses nothing; a reboot starts the count at 0.
 */
#ifndef BUDGET_H
#define BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drive.h"
#include "machine.h"

struct budget_cfg {
	double bytes_per_s;	/* mean rate; 0: no budget */
	int64_t cap_bytes;	/* what may be saved up */
	double endurance_bytes; /* of the drive's rating; 0 unknown */
	const char *path;
};

/* Reads "20G", "20G/1d", "1M/1s"; 0 or -EINVAL. */
int budget_parse(const char *text, struct budget_cfg *out);
/* Reads "600TBW/5y", decimal terabytes as vendors count; 0 or -EINVAL. */
int budget_parse_drive(const char *text, struct budget_cfg *out);

/* level may be negative: a debt is made up first. */
struct bucket {
	int64_t level_bytes;
	int64_t since_ms, updated_ms; /* Unix time; their difference is no
					 wall time, but what went by */
	uint64_t written_bytes;	      /* since since_ms */
	bool unknown; /* what its drive was written in this look; not kept */
};

/*
 * Pure: dt_s of refill, less the written bytes; what is then over
 * the cap is lost.
 */
void bucket_tick(struct bucket *b, const struct budget_cfg *cfg, double dt_s,
		 uint64_t written_bytes);
/*
 * Pure: what may be written a second for the next gap_s, after which it is
 * asked for again.  Linear in what is left: a full bucket goes at four times
 * the mean rate, an empty one at none; but in the gap no more than is left and
 * half of what comes in, so that small buckets hold, too, and do not run dry.
 */
uint64_t bucket_pace(const struct bucket *b, const struct budget_cfg *cfg,
		     double gap_s);
/* Pure: years until the rating is used up at the rate so far; NAN unknown. */
double bucket_years(const struct bucket *b, const struct budget_cfg *cfg);

struct budget {
	struct budget_cfg cfg;
	bool kept;	    /* there is one, and a drive for it */
	int64_t left_bytes; /* of the tightest drive; never negative */
	double years;
	int unsaved; /* -errno of the state's write: then the pace is 0, as
			what is written now might never be charged */
	char unknown[DRIVE_ID];	 /* a drive that does not tell what was written:
				    then, too; "": there is none */
	int64_t other_cap_bytes; /* of another budget of such a drive, of late;
				    0: there is none */
};

/* What a round of upkeep may write; NUM_MAX without a budget. */
uint64_t budget_left_bytes(const struct budget *b);

/* What may be written a second for the next gap_s, as of bucket_pace(). */
uint64_t budget_pace(const struct budget *b, double gap_s);

/*
 * Brings the state file up to the devices' counters; save false writes
 * nothing.  0 or -errno of the state file.
 */
int budget_look(struct budget *out, const struct budget_cfg *cfg,
		const struct machine *m, bool save);

/*
 * Tells of each bucket of the state file, up to date; writes nothing.  Their
 * number, or -errno.
 */
typedef void budget_told(void *arg, const char *drive,
			 const struct budget_cfg *cfg, const struct bucket *b,
			 int64_t used_ms);
int budget_status(const struct budget_cfg *cfg, const struct machine *m,
		  budget_told *tell, void *arg);

#endif
