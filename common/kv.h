/*
 * kv - kernel text by key.
 *
 * Three shapes (Documentation/admin-guide/cgroup-v2.rst, "Format"): flat
 * "key value" lines, nested "name key=value key=value" lines, and a single
 * value.  Unknown keys and new lines are passed over; "max" is NUM_MAX.  What
 * does not fit an int64_t is no number: a count that went below 0.
 * Functions return 0, -ENOENT (no such key) or -EBADMSG (not a number).
 */
#ifndef KV_H
#define KV_H

#include <stddef.h>
#include <stdint.h>

int kv_u64(const char *text, const char *key, uint64_t *out);
int kv_nested_u64(const char *text, const char *name, const char *key,
		  uint64_t *out);
int kv_single(const char *text, uint64_t *out);

/* Reads the file and takes its single value; -errno of the read, too. */
int kv_read_u64(int dirfd, const char *path, uint64_t *out);

/* The same of dir/file below dirfd; without where it cannot be read. */
uint64_t kv_value(int dirfd, const char *dir, const char *file,
		  uint64_t without);

/*
 * A limit or protection of dir: 0 or -errno.  Where there is no such file there
 * is none, and *out stays as it is.
 */
int kv_limit(int dirfd, const char *dir, const char *file, uint64_t *out);

/* As kv_read_u64, of one key of a flat file. */
int kv_read_key(int dirfd, const char *path, const char *key, uint64_t *out);

/* The off of a key whose number nobody wants. */
#define KV_PASSED SIZE_MAX

/*
 * A flat file in one pass: for each field whose key is met, the uint64_t at
 * offset off of out is set; the others become NUM_NONE.  Keys in the table
 * stand in the order that the kernel prints them where that is known, those
 * that nobody wants among them: the search starts behind the last hit, and only
 * a key that is not there is looked for in vain.
 */
struct kv_field {
	const char *key;
	size_t len, off;
};
#define KV_FIELD(key, off)                    \
	{                                     \
		(key), sizeof(key) - 1, (off) \
	}
void kv_fill(const char *text, const struct kv_field *fields, size_t n,
	     void *out);

#endif
