/*
 * pread-floor - what any reader must pay: a bare loop of pread over held
 * descriptors of the named files of every directory in DIR, at the pace of the
 * reader that it is compared with: a loop without pauses finds in the caches
 * what no reader does that sleeps between its ticks.
 * usage: pread-floor DIR TICKS MS FILE...; prints microseconds of CPU for one
 * directory that has some of them, and tick.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { FDS_MAX = 60000 };

static int fds[FDS_MAX];

static double cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
	struct timespec pause = { 0 };
	struct rlimit lim;
	char buf[16384];
	struct dirent *e;
	size_t n = 0, before, dirs = 0;
	double begin;
	int ticks, ms;
	DIR *dir;

	if (argc < 5 || !(dir = opendir(argv[1])))
		return 2;
	ticks = atoi(argv[2]);
	ms = atoi(argv[3]);
	pause.tv_sec = ms / 1000;
	pause.tv_nsec = ms % 1000 * 1000000L;
	getrlimit(RLIMIT_NOFILE, &lim);
	lim.rlim_cur = lim.rlim_max;
	setrlimit(RLIMIT_NOFILE, &lim);
	while ((e = readdir(dir))) {
		if (e->d_type != DT_DIR || *e->d_name == '.')
			continue;
		before = n;
		for (int i = 4; i < argc && n < FDS_MAX; i++) {
			snprintf(buf, sizeof(buf), "%s/%s", e->d_name, argv[i]);
			fds[n] = openat(dirfd(dir), buf, O_RDONLY | O_CLOEXEC);
			n += fds[n] >= 0;
		}
		dirs += n > before;
	}
	begin = cpu_us();
	for (int t = 0; t < ticks; t++) {
		for (size_t i = 0; i < n; i++)
			if (pread(fds[i], buf, sizeof(buf), 0) < 0)
				return 1;
		nanosleep(&pause, NULL);
	}
	printf("%.2f\n", (cpu_us() - begin) / ticks / (double)dirs);
	return 0;
}
