/*
 * zipfload: an open-loop client whose requests are skewed as those of users
 * are: key number n of a shuffled order is asked for in proportion to 1/n^S.
 *
 * usage: zipfload PROTOCOL SOCKET KEYS BYTES RATE THREADS S [fill]
 *                 [live=FILE] [goal=US]
 *
 * PROTOCOL is memcached, redis, http (GET /KEY, of four digits at least) or
 * postgres (a row of table t by its id, as user and database postgres); SOCKET
 * is a Unix socket.  fill first stores KEYS values of BYTES (memcached, redis),
 * of which each byte is one of eight in runs that compress about three to one.
 *
 * Requests fall due at random (exponential times between them, RATE a second,
 * from a fixed seed: the same ones each time), and their latency counts from
 * then, not from when they were sent: who waits behind a slow one is slow, too.
 *
 * live puts two numbers into FILE every five seconds: the requests of the last
 * half minute, and those of them that took longer than goal.
 *
 * SIGUSR1 begins to measure, SIGTERM ends and prints a row with a header:
 * requests rate_pct p50_us p99_us p999_us max_us worst_mean_us late cold1_bytes
 * cold5_bytes
 *
 * rate_pct       answered of those that were due
 * worst_mean_us  mean latency of the worst second
 * cold1_bytes    on average over time, bytes of the values within a minute and
 *                more (cold5: five) of no request: what who knows the future
 *                could have offloaded
 *
 * $ZIPFLOAD_ROWS names a file for a row of each measured request: seconds since
 * SIGUSR1 at which it was due, and the us that it took.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	BUCKETS = 2400,
	SECONDS = 7200,
	VALUE_MAX = 1 << 20,
	AGES = 2,
	ROWS = 1 << 17
};
enum { LIVE_S = 5, LIVE_PARTS = 6 };

static const double ages_s[AGES] = { 60, 300 };

static struct {
	const char *protocol, *socket, *live;
	uint32_t keys, bytes;
	unsigned int threads;
	double rate, goal_s;
} opt;

static double *sums; /* of the probabilities of the ranks */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	uint64_t n, due, late, bucket[BUCKETS];
	double max_s, from_s, cold_s[AGES];
	double sum_s[SECONDS];
	uint32_t count[SECONDS];
	double *asked_s;
	struct {
		float due_s, took_s;
	} row[ROWS]; /* of the first requests that were measured */
	struct {
		uint64_t n, slow;
	} live[LIVE_PARTS];
	unsigned int part;
} seen;

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "zipfload: %s %s: %s\n", opt.protocol, what,
		errno ? strerror(errno) : "not what was expected");
	exit(2);
}

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static uint64_t next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* In (0, 1). */
static double uniform(uint64_t *x)
{
	return ((double)(next_random(x) >> 11) + 0.5) / 9007199254740992.0;
}

static void make_zipf(double skew)
{
	double sum = 0;

	sums = malloc(opt.keys * sizeof(*sums));
	if (!sums)
		die("memory");
	for (uint32_t i = 0; i < opt.keys; i++)
		sums[i] = sum += pow(i + 1, -skew);
}

/* Hot keys lie among the cold ones, as they do in a real store. */
static uint32_t pick(uint64_t *x)
{
	double at = uniform(x) * sums[opt.keys - 1];
	uint32_t low = 0, high = opt.keys - 1;

	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (sums[mid] < at)
			low = mid + 1;
		else
			high = mid;
	}
	return (uint32_t)((uint64_t)low * 2654435761U % opt.keys);
}

static FILE *dial(FILE **to)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	FILE *from;

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", opt.socket);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)))
		die("connect");
	from = fdopen(fd, "r");
	*to = fdopen(dup(fd), "w");
	if (!from || !*to)
		die("fdopen");
	return from;
}

static void take(FILE *from, size_t n)
{
	static __thread char buf[65536];

	while (n) {
		size_t part = n < sizeof(buf) ? n : sizeof(buf);

		if (fread(buf, 1, part, from) != part)
			die("answer is cut");
		n -= part;
	}
}

/* The messages of an answer of postgres, to the one that it is ready. */
static void take_messages(FILE *from)
{
	unsigned char head[5];

	do {
		size_t length;

		if (fread(head, 1, sizeof(head), from) != sizeof(head))
			die("answer is cut");
		length = (size_t)head[1] << 24 | (size_t)head[2] << 16 |
			 (size_t)head[3] << 8 | head[4];
		errno = 0;
		if (*head == 'E' || length < 4)
			die("answer");
		take(from, length - 4);
	} while (*head != 'Z');
}

static void put_u32(FILE *to, uint32_t n)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		putc((int)(n >> shift & 255), to);
}

static void greet(FILE *from, FILE *to)
{
	static const char hello[] = "user\0postgres\0database\0postgres\0";

	if (strcmp(opt.protocol, "postgres") != 0)
		return;
	put_u32(to, 8 + sizeof(hello));
	put_u32(to, 3 << 16);
	fwrite(hello, 1, sizeof(hello), to);
	fflush(to);
	take_messages(from);
}

