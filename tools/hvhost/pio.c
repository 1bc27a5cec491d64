// SPDX-License-Identifier: GPL-2.0-only
/*
 * The I/O port space: a short list of ranges, and the two registers of a chipset
 * that a guest needs, PM1a for power off and the reset register. Whatever nobody
 * claims reads as all ones, as on an empty bus, and probes give up.
 */
#include "pio.h"

#include <linux/kvm.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "exitcode.h"
#include "log.h"
#include "loop.h"
#include "machine.h"

#define MAX_RANGES	8

#define PM1_SCI_ENABLE		0x0001
#define PM1_SLEEP_ENABLE	0x2000

struct range {
	uint16_t port;
	uint16_t length;
	pio_fn fn;
	void *ctx;
};

static struct range ranges[MAX_RANGES];
static unsigned int nr_ranges;

void pio_register(uint16_t port, uint16_t length, pio_fn fn, void *ctx)
{
	if (nr_ranges == MAX_RANGES)
		abort();
	ranges[nr_ranges++] = (struct range){ port, length, fn, ctx };
}

static const struct range *find(uint16_t port)
{
	for (unsigned int i = 0; i < nr_ranges; i++) {
		if (port >= ranges[i].port && port - ranges[i].port < ranges[i].length)
			return &ranges[i];
	}
	return NULL;
}

void pio_exit(struct kvm_run *run)
{
	struct pio_access access = {
		.write = run->io.direction == KVM_EXIT_IO_OUT,
		.size = run->io.size,
		.count = run->io.count,
		.data = (uint8_t *)run + run->io.data_offset,
	};
	const struct range *r = find(run->io.port);

	if (!access.write)
		memset(access.data, 0xff, (size_t)access.size * access.count);
	if (!r)
		return;
	access.offset = run->io.port - r->port;
	r->fn(r->ctx, &access);
}

/* The value last written; a string of them to one port makes no difference. */
static uint32_t written(const struct pio_access *a)
{
	uint32_t value = 0;

	memcpy(&value, a->data, a->size);
	return value;
}

/*
 * PM1a control. Only one sleep state is in the DSDT, S5, so the type need not be
 * looked at.
 */
static void pm1_control(void *ctx, const struct pio_access *a)
{
	static const uint16_t enabled = PM1_SCI_ENABLE;

	(void)ctx;
	if (a->write && a->size >= 2 && written(a) & PM1_SLEEP_ENABLE) {
		log_debug("the guest powered off");
		loop_stop(EXIT_POWER_OFF);
	}
	if (!a->write)
		memcpy(a->data, &enabled, a->size < 2 ? a->size : 2);
}

/*
 * PM1a status, where nothing ever happens, and enable, which keeps what is written:
 * ACPICA looks. Both are in one register block, status first.
 */
static void pm1_event(void *ctx, const struct pio_access *a)
{
	static _Atomic uint16_t enable;
	uint32_t value = (uint32_t)enable << 16;

	(void)ctx;
	if (a->size > 2 || (a->size == 2 && a->offset % 2)) {
		return;
	} else if (!a->write) {
		value >>= 8 * a->offset;
		memcpy(a->data, &value, a->size);
	} else if (a->offset == 2 && a->size == 2) {
		enable = written(a);
	}
}

static void reset_register(void *ctx, const struct pio_access *a)
{
	(void)ctx;
	if (!a->write) {
		memset(a->data, 0, (size_t)a->size * a->count);
	} else if (written(a) & 4) {
		log_info("the guest reset itself");
		loop_stop(EXIT_RESET);
	}
}

void pio_register_chipset(void)
{
	pio_register(PM1A_EVENT_PORT, 4, pm1_event, NULL);
	pio_register(PM1A_CONTROL_PORT, 2, pm1_control, NULL);
	pio_register(RESET_PORT, 1, reset_register, NULL);
}
