/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine that the VMBus host stands on, faked in one process: RAM, clock
 * and timers, SynIC. Time stands still until a test moves it.
 */
#ifndef HVHOST_TEST_FAKE_H
#define HVHOST_TEST_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAKE_RAM	(64u << 20)
#define FAKE_VCPUS	2
#define FAKE_MS		1000000ull

struct vm {
	uint8_t *ram;
};

struct vm *fake_vm(void);

/* A page of RAM not given out before; page by page they are not contiguous. */
uint64_t fake_page(void);
void fake_pages_reset(void);

/* Runs every timer that is due within ns from now, in order. */
void fake_advance(uint64_t ns);

/* The oldest message to the guest: its length, 0 if there is none. */
size_t fake_take_message(void *buf, unsigned int *vp);
void fake_drop_messages(void);
/* Event flags raised so far. */
unsigned int fake_signals(unsigned int vp, unsigned int flag);
/* HvSignalEvent by the guest; false if nobody listens. */
bool fake_signal(uint32_t connection);

#endif