static void ask(FILE *from, FILE *to, uint32_t key)
{
	char line[512];
	size_t bytes = 0;

	switch (*opt.protocol) {
	case 'm': fprintf(to, "get k%" PRIu32 "\r\n", key); break;
	case 'r': fprintf(to, "GET k%" PRIu32 "\r\n", key); break;
	case 'h':
		fprintf(to, "GET /%04" PRIu32 " HTTP/1.1\r\nHost: x\r\n\r\n",
			key);
		break;
	default:
		snprintf(line, sizeof(line),
			 "SELECT v FROM t WHERE id = %" PRIu32, key);
		putc('Q', to);
		put_u32(to, (uint32_t)strlen(line) + 5);
		fwrite(line, 1, strlen(line) + 1, to);
		fflush(to);
		take_messages(from);
		return;
	}
	fflush(to);
	if (!fgets(line, sizeof(line), from))
		die("no answer");
	errno = 0;
	switch (*opt.protocol) {
	case 'm':
		if (sscanf(line, "VALUE %*s %*u %zu", &bytes) != 1)
			die(line);
		take(from, bytes + 2 + strlen("END\r\n"));
		return;
	case 'r':
		if (sscanf(line, "$%zu", &bytes) != 1)
			die(line);
		take(from, bytes + 2);
		return;
	default: break;
	}
	if (!strstr(line, " 200 "))
		die(line);
	while (fgets(line, sizeof(line), from) && *line != '\r')
		sscanf(line, "Content-Length: %zu", &bytes);
	take(from, bytes);
}

static void fill(void)
{
	static char value[VALUE_MAX], line[512];
	FILE *to, *from = dial(&to);
	uint64_t x = 88172645463325252U;

	for (uint32_t done = 0, key = 0; done < opt.keys;) {
		for (; key < opt.keys && key < done + 32; key++) {
			for (uint32_t i = 0; i < opt.bytes; i += 8) {
				uint64_t r = next_random(&x);

				for (uint32_t b = 0; b < 8; b++)
					value[i + b] =
						(char)('a' +
						       (b < 3 ? r >> (8 * b) &
									15
							      : 0));
			}
			if (*opt.protocol == 'm')
				fprintf(to, "set k%u 0 0 %u\r\n", key,
					opt.bytes);
			else
				fprintf(to,
					"*3\r\n$3\r\nSET\r\n$%d\r\nk%u\r\n$%"
					"u\r\n",
					snprintf(NULL, 0, "k%u", key), key,
					opt.bytes);
			fwrite(value, 1, opt.bytes, to);
			fputs("\r\n", to);
		}
		fflush(to);
		for (; done < key; done++)
			if (!fgets(line, sizeof(line), from))
				die("fill");
	}
	fclose(to);
	fclose(from);
}

/* With the lock: the part of a gap between requests that was measured. */
static void see_gap(uint32_t key, double now)
{
	double gap = now - seen.asked_s[key];
	double part = now - fmax(seen.from_s, seen.asked_s[key]);

	for (int i = 0; i < AGES; i++)
		if (seen.from_s > 0 && gap >= ages_s[i])
			seen.cold_s[i] += part;
	seen.asked_s[key] = now;
}

static void note(uint32_t key, double due, double now)
{
	double took = now - due;
	int at = (int)(log(fmax(took * 1e6, 1)) / log(1.01));

	at = at < BUCKETS ? at : BUCKETS - 1;
	pthread_mutex_lock(&lock);
	see_gap(key, due);
	seen.live[seen.part].n++;
	seen.live[seen.part].slow += took > opt.goal_s;
	if (seen.from_s > 0 && due >= seen.from_s) {
		size_t second = (size_t)(due - seen.from_s) % SECONDS;

		if (seen.n < ROWS) {
			seen.row[seen.n].due_s = (float)(due - seen.from_s);
			seen.row[seen.n].took_s = (float)took;
		}
		seen.n++;
		seen.bucket[at]++;
		seen.max_s = fmax(seen.max_s, took);
		seen.sum_s[second] += took;
		seen.count[second]++;
		seen.late += took > 0.01;
	}
	pthread_mutex_unlock(&lock);
}

__attribute__((noreturn)) static void *work(void *arg)
{
	uint64_t x = 0x9e3779b97f4a7c15U * (1 + *(unsigned int *)arg);
	FILE *to, *from = dial(&to);
	double due = now_s();

	greet(from, to);
	for (;;) {
		uint32_t key = pick(&x);
		double wait;

		due += -log(uniform(&x)) * opt.threads / opt.rate;
		wait = due - now_s();
		if (wait > 0)
			nanosleep(&(struct timespec){ (time_t)wait,
						      (long)(fmod(wait, 1) *
							     1e9) },
				  NULL);
		ask(from, to, key);
		note(key, due, now_s());
	}
}

