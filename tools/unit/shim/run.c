// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs the suite of this program, or those of its cases that match the patterns
 * given, and prints KTAP as the kernel does. Fails if a case fails or warns. A
 * case that takes a minute ends the program, and so does whatever a sanitizer
 * finds: then the plan is not fulfilled.
 */
#include <fnmatch.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>

#include <kunit/test.h>

#include "kunit.h"

#define CASE_SECONDS	60

static const char *running;

static void too_slow(int sig)
{
	static const char text[] = "    # still running after a minute: ";

	(void)sig;
	if (write(STDOUT_FILENO, text, sizeof(text) - 1) < 0 ||
	    write(STDOUT_FILENO, running, strlen(running)) < 0 ||
	    write(STDOUT_FILENO, "\n", 1) < 0)
		_exit(2);
	_exit(1);
}

static bool selected(const struct kunit_case *test_case, int patterns, char **pattern)
{
	int i;

	for (i = 0; i < patterns; i++)
		if (!fnmatch(pattern[i], test_case->name, 0))
			return true;
	return !patterns;
}

static void run_guarded(struct kunit *test, const struct kunit_case *test_case)
{
	if (setjmp(kunit_case_end))
		return;
	if (kunit_suite->init && kunit_suite->init(test)) {
		kunit_failed(test, false, __FILE__, __LINE__, "the suite's init works",
			     KUNIT_NO_MSG);
		return;
	}
	test_case->run_case(test);
}

/* exit() may stop as well; then what was registered is still done. */
static void exit_guarded(struct kunit *test)
{
	if (!setjmp(kunit_case_end) && kunit_suite->exit)
		kunit_suite->exit(test);
}

static struct kunit run_once(const struct kunit_case *test_case, const void *value)
{
	struct kunit test = { .param_value = value, .name = test_case->name };
	unsigned int warnings = shim_warnings;

	alarm(CASE_SECONDS);
	run_guarded(&test, test_case);
	current->fail_nth = 0;
	exit_guarded(&test);
	kunit_end(&test);
	alarm(0);
	if (shim_warnings != warnings)
		kunit_failed(&test, false, __FILE__, __LINE__, "no warnings", KUNIT_NO_MSG);
	return test;
}

static const char *verdict(enum kunit_status status)
{
	return status == KUNIT_FAILURE ? "not ok" : "ok";
}

static void print_result(const char *indent, const struct kunit *test, unsigned int number,
			 const char *name)
{
	printf("%s%s %u %s", indent, verdict(test->status), number, name);
	if (test->status == KUNIT_SKIPPED)
		printf(" # SKIP %s", test->why);
	putchar('\n');
}

/* One failure is the case's; it is skipped if all were. */
static void add_param(struct kunit *all, const struct kunit *one)
{
	if (one->status == KUNIT_FAILURE || all->status == KUNIT_FAILURE)
		all->status = KUNIT_FAILURE;
	else if (one->status == KUNIT_SUCCESS)
		all->status = KUNIT_SUCCESS;
}

static struct kunit run_params(const struct kunit_case *test_case)
{
	struct kunit all = { .name = test_case->name, .status = KUNIT_SKIPPED }, one;
	char desc[KUNIT_PARAM_DESC_SIZE] = "";
	const void *value = NULL;
	unsigned int n = 0;

	printf("        KTAP version 1\n        # Subtest: %s\n", test_case->name);
	while ((value = test_case->generate_params(value, desc))) {
		one = run_once(test_case, value);
		print_result("        ", &one, ++n, desc);
		add_param(&all, &one);
	}
	return all;
}

static struct kunit run_case(const struct kunit_case *test_case)
{
	running = test_case->name;
	if (test_case->generate_params)
		return run_params(test_case);
	return run_once(test_case, NULL);
}

static unsigned int plan(int patterns, char **pattern)
{
	const struct kunit_case *test_case;
	unsigned int n = 0;

	for (test_case = kunit_suite->test_cases; test_case->run_case; test_case++)
		n += selected(test_case, patterns, pattern);
	return n;
}

static enum kunit_status run_suite(int patterns, char **pattern)
{
	const struct kunit_case *test_case;
	unsigned int n = 0, count[3] = { 0 };
	struct kunit test;

	for (test_case = kunit_suite->test_cases; test_case->run_case; test_case++) {
		if (!selected(test_case, patterns, pattern))
			continue;
		test = run_case(test_case);
		print_result("    ", &test, ++n, test_case->name);
		count[test.status]++;
	}
	printf("# %s: pass:%u fail:%u skip:%u total:%u\n", kunit_suite->name,
	       count[KUNIT_SUCCESS], count[KUNIT_FAILURE], count[KUNIT_SKIPPED], n);
	return n && !count[KUNIT_FAILURE] ? KUNIT_SUCCESS : KUNIT_FAILURE;
}

int main(int argc, char **argv)
{
	enum kunit_status status = KUNIT_FAILURE;

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGALRM, too_slow);
	printf("KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: %s\n    1..%u\n",
	       kunit_suite->name, plan(argc - 1, argv + 1));
	if (!kunit_suite->suite_init || !kunit_suite->suite_init(kunit_suite))
		status = run_suite(argc - 1, argv + 1);
	if (kunit_suite->suite_exit)
		kunit_suite->suite_exit(kunit_suite);
	printf("%s 1 %s\n", verdict(status), kunit_suite->name);
	return status == KUNIT_SUCCESS ? 0 : 1;
}
