/*
 * annotate - a filter: rows from stdin with the newest known cold columns.
 */
#ifndef ANNOTATE_H
#define ANNOTATE_H

#include "scan.h"
#include "view.h"

/* Scans in a thread while rows come; the exit status. */
int annotate(struct view *v, struct scan *s);

#endif
