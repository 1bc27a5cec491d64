/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The SynIC as the machine sees it; synic.h is for the VMBus half.
 */
#ifndef HVHOST_SYNIC_PRIV_H
#define HVHOST_SYNIC_PRIV_H

#include "synic.h"

/* After vm_create() and loop_init(). */
bool synic_init(struct vm *vm);
void synic_finish(struct vm *vm);

/* vCPU threads: the guest wrote one of vp's SynIC MSRs; these are all of them. */
void synic_set(struct vm *vm, unsigned int vp, uint64_t control, uint64_t siefp, uint64_t simp);

#endif
