/*
 * askload: a client that asks a real program for some of what it holds only, so
 * that what is cold in it is known: the rest.
 *
 * usage: askload redis SOCKET VALUE_BYTES KEYS HOT_KEYS SPAN RATE READY_FILE
 *        askload sqlite DIR SQL HOT_KEYS SPAN RATE READY_FILE
 *
 * redis is filled with KEYS values first, and is then asked RATE times a second
 * for SPAN keys in a row (MGET), all below HOT_KEYS. sqlite3 reads from the
 * fifo DIR/ask and writes to DIR/answer; it is asked SQL, which ends in
 * BETWEEN, for as many keys, and answers with one line.
 *
 * Rows on stdout as memhog writes them, one a second, and a last one "total":
 * time ops ops_per_s p50_us p99_us max_us. Ends at SIGTERM.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 32, VALUE_MAX = 65536, TICKS = 20, COMPRESSES = 3 };

/* Every latency of a span: exact quantiles. */
struct span {
	uint32_t *ns;
	size_t n, room;
	uint64_t start_ns;
};

static volatile sig_atomic_t stop;
static FILE *to, *from;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "askload: %s: %s\n", what, strerror(errno));
	exit(2);
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static uint64_t rnd(void)
{
	static uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);

	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static void dial(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&addr, sizeof(addr)))
		die(path);
	to = fdopen(fd, "w");
	from = fdopen(dup(fd), "r");
	if (!to || !from)
		die("no stream");
}

static FILE *open_fifo(const char *dir, const char *name, const char *mode)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, mode);
	if (!file)
		die(path);
	return file;
}

/* A line, without which there is no going on. */
static char *read_line(void)
{
	static char line[256];

	if (!fgets(line, sizeof(line), from))
		die("no reply");
	return line;
}

/* One reply of redis: a line; behind "$LENGTH" a value, behind "*N" so many
 * replies. */
static void reply(void)
{
	static char buf[VALUE_MAX + 2];
	const char *line = read_line();
	long n;

	if (line[0] == '-' || !strcmp(line, "$-1\r\n")) {
		errno = EPROTO;
		die(line);
	}
	if (line[0] != '$' && line[0] != '*')
		return;
	n = strtol(line + 1, NULL, 10);
	if (line[0] == '*')
		while (n--)
			reply();
	else if (n < 0 || n > VALUE_MAX ||
		 fread(buf, 1, (size_t)n + 2, from) != (size_t)n + 2)
		die("a reply was cut short");
}

static void set(unsigned long key, size_t bytes)
{
	static char value[VALUE_MAX];

	/* Noise, then one letter. */
	for (size_t i = 0; i < bytes; i++)
		value[i] = i < bytes / COMPRESSES ? (char)rnd() : 'x';
	fprintf(to, "*3\r\n$3\r\nSET\r\n$12\r\nkey:%08lu\r\n$%zu\r\n", key,
		bytes);
	fwrite(value, 1, bytes, to);
	fputs("\r\n", to);
}

static void fill(unsigned long keys, size_t bytes)
{
	for (unsigned long key = 0; key < keys;) {
		unsigned long n = 0;

		for (; n < BATCH && key < keys; n++)
			set(key++, bytes);
		if (fflush(to))
			die("cannot send");
		while (n--)
			reply();
	}
}

/* Asks for the keys from first on, by SQL or by MGET, and waits. */
static void ask(const char *sql, unsigned long first, unsigned long span)
{
	if (sql) {
		fprintf(to, "%s %lu AND %lu;\n", sql, first, first + span - 1);
	} else {
		fprintf(to, "*%lu\r\n$4\r\nMGET\r\n", span + 1);
		for (unsigned long i = 0; i < span; i++)
			fprintf(to, "$12\r\nkey:%08lu\r\n", first + i);
	}
	if (fflush(to))
		die("cannot send");
	if (sql)
		read_line();
	else
		reply();
}

