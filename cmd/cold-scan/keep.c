#include "keep.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io.h"
#include "msg.h"
#include "pack.h"
#include "root.h"
#include "state.h"

enum { KEEP_VERSION = 8 };
static const char keep_name[] = "tmo-tools cold-scan ";

/* All is written anew where the passes take so many times as much. */
enum { PASSES_SHARE = 4 };

/* Before a record; its checksum, of this as well, stands behind it. */
struct record {
	uint64_t bytes, sections;
};
enum { CRC_BYTES = sizeof(uint32_t) };

static void boot_id(char boot[40])
{
	memset(boot, 0, 40);
	if (io_read(root_fd(), "proc/sys/kernel/random/boot_id", boot, 40) < 0)
		memset(boot, 0, 40);
}

/* Small writes, gathered, and their checksum. */
struct sink {
	int fd, err;
	uint32_t crc;
	size_t n;
	unsigned char buf[1 << 16];
};

static void flush(struct sink *out)
{
	if (!out->err)
		out->err = io_write_all(out->fd, out->buf, out->n);
	out->n = 0;
}

static void put(struct sink *out, const void *data, size_t len)
{
	if (!len)
		return;
	out->crc = state_crc32_more(out->crc, data, len);
	if (len > sizeof(out->buf) - out->n)
		flush(out);
	if (len > sizeof(out->buf)) {
		if (!out->err)
			out->err = io_write_all(out->fd, data, len);
		return;
	}
	memcpy(out->buf + out->n, data, len);
	out->n += len;
}

static uint32_t marks_of(const struct section *sec, bool all)
{
	uint32_t most = all ? AGES : 1;

	return sec->passes < most ? sec->passes : most;
}

static uint32_t len_of(const struct section *sec, bool all)
{
	return all ? sec->packed_len : sec->differ_len;
}

static void put_section(struct sink *out, const struct idle *s,
			const struct section *sec, bool all)
{
	struct keep_section head = { .pfn = sec->pfn,
				     .pages = sec->pages,
				     .kept = idle_kept(s, sec),
				     .passes = sec->passes,
				     .read_at = sec->read_at,
				     .marks = marks_of(sec, all),
				     .len = len_of(sec, all) };

	put(out, &head, sizeof(head));
	for (uint32_t i = sec->passes - head.marks; i != sec->passes; i++)
		put(out, sec->marked + i % AGES, sizeof(*sec->marked));
	put(out, all ? sec->packed : sec->differ, head.len);
}

/* All ages, or what the last pass made of them. */
static void put_record(struct sink *out, const struct idle *s, bool all)
{
	struct keep_head h = { .page_bytes = s->page_bytes,
			       .sample = s->sample,
			       .seed = s->seed,
			       .start_us = s->start_us,
			       .before_us = s->before_us,
			       .moved_pages = s->moved_pages,
			       .scanned_pages = s->scanned_pages,
			       .agings = s->agings,
			       .passes = s->passes,
			       .suspect = s->suspect };
	struct record r = { .bytes = sizeof(h), .sections = s->n };
	uint32_t crc;

	boot_id(h.boot);
	memcpy(h.suspect_us, s->suspect_us, sizeof(h.suspect_us));
	memcpy(h.misled_pages, s->misled_pages, sizeof(h.misled_pages));
	for (size_t i = 0; i < s->n; i++)
		r.bytes += sizeof(struct keep_section) +
			   marks_of(s->v + i, all) * sizeof(uint32_t) +
			   len_of(s->v + i, all);
	out->crc = 0;
	put(out, &r, sizeof(r));
	put(out, &h, sizeof(h));
	for (size_t i = 0; i < s->n; i++)
		put_section(out, s, s->v + i, all);
	crc = out->crc;
	put(out, &crc, sizeof(crc));
	flush(out);
}

static int write_anew(struct keep *k, const char *path, const struct idle *s,
		      struct sink *out)
{
	char tmp[IO_PATH], line[64];
	int n = snprintf(line, sizeof(line), "%s%d\n", keep_name, KEEP_VERSION);

