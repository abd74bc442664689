/*
 * psi-floor - what any reader must pay: a bare loop of pread over held
 * descriptors of the pressure files of every cgroup below DIR.
 * usage: psi-floor DIR SWEEPS; prints microseconds of CPU a sweep.
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { FDS_MAX = 60000 };

static int fds[FDS_MAX];
static size_t n;

static int visit(const char *path, const struct stat *st, int type,
		 struct FTW *at)
{
	static const char *const files[] = { "cpu", "memory", "io" };
	char file[4096];

	(void)st;
	(void)at;
	for (size_t i = 0; type == FTW_D && i < 3 && n < FDS_MAX; i++) {
		snprintf(file, sizeof(file), "%s/%s.pressure", path, files[i]);
		fds[n] = open(file, O_RDONLY | O_CLOEXEC);
		n += fds[n] >= 0;
	}
	return 0;
}

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
	char buf[512];
	double begin;
	int sweeps;

	if (argc != 3)
		return 2;
	sweeps = atoi(argv[2]);
	getrlimit(RLIMIT_NOFILE, &lim);
	lim.rlim_cur = lim.rlim_max;
	setrlimit(RLIMIT_NOFILE, &lim);
	nftw(argv[1], visit, 64, FTW_PHYS);
	begin = cpu_us();
	for (int s = 0; s < sweeps; s++)
		for (size_t i = 0; i < n; i++)
			if (pread(fds[i], buf, sizeof(buf), 0) <= 0)
				return 1;
	printf("%zu %.0f\n", n, (cpu_us() - begin) / sweeps);
	return 0;
}
