/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Module parameters of the samples: what cannot be used is refused with a
 * sentence.
 */
#ifndef _SAMPLES_PARAMS_H
#define _SAMPLES_PARAMS_H

#include <linux/errno.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/uuid.h>

static inline int param_guid(const char *name, const char *text, guid_t *guid)
{
	if (strlen(text) == UUID_STRING_LEN && !guid_parse(text, guid))
		return 0;
	pr_err("%s= must be a GUID like 01234567-89ab-cdef-0123-456789abcdef\n", name);
	return -EINVAL;
}

static inline int param_range(const char *name, unsigned int value, unsigned int low,
			      unsigned int high)
{
	if (value >= low && value <= high)
		return 0;
	pr_err("%s= must be %u to %u, not %u\n", name, low, high, value);
	return -EINVAL;
}

#endif /* _SAMPLES_PARAMS_H */