	out->fd = io_replace_begin(path, tmp, sizeof(tmp));
	if (out->fd < 0)
		return out->fd;
	put(out, line, (size_t)n);
	put_record(out, s, true);
	k->base = k->end = lseek(out->fd, 0, SEEK_CUR);
	return io_replace_end(path, tmp, out->fd, out->err);
}

/* The file whose ages we have, as we left it; with another link, that one is a
 * copy of these ages, and stays so. */
static bool is_as_left(const struct keep *k, int fd)
{
	struct stat st;

	return !fstat(fd, &st) && st.st_nlink == 1 &&
	       st.st_dev == k->was.st_dev && st.st_ino == k->was.st_ino &&
	       st.st_size == k->end &&
	       !memcmp(&st.st_ctim, &k->was.st_ctim, sizeof(st.st_ctim));
}

/* -ESTALE: it is not the file that we left, or one reads it, and is to be
 * written anew. */
static int append(struct keep *k, const char *path, const struct idle *s,
		  struct sink *out)
{
	off_t size;

	out->fd = state_open(path, O_WRONLY, &size);
	if (out->fd < 0)
		return -ESTALE;
	if (is_as_left(k, out->fd) && lseek(out->fd, 0, SEEK_END) == size &&
	    !flock(out->fd, LOCK_EX | LOCK_NB))
		put_record(out, s, false);
	else
		out->err = -ESTALE;
	k->end = lseek(out->fd, 0, SEEK_CUR);
	/* A part of a record would be damage. */
	if (out->err && out->err != -ESTALE && ftruncate(out->fd, size))
		debug("cannot cut '%s': %s", path, strerror(errno));
	if (close(out->fd) && !out->err)
		out->err = -errno;
	return out->err;
}

int keep_save(struct keep *k, const char *path, struct idle *s)
{
	struct sink *out = xcalloc(1, sizeof(*out));
	int err = -ESTALE;

	/* Nobody may read what is added to. */
	idle_leave_file(s);
	keep_close(&k->file);
	if (s->differ && k->end && k->sections == s->n &&
	    k->end - k->base < PASSES_SHARE * k->base)
		err = append(k, path, s, out);
	if (err == -ESTALE) {
		out->err = 0;
		err = write_anew(k, path, s, out);
	}
	free(out);
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].differ);
		s->v[i].differ = NULL;
		s->v[i].differ_len = 0;
	}
	if (err || lstat(path, &k->was))
		k->end = 0;
	k->sections = s->n;
	s->differ = k->end;
	return err;
}

/* What was read of a file is in memory as long as there is room, or to be read
 * again: no part of ours. */
static void drop(const struct keep_file *f)
{
	madvise((void *)(uintptr_t)f->map, f->size, MADV_DONTNEED);
}

static uint32_t checksum(const struct keep_file *f, const unsigned char *p,
			 size_t len)
{
	uint32_t crc = 0;

	while (len) {
		size_t n = len < 1 << 20 ? len : 1 << 20;

		crc = state_crc32_more(crc, p, n);
		p += n;
		len -= n;
		drop(f);
	}
	return crc;
}

/* The record at p, and where the next one is: NULL: damaged. */
static const unsigned char *take_record(struct keep_file *f,
					const unsigned char *p)
{
	size_t left = f->size - (size_t)(p - f->map);
	struct record r;
	uint32_t crc;

	if (left < sizeof(r))
		return NULL;
	memcpy(&r, p, sizeof(r));
	left -= sizeof(r);
	if (left < CRC_BYTES || r.bytes > left - CRC_BYTES ||
	    r.bytes < sizeof(f->head) || (f->n && r.sections != f->sections))
		return NULL;
	memcpy(&crc, p + sizeof(r) + r.bytes, sizeof(crc));
	if (checksum(f, p, sizeof(r) + r.bytes) != crc)
		return NULL;
	memcpy(&f->head, p + sizeof(r), sizeof(f->head));
	f->sections = r.sections;
	f->part = xrealloc(f->part, f->n + 1, sizeof(*f->part));
	f->part[f->n++] =
		(struct keep_part){ .at = p + sizeof(r) + sizeof(f->head),
				    .end = p + sizeof(r) + r.bytes };
	return p + sizeof(r) + r.bytes + CRC_BYTES;
}

