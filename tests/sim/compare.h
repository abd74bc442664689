/* compare - what the simulator is held against, each a table on stdout. */
#ifndef COMPARE_H
#define COMPARE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A tree of small services against the same memory in one cgroup: false where
 * much less was saved of it.
 */
bool compare_tree(uint64_t seed);

/*
 * The services of tests/eval/SERVICES against what a machine gave with them:
 * false where all of them together, at defaults, are not near that.
 */
bool compare_services(uint64_t seed);

/*
 * A program that waits for its pages where no pressure and no refault tells so:
 * false where its harm_pct does not hold what takes them, or costs much of what
 * is cold.
 */
bool compare_latency(uint64_t seed);

#endif
