// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looking for a number in the statistics.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counter.h"
#include "vmbus.h"

static const char device_key[] = "\"device\": ";

/* From the device's own entry on. */
static char *entry(char *text, unsigned int device)
{
	char *at = strstr(text, "\"devices\"");

	for (device++; at && device; device--)
		at = strstr(at + 1, device_key);
	return at;
}

uint64_t counter(unsigned int device, const char *key)
{
	uint64_t n = NO_COUNTER;
	char *text, *at, *end, name[64];
	size_t size;
	FILE *f = open_memstream(&text, &size);

	vmbus_write_stats(f);
	fclose(f);
	snprintf(name, sizeof(name), "\"%s\": ", key);
	at = entry(text, device);
	end = at ? strstr(at + 1, device_key) : NULL;
	at = at ? strstr(at, name) : NULL;
	if (at && (!end || at < end))
		n = strtoull(at + strlen(name), NULL, 10);
	free(text);
	return n;
}