static int take_records(struct keep_file *f)
{
	const unsigned char *p = f->map, *whole = p + f->size;
	char line[64];
	int n = snprintf(line, sizeof(line), "%s%d\n", keep_name, KEEP_VERSION);

	if (f->size < (size_t)n || memcmp(p, line, (size_t)n))
		return -EPROTO;
	for (p += n; p && p < whole;) {
		p = take_record(f, p);
		if (p && f->n == 1)
			f->base = (size_t)(p - f->map);
	}
	return p && f->n ? 0 : -EBADMSG;
}

/* Its size, when no record is half written any more. */
static off_t settled(int fd)
{
	flock(fd, LOCK_SH);
	return lseek(fd, 0, SEEK_END);
}

/* A file that somebody cuts raises SIGBUS where its map is read. */
static void end_when_cut(int number)
{
	static const char text[] =
		"cold-scan: -S: the state was cut short while it was read\n";
	ssize_t n = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void)number;
	(void)n;
	_exit(STATUS_FATAL);
}

int keep_open(struct keep_file *f, const char *path)
{
	off_t size;
	int fd = state_open(path, O_RDONLY, &size), err;

	memset(f, 0, sizeof(*f));
	if (fd < 0)
		return fd;
	f->size = (size_t)settled(fd);
	if (fstat(fd, &f->st))
		f->size = 0;
	/* Nothing is synced: the machine may have lost power. */
	if (!f->size) {
		close(fd);
		return -EBADMSG;
	}
	/* The map keeps the lock: nobody cuts the file under it. */
	f->map = mmap(NULL, f->size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (f->map == MAP_FAILED) {
		f->map = NULL;
		return -ENOMEM;
	}
	signal(SIGBUS, end_when_cut);
	err = take_records(f);
	f->ages = xcalloc(f->n + 1, sizeof(*f->ages));
	if (err)
		keep_close(f);
	return err;
}

void keep_close(struct keep_file *f)
{
	if (f->map)
		munmap((void *)(uintptr_t)f->map, f->size);
	free(f->part);
	free(f->ages);
	memset(f, 0, sizeof(*f));
}

static bool take_section(struct keep_part *p, struct keep_section *sec,
			 uint32_t marked[AGES], struct pack_part *ages)
{
	size_t left = (size_t)(p->end - p->at);

	if (left < sizeof(*sec))
		return false;
	memcpy(sec, p->at, sizeof(*sec));
	left -= sizeof(*sec);
	if (sec->marks > AGES || sec->marks > sec->passes ||
	    left < sec->marks * sizeof(*marked) ||
	    left - sec->marks * sizeof(*marked) < sec->len || sec->pages % 64 ||
	    sec->kept % 64 || sec->kept > sec->pages)
		return false;
	p->at += sizeof(*sec);
	for (uint32_t m = sec->passes - sec->marks; m != sec->passes; m++) {
		memcpy(marked + m % AGES, p->at, sizeof(*marked));
		p->at += sizeof(*marked);
	}
	*ages = (struct pack_part){ p->at, sec->len };
	p->at += sec->len;
	return true;
}

bool keep_next(struct keep_file *f, struct keep_section *sec,
	       uint32_t marked[AGES])
{
	struct keep_section first;

	memset(marked, 0, AGES * sizeof(*marked));
	if (++f->taken % 64 == 0)
		drop(f);
	if (!take_section(f->part, &first, marked, f->ages))
		return false;
	*sec = first;
	for (size_t i = 1; i < f->n; i++)
		if (!take_section(f->part + i, sec, marked, f->ages + i) ||
		    sec->pfn != first.pfn || sec->pages != first.pages ||
		    sec->kept != first.kept)
			return false;
	return true;
}

/* The memory layout, and where the ages of its sections are; or why not. */
static const char *restore_sections(struct idle *s, struct keep_file *f)
{
	s->told = xcalloc(s->n * f->n, sizeof(*s->told));
	s->n_told = f->n;
	s->told_map = f->map;
	s->told_bytes = f->size;
	for (size_t i = 0; i < s->n; i++) {
		struct section *sec = s->v + i;
		struct keep_section k;

		if (!keep_next(f, &k, sec->marked))
			return "it is damaged";
		if (k.pfn != sec->pfn || k.pages != sec->pages ||
		    k.kept != idle_kept(s, sec))
			return "the memory layout has changed";
		sec->passes = k.passes;
		sec->read_at = k.read_at;
		sec->told = memcpy(s->told + i * f->n, f->ages,
				   f->n * sizeof(*f->ages));
	}
	return NULL;
}

/* NULL, or why not; then there are no ages. */
static const char *restore(struct idle *s, struct keep_file *f)
{
	const struct keep_head *h = &f->head;
	uint64_t seed = s->seed;
	char boot[40];
	const char *why;

	boot_id(boot);
	if (memcmp(boot, h->boot, sizeof(boot)))
		return "it is from another boot";
	if (h->sample != s->sample)
		return "it was made with another --sample";
	if (h->page_bytes != s->page_bytes || f->sections != s->n)
		return "the memory layout has changed";
	/* What was touched before those marks looks idle now. */
	if (idle_stamp_us() > h->start_us)
		return "a pass that it does not know has marked pages since";
	s->seed = h->seed;
	why = restore_sections(s, f);
	if (why) {
		s->seed = seed;
		idle_forget(s);
		return why;
	}
	s->passes = h->passes;
	s->suspect = h->suspect;
	memcpy(s->suspect_us, h->suspect_us, sizeof(h->suspect_us));
	memcpy(s->misled_pages, h->misled_pages, sizeof(h->misled_pages));
	s->start_us = h->start_us;
	s->before_us = h->before_us;
	s->moved_pages = h->moved_pages;
	s->scanned_pages = h->scanned_pages;
	s->agings = h->agings;
	return NULL;
}

/* Did a cold-scan begin it, of whatever version? */
static bool is_ours(const char *path)
{
	char text[sizeof(keep_name)];
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	bool ours;

	if (fd < 0)
		return false;
	ours = pread(fd, text, sizeof(text) - 1, 0) == sizeof(text) - 1 &&
	       !memcmp(text, keep_name, sizeof(text) - 1);
	close(fd);
	return ours;
}

/* Nothing in it can be used, and cron's next run would meet it again. */
static void set_aside(const char *path, const char *why)
{
	char aside[IO_PATH];
	int n = snprintf(aside, sizeof(aside), "%s.old", path);

	if (n < 0 || (size_t)n >= sizeof(aside) || rename(path, aside))
		die(errno, "-S: '%s' is %s, and cannot be renamed", path, why);
	note("-S: '%s' is %s: ages start at 0; the file is kept as '%s'", path,
	     why, aside);
}

int keep_load(struct keep *k, const char *path, struct idle *s)
{
	int lock = state_lock(path, 1), err;
	struct keep_file f;
	const char *why;

	if (lock < 0)
		die(lock, "cannot lock '%s'", path);
	memset(k, 0, sizeof(*k));
	err = keep_open(&f, path);
	if (err == -ENOENT)
		return lock;
	if (err == -EPERM || err == -ELOOP)
		die(0,
		    "-S: '%s' is a link, or others can write it: not trusted",
		    path);
	if (err == -EPROTO && !is_ours(path))
		die(0, "-S: '%s' is not a state of cold-scan: remove it", path);
	if (err == -EPROTO || err == -EBADMSG) {
		set_aside(path,
			  err == -EPROTO ? "of another version" : "damaged");
		return lock;
	}
	if (err)
		die(err, "cannot read '%s'", path);
	why = restore(s, &f);
	if (why) {
		note("-S: '%s' is not used (%s): ages start at 0", path, why);
		keep_close(&f);
	} else {
		*k = (struct keep){ (off_t)f.base, (off_t)f.size, f.sections,
				    f.st, f };
		s->differ = true;
	}
	return lock;
}

int keep_peek(const char *path, struct idle *s)
{
	struct keep_file f;
	int err = keep_open(&f, path);

	if (err)
		return err;
	/* Memory may have come or gone since. */
	s->sample = f.head.sample;
	err = s->sample ? idle_layout(s) : -ESTALE;
	if (!err && restore(s, &f))
		err = -ESTALE;
	idle_leave_file(s);
	keep_close(&f);
	return err;
}
