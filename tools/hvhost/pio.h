/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * I/O ports: who answers where. Handlers run on vCPU threads.
 */
#ifndef HVHOST_PIO_H
#define HVHOST_PIO_H

#include <stdbool.h>
#include <stdint.h>

struct kvm_run;

/* One exit: count accesses of size bytes each to the same port (a string instruction). */
struct pio_access {
	uint16_t offset;	/* from the start of the registered range */
	bool write;
	uint8_t size;
	uint32_t count;
	uint8_t *data;		/* size * count bytes; reads find them all ones */
};

typedef void (*pio_fn)(void *ctx, const struct pio_access *access);

/* Before the first vCPU runs. Of two ranges with the same port the first counts. */
void pio_register(uint16_t port, uint16_t length, pio_fn fn, void *ctx);
/* The ports of the chipset: power off and reset. */
void pio_register_chipset(void);
/* rtc.c, pci.c */
void rtc_register(void);
void pci_register(void);
void pio_exit(struct kvm_run *run);

#endif
