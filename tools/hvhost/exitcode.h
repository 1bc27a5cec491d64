/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How hvhost ends: the exit status, the same everywhere, listed by --help.
 */
#ifndef HVHOST_EXITCODE_H
#define HVHOST_EXITCODE_H

enum hvhost_exit {
	EXIT_POWER_OFF = 0,	/* guest powered off, or hvput exit 0 */
	EXIT_USAGE = 2,
	EXIT_NO_KVM = 3,
	EXIT_PANIC = 4,		/* crash MSRs */
	EXIT_TIMEOUT = 5,	/* --timeout */
	EXIT_RESET = 6,		/* reset register or triple fault */
	EXIT_HOST_ERROR = 7,
	EXIT_GUEST_BASE = 32,	/* + N: hvput exit N, N from 1 to 31 */
	EXIT_GUEST_MAX = 31,
	EXIT_SIGNAL_BASE = 128,	/* + signal; Ctrl-A x counts as SIGINT */
};

#endif
