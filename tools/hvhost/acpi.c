// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ACPI tables, just under 1 MiB where Linux also scans for them: RSDP and XSDT
 * lead to the FADT (power off, reset, what legacy hardware is missing), the MADT
 * (interrupt controllers, one per vCPU) and the DSDT, which iasl makes of dsdt.asl.
 */
#include <string.h>

#include "machine.h"

#include "dsdt.hex"	/* dsdt_aml_code[] */

#define TABLE_ALIGN	64
#define MAX_XSDT	2

#define FADT_REVISION		5
#define FADT_SIZE		268
#define FADT_WBINVD		(1u << 0)
#define FADT_PROC_C1		(1u << 2)
#define FADT_NO_PWR_BUTTON	(1u << 4)
#define FADT_NO_SLP_BUTTON	(1u << 5)
#define FADT_NO_FIXED_RTC	(1u << 6)
#define FADT_RESET_REG		(1u << 10)
#define BOOT_ARCH_NO_VGA	(1u << 2)
#define BOOT_ARCH_NO_RTC	(1u << 5)

#define MADT_PCAT_COMPAT	1
#define MADT_LAPIC		0
#define MADT_IOAPIC		1
#define MADT_OVERRIDE		2
#define MADT_LAPIC_NMI		4
#define MADT_ENABLED		1
#define MADT_ALL_LAPICS		0xff
#define MADT_LEVEL_HIGH		0xd

#define GAS_IO			1

struct rsdp {
	char signature[8];
	uint8_t checksum;
	char oem[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t full_checksum;
	uint8_t reserved[3];
} __attribute__((packed));

struct header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem[6];
	char oem_table[8];
	uint32_t oem_revision;
	char creator[4];
	uint32_t creator_revision;
} __attribute__((packed));

struct xsdt {
	struct header head;
	uint64_t tables[MAX_XSDT];
} __attribute__((packed));

struct gas {
	uint8_t space;
	uint8_t bits;
	uint8_t offset;
	uint8_t access;
	uint64_t address;
} __attribute__((packed));

struct fadt {
	struct header head;
	uint32_t facs;
	uint32_t dsdt;
	uint8_t reserved0;
	uint8_t profile;
	uint16_t sci;
	uint32_t smi_cmd;
	uint8_t acpi_on, acpi_off, s4bios, pstate;
	uint32_t pm1a_event, pm1b_event, pm1a_control, pm1b_control;
	uint32_t pm2_control, pm_timer, gpe0, gpe1;
	uint8_t pm1_event_len, pm1_control_len, pm2_control_len, pm_timer_len;
	uint8_t gpe0_len, gpe1_len, gpe1_base, cst;
	uint16_t c2_latency, c3_latency, flush_size, flush_stride;
	uint8_t duty_offset, duty_width, day_alarm, month_alarm, century;
	uint16_t boot_arch;
	uint8_t reserved1;
	uint32_t flags;
	struct gas reset;
	uint8_t reset_value;
	uint8_t reserved2[3];
	uint64_t x_facs;
	uint64_t x_dsdt;
	struct gas x_pm1a_event, x_pm1b_event, x_pm1a_control, x_pm1b_control;
	struct gas x_pm2_control, x_pm_timer, x_gpe0, x_gpe1;
	struct gas sleep_control, sleep_status;
} __attribute__((packed));

struct facs {
	char signature[4];
	uint32_t length;
	uint32_t hardware_signature, waking_vector, global_lock, flags;
	uint64_t x_waking_vector;
	uint8_t version;
	uint8_t reserved[31];
} __attribute__((packed));

struct madt_lapic {
	uint8_t type, length, uid, apic_id;
	uint32_t flags;
} __attribute__((packed));

struct madt_ioapic {
	uint8_t type, length, id, reserved;
	uint32_t address, gsi_base;
} __attribute__((packed));

struct madt_override {
	uint8_t type, length, bus, irq;
	uint32_t gsi;
	uint16_t flags;
} __attribute__((packed));

struct madt_lapic_nmi {
	uint8_t type, length, uid;
	uint16_t flags;
	uint8_t lint;
} __attribute__((packed));

struct madt {
	struct header head;
	uint32_t lapic_address;
	uint32_t flags;
	struct madt_ioapic ioapic;
	struct madt_override timer, sci;
	struct madt_lapic_nmi nmi;
	struct madt_lapic lapics[VM_MAX_VCPUS];
} __attribute__((packed));

_Static_assert(sizeof(struct rsdp) == 36, "RSDP");
_Static_assert(sizeof(struct header) == 36, "table header");
_Static_assert(sizeof(struct fadt) == FADT_SIZE, "FADT");
_Static_assert(sizeof(struct facs) == 64, "FACS");

static uint8_t checksum(const void *table, size_t len)
{
	const uint8_t *p = table;
	uint8_t sum = 0;

	while (len--)
		sum -= *p++;
	return sum;
}

static void finish(struct header *h, const char *signature, uint8_t revision, uint32_t length)
{
	memcpy(h->signature, signature, sizeof(h->signature));
	memcpy(h->oem, "KMCL  ", sizeof(h->oem));
	memcpy(h->oem_table, "HVHOST  ", sizeof(h->oem_table));
	memcpy(h->creator, "HVH ", sizeof(h->creator));
	h->length = length;
	h->revision = revision;
	h->oem_revision = 1;
	h->creator_revision = 1;
	h->checksum = 0;
	h->checksum = checksum(h, length);
}

