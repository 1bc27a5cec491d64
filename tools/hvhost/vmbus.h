/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VMBus host: what the machine calls. Loop thread only.
 */
#ifndef HVHOST_VMBUS_H
#define HVHOST_VMBUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct vm;

/* Highest protocol version offered, major << 16 | minor; before vmbus_start(). */
bool vmbus_set_version(const char *text);	/* "5.3" ... "3.0" */
void vmbus_versions_help(FILE *out);

/*
 * --device TYPE[,key=value...]. Returns false after printing a sentence to
 * stderr. The device is offered when the guest asks for offers.
 */
bool vmbus_device_option(const char *text);
/* --add-after SECONDS,TYPE[,key=value...]: hot added that long after the guest asked for offers. */
bool vmbus_add_after_option(const char *text);
/*
 * --rescind-after SECONDS,INSTANCE[,reoffer=SECONDS][,count=N][,period=SECONDS], counted from
 * the channel's opening; INSTANCE may be a device type: the first of it.
 */
bool vmbus_rescind_after_option(const char *text);
void vmbus_devices_help(FILE *out);

/* After all options: do they fit together? Returns false after printing a sentence. */
bool vmbus_options_check(void);

/* After that; before the first vCPU runs. */
bool vmbus_start(struct vm *vm);

/*
 * HvPostMessage (0x5c), already checked for alignment and size and copied.
 * Called on the loop; the guest was told success (or 18, invalid connection id,
 * when vmbus_connection_valid() says no, which vCPU threads may call).
 */
bool vmbus_connection_valid(uint32_t conn_id);
void vmbus_message(uint32_t conn_id, uint32_t type, const void *payload, size_t len);

/* The guest was reset: drop all channels silently. */
void vmbus_reset(void);

/* One JSON object, see Documentation/hvhost.md. */
void vmbus_write_stats(FILE *out);

#endif
