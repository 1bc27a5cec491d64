// SPDX-License-Identifier: GPL-2.0-only
/*
 * The event loop of the main thread: epoll over file descriptors, timerfds for
 * timers, and a queue with an eventfd for calls from other threads. Everything that
 * must not race runs here; only loop_call(), loop_stop() and loop_now() are for all.
 */
#include "loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "exitcode.h"
#include "log.h"

#define NSEC_PER_SEC	1000000000ull
#define EVENTS_PER_WAIT	64
#define NOT_STOPPED	(-1)

/*
 * What to call for a descriptor, indexed by it. An event carries the generation
 * too, so one that was fetched before its source went away finds nobody.
 */
struct source {
	loop_fn fn;
	void *ctx;
	uint32_t generation;
};

struct call {
	struct call *next;
	loop_fn fn;
	void *ctx;
};

struct loop_timer {
	int fd;
	loop_fn fn;
	void *ctx;
};

static int epoll_fd = -1;
static int wake_fd = -1;
static struct source *sources;
static int nr_sources;

static pthread_mutex_t calls_lock = PTHREAD_MUTEX_INITIALIZER;
static struct call *calls;
static struct call **calls_tail = &calls;

static atomic_int stop_code = NOT_STOPPED;

static void wake(void)
{
	uint64_t one = 1;

	if (write(wake_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		abort();
}

static struct call *take_calls(void)
{
	struct call *first;

	pthread_mutex_lock(&calls_lock);
	first = calls;
	calls = NULL;
	calls_tail = &calls;
	pthread_mutex_unlock(&calls_lock);
	return first;
}

static void run_calls(void)
{
	struct call *c = take_calls();

	while (c) {
		struct call *next = c->next;

		c->fn(c->ctx);
		free(c);
		c = next;
	}
}

static void woken(void *ctx)
{
	uint64_t count;

	(void)ctx;
	if (read(wake_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		abort();
	run_calls();
}

int loop_init(void)
{
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (epoll_fd < 0 || wake_fd < 0)
		return -1;
	return loop_add_fd(wake_fd, woken, NULL);
}

static int grow_sources(int fd)
{
	int n = fd < 32 ? 64 : fd * 2;
	struct source *more = realloc(sources, n * sizeof(*more));

	if (!more)
		return -1;
	for (; nr_sources < n; nr_sources++)
		more[nr_sources] = (struct source){0};
	sources = more;
	return 0;
}

int loop_add_fd(int fd, loop_fn fn, void *ctx)
{
	struct epoll_event ev = { .events = EPOLLIN };

	if (fd < 0 || (fd >= nr_sources && grow_sources(fd)))
		return -1;
	sources[fd].fn = fn;
	sources[fd].ctx = ctx;
	sources[fd].generation++;
	ev.data.u64 = (uint64_t)sources[fd].generation << 32 | (uint32_t)fd;
	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev);
}

void loop_del_fd(int fd)
{
	if (fd < 0 || fd >= nr_sources || !sources[fd].fn)
		return;
	epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	sources[fd].fn = NULL;
	sources[fd].generation++;
}

static void timer_expired(void *ctx)
{
	struct loop_timer *t = ctx;
	uint64_t count;

	/* Disarmed or moved since the event was fetched: nothing to read. */
	if (read(t->fd, &count, sizeof(count)) == sizeof(count))
		t->fn(t->ctx);
}

struct loop_timer *loop_timer_new(loop_fn fn, void *ctx)
{
	struct loop_timer *t = malloc(sizeof(*t));

	if (!t)
		return NULL;
	t->fn = fn;
	t->ctx = ctx;
	t->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (t->fd < 0)
		goto err_free;
	if (loop_add_fd(t->fd, timer_expired, t))
		goto err_close;
	return t;

err_close:
	close(t->fd);
err_free:
	free(t);
	return NULL;
}

void loop_timer_arm(struct loop_timer *t, uint64_t first_ns, uint64_t period_ns)
{
	struct itimerspec its = {
		.it_value = { first_ns / NSEC_PER_SEC, first_ns % NSEC_PER_SEC },
		.it_interval = { period_ns / NSEC_PER_SEC, period_ns % NSEC_PER_SEC },
	};

	timerfd_settime(t->fd, 0, &its, NULL);
}

void loop_timer_free(struct loop_timer *t)
{
	if (!t)
		return;
	loop_del_fd(t->fd);
	close(t->fd);
	free(t);
}

void loop_call(loop_fn fn, void *ctx)
{
	struct call *c = malloc(sizeof(*c));
	bool first;

	if (!c)
		abort();
	c->next = NULL;
	c->fn = fn;
	c->ctx = ctx;
	pthread_mutex_lock(&calls_lock);
	first = !calls;
	*calls_tail = c;
	calls_tail = &c->next;
	pthread_mutex_unlock(&calls_lock);
	if (first)
		wake();
}

uint64_t loop_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

static void dispatch(const struct epoll_event *ev)
{
	uint32_t fd = (uint32_t)ev->data.u64;
	const struct source *s = &sources[fd];

	if (s->fn && s->generation == ev->data.u64 >> 32)
		s->fn(s->ctx);
}

int loop_run(void)
{
	struct epoll_event events[EVENTS_PER_WAIT];

	while (atomic_load(&stop_code) == NOT_STOPPED) {
		int n = epoll_wait(epoll_fd, events, EVENTS_PER_WAIT, -1);

		if (n < 0 && errno != EINTR) {
			log_info("epoll_wait failed: %m");
			loop_stop(EXIT_HOST_ERROR);
		}
		for (int i = 0; i < n && atomic_load(&stop_code) == NOT_STOPPED; i++)
			dispatch(&events[i]);
	}
	/* What vCPUs handed over before they asked for the end still counts. */
	run_calls();
	return atomic_load(&stop_code);
}

void loop_stop(int code)
{
	int expected = NOT_STOPPED;

	if (atomic_compare_exchange_strong(&stop_code, &expected, code))
		wake();
}
