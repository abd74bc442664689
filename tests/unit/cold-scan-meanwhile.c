/* What looks for disturbances between two passes of cold-scan. */
#include "cold-scan/meanwhile.c"
#include "tap.h"

#include <dirent.h>
#include <stdlib.h>

static atomic_uint looks;

unsigned int verdict_look(void)
{
	atomic_fetch_add(&looks, 1);
	return SUSPECT_NUMA;
}

static size_t entries(const char *dir)
{
	DIR *d = opendir(dir);
	size_t n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

/* A signal meets no thread that could miss it for the one that waits. */
static void test_signals(void)
{
	struct timespec none = { 0 };
	sigset_t term;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &term, NULL);
	kill(getpid(), SIGTERM);
	ok(sigtimedwait(&term, NULL, &none) == SIGTERM,
	   "a signal is left to the others");
}

int main(void)
{
	const struct timespec moment = { .tv_nsec = 10000000 };
	struct meanwhile m = { .looks = false };
	size_t files;
	const char *bad;

	root_open("/", &bad);
	files = entries("/proc/self/fd");
	meanwhile_stop(&m);
	meanwhile_start(&m);
	while (!atomic_load(&looks))
		nanosleep(&moment, NULL);
	test_signals();
	meanwhile_stop(&m);
	is_u64(meanwhile_found(&m), SUSPECT_NUMA, "tells what it saw");
	is_u64(meanwhile_found(&m), 0, "once");
	is_u64(entries("/proc/self/fd"), files,
	       "ends when it is told to, and leaves no file open");
	meanwhile_stop(&m);
	return tap_done();
}
