/*
 * still: holds memory of known contents and does nothing until it is asked.
 *
 * usage: still ANON_MIB [FILE]
 *
 * It fills so much anonymous memory, which compresses to an eighth, and maps
 * FILE, if one is given.  For each line on stdin it touches a byte of each
 * page, then looks whether all is as it was, and prints "US BAD": the
 * microseconds of the touches and the pages that are not.  The first line is
 * printed without being asked, when all has been filled.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static size_t page_bytes;

struct part {
	unsigned char *mem;
	size_t pages;
	uint64_t *sum; /* of each page, of a file */
};

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* A page of its own: an eighth noise, the rest its number. */
static void make_page(uint64_t *page, size_t i)
{
	uint64_t state = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
	size_t words = page_bytes / sizeof(*page);

	for (size_t w = 0; w < words; w++)
		page[w] = w < words / 8 ? next(&state) : i;
}

static uint64_t sum_of(const unsigned char *page)
{
	uint64_t sum = 14695981039346656037u;

	for (size_t i = 0; i < page_bytes; i++)
		sum = (sum ^ page[i]) * 1099511628211u;
	return sum;
}

static void touch(const struct part *p)
{
	for (size_t i = 0; i < p->pages; i++)
		(void)*(volatile unsigned char *)(p->mem + i * page_bytes);
}

static size_t bad_pages(const struct part *p, uint64_t *want)
{
	size_t bad = 0;

	for (size_t i = 0; i < p->pages; i++) {
		const unsigned char *page = p->mem + i * page_bytes;

		if (!p->sum)
			make_page(want, i);
		bad += p->sum ? sum_of(page) != p->sum[i]
			      : memcmp(page, want, page_bytes) != 0;
	}
	return bad;
}

static void *map(size_t bytes, int fd)
{
	void *mem =
		mmap(NULL, bytes, PROT_READ | (fd < 0 ? PROT_WRITE : 0),
		     fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);

	if (mem == MAP_FAILED) {
		perror("still: mmap");
		exit(2);
	}
	return mem;
}

int main(int argc, char **argv)
{
	struct part part[2] = { { 0 } };
	uint64_t *want, start_us;
	struct stat st;
	char line[64];
	int fd;

	if (argc < 2)
		return 2;
	page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	want = malloc(page_bytes);
	if (!want)
		return 2;
	part[0].pages = strtoull(argv[1], NULL, 10) * (1 << 20) / page_bytes;
	part[0].mem = map(part[0].pages * page_bytes, -1);
	madvise(part[0].mem, part[0].pages * page_bytes, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < part[0].pages; i++)
		make_page((uint64_t *)(void *)(part[0].mem + i * page_bytes),
			  i);
	if (argc > 2) {
		fd = open(argv[2], O_RDONLY);
		if (fd < 0 || fstat(fd, &st)) {
			perror(argv[2]);
			return 2;
		}
		part[1].pages = (size_t)st.st_size / page_bytes;
		part[1].mem = map(part[1].pages * page_bytes, fd);
		part[1].sum = calloc(part[1].pages + 1, sizeof(uint64_t));
		for (size_t i = 0; part[1].sum && i < part[1].pages; i++)
			part[1].sum[i] = sum_of(part[1].mem + i * page_bytes);
	}
	do {
		start_us = now_us();
		touch(part);
		touch(part + 1);
		printf("%" PRIu64, now_us() - start_us);
		printf(" %zu\n",
		       bad_pages(part, want) + bad_pages(part + 1, want));
		fflush(stdout);
	} while (fgets(line, sizeof(line), stdin));
	return 0;
}
