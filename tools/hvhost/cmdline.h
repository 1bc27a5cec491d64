/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line. What concerns the VMBus host (--device and the like) has gone
 * to vmbus.h's functions by the time cmdline_parse() returns.
 */
#ifndef HVHOST_CMDLINE_H
#define HVHOST_CMDLINE_H

#include <stdbool.h>

struct options {
	const char *kernel;
	const char *initrd;
	const char *append;
	const char *console;	/* NULL: stdout */
	const char *stats;
	const char *files;
	unsigned int cpus;
	unsigned int memory_mib;
	unsigned int timeout_s;	/* 0: none */
	bool probe;
	bool help;
};

/* False after printing a sentence to stderr. */
bool cmdline_parse(struct options *opt, int argc, char **argv);
void cmdline_help(void);

#endif
