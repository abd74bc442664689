/*
 * cold-floor - what any reader of page frames must pay: bare preads of the
 * bitmap, kpageflags and kpagecgroup of DIR, 128 MiB of memory at a time.
 * usage: cold-floor DIR
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static const struct {
		const char *path;
		size_t bytes;
	} files[] = {
		{ "sys/kernel/mm/page_idle/bitmap", 4096 },
		{ "proc/kpageflags", 262144 },
		{ "proc/kpagecgroup", 262144 },
	};
	static char buf[262144];
	int fd[3];

	if (argc != 2 || chdir(argv[1]))
		return 2;
	for (int i = 0; i < 3; i++)
		if ((fd[i] = open(files[i].path, O_RDONLY)) < 0)
			return 2;
	for (off_t n = 0;; n++)
		for (int i = 0; i < 3; i++)
			if (pread(fd[i], buf, files[i].bytes,
				  n * (off_t)files[i].bytes) <= 0)
				return 0;
}
