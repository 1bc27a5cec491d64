/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KUnit as a suite sees it. One suite to a program; run.c runs it.
 */
#ifndef _SHIM_KUNIT_TEST_H
#define _SHIM_KUNIT_TEST_H

#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/sched.h>

#define KUNIT_PARAM_DESC_SIZE	128

enum kunit_status {
	KUNIT_SUCCESS,
	KUNIT_FAILURE,
	KUNIT_SKIPPED,
};

struct kunit_action;

/**
 * struct kunit - one case, as it runs
 * @priv: the suite's own
 * @param_value: of a case with parameters
 * @name: of the case
 * @status: so far
 * @why: it was skipped
 * @actions: what is to be done when it ends, the last first
 */
struct kunit {
	void *priv;
	const void *param_value;
	const char *name;
	enum kunit_status status;
	char why[256];
	struct kunit_action *actions;
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
	const void *(*generate_params)(const void *prev, char *desc);
};

struct kunit_suite {
	const char name[256];
	int (*suite_init)(struct kunit_suite *suite);
	void (*suite_exit)(struct kunit_suite *suite);
	int (*init)(struct kunit *test);
	void (*exit)(struct kunit *test);
	struct kunit_case *test_cases;
};

/* The suite of this program. */
extern struct kunit_suite *const kunit_suite;

#define kunit_test_suite(suite)	struct kunit_suite *const kunit_suite = &(suite)

