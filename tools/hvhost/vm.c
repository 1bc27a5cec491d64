// SPDX-License-Identifier: GPL-2.0-only
/*
 * One virtual machine: RAM, the in-kernel interrupt controllers and timer, and the
 * routing of GSIs to the I/O APIC, the PICs and the vCPUs' SINT 2.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "log.h"
#include "machine.h"
#include "synic.h"

#define PIC_PINS	8
#define MAX_ROUTES	(2 * PIC_PINS + IOAPIC_PINS + VM_MAX_VCPUS)

struct routes {
	struct kvm_irq_routing head;
	struct kvm_irq_routing_entry entries[MAX_ROUTES];
};

static bool fail(const char *what)
{
	log_info("%s: %s", what, strerror(errno));
	return false;
}

void *vm_ram(struct vm *vm, uint64_t gpa, size_t len)
{
	for (unsigned int i = 0; i < vm->nr_slots; i++) {
		const struct ram_slot *s = &vm->slots[i];
		uint64_t offset = gpa - s->gpa;

		if (gpa >= s->gpa && offset < s->size && len <= s->size - offset)
			return s->host + offset;
	}
	return NULL;
}

unsigned int vm_vcpus(const struct vm *vm)
{
	return vm->nr_vcpus;
}

/*
 * KVM derives the guest's counter from the same clock; the MSR itself could be read
 * only while its vCPU does not run.
 */
uint64_t vm_reference_time(struct vm *vm)
{
	struct kvm_clock_data clock = {0};

	if (ioctl(vm->fd, KVM_GET_CLOCK, &clock))
		fail("KVM_GET_CLOCK");
	return clock.clock / 100;
}

const struct ram_slot *vm_low_ram(const struct vm *vm)
{
	return &vm->slots[0];
}

void *vm_add_window(struct vm *vm, uint64_t gpa, uint64_t size)
{
	struct kvm_userspace_memory_region region = {
		.slot = vm->nr_slots,
		.guest_phys_addr = gpa,
		.memory_size = size,
	};
	struct ram_slot *s = &vm->slots[vm->nr_slots];
	void *host;

	host = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (host == MAP_FAILED) {
		fail("guest memory");
		return NULL;
	}
	region.userspace_addr = (uintptr_t)host;
	if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region)) {
		fail("KVM_SET_USER_MEMORY_REGION");
		munmap(host, size);
		return NULL;
	}
	*s = (struct ram_slot){ .gpa = gpa, .size = size, .host = host };
	vm->nr_slots++;
	return host;
}

static bool add_ram(struct vm *vm, uint64_t size)
{
	uint64_t low = size < LOW_RAM_MAX ? size : LOW_RAM_MAX;

	if (!vm_add_window(vm, 0, low))
		return false;
	return size == low || vm_add_window(vm, HIGH_RAM_BASE, size - low);
}

static bool create_irqchip(struct vm *vm)
{
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };
	uint64_t identity = IDENTITY_MAP_ADDR;

	if (ioctl(vm->fd, KVM_SET_IDENTITY_MAP_ADDR, &identity) ||
	    ioctl(vm->fd, KVM_SET_TSS_ADDR, TSS_ADDR))
		return fail("KVM_SET_TSS_ADDR");
	if (ioctl(vm->fd, KVM_CREATE_IRQCHIP, 0))
		return fail("KVM_CREATE_IRQCHIP");
	if (ioctl(vm->fd, KVM_CREATE_PIT2, &pit))
		return fail("KVM_CREATE_PIT2");
	return true;
}

static void route_pin(struct routes *r, unsigned int gsi, unsigned int chip, unsigned int pin)
{
	struct kvm_irq_routing_entry *e = &r->entries[r->head.nr++];

	e->gsi = gsi;
	e->type = KVM_IRQ_ROUTING_IRQCHIP;
	e->u.irqchip.irqchip = chip;
	e->u.irqchip.pin = pin;
}

static void route_sint(struct routes *r, unsigned int vp)
{
	struct kvm_irq_routing_entry *e = &r->entries[r->head.nr++];

	e->gsi = SINT_GSI(vp);
	e->type = KVM_IRQ_ROUTING_HV_SINT;
	e->u.hv_sint.vcpu = vp;
	e->u.hv_sint.sint = VMBUS_SINT;
}

/*
 * After the vCPUs' SynICs are on: KVM stores the way back, from SINT to GSI, at this
 * moment and only in an active SynIC. The PIT is on GSI 0 and, as the MADT says, on
 * pin 2 of the I/O APIC.
 */
static bool set_routing(struct vm *vm)
{
	struct routes r = {0};

	for (unsigned int i = 0; i < PIC_PINS; i++) {
		route_pin(&r, i, KVM_IRQCHIP_PIC_MASTER, i);
		route_pin(&r, PIC_PINS + i, KVM_IRQCHIP_PIC_SLAVE, i);
	}
	for (unsigned int i = 0; i < IOAPIC_PINS; i++) {
		if (i != 2)
			route_pin(&r, i, KVM_IRQCHIP_IOAPIC, i ? i : 2);
	}
	for (unsigned int vp = 0; vp < vm->nr_vcpus; vp++)
		route_sint(&r, vp);
	if (ioctl(vm->fd, KVM_SET_GSI_ROUTING, &r))
		return fail("KVM_SET_GSI_ROUTING");
	return true;
}

void vm_irq_line(struct vm *vm, unsigned int gsi, bool level)
{
	struct kvm_irq_level irq = { .irq = gsi, .level = level };

	if (ioctl(vm->fd, KVM_IRQ_LINE, &irq))
		fail("KVM_IRQ_LINE");
}

static bool create_vcpus(struct vm *vm, unsigned int n)
{
	int size = ioctl(vm->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);

	if (size < (int)sizeof(struct kvm_run))
		return fail("KVM_GET_VCPU_MMAP_SIZE");
	vm->run_size = size;
	for (; vm->nr_vcpus < n; vm->nr_vcpus++) {
		if (!vcpu_create(vm, vm->nr_vcpus, n))
			return false;
	}
	return true;
}

bool vm_create(struct vm *vm, int kvm_fd, const struct options *opt)
{
	memset(vm, 0, sizeof(*vm));
	vm->kvm_fd = kvm_fd;
	vm->fd = ioctl(kvm_fd, KVM_CREATE_VM, 0);
	if (vm->fd < 0)
		return fail("KVM_CREATE_VM");
	if (create_irqchip(vm) && add_ram(vm, opt->memory_mib * MIB) &&
	    create_vcpus(vm, opt->cpus) && set_routing(vm))
		return true;
	vm_destroy(vm);
	return false;
}

void vm_destroy(struct vm *vm)
{
	for (unsigned int i = 0; i < vm->nr_vcpus; i++)
		vcpu_destroy(&vm->vcpus[i]);
	close(vm->fd);
	for (unsigned int i = 0; i < vm->nr_slots; i++)
		munmap(vm->slots[i].host, vm->slots[i].size);
	memset(vm, 0, sizeof(*vm));
}
