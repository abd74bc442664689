#include "shut.h"

#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

enum { SHUTTERS = 64 };

struct share {
	const int *fd;
	size_t n, from; /* each SHUTTERS-th from there */
};

static void *shut_share(void *arg)
{
	const struct share *s = arg;

	for (size_t i = s->from; i < s->n; i += SHUTTERS)
		close(s->fd[i]);
	return NULL;
}

void shut_all(const int *fd, size_t n)
{
	size_t some = n < SHUTTERS ? n : SHUTTERS;
	struct share share[SHUTTERS];
	pthread_t thread[SHUTTERS];
	bool runs[SHUTTERS] = { false };
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, (size_t)PTHREAD_STACK_MIN);
	for (size_t i = 0; i < some; i++) {
		share[i] = (struct share){ fd, n, i };
		runs[i] = some > 1 && !pthread_create(&thread[i], &attr,
						      shut_share, &share[i]);
		if (!runs[i])
			shut_share(&share[i]);
	}
	for (size_t i = 0; i < some; i++)
		if (runs[i])
			pthread_join(thread[i], NULL);
	pthread_attr_destroy(&attr);
}
