#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io.h"
#include "msg.h"
#include "psi-watch.h"
#include "root.h"
#include "spec.h"

static void check_system(struct rows_out *o, bool *failed)
{
	char feature[32], buf[512];
	struct psi psi;

	for (int res = 0; res < PSI_RES_COUNT; res++) {
		const char *name = psi_res_name((enum psi_res)res);
		ssize_t n =
			io_read(root_fd(), psi_system_file((enum psi_res)res),
				buf, sizeof(buf));
		bool usable = n >= 0 && !psi_parse(buf, &psi);

		snprintf(feature, sizeof(feature), "system_%s", name);
		if (usable)
			tool_check(o, feature, CHECK_OK, "/%s",
				   psi_system_file((enum psi_res)res));
		else if (res == PSI_IRQ)
			tool_check_fix(o, feature, CHECK_LIMITED,
				       "needs CONFIG_IRQ_TIME_ACCOUNTING",
				       "irq columns are -");
		else
			tool_check_fix(o, feature, CHECK_MISSING,
				       n < 0 ? "boot with psi=1"
					     : "needs a kernel whose pressure "
					       "files have total=",
				       "%s",
				       n < 0 ? strerror((int)-n) : "no total=");
		*failed |= !usable && res != PSI_IRQ;
	}
}

static void check_no_pressure(struct rows_out *o, const struct cg_set *set,
			      const struct cg *cg, int err)
{
	char fix[CG_FIX_MAX];

	cg_pressure_fix(set, cg, err, fix, sizeof(fix));
	tool_check_fix(o, "cgroup_pressure", CHECK_LIMITED, fix,
		       "memory.pressure of %s: %s", cg->key, strerror(-err));
}

static void check_cgroup(struct rows_out *o, bool *failed)
{
	struct cg_set set;
	char key[CG_KEY_MAX], buf[512];
	int err = tool_check_tree(o, &set, 0);
	struct cg *cg;
	ssize_t n;

	if (err) {
		*failed = true;
		return;
	}
	if (cg_self(key))
		memcpy(key, "/", 2);
	err = cg_set_get(&set, key, &cg);
	n = err ? err : cg_read(&set, cg, "memory.pressure", buf, sizeof(buf));
	if (n >= 0)
		tool_check(o, "cgroup_pressure", CHECK_OK,
			   "memory.pressure of %s", key);
	else if (err)
		tool_check_fix(o, "cgroup_pressure", CHECK_LIMITED,
			       "psi-watch CGROUP", "no %s below the mount",
			       key);
	else
		check_no_pressure(o, &set, cg, (int)n);
	cg_set_close(&set);
}

/* A trigger dies with its descriptor: trying one leaves nothing behind. */
static int try_trigger(const char *text)
{
	int fd = io_open(root_fd(), psi_system_file(PSI_MEM),
			 O_RDWR | O_NONBLOCK);
	int err = 0;

	if (fd < 0)
		return fd;
	if (write(fd, text, strlen(text) + 1) < 0)
		err = -errno;
	close(fd);
	return err;
}

static void check_triggers(struct rows_out *o)
{
	int any, wide;

	if (!root_is_live()) {
		tool_check(o, "trigger", CHECK_LIMITED,
			   "not tried in a recording");
		return;
	}
	any = try_trigger("some 500000 1000000");
	wide = any ? try_trigger("some 1000000 2000000") : 0;
	if (!any)
		tool_check(o, "trigger", CHECK_OK, "any window up to 10 s");
	else if (!wide)
		tool_check_fix(o, "trigger", CHECK_LIMITED,
			       "other windows need CAP_SYS_RESOURCE",
			       "only windows of 2 s and its multiples");
	else
		tool_check(o, "trigger", CHECK_LIMITED, "-t polls: %s",
			   strerror(-any));
}

static void check_inotify(struct watch *w)
{
	struct cg_set set;
	int fd = cg_set_open(&set, 0) ? -1 : cg_set_follow(&set);

	if (fd >= 0)
		tool_check(&w->out, "inotify", CHECK_OK,
			   "new cgroups are found when they are created");
	else
		tool_check(&w->out, "inotify", CHECK_LIMITED,
			   "new cgroups are looked for at each sample");
	if (set.fd >= 0)
		cg_set_close(&set);
}

int check_run(struct watch *w)
{
	bool failed = false;

	check_system(&w->out, &failed);
	check_cgroup(&w->out, &failed);
	check_triggers(&w->out);
	check_inotify(w);
	return tool_finish(&w->out, failed ? STATUS_FATAL : STATUS_OK);
}
