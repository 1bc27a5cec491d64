/* SPDX-License-Identifier: GPL-2.0-only */
/* What a kernel's file says, and where it lies in the guest's memory: image.c. */
#ifndef HVHOST_IMAGE_H
#define HVHOST_IMAGE_H

#include <asm/bootparam.h>
#include <stdbool.h>
#include <stdint.h>

#include "vm.h"

/**
 * struct image - a kernel that is in memory
 * @header: of the zero page; the loader's fields are not set yet
 * @entry: where it wants to be entered in long mode
 * @end: of the memory that it needs to start
 */
struct image {
	struct setup_header header;
	uint64_t entry;
	uint64_t end;
};

/* A bzImage, or a vmlinux; false, and a sentence, for what is neither or does not fit. */
bool image_load(struct vm *vm, const char *path, struct image *img);

#endif