static void add(struct span *s, uint64_t ns)
{
	if (s->n == s->room) {
		s->room = s->room ? s->room * 2 : 1 << 16;
		s->ns = realloc(s->ns, s->room * sizeof(*s->ns));
		if (!s->ns)
			die("no memory");
	}
	s->ns[s->n++] = ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;
}

static int by_ns(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void row(const char *key, struct span *s, uint64_t now)
{
	double seconds = (double)(now - s->start_ns) / 1e9;

	if (!s->n)
		return;
	qsort(s->ns, s->n, sizeof(*s->ns), by_ns);
	printf("%s\t%zu\t%.0f\t%.3f\t%.3f\t%.3f\n", key, s->n,
	       (double)s->n / seconds, s->ns[s->n / 2] / 1e3,
	       s->ns[s->n * 99 / 100] / 1e3, s->ns[s->n - 1] / 1e3);
	fflush(stdout);
	s->n = 0;
	s->start_ns = now;
}

static void run(const char *sql, unsigned long hot, unsigned long span,
		unsigned long rate)
{
	uint64_t now = now_ns(CLOCK_MONOTONIC), next = now, then;
	struct span second = { .start_ns = now }, total = { .start_ns = now };

	puts("#time\tops\tops_per_s\tp50_us\tp99_us\tmax_us");
	while (!stop) {
		for (unsigned long i = 0; i < rate / TICKS && !stop; i++) {
			then = now_ns(CLOCK_MONOTONIC);
			ask(sql, (unsigned long)(rnd() % (hot - span)), span);
			now = now_ns(CLOCK_MONOTONIC);
			add(&second, now - then);
			add(&total, now - then);
		}
		if (now - second.start_ns >= 1000000000) {
			char time[32];

			snprintf(time, sizeof(time), "%.3f",
				 (double)now_ns(CLOCK_REALTIME) / 1e9);
			row(time, &second, now);
		}
		/* What was not done in time is lost, and shows. */
		next += 1000000000 / TICKS;
		if (next < now)
			next = now;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME,
				&(struct timespec){
					.tv_sec = (time_t)(next / 1000000000),
					.tv_nsec = (long)(next % 1000000000) },
				NULL);
		now = now_ns(CLOCK_MONOTONIC);
	}
	row("total", &total, now);
}

__attribute__((noreturn)) static void usage(void)
{
	fputs("usage: askload redis SOCKET VALUE_BYTES KEYS HOT_KEYS SPAN RATE "
	      "READY_FILE\n"
	      "       askload sqlite DIR SQL HOT_KEYS SPAN RATE READY_FILE\n",
	      stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	/* A reply under way is waited for. */
	struct sigaction sa = { .sa_handler = on_signal,
				.sa_flags = SA_RESTART };
	const char *sql = NULL;
	char **arg = argv + argc - 4; /* HOT_KEYS SPAN RATE READY_FILE */
	unsigned long hot, span;
	int fd;

	sigaction(SIGTERM, &sa, NULL);
	if (argc == 9 && !strcmp(argv[1], "redis")) {
		size_t bytes = (size_t)strtoul(argv[3], NULL, 10);

		dial(argv[2]);
		fill(strtoul(argv[4], NULL, 10),
		     bytes < VALUE_MAX ? bytes : VALUE_MAX);
	} else if (argc == 8 && !strcmp(argv[1], "sqlite")) {
		sql = argv[3];
		to = open_fifo(argv[2], "ask", "we");
		from = open_fifo(argv[2], "answer", "re");
		ask(sql, 1, 1); /* it may be busy with its start */
	} else {
		usage();
	}
	hot = strtoul(arg[0], NULL, 10);
	span = strtoul(arg[1], NULL, 10);
	if (!span || hot <= span)
		usage();
	fd = open(arg[3], O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		die(arg[3]);
	close(fd);
	run(sql, hot, span, strtoul(arg[2], NULL, 10));
	return 0;
}
