/*
 * usage - what a command takes, on the descriptor 3: seconds of user and of
 * system time, and the most memory that it had, in KiB.
 * usage: usage CMD [ARG...] 3>FILE
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
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
	if (pid < 0 || wait4(pid, &status, 0, &u) != pid)
		return 2;
	dprintf(3, "%ld.%06ld %ld.%06ld %ld\n", (long)u.ru_utime.tv_sec,
		(long)u.ru_utime.tv_usec, (long)u.ru_stime.tv_sec,
		(long)u.ru_stime.tv_usec, u.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}
