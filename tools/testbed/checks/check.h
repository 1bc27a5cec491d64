/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The harness of kmcl_check.ko: cases in tables, one thread that runs them one
 * after the other, and KTAP in debugfs.
 *
 * A case fails by what it notes; it goes on or returns as it likes, but leaves
 * nothing behind. It never sleeps for something that an event tells: it waits for
 * the event, with CHECK_LIMIT as the bound at which it has failed. For what must
 * not happen there is no event; it is waited for as long as CHECK_QUIET.
 */
#ifndef _CHECK_H
#define _CHECK_H

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#define CHECK_SECONDS	60
#define CHECK_LIMIT	(CHECK_SECONDS * HZ)
#define CHECK_PATIENCE	ns_to_ktime(CHECK_SECONDS * NSEC_PER_SEC)	/* of requests */
#define CHECK_QUIET	(HZ / 8)
#define CHECK_NOTES	1536

/**
 * struct check - the case that runs
 * @group: name
 * @name: of the case
 * @lock: what follows; a case's callbacks note from any context
 * @failed: something was noted
 * @notes: what, as KTAP comments; the first that fit
 * @used: bytes of @notes
 */
struct check {
	const char *group;
	const char *name;
	spinlock_t lock;
	bool failed;
	char notes[CHECK_NOTES];
	size_t used;
};

/* Ends a table with an empty entry. */
struct check_case {
	const char *name;
	void (*run)(struct check *c);
};

struct check_group {
	const char *name;
	const struct check_case *cases;
};

#define CHECK_CASE(function)	{ .name = #function, .run = function }

extern const struct check_group alone_checks;
extern const struct check_group bounce_checks;
extern const struct check_group defer_checks;
extern const struct check_group errors_checks;
extern const struct check_group external_checks;
extern const struct check_group gpadl_checks;
extern const struct check_group packet_checks;
extern const struct check_group pause_checks;
extern const struct check_group pipe_checks;
extern const struct check_group queue_checks;
extern const struct check_group quota_checks;
extern const struct check_group request_checks;
extern const struct check_group rescind_checks;
extern const struct check_group setup_checks;
extern const struct check_group xfer_checks;

/* The case has failed. Any context. */
__printf(4, 5) void check_note(struct check *c, const char *file, int line,
			       const char *format, ...);
/* Both return what they found, so that a case can stop. Any context. */
bool check_true(struct check *c, const char *file, int line, const char *what, bool truth);
bool check_equal(struct check *c, const char *file, int line, const char *what, long long is,
		 long long wanted);

#define CHECK(c, condition) \
	check_true(c, __FILE__, __LINE__, #condition, !!(condition))
#define CHECK_EQ(c, expression, wanted) \
	check_equal(c, __FILE__, __LINE__, #expression, (long long)(expression), \
		    (long long)(wanted))

/* Awaits what somebody wakes @queue for. */
#define CHECK_AWAIT(c, queue, condition) \
	check_true(c, __FILE__, __LINE__, #condition ", in time", \
		   wait_event_timeout(queue, condition, CHECK_LIMIT))
/* It does not come. */
#define CHECK_NEVER(c, queue, condition) \
	check_true(c, __FILE__, __LINE__, "not " #condition, \
		   !wait_event_timeout(queue, condition, CHECK_QUIET))
/* For what nobody wakes anybody for: looks every millisecond. */
#define CHECK_POLL(c, condition) ({					\
	unsigned long _end = jiffies + CHECK_LIMIT;			\
	while (!(condition) && time_before(jiffies, _end))		\
		usleep_range(1000, 2000);				\
	check_true(c, __FILE__, __LINE__, #condition ", in time", !!(condition)); \
})

#endif /* _CHECK_H */
