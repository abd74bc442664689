/*
 * usage - what a command takes, on the descriptor 3: seconds of user and of
 * system time, the most memory that it had in KiB, and bytes that it wrote.
 * usage: usage CMD [ARG...] 3>FILE
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* wait4(2) takes it away. */
static unsigned long long written(pid_t pid)
{
	unsigned long long n = 0;
	char path[64], line[128];
	siginfo_t info;
	FILE *f;

	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	snprintf(path, sizeof(path), "/proc/%d/io", (int)pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "wchar: %llu", &n);
	if (f)
		fclose(f);
	return n;
}

int main(int argc, char **argv)
{
	unsigned long long bytes;
	struct rusage u;
	int status;
	pid_t pid;

	if (argc < 2)
		return 2;
	pid = fork();
	if (!pid) {
		close(3);
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	bytes = pid < 0 ? 0 : written(pid);
	if (pid < 0 || wait4(pid, &status, 0, &u) != pid)
		return 2;
	dprintf(3, "%ld.%06ld %ld.%06ld %ld %llu\n", (long)u.ru_utime.tv_sec,
		(long)u.ru_utime.tv_usec, (long)u.ru_stime.tv_sec,
		(long)u.ru_stime.tv_usec, u.ru_maxrss, bytes);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}
