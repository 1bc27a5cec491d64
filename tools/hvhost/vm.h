/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine: /dev/kvm, guest RAM and vCPUs. One per process.
 */
#ifndef HVHOST_VM_H
#define HVHOST_VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vm;

/*
 * Host address of [gpa, gpa + len) if all of it is guest RAM, contiguous in one
 * slot; NULL otherwise. The guest may change what it points to at any time.
 */
void *vm_ram(struct vm *vm, uint64_t gpa, size_t len);

unsigned int vm_vcpus(const struct vm *vm);

/*
 * The guest's reference counter now, in 100 ns units (TLFS, HV_X64_MSR_TIME_REF_COUNT).
 */
uint64_t vm_reference_time(struct vm *vm);

#endif