static double quantile_us(const uint64_t *bucket, double q)
{
	uint64_t all = 0, n = 0;

	for (int i = 0; i < BUCKETS; i++)
		all += bucket[i];
	for (int i = 0; i < BUCKETS; i++)
		if ((n += bucket[i]) >= (uint64_t)ceil(q * (double)all))
			return pow(1.01, i + 0.5);
	return 0;
}

static void put_rows(void)
{
	const char *path = getenv("ZIPFLOAD_ROWS");
	FILE *rows = path ? fopen(path, "w") : NULL;

	if (!path)
		return;
	for (uint64_t i = 0; rows && i < seen.n && i < ROWS; i++)
		fprintf(rows, "%.3f\t%.0f\n", (double)seen.row[i].due_s,
			(double)seen.row[i].took_s * 1e6);
	if (!rows || fclose(rows))
		die("rows");
}

/* The file is whole at any time. */
static void tell_live(void)
{
	uint64_t n = 0, slow = 0;
	char new[512];
	FILE *to;

	pthread_mutex_lock(&lock);
	for (int p = 0; p < LIVE_PARTS; p++) {
		n += seen.live[p].n;
		slow += seen.live[p].slow;
	}
	seen.part = (seen.part + 1) % LIVE_PARTS;
	memset(seen.live + seen.part, 0, sizeof(seen.live[seen.part]));
	pthread_mutex_unlock(&lock);
	snprintf(new, sizeof(new), "%s.new", opt.live);
	to = fopen(new, "w");
	if (!to)
		die(new);
	fprintf(to, "%" PRIu64 " %" PRIu64 "\n", n, slow);
	if (fclose(to) || rename(new, opt.live))
		die(new);
}

__attribute__((noreturn)) static void report(void)
{
	double now = now_s(), took = now - seen.from_s, worst = 0;

	pthread_mutex_lock(&lock);
	for (uint32_t key = 0; key < opt.keys; key++)
		see_gap(key, now);
	for (size_t i = 0; i < SECONDS; i++)
		if (seen.count[i])
			worst = fmax(worst, seen.sum_s[i] / seen.count[i]);
	puts("#requests\trate_pct\tp50_us\tp99_us\tp999_us\tmax_us\tworst_mean_"
	     "us\tlate\tcold1_bytes\tcold5_bytes");
	printf("%" PRIu64 "\t%.1f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%" PRIu64
	       "\t%.0f\t%.0f\n",
	       seen.n, 100 * (double)seen.n / (opt.rate * took),
	       quantile_us(seen.bucket, 0.5), quantile_us(seen.bucket, 0.99),
	       quantile_us(seen.bucket, 0.999), seen.max_s * 1e6, worst * 1e6,
	       seen.late, seen.cold_s[0] / took * opt.bytes,
	       seen.cold_s[1] / took * opt.bytes);
	put_rows();
	exit(0);
}

int main(int argc, char **argv)
{
	pthread_t thread;
	sigset_t set;
	int sig;

	if (argc < 8) {
		fputs("usage: zipfload PROTOCOL SOCKET KEYS BYTES RATE THREADS "
		      "S [fill] [live=FILE] [goal=US]\n",
		      stderr);
		return 2;
	}
	opt.protocol = argv[1];
	opt.socket = argv[2];
	opt.keys = (uint32_t)strtoul(argv[3], NULL, 10);
	opt.bytes = (uint32_t)strtoul(argv[4], NULL, 10);
	opt.rate = strtod(argv[5], NULL);
	opt.threads = (unsigned int)strtoul(argv[6], NULL, 10);
	if (!opt.keys || !opt.bytes || opt.bytes > VALUE_MAX - 8 ||
	    opt.rate <= 0 || !opt.threads)
		die("arguments");
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	make_zipf(strtod(argv[7], NULL));
	seen.asked_s = malloc(opt.keys * sizeof(double));
	if (!seen.asked_s)
		die("memory");
	for (int i = 8; i < argc; i++)
		if (!strncmp(argv[i], "live=", 5))
			opt.live = argv[i] + 5;
		else if (!strncmp(argv[i], "goal=", 5))
			opt.goal_s = strtod(argv[i] + 5, NULL) / 1e6;
		else
			fill();
	for (uint32_t i = 0; i < opt.keys; i++)
		seen.asked_s[i] = now_s();
	for (unsigned int i = 0; i < opt.threads; i++) {
		unsigned int *id = malloc(sizeof(*id));

		if (!id)
			die("memory");
		*id = i;
		if ((errno = pthread_create(&thread, NULL, work, id)))
			die("thread");
	}
	for (;;) {
		const struct timespec wait = { LIVE_S, 0 };

		sig = sigtimedwait(&set, NULL, opt.live ? &wait : NULL);
		if (sig == SIGTERM)
			report();
		if (sig != SIGUSR1) {
			if (opt.live)
				tell_live();
			continue;
		}
		pthread_mutex_lock(&lock);
		seen.from_s = now_s();
		pthread_mutex_unlock(&lock);
	}
}
