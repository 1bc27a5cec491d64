// SPDX-License-Identifier: GPL-2.0-only
/*
 * The statistics as one JSON object. Keys are part of the interface: they are
 * listed in Documentation/hvhost.md, and none changes its meaning.
 */
#include "control.h"
#include "device.h"
#include "json.h"
#include "vmbus.h"

void vmbus_write_stats(FILE *out)
{
	struct json j = { .out = out };

	json_open(&j, NULL);
	control_stats(&j);
	devices_stats(&j);
	json_close(&j);
	fputc('\n', out);
}
