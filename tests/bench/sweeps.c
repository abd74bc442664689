/*
 * sweeps - the CPU that commands take from one sleep to the next.  They run
 * side by side, so that all meet the same machine, and one is disturbed as the
 * others are.
 * usage: sweeps SECONDS MS CMD...; each CMD is of the shell, sleeps every MS
 * and is ended by SIGTERM.  Prints for each what its quickest tenth of sweeps
 * took at most, in microseconds, and how many sweeps it counted.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CMDS_MAX = 8, SWEEPS_MAX = 10000, SKIPPED = 3 };

static struct cmd {
	pid_t pid;
	clockid_t clock;
	long sleeps; /* so many it had when it was last seen asleep */
	double cpu_us;
	double took_us[SWEEPS_MAX];
	size_t n;
} cmds[CMDS_MAX];

static void sleep_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* How many sleeps began; -1: it is awake. */
static long sleeps_of(pid_t pid)
{
	char path[64], line[256], state = 0;
	long n = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (!sscanf(line, "State: %c", &state))
			sscanf(line, "voluntary_ctxt_switches: %ld", &n);
	if (f)
		fclose(f);
	return state == 'S' ? n : -1;
}

/* One sleep more than the last time: what lies between is a sweep. */
static void look(struct cmd *c)
{
	long sleeps = sleeps_of(c->pid);
	struct timespec t;
	double cpu_us;

	if (sleeps < 0 || sleeps == c->sleeps || clock_gettime(c->clock, &t))
		return;
	cpu_us = (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
	if (sleeps == c->sleeps + 1 && c->n < SWEEPS_MAX)
		c->took_us[c->n++] = cpu_us - c->cpu_us;
	c->sleeps = sleeps;
	c->cpu_us = cpu_us;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	int n = argc - 3;
	time_t end;
	long ms;

	if (n < 1 || n > CMDS_MAX)
		return 2;
	ms = atol(argv[2]);
	for (int i = 0; i < n; i++) {
		cmds[i].pid = fork();
		if (!cmds[i].pid) {
			execl("/bin/sh", "sh", "-c", argv[i + 3], (char *)NULL);
			_exit(127);
		}
		clock_getcpuclockid(cmds[i].pid, &cmds[i].clock);
		sleep_ms(ms * (n + 1) / n); /* not all at the same moment */
	}
	for (end = time(NULL) + atol(argv[1]); time(NULL) < end; sleep_ms(10))
		for (int i = 0; i < n; i++)
			look(&cmds[i]);
	for (int i = 0; i < n; i++) {
		struct cmd *c = &cmds[i];
		double *took = c->took_us + SKIPPED;

		kill(c->pid, SIGTERM);
		waitpid(c->pid, NULL, 0);
		if (c->n <= SKIPPED)
			return 1;
		c->n -= SKIPPED;
		qsort(took, c->n, sizeof(*took), by_size);
		printf("%.0f %zu\n", took[c->n / 10], c->n);
	}
	return 0;
}
