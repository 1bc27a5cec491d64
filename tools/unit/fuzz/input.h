/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fuzzer gives, as numbers, one after the other; zeros when it is used up.
 */
#ifndef _FUZZ_INPUT_H
#define _FUZZ_INPUT_H

#include <linux/string.h>
#include <linux/types.h>

struct input {
	const u8 *at;
	size_t left;
};

static inline size_t input_bytes(struct input *in, void *to, size_t size)
{
	size_t there = size < in->left ? size : in->left;

	memset(to, 0, size);
	if (there)
		memcpy(to, in->at, there);
	in->at += there;
	in->left -= there;
	return there;
}

static inline u8 input_u8(struct input *in)
{
	u8 n;

	input_bytes(in, &n, sizeof(n));
	return n;
}

static inline u16 input_u16(struct input *in)
{
	u16 n;

	input_bytes(in, &n, sizeof(n));
	return n;
}

static inline u32 input_u32(struct input *in)
{
	u32 n;

	input_bytes(in, &n, sizeof(n));
	return n;
}

static inline u64 input_u64(struct input *in)
{
	u64 n;

	input_bytes(in, &n, sizeof(n));
	return n;
}

#endif /* _FUZZ_INPUT_H */
