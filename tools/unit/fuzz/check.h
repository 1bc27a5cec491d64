/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What has to hold, or the input is one to keep.
 */
#ifndef _FUZZ_CHECK_H
#define _FUZZ_CHECK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition) do {							\
	if (!(condition)) {							\
		fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
		abort();							\
	}									\
} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif /* _FUZZ_CHECK_H */
