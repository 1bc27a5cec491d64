// SPDX-License-Identifier: GPL-2.0-only
/*
 * What CPUID says in the guest: the host's CPU as far as KVM supports it, one socket
 * with a core per vCPU, and Microsoft's hypervisor leaves instead of KVM's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "log.h"
#include "machine.h"

#define MAX_ENTRIES	256
#define HV_LEAF_BASE	0x40000000u
#define HV_LEAF_LAST	0x40000005u
#define HV_LEAF_RANGE	0x400000ffu	/* KVM's own leaves end here too */

/* Leaf 0x40000003 (TLFS, "Feature Discovery"). */
#define HV_EAX_VP_RUNTIME	(1u << 0)
#define HV_EAX_TIME_REF_COUNT	(1u << 1)
#define HV_EAX_SYNIC		(1u << 2)
#define HV_EAX_STIMER		(1u << 3)
#define HV_EAX_APIC_MSRS	(1u << 4)
#define HV_EAX_HYPERCALL	(1u << 5)
#define HV_EAX_VP_INDEX		(1u << 6)
#define HV_EAX_RESET		(1u << 7)
#define HV_EAX_REFERENCE_TSC	(1u << 9)
#define HV_EAX_FREQUENCIES	(1u << 11)
#define HV_EBX_POST_MESSAGES	(1u << 4)
#define HV_EBX_SIGNAL_EVENTS	(1u << 5)
#define HV_EDX_FREQUENCIES	(1u << 8)
#define HV_EDX_CRASH_MSRS	(1u << 10)
#define HV_EDX_STIMER_DIRECT	(1u << 19)

/* Leaf 0x40000004. */
#define HV_HINT_RELAXED_TIMING	(1u << 5)
#define HV_HINT_NO_AUTO_EOI	(1u << 9)
#define HV_SPINLOCK_RETRIES	0xfffu

struct cpuid {
	struct kvm_cpuid2 head;
	struct kvm_cpuid_entry2 entries[MAX_ENTRIES];
};

static const struct kvm_cpuid_entry2 hv_leaves[] = {
	{ .function = 0x40000000, .eax = HV_LEAF_LAST,
	  .ebx = 0x7263694d, .ecx = 0x666f736f, .edx = 0x76482074 },	/* "Microsoft Hv" */
	{ .function = 0x40000001, .eax = 0x31237648 },			/* "Hv#1" */
	{ .function = 0x40000002, .eax = 0x3839, .ebx = 0x000a0000 },	/* build, version 10.0 */
	{ .function = 0x40000003,
	  .eax = HV_EAX_VP_RUNTIME | HV_EAX_TIME_REF_COUNT | HV_EAX_SYNIC | HV_EAX_STIMER |
		 HV_EAX_APIC_MSRS | HV_EAX_HYPERCALL | HV_EAX_VP_INDEX | HV_EAX_RESET |
		 HV_EAX_REFERENCE_TSC | HV_EAX_FREQUENCIES,
	  .ebx = HV_EBX_POST_MESSAGES | HV_EBX_SIGNAL_EVENTS,
	  .edx = HV_EDX_FREQUENCIES | HV_EDX_CRASH_MSRS | HV_EDX_STIMER_DIRECT },
	{ .function = 0x40000004, .eax = HV_HINT_RELAXED_TIMING | HV_HINT_NO_AUTO_EOI,
	  .ebx = HV_SPINLOCK_RETRIES },
	{ .function = 0x40000005, .eax = VM_MAX_VCPUS, .ebx = 64 },
};

static const struct kvm_cpuid_entry2 *find(const struct cpuid *c, uint32_t function)
{
	for (uint32_t i = 0; i < c->head.nent; i++) {
		if (c->entries[i].function == function)
			return &c->entries[i];
	}
	return NULL;
}

static bool get(int fd, unsigned long request, struct cpuid *c)
{
	memset(c, 0, sizeof(*c));
	c->head.nent = MAX_ENTRIES;
	return !ioctl(fd, request, c);
}

/* The features that a guest would miss, by the register and bits KVM does not have. */
bool cpuid_check_hyperv(int kvm_fd)
{
	const struct kvm_cpuid_entry2 *want = &hv_leaves[3], *have;
	struct cpuid c;

	if (!get(kvm_fd, KVM_GET_SUPPORTED_HV_CPUID, &c)) {
		log_info("/dev/kvm does not tell its Hyper-V features: %s", strerror(errno));
		return false;
	}
	have = find(&c, want->function);
	if (!have || want->eax & ~have->eax || want->ebx & ~have->ebx || want->edx & ~have->edx) {
		log_info("/dev/kvm lacks Hyper-V features (CPUID leaf 0x40000003: eax %#x ebx %#x "
			 "edx %#x missing): use a newer host kernel",
			 want->eax & ~(have ? have->eax : 0), want->ebx & ~(have ? have->ebx : 0),
			 want->edx & ~(have ? have->edx : 0));
		return false;
	}
	return true;
}

/* Bits of an APIC id that name the core: 0, 1, 2 for 1, 2, up to 4 vCPUs. */
static unsigned int core_bits(unsigned int nr_vcpus)
{
	return nr_vcpus > 2 ? 2 : nr_vcpus - 1;
}

static void set_bits(uint32_t *reg, uint32_t mask, uint32_t value)
{
	*reg = (*reg & ~mask) | (value & mask);
}

