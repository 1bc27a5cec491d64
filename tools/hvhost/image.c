// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel's file, put into the guest's memory: the protected-mode part of a bzImage at its
 * preferred address (Documentation/arch/x86/boot.rst in Linux), or the segments of a vmlinux, which
 * has nothing to decompress. Nothing in it is trusted: anybody may have made it.
 */
#include <elf.h>
#include <string.h>

#include "file.h"
#include "image.h"
#include "log.h"
#include "machine.h"

#define SETUP_HEADER_OFFSET	0x1f1
#define SETUP_MAGIC		0x53726448	/* "HdrS" */
#define SETUP_BOOT_FLAG		0xaa55
#define MIN_PROTOCOL		0x020c		/* xloadflags */
#define ENTRY_64		0x200
#define SECTOR			512
#define FIRST_ADDRESS		(1 * MIB)
#define MAX_SEGMENTS		32
#define CMDLINE_SIZE		2047		/* of every x86 kernel */
#define INITRD_ADDR_MAX		0x7fffffff	/* likewise */

/* There is RAM for it, above what is needed for booting. */
static bool fits(const struct vm *vm, const struct file *f, uint64_t address, uint64_t size)
{
	uint64_t room = vm_low_ram(vm)->size;

	if (address >= FIRST_ADDRESS && address < room && size <= room - address)
		return true;
	log_info("%s: does not fit into %u MiB of memory", f->path, (unsigned int)(room / MIB));
	return false;
}

static bool read_setup_header(const struct file *f, struct setup_header *h)
{
	if (!file_read(f, h, sizeof(*h), SETUP_HEADER_OFFSET))
		return false;
	if (h->header == SETUP_MAGIC && h->version >= MIN_PROTOCOL &&
	    (h->xloadflags & XLF_KERNEL_64))
		return true;
	log_info("%s: neither a vmlinux nor a bzImage with a 64-bit entry", f->path);
	return false;
}

static bool load_bzimage(struct vm *vm, const struct file *f, struct image *img)
{
	const struct setup_header *h = &img->header;
	uint64_t offset;
	void *to;

	if (!read_setup_header(f, &img->header) || !fits(vm, f, h->pref_address, h->init_size))
		return false;
	offset = ((h->setup_sects ? h->setup_sects : 4) + 1) * SECTOR;
	if (offset >= f->size || f->size - offset > h->init_size) {
		log_info("%s: a damaged bzImage", f->path);
		return false;
	}
	img->entry = h->pref_address + ENTRY_64;
	img->end = h->pref_address + h->init_size;
	to = vm_ram(vm, h->pref_address, f->size - offset);
	return to && file_read(f, to, f->size - offset, offset);
}

static bool is_elf(const struct file *f)
{
	unsigned char ident[SELFMAG];

	return f->size >= sizeof(Elf64_Ehdr) && file_read(f, ident, SELFMAG, 0) &&
	       !memcmp(ident, ELFMAG, SELFMAG);
}

static bool is_kernel(const Elf64_Ehdr *e)
{
	return e->e_ident[EI_CLASS] == ELFCLASS64 && e->e_ident[EI_DATA] == ELFDATA2LSB &&
	       e->e_machine == EM_X86_64 && e->e_type == ET_EXEC &&
	       e->e_phentsize == sizeof(Elf64_Phdr) && e->e_phnum <= MAX_SEGMENTS;
}

/* At its physical address. What the file does not have of it is zero, as all of RAM is. */
static bool load_segment(struct vm *vm, const struct file *f, const Elf64_Phdr *p,
			 struct image *img)
{
	void *to;

	if (p->p_filesz > p->p_memsz) {
		log_info("%s: a damaged vmlinux", f->path);
		return false;
	}
	if (!fits(vm, f, p->p_paddr, p->p_memsz))
		return false;
	if (img->end < p->p_paddr + p->p_memsz)
		img->end = p->p_paddr + p->p_memsz;
	to = vm_ram(vm, p->p_paddr, p->p_filesz);
	return to && file_read(f, to, p->p_filesz, p->p_offset);
}

/* What a bzImage has in its header, and the loader or the kernel itself reads. */
static void describe_vmlinux(struct setup_header *h)
{
	h->boot_flag = SETUP_BOOT_FLAG;
	h->header = SETUP_MAGIC;
	h->version = MIN_PROTOCOL;
	h->cmdline_size = CMDLINE_SIZE;
	h->initrd_addr_max = INITRD_ADDR_MAX;
}

static bool load_vmlinux(struct vm *vm, const struct file *f, struct image *img)
{
	Elf64_Phdr segments[MAX_SEGMENTS];
	Elf64_Ehdr e;

	if (!file_read(f, &e, sizeof(e), 0))
		return false;
	if (!is_kernel(&e)) {
		log_info("%s: an ELF file, but no vmlinux for x86-64", f->path);
		return false;
	}
	if (!file_read(f, segments, e.e_phnum * sizeof(segments[0]), e.e_phoff))
		return false;
	for (unsigned int i = 0; i < e.e_phnum; i++) {
		if (segments[i].p_type == PT_LOAD && !load_segment(vm, f, &segments[i], img))
			return false;
	}
	if (e.e_entry < FIRST_ADDRESS || e.e_entry >= img->end) {
		log_info("%s: its entry 0x%llx is not in it", f->path,
			 (unsigned long long)e.e_entry);
		return false;
	}
	img->entry = e.e_entry;
	describe_vmlinux(&img->header);
	return true;
}

bool image_load(struct vm *vm, const char *path, struct image *img)
{
	struct file f;
	bool ok;

	if (!file_open(&f, path))
		return false;
	ok = is_elf(&f) ? load_vmlinux(vm, &f, img) : load_bzimage(vm, &f, img);
	file_close(&f);
	return ok;
}