/* Tables follow each other from ACPI_ADDR on; the area was zero. */
struct area {
	struct vm *vm;
	uint64_t next;
};

static void *take(struct area *a, size_t size, uint64_t *addr)
{
	*addr = a->next;
	a->next += (size + TABLE_ALIGN - 1) & ~(TABLE_ALIGN - 1ull);
	return vm_ram(a->vm, *addr, size);
}

static uint64_t write_dsdt(struct area *a)
{
	uint64_t addr;

	memcpy(take(a, sizeof(dsdt_aml_code), &addr), dsdt_aml_code, sizeof(dsdt_aml_code));
	return addr;
}

static uint64_t write_facs(struct area *a)
{
	uint64_t addr;
	struct facs *f = take(a, sizeof(*f), &addr);

	memcpy(f->signature, "FACS", 4);
	f->length = sizeof(*f);
	f->version = 2;
	return addr;
}

static struct gas io_register(uint16_t port, uint8_t bits)
{
	return (struct gas){ .space = GAS_IO, .bits = bits, .address = port };
}

static uint64_t write_fadt(struct area *a, uint64_t facs, uint64_t dsdt)
{
	uint64_t addr;
	struct fadt *f = take(a, sizeof(*f), &addr);

	f->facs = facs;
	f->dsdt = dsdt;
	f->x_dsdt = dsdt;
	f->sci = SCI_IRQ;
	f->pm1a_event = PM1A_EVENT_PORT;
	f->pm1_event_len = 4;
	f->x_pm1a_event = io_register(PM1A_EVENT_PORT, 32);
	f->pm1a_control = PM1A_CONTROL_PORT;
	f->pm1_control_len = 2;
	f->x_pm1a_control = io_register(PM1A_CONTROL_PORT, 16);
	f->c2_latency = 0xffff;		/* no C2, no C3 */
	f->c3_latency = 0xffff;
	f->boot_arch = BOOT_ARCH_NO_VGA | BOOT_ARCH_NO_RTC;	/* nor an 8042 */
	f->flags = FADT_WBINVD | FADT_PROC_C1 | FADT_NO_PWR_BUTTON | FADT_NO_SLP_BUTTON |
		   FADT_NO_FIXED_RTC | FADT_RESET_REG;
	f->reset = io_register(RESET_PORT, 8);
	f->reset_value = RESET_VALUE;
	finish(&f->head, "FACP", FADT_REVISION, sizeof(*f));
	return addr;
}

static struct madt_override override(uint8_t irq, uint32_t gsi, uint16_t flags)
{
	return (struct madt_override){ MADT_OVERRIDE, sizeof(struct madt_override), 0, irq,
				       gsi, flags };
}

static uint64_t write_madt(struct area *a)
{
	unsigned int n = vm_vcpus(a->vm);
	size_t unused = (VM_MAX_VCPUS - n) * sizeof(struct madt_lapic);
	uint64_t addr;
	struct madt *m = take(a, sizeof(*m), &addr);

	m->lapic_address = LAPIC_BASE;
	m->flags = MADT_PCAT_COMPAT;
	m->ioapic = (struct madt_ioapic){ MADT_IOAPIC, sizeof(m->ioapic), 0, 0, IOAPIC_BASE, 0 };
	m->timer = override(0, 2, 0);
	m->sci = override(SCI_IRQ, SCI_IRQ, MADT_LEVEL_HIGH);
	m->nmi = (struct madt_lapic_nmi){ MADT_LAPIC_NMI, sizeof(m->nmi), MADT_ALL_LAPICS, 0, 1 };
	for (unsigned int i = 0; i < n; i++)
		m->lapics[i] = (struct madt_lapic){ MADT_LAPIC, sizeof(m->lapics[i]), i, i,
						    MADT_ENABLED };
	finish(&m->head, "APIC", 3, sizeof(*m) - unused);
	return addr;
}

static uint64_t write_xsdt(struct area *a, uint64_t fadt, uint64_t madt)
{
	uint64_t addr;
	struct xsdt *x = take(a, sizeof(*x), &addr);

	x->tables[0] = fadt;
	x->tables[1] = madt;
	finish(&x->head, "XSDT", 1, sizeof(*x));
	return addr;
}

void acpi_build(struct vm *vm)
{
	struct area area = { .vm = vm, .next = ACPI_ADDR };
	uint64_t addr, facs, fadt;
	struct rsdp *r = take(&area, sizeof(*r), &addr);

	memcpy(r->signature, "RSD PTR ", sizeof(r->signature));
	memcpy(r->oem, "KMCL  ", sizeof(r->oem));
	r->revision = 2;
	r->length = sizeof(*r);
	facs = write_facs(&area);
	fadt = write_fadt(&area, facs, write_dsdt(&area));
	r->xsdt = write_xsdt(&area, fadt, write_madt(&area));
	r->checksum = checksum(r, 20);
	r->full_checksum = checksum(r, sizeof(*r));
}
