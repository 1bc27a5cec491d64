// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCI configuration space, type 1, with nothing on the bus but the host bridge that
 * Hyper-V's generation 1 machines show. Without a bridge Linux takes the whole of PCI
 * for broken and says so in an error message.
 */
#include <string.h>

#include "machine.h"
#include "pio.h"

#define ADDRESS_ENABLE	0x80000000u
#define ADDRESS_MASK	0xfffffffcu
#define DATA_OFFSET	4	/* of the data register from PCI_PORT */

/* Intel 82443BX, AGP disabled: the identity at 0x00, class and revision at 0x08. */
static const uint32_t bridge[64] = { [0] = 0x71928086, [2] = 0x06000003 };

static _Atomic uint32_t address;

static void read_data(const struct pio_access *a)
{
	unsigned int reg = address & 0xff, byte = a->offset - DATA_OFFSET;

	if ((address & ~0xffu) == ADDRESS_ENABLE)
		memcpy(a->data, (const uint8_t *)bridge + reg + byte, a->size);
}

static void pci_access(void *ctx, const struct pio_access *a)
{
	uint32_t value = address;

	(void)ctx;
	if (a->offset >= DATA_OFFSET && a->offset + a->size <= DATA_OFFSET + 4) {
		if (!a->write)
			read_data(a);
	} else if (a->offset == 0 && a->size == 4) {
		if (a->write)
			memcpy(&value, a->data, sizeof(value));
		else
			memcpy(a->data, &value, sizeof(value));
		address = value & ADDRESS_MASK;
	}
}

void pci_register(void)
{
	pio_register(PCI_PORT, 8, pci_access, NULL);
}
