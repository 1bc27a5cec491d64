/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine from the inside: what the files of the machine half share. The
 * VMBus half sees vm.h, synic.h and loop.h only.
 */
#ifndef HVHOST_MACHINE_H
#define HVHOST_MACHINE_H

#include <linux/kvm.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cmdline.h"
#include "vm.h"

#define VM_MAX_VCPUS		4
#define VM_MAX_SLOTS		3
#define PAGE_SIZE		4096ull
#define MIB			(1ull << 20)
#define GIB			(1ull << 30)

/* Guest physical map: RAM below and above the hole from 3 to 4 GiB. */
#define LOW_RAM_MAX		(3 * GIB)
#define HIGH_RAM_BASE		(4 * GIB)
#define VMBUS_MMIO_BASE		0xf8000000ull	/* for vmbus_allocate_mmio(), see dsdt.asl */
#define IOAPIC_BASE		0xfec00000ull
#define LAPIC_BASE		0xfee00000ull
#define IDENTITY_MAP_ADDR	0xfffbc000ull
#define TSS_ADDR		0xfffbd000ull	/* three pages */

/* The first MiB. */
#define BOOT_GDT_ADDR		0x6000ull
#define BOOT_PARAMS_ADDR	0x7000ull
#define BOOT_PAGE_TABLES	0x8000ull	/* six pages */
#define BOOT_STACK		0x10000ull
#define BOOT_CMDLINE_ADDR	0x20000ull
#define LOW_RAM_END		0x9fc00ull	/* "640 KiB" less an EBDA */
#define ACPI_ADDR		0xe0000ull	/* where Linux also scans for the RSDP */
#define ACPI_SIZE		0x10000ull

/* I/O ports and interrupts; acpi.c and dsdt.asl tell the guest. */
#define PM1A_EVENT_PORT		0x600
#define PM1A_CONTROL_PORT	0x604
#define RTC_PORT		0x70
#define PCI_PORT		0xcf8
#define RESET_PORT		0xcf9	/* within PCI's, as in PCs */
#define RESET_VALUE		6
#define UART_PORT		0x3f8
#define UART_IRQ		4
#define SCI_IRQ			9

/* GSIs: 24 I/O APIC pins, then SINT 2 of each VP. */
#define IOAPIC_PINS		24
#define SINT_GSI(vp)		(IOAPIC_PINS + (vp))

struct ram_slot {
	uint64_t gpa;
	uint64_t size;
	uint8_t *host;
};

struct vcpu {
	struct vm *vm;
	unsigned int id;	/* = VP index = APIC id */
	int fd;
	struct kvm_run *run;
	pthread_t thread;
	bool started;
};

struct vm {
	int kvm_fd;
	int fd;
	size_t run_size;
	unsigned int nr_vcpus;
	unsigned int nr_slots;
	struct ram_slot slots[VM_MAX_SLOTS];
	struct vcpu vcpus[VM_MAX_VCPUS];
};

/* kvm.c: opens /dev/kvm if it can run Hyper-V guests; else says why not and returns -1. */
int kvm_open(void);

/* vm.c */
bool vm_create(struct vm *vm, int kvm_fd, const struct options *opt);
void vm_destroy(struct vm *vm);
/* A further slot of memory that is not in the guest's memory map. */
void *vm_add_window(struct vm *vm, uint64_t gpa, uint64_t size);
void vm_irq_line(struct vm *vm, unsigned int gsi, bool level);
/* The RAM below 4 GiB, where everything needed for booting goes. */
const struct ram_slot *vm_low_ram(const struct vm *vm);

/* vcpu.c */
/* As number id of n, its SynIC on. */
bool vcpu_create(struct vm *vm, unsigned int id, unsigned int n);
void vcpu_destroy(struct vcpu *vcpu);
bool vcpus_start(struct vm *vm);
void vcpus_stop(struct vm *vm);

/* cpuid.c */
bool cpuid_set(struct vcpu *vcpu, unsigned int nr_vcpus);
/* False, and a sentence, if KVM lacks one of the Hyper-V features needed. */
bool cpuid_check_hyperv(int kvm_fd);

/* boot.c: kernel, initramfs and command line into RAM, the first vCPU at the kernel's entry. */
bool boot_load(struct vm *vm, const struct options *opt);

/* acpi.c */
void acpi_build(struct vm *vm);

/* hypercall.c: what KVM does not do itself; param is rcx. Returns the result value. */
uint64_t hypercall(struct vm *vm, uint64_t input, uint64_t param);

#endif
