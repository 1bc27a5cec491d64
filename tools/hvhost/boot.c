// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel, started as the 64-bit boot protocol wants it (Documentation/arch/x86/
 * boot.rst in Linux): its image where it belongs, initramfs at the top of low RAM, zero
 * page, command line, and the first vCPU in long mode at the 64-bit entry. The other
 * vCPUs wait for the guest to start them.
 */
#include <asm/bootparam.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "file.h"
#include "image.h"
#include "log.h"
#include "machine.h"

#define E820_RAM		1
#define E820_RESERVED		2
#define DEFAULT_CMDLINE		"console=ttyS0 panic=-1"

#define CR0_PE		(1u << 0)
#define CR0_ET		(1u << 4)
#define CR0_NE		(1u << 5)
#define CR0_WP		(1u << 16)
#define CR0_PG		(1u << 31)
#define CR4_PAE		(1u << 5)
#define EFER_LME	(1u << 8)
#define EFER_LMA	(1u << 10)
#define PTE_TABLE	3		/* present, writable */
#define PTE_LARGE	0x83		/* and a 2 MiB page */

/* As high as the kernel allows, out of the way of what it needs to start. */
static bool place_initrd(struct vm *vm, const struct file *f, struct image *img)
{
	uint64_t top = vm_low_ram(vm)->size;
	uint64_t addr;

	if (top > img->header.initrd_addr_max)
		top = (uint64_t)img->header.initrd_addr_max + 1;
	if (f->size > top || (addr = (top - f->size) & ~(PAGE_SIZE - 1)) < img->end) {
		log_info("%s: does not fit into memory beside the kernel, try a larger --memory",
			 f->path);
		return false;
	}
	img->header.ramdisk_image = addr;
	img->header.ramdisk_size = f->size;
	return file_read(f, vm_ram(vm, addr, f->size), f->size, 0);
}

static bool load_initrd(struct vm *vm, const char *path, struct image *img)
{
	struct file f;
	bool ok;

	if (!file_open(&f, path))
		return false;
	ok = place_initrd(vm, &f, img);
	file_close(&f);
	return ok;
}

static bool write_cmdline(struct vm *vm, const char *append, struct image *img)
{
	size_t max = img->header.cmdline_size;
	char *to = vm_ram(vm, BOOT_CMDLINE_ADDR, max + 1);
	int len;

	if (!to || max > 0xffff)
		return false;
	len = snprintf(to, max + 1, "%s%s%s", DEFAULT_CMDLINE, append ? " " : "",
		       append ? append : "");
	if (len > (int)max) {
		log_info("--append: the kernel takes at most %zu characters", max);
		return false;
	}
	img->header.cmd_line_ptr = BOOT_CMDLINE_ADDR;
	return true;
}

static void add_e820(struct boot_params *bp, uint64_t addr, uint64_t size, uint32_t type)
{
	struct boot_e820_entry *e = &bp->e820_table[bp->e820_entries++];

	e->addr = addr;
	e->size = size;
	e->type = type;
}

static void write_memory_map(const struct vm *vm, struct boot_params *bp)
{
	add_e820(bp, 0, LOW_RAM_END, E820_RAM);
	add_e820(bp, LOW_RAM_END, MIB - LOW_RAM_END, E820_RESERVED);
	add_e820(bp, MIB, vm->slots[0].size - MIB, E820_RAM);
	if (vm->nr_slots > 1 && vm->slots[1].gpa == HIGH_RAM_BASE)
		add_e820(bp, HIGH_RAM_BASE, vm->slots[1].size, E820_RAM);
}

/* Everything but the header is zero, the sentinel too: it says that we know the rest. */
static void write_boot_params(struct vm *vm, const struct image *img)
{
	struct boot_params *bp = vm_ram(vm, BOOT_PARAMS_ADDR, sizeof(*bp));

	memset(bp, 0, sizeof(*bp));
	bp->hdr = img->header;
	bp->hdr.type_of_loader = 0xff;
	bp->hdr.loadflags |= LOADED_HIGH;
	bp->acpi_rsdp_addr = ACPI_ADDR;
	write_memory_map(vm, bp);
}

/* The first 4 GiB, one to one, in 2 MiB pages. */
static void write_page_tables(struct vm *vm)
{
	uint64_t *table = vm_ram(vm, BOOT_PAGE_TABLES, 6 * PAGE_SIZE);
	uint64_t *pml4 = table, *pdpt = table + 512, *pd = table + 1024;

	pml4[0] = (BOOT_PAGE_TABLES + PAGE_SIZE) | PTE_TABLE;
	for (uint64_t i = 0; i < 4; i++)
		pdpt[i] = (BOOT_PAGE_TABLES + (2 + i) * PAGE_SIZE) | PTE_TABLE;
	for (uint64_t i = 0; i < 4 * 512; i++)
		pd[i] = i * 2 * MIB | PTE_LARGE;
}

static struct kvm_segment flat_segment(uint16_t selector, uint8_t type)
{
	return (struct kvm_segment){
		.selector = selector,
		.limit = 0xffffffff,
		.type = type,
		.present = 1,
		.s = 1,
		.g = 1,
		.l = type & 8 ? 1 : 0,	/* code: 64 bit */
		.db = type & 8 ? 0 : 1,
	};
}

static void write_gdt(struct vm *vm)
{
	static const uint64_t gdt[] = {
		0, 0,
		0x00af9b000000ffff,	/* 0x10: code, 64 bit */
		0x00cf93000000ffff,	/* 0x18: data */
	};

	memcpy(vm_ram(vm, BOOT_GDT_ADDR, sizeof(gdt)), gdt, sizeof(gdt));
}

static void long_mode(struct kvm_sregs *s)
{
	s->cs = flat_segment(0x10, 0xb);
	s->ds = flat_segment(0x18, 0x3);
	s->es = s->ds;
	s->ss = s->ds;
	s->fs = s->ds;
	s->gs = s->ds;
	s->gdt.base = BOOT_GDT_ADDR;
	s->gdt.limit = 4 * 8 - 1;
	s->idt.limit = 0;
	s->cr3 = BOOT_PAGE_TABLES;
	s->cr4 = CR4_PAE;
	s->cr0 = CR0_PE | CR0_ET | CR0_NE | CR0_WP | CR0_PG;
	s->efer = EFER_LME | EFER_LMA;
}

static bool enter_kernel(struct vm *vm, const struct image *img)
{
	struct kvm_regs regs = {
		.rip = img->entry,
		.rsi = BOOT_PARAMS_ADDR,
		.rsp = BOOT_STACK,
		.rflags = 2,
	};
	struct kvm_sregs sregs;
	int fd = vm->vcpus[0].fd;

	if (ioctl(fd, KVM_GET_SREGS, &sregs))
		goto err;
	long_mode(&sregs);
	if (ioctl(fd, KVM_SET_SREGS, &sregs) || ioctl(fd, KVM_SET_REGS, &regs))
		goto err;
	return true;

err:
	log_info("registers of the first vCPU: %s", strerror(errno));
	return false;
}

bool boot_load(struct vm *vm, const struct options *opt)
{
	struct image img = {0};

	if (!image_load(vm, opt->kernel, &img) || !load_initrd(vm, opt->initrd, &img) ||
	    !write_cmdline(vm, opt->append, &img))
		return false;
	write_boot_params(vm, &img);
	write_page_tables(vm);
	write_gdt(vm);
	acpi_build(vm);
	return enter_kernel(vm, &img);
}
