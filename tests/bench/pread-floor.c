/*
 * pread-floor - what any reader must pay: a bare loop of pread over held
 * descriptors of the named files of every directory in DIR.
 * usage: pread-floor DIR TICKS FILE...; prints microseconds of CPU for one
 * directory and tick.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { FDS_MAX = 60000 };

static int fds[FDS_MAX];

static double cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

int main(int argc, char **argv)
{
	struct rlimit lim;
	char buf[16384];
	struct dirent *e;
	size_t n = 0, dirs = 0;
	double begin;
	int ticks;
	DIR *dir;

	if (argc < 4 || !(dir = opendir(argv[1])))
		return 2;
	ticks = atoi(argv[2]);
	getrlimit(RLIMIT_NOFILE, &lim);
	lim.rlim_cur = lim.rlim_max;
	setrlimit(RLIMIT_NOFILE, &lim);
	while ((e = readdir(dir))) {
		if (e->d_type != DT_DIR || *e->d_name == '.')
			continue;
		dirs++;
		for (int i = 3; i < argc && n < FDS_MAX; i++) {
			snprintf(buf, sizeof(buf), "%s/%s", e->d_name, argv[i]);
			fds[n] = openat(dirfd(dir), buf, O_RDONLY | O_CLOEXEC);
			n += fds[n] >= 0;
		}
	}
	begin = cpu_us();
	for (int t = 0; t < ticks; t++)
		for (size_t i = 0; i < n; i++)
			if (pread(fds[i], buf, sizeof(buf), 0) < 0)
				return 1;
	printf("%.2f\n", (cpu_us() - begin) / ticks / (double)dirs);
	return 0;
}
