/* psi-watch - what the parts of the tool share: what was asked, and the run. */
#ifndef PSI_WATCH_H
#define PSI_WATCH_H

#include "clock.h"
#include "expr.h"
#include "sample.h"
#include "targets.h"
#include "tool.h"

enum { MAX_TRIGGERS = 16 };

struct config {
	struct common_opts common;
	const char *targets; /* --targets */
	const char *sort;    /* --sort */
	uint64_t top;	     /* --top, 0: all */
	const char *until;   /* --until, or --while */
	bool is_while;
	bool all;
	uint64_t timeout_us; /* --timeout, 0: none */
	bool quantiles;
	const char *trigger[MAX_TRIGGERS]; /* -t */
	size_t n_triggers;
	const char *clear;    /* --clear */
	uint64_t sustain_us;  /* --sustain */
	uint64_t cooldown_us; /* --cooldown */
	bool stateful;	      /* any of the three */
	bool blame, from_env;
};

struct kept {
	struct cg *cg;
	struct sample sample;
	int64_t by; /* what it is sorted by */
};

struct watch {
	struct config cfg;
	struct cg_set set;
	struct targets targets;
	struct reader reader;
	struct rows_out out;
	struct col_set cols;
	struct row row;
	uint64_t interval_us;	  /* 0: one sample */
	bool failed;		  /* some cgroup could not be read */
	char warned_why[WHY_MAX]; /* why, told once for all */

	/* the loop */
	const struct job *job;
	struct clock_events events;
	uint64_t start_us, end_us;
	uint64_t done;	/* samples shown, or events: what -c counts */
	uint64_t wakes; /* waits that ended */
	bool stale;	/* the set may be another: update it */

	/* samples */
	const struct mode *mode;
	uint64_t sweep_us; /* when the next is due */
	bool swept;	   /* there was one */
	bool warned_short; /* of descriptors */

	/* --sort, --until: samples are kept to the end of the sweep */
	struct kept *kept;
	size_t n_kept, kept_room;
	int sort_arg, trend_arg;
	bool has_trend, utf8;

	struct expr expr; /* of the wait */
	bool met;	  /* it had a cgroup */

	struct quantiles *quantiles; /* of --quantiles */
	struct trigger_run *trigger; /* of -t */
};

/*
 * What becomes of the samples.  sample: one cgroup's.  end: the sweep is over;
 * the exit status, or -1 to go on.  over: the status when time or count is.
 */
struct mode {
	void (*sample)(struct watch *w, struct cg *cg, struct sample *s);
	int (*end)(struct watch *w);
	int (*over)(struct watch *w);
	void (*now)(struct watch *w);		      /* SIGUSR1; or NULL */
	void (*gone)(struct watch *w, struct cg *cg); /* removed; or NULL */
};
extern const struct mode show_mode, wait_mode, quantiles_mode;

/*
 * What the loop is for: samples (sweep.c) or triggers (trigger.c).  Each hook
 * but open, round and over may be NULL, wake where no ptr is added.
 */
struct job {
	void (*open)(struct watch *w);	  /* before the set's first update */
	void (*updated)(struct watch *w); /* after each */
	/*
	 * Does what is due, and tells when more is; the exit status, or -1 to
	 * go on.  It may come early: a signal or a descriptor wakes the loop.
	 */
	int (*round)(struct watch *w, uint64_t *due_us);
	/*
	 * A descriptor that was added to w->events by ptr has events.  One
	 * added by NULL is the loop's: it makes the set stale.
	 */
	void (*wake)(struct watch *w, void *ptr, uint32_t events);
	void (*now)(struct watch *w);	/* SIGUSR1 */
	void (*close)(struct watch *w); /* the loop ended */
	int (*over)(struct watch *w);	/* the status where no round gave it */
};
extern const struct job sweep_job, trigger_job;

/* loop.c: rounds until the job, the count, the time or a signal ends it. */
int loop_run(struct watch *w);
int loop_status(const struct watch *w);

/* show.c */
void show_open(struct watch *w);
void show_row(struct watch *w, struct cg *cg, struct sample *s);
void show_keep(struct watch *w, struct cg *cg, const struct sample *s);

/* check.c: --check; exits */
int check_run(struct watch *w);

/* wait.c, quantiles.c: dies when the condition is no such thing */
void wait_open(struct watch *w);
void quantiles_open(struct watch *w);

#endif
