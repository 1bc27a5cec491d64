/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of the C library, which the address sanitizer watches. current->fail_nth
 * makes the nth allocation fail, as in the kernel.
 */
#ifndef _SHIM_LINUX_SLAB_H
#define _SHIM_LINUX_SLAB_H

#include <linux/gfp.h>
#include <linux/types.h>

void *shim_alloc(size_t count, size_t size, gfp_t gfp);
void kfree(const void *memory);

#define kmalloc(size, gfp)		shim_alloc(1, size, gfp)
#define kzalloc(size, gfp)		shim_alloc(1, size, (gfp) | __GFP_ZERO)
#define kmalloc_array(count, size, gfp)	shim_alloc(count, size, gfp)
#define kcalloc(count, size, gfp)	shim_alloc(count, size, (gfp) | __GFP_ZERO)
#define kvmalloc(size, gfp)		kmalloc(size, gfp)
#define kvzalloc(size, gfp)		kzalloc(size, gfp)
#define kvmalloc_array(count, size, gfp) kmalloc_array(count, size, gfp)
#define kvcalloc(count, size, gfp)	kcalloc(count, size, gfp)
#define kvfree(memory)			kfree(memory)

#endif /* _SHIM_LINUX_SLAB_H */