/*
 * No XSAVE and nothing that needs it. A KVM that itself runs emulated may not see its
 * guest's XSETBV, sizes in leaf 0xd are wrong then and Linux warns; and what a guest's
 * CPU can do should not depend on where a test runs.
 */
#define LEAF_1_ECX_XSAVE	(1u << 12 | 1u << 26 | 1u << 27 | 1u << 28 | 1u << 29)
#define LEAF_7_EBX_AVX		(1u << 5 | 0xdc230000)
#define LEAF_7_ECX_AVX		(1u << 1 | 1u << 3 | 1u << 6 | 0x5e00 | 1u << 23)
#define LEAF_7_EDX_AVX		(1u << 2 | 1u << 3 | 1u << 8 | 1u << 22 | 3u << 24)
#define LEAF_80000001_ECX_XOP	(1u << 11 | 1u << 15 | 1u << 16)

static void hide_xsave(struct kvm_cpuid_entry2 *e)
{
	if (e->function == 1) {
		e->ecx &= ~LEAF_1_ECX_XSAVE;
	} else if (e->function == 7 && e->index == 0) {
		e->eax = 0;	/* no sub-leaves, which are full of AVX */
		e->ebx &= ~LEAF_7_EBX_AVX;
		e->ecx &= ~LEAF_7_ECX_AVX;
		e->edx &= ~LEAF_7_EDX_AVX;
	} else if (e->function == 0x80000001) {
		e->ecx &= ~LEAF_80000001_ECX_XOP;
	}
}

static void fix_leaf_1(struct kvm_cpuid_entry2 *e, unsigned int id, unsigned int n)
{
	set_bits(&e->ebx, 0xff000000, id << 24);
	set_bits(&e->ebx, 0x00ff0000, n << 16);
	e->ecx |= 1u << 31;				/* a hypervisor is present */
	set_bits(&e->edx, 1u << 28, n > 1 ? 1u << 28 : 0);	/* HTT: EBX has a count */
}

static void fix_core_ids(struct kvm_cpuid_entry2 *e, unsigned int id)
{
	e->eax = id;		/* APIC id */
	e->ebx = id & 0xff;	/* core id, one thread per core */
	e->ecx = 0;		/* node 0 of 1 */
}

/* One socket of n single-threaded cores, as Intel and as AMD say it. */
static void fix_topology(struct kvm_cpuid_entry2 *e, unsigned int id, unsigned int n)
{
	switch (e->function) {
	case 1:
		fix_leaf_1(e, id, n);
		break;
	case 4:		/* caches: none shared between cores */
		set_bits(&e->eax, 0xffffc000, (n - 1) << 26);
		break;
	case 0x80000001:	/* CmpLegacy */
		set_bits(&e->ecx, 1u << 1, n > 1 ? 1u << 1 : 0);
		break;
	case 0x80000008:
		set_bits(&e->ecx, 0xf0ff, core_bits(n) << 12 | (n - 1));
		break;
	case 0x8000001d:
		set_bits(&e->eax, 0x03ffc000, 0);
		break;
	case 0x8000001e:
		fix_core_ids(e, id);
		break;
	}
}

/* Left out, to be added anew or not at all. */
static bool is_replaced(uint32_t function)
{
	return function == 0xb || function == 0xd || function == 0x1f ||
	       (function >= HV_LEAF_BASE && function <= HV_LEAF_RANGE);
}

static void drop_replaced(struct cpuid *c)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < c->head.nent; i++) {
		if (!is_replaced(c->entries[i].function))
			c->entries[kept++] = c->entries[i];
	}
	c->head.nent = kept;
}

static void add(struct cpuid *c, const struct kvm_cpuid_entry2 *e)
{
	if (c->head.nent < MAX_ENTRIES)
		c->entries[c->head.nent++] = *e;
}

static void add_extended_topology(struct cpuid *c, unsigned int id, unsigned int n)
{
	struct kvm_cpuid_entry2 e = {
		.function = 0xb,
		.flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX,
		.edx = id,
	};

	e.ebx = 1;
	e.ecx = 1 << 8;			/* threads */
	add(c, &e);
	e.index = 1;
	e.eax = core_bits(n);
	e.ebx = n;
	e.ecx = 2 << 8 | 1;		/* cores */
	add(c, &e);
	e.index = 2;
	e.eax = 0;
	e.ebx = 0;
	e.ecx = 2;			/* end of list */
	add(c, &e);
}

bool cpuid_set(struct vcpu *vcpu, unsigned int n)
{
	struct cpuid c;

	if (!get(vcpu->vm->kvm_fd, KVM_GET_SUPPORTED_CPUID, &c)) {
		log_info("KVM_GET_SUPPORTED_CPUID: %s", strerror(errno));
		return false;
	}
	drop_replaced(&c);
	for (uint32_t i = 0; i < c.head.nent; i++) {
		fix_topology(&c.entries[i], vcpu->id, n);
		hide_xsave(&c.entries[i]);
	}
	if (c.entries[0].function == 0 && c.entries[0].eax >= 0xb)
		add_extended_topology(&c, vcpu->id, n);
	for (size_t i = 0; i < sizeof(hv_leaves) / sizeof(hv_leaves[0]); i++)
		add(&c, &hv_leaves[i]);
	if (ioctl(vcpu->fd, KVM_SET_CPUID2, &c)) {
		log_info("KVM_SET_CPUID2: %s", strerror(errno));
		return false;
	}
	return true;
}