#define KUNIT_CASE(case_) { .run_case = case_, .name = #case_ }
#define KUNIT_CASE_PARAM(case_, gen) \
	{ .run_case = case_, .name = #case_, .generate_params = gen }
#define KUNIT_CASE_SLOW(case_)	KUNIT_CASE(case_)

#define KUNIT_ARRAY_PARAM(param, array, describe)					\
static const void *param##_gen_params(const void *prev, char *desc)			\
{											\
	const typeof((array)[0]) *next = prev ? (const typeof((array)[0]) *)prev + 1 : (array);	\
											\
	if (next >= (array) + ARRAY_SIZE(array))					\
		return NULL;								\
	describe(next, desc);								\
	return next;									\
}

typedef void (kunit_action_t)(void *context);

int kunit_add_action(struct kunit *test, kunit_action_t *action, void *context);
int kunit_add_action_or_reset(struct kunit *test, kunit_action_t *action, void *context);
void kunit_end(struct kunit *test);

void *kunit_alloc(struct kunit *test, size_t count, size_t size, gfp_t gfp);

#define kunit_kmalloc(test, size, gfp)		kunit_alloc(test, 1, size, gfp)
#define kunit_kzalloc(test, size, gfp)		kunit_alloc(test, 1, size, (gfp) | __GFP_ZERO)
#define kunit_kmalloc_array(test, n, size, gfp)	kunit_alloc(test, n, size, gfp)
#define kunit_kcalloc(test, n, size, gfp)	kunit_alloc(test, n, size, (gfp) | __GFP_ZERO)

/* Ends the case, wherever in its own thread that is. */
void __attribute__((noreturn)) kunit_abort(struct kunit *test);

__printf(2, 3) void __attribute__((noreturn)) kunit_skip(struct kunit *test, const char *why, ...);

__printf(6, 7) void kunit_failed(struct kunit *test, bool stop, const char *file, int line,
				 const char *expected, const char *fmt, ...);

#define kunit_info(test, fmt, ...)						\
	printf("    # %s: " fmt "\n", (test)->name, ##__VA_ARGS__)

/* --- what is expected ---------------------------------------------------- */

#define KUNIT_NO_MSG		"it is not"

#define KUNIT_THAT(test, stop, condition, text, ...) do {				\
	if (!(condition))								\
		kunit_failed(test, stop, __FILE__, __LINE__, text, __VA_ARGS__);	\
} while (0)

/* Both sides are read once, and printed when they are wrong. */
#define KUNIT_COMPARE(test, stop, left, op, right, fmt, ...) do {			\
	const typeof(left) __left = (left);						\
	const typeof(right) __right = (right);						\
											\
	if (!(__left op __right))							\
		kunit_failed(test, stop, __FILE__, __LINE__, #left " " #op " " #right,	\
			     "%lld (0x%llx) is not " #op " %lld (0x%llx) " fmt,	\
			     (long long)__left, (long long)__left,			\
			     (long long)__right, (long long)__right, ##__VA_ARGS__);	\
} while (0)

#define KUNIT_COMPARE_PTR(test, stop, left, op, right, fmt, ...) do {			\
	const void *__left = (left), *__right = (right);				\
											\
	KUNIT_THAT(test, stop, __left op __right, #left " " #op " " #right,		\
		   "%p is not " #op " %p " fmt, __left, __right, ##__VA_ARGS__);	\
} while (0)

#define KUNIT_EXPECT_EQ(t, a, b)	KUNIT_COMPARE(t, false, a, ==, b, "")
#define KUNIT_EXPECT_NE(t, a, b)	KUNIT_COMPARE(t, false, a, !=, b, "")
#define KUNIT_EXPECT_LT(t, a, b)	KUNIT_COMPARE(t, false, a, <, b, "")
#define KUNIT_EXPECT_LE(t, a, b)	KUNIT_COMPARE(t, false, a, <=, b, "")
#define KUNIT_EXPECT_GT(t, a, b)	KUNIT_COMPARE(t, false, a, >, b, "")
#define KUNIT_EXPECT_GE(t, a, b)	KUNIT_COMPARE(t, false, a, >=, b, "")
#define KUNIT_ASSERT_EQ(t, a, b)	KUNIT_COMPARE(t, true, a, ==, b, "")
#define KUNIT_ASSERT_NE(t, a, b)	KUNIT_COMPARE(t, true, a, !=, b, "")
#define KUNIT_ASSERT_LT(t, a, b)	KUNIT_COMPARE(t, true, a, <, b, "")
#define KUNIT_ASSERT_LE(t, a, b)	KUNIT_COMPARE(t, true, a, <=, b, "")
#define KUNIT_ASSERT_GT(t, a, b)	KUNIT_COMPARE(t, true, a, >, b, "")
#define KUNIT_ASSERT_GE(t, a, b)	KUNIT_COMPARE(t, true, a, >=, b, "")

#define KUNIT_EXPECT_EQ_MSG(t, a, b, ...)	KUNIT_COMPARE(t, false, a, ==, b, __VA_ARGS__)
#define KUNIT_EXPECT_NE_MSG(t, a, b, ...)	KUNIT_COMPARE(t, false, a, !=, b, __VA_ARGS__)
#define KUNIT_ASSERT_EQ_MSG(t, a, b, ...)	KUNIT_COMPARE(t, true, a, ==, b, __VA_ARGS__)
#define KUNIT_ASSERT_NE_MSG(t, a, b, ...)	KUNIT_COMPARE(t, true, a, !=, b, __VA_ARGS__)

#define KUNIT_EXPECT_PTR_EQ(t, a, b)	KUNIT_COMPARE_PTR(t, false, a, ==, b, "")
#define KUNIT_EXPECT_PTR_NE(t, a, b)	KUNIT_COMPARE_PTR(t, false, a, !=, b, "")
#define KUNIT_EXPECT_NULL(t, a)		KUNIT_COMPARE_PTR(t, false, a, ==, NULL, "")
#define KUNIT_EXPECT_NOT_NULL(t, a)	KUNIT_COMPARE_PTR(t, false, a, !=, NULL, "")
#define KUNIT_ASSERT_PTR_EQ(t, a, b)	KUNIT_COMPARE_PTR(t, true, a, ==, b, "")
#define KUNIT_ASSERT_PTR_NE(t, a, b)	KUNIT_COMPARE_PTR(t, true, a, !=, b, "")
#define KUNIT_ASSERT_NULL(t, a)		KUNIT_COMPARE_PTR(t, true, a, ==, NULL, "")
#define KUNIT_ASSERT_NOT_NULL(t, a)	KUNIT_COMPARE_PTR(t, true, a, !=, NULL, "")

#define KUNIT_EXPECT_TRUE(t, c)		KUNIT_THAT(t, false, c, #c, KUNIT_NO_MSG)
#define KUNIT_EXPECT_FALSE(t, c)	KUNIT_THAT(t, false, !(c), "!(" #c ")", KUNIT_NO_MSG)
#define KUNIT_ASSERT_TRUE(t, c)		KUNIT_THAT(t, true, c, #c, KUNIT_NO_MSG)
#define KUNIT_ASSERT_FALSE(t, c)	KUNIT_THAT(t, true, !(c), "!(" #c ")", KUNIT_NO_MSG)

#define KUNIT_EXPECT_TRUE_MSG(t, c, ...)  KUNIT_THAT(t, false, c, #c, __VA_ARGS__)
#define KUNIT_EXPECT_FALSE_MSG(t, c, ...) KUNIT_THAT(t, false, !(c), "!(" #c ")", __VA_ARGS__)
#define KUNIT_ASSERT_TRUE_MSG(t, c, ...)  KUNIT_THAT(t, true, c, #c, __VA_ARGS__)
#define KUNIT_ASSERT_FALSE_MSG(t, c, ...) KUNIT_THAT(t, true, !(c), "!(" #c ")", __VA_ARGS__)

#define KUNIT_EXPECT_NOT_ERR_OR_NULL(t, p) \
	KUNIT_THAT(t, false, !IS_ERR_OR_NULL(p), #p " is an object", KUNIT_NO_MSG)
#define KUNIT_ASSERT_NOT_ERR_OR_NULL(t, p) \
	KUNIT_THAT(t, true, !IS_ERR_OR_NULL(p), #p " is an object", KUNIT_NO_MSG)

#define KUNIT_EXPECT_STREQ(t, a, b) \
	KUNIT_THAT(t, false, !strcmp(a, b), #a " == " #b, "\"%s\", \"%s\"", a, b)
#define KUNIT_ASSERT_STREQ(t, a, b) \
	KUNIT_THAT(t, true, !strcmp(a, b), #a " == " #b, "\"%s\", \"%s\"", a, b)
#define KUNIT_EXPECT_MEMEQ(t, a, b, size) \
	KUNIT_THAT(t, false, !memcmp(a, b, size), #a " == " #b, KUNIT_NO_MSG)
#define KUNIT_ASSERT_MEMEQ(t, a, b, size) \
	KUNIT_THAT(t, true, !memcmp(a, b, size), #a " == " #b, KUNIT_NO_MSG)

#define KUNIT_FAIL(t, ...)	KUNIT_THAT(t, false, false, "not to come here", __VA_ARGS__)

#endif /* _SHIM_KUNIT_TEST_H */
