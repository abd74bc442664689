/*
 * meanwhile - what disturbs a page-idle scan between two passes, and during
 * one: a thread looks each second.
 */
#ifndef MEANWHILE_H
#define MEANWHILE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct meanwhile {
	pthread_t thread;
	bool looks;
	int end[2]; /* a pipe: closed where it is to end */
	atomic_uint found;
};

/* Of a recording there is nothing between its samples. */
void meanwhile_start(struct meanwhile *m);
void meanwhile_stop(struct meanwhile *m);

/* The suspicions found since it was asked last: see verdict_look(). */
unsigned int meanwhile_found(struct meanwhile *m);

#endif
