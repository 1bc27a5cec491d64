/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counters, read from the statistics as everybody reads them.
 */
#ifndef HVHOST_TEST_COUNTER_H
#define HVHOST_TEST_COUNTER_H

#include <stdint.h>

#define NO_COUNTER	UINT64_MAX

/* The number after "key": of the device at that place in the list; NO_COUNTER if there is none. */
uint64_t counter(unsigned int device, const char *key);

#endif
