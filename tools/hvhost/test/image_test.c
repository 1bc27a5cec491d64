// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernels' files: those that are loaded, and where; those that are refused, each with a sentence
 * and without a byte outside the memory. Made here, since real ones are whole.
 */
#include <elf.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"

#include "../file.c"
#include "../image.c"

#define RAM		(4 * MIB)
#define LOAD		(2 * MIB)
#define SETUP_SECTS	1
#define SETUP_BYTES	((SETUP_SECTS + 1) * SECTOR)
#define BODY		1000

static struct vm vm;
static unsigned int sentences;

void log_info(const char *fmt, ...)
{
	(void)fmt;
	sentences++;
}

void *vm_ram(struct vm *machine, uint64_t gpa, size_t len)
{
	const struct ram_slot *s = &machine->slots[0];

	return gpa < s->size && len <= s->size - gpa ? s->host + gpa : NULL;
}

const struct ram_slot *vm_low_ram(const struct vm *machine)
{
	return &machine->slots[0];
}

static bool load(const void *content, size_t size, struct image *img)
{
	char path[] = "/tmp/image_test.XXXXXX";
	int fd = mkstemp(path);
	bool loaded = false;

	memset(vm.slots[0].host, 0, RAM);
	memset(img, 0, sizeof(*img));
	sentences = 0;
	if (fd >= 0 && write(fd, content, size) == (ssize_t)size)
		loaded = image_load(&vm, path, img);
	close(fd);
	unlink(path);
	return loaded;
}

static void refused(const char *what, const void *content, size_t size)
{
	struct image img;

	ok(!load(content, size, &img) && sentences == 1, "refuses %s", what);
}

/* --- bzImage --- */

static struct {
	uint8_t setup[SETUP_BYTES];
	uint8_t body[BODY];
} bz;

static struct setup_header *bz_header(void)
{
	return (void *)(bz.setup + SETUP_HEADER_OFFSET);
}

static void make_bz(void)
{
	struct setup_header *h = bz_header();

	memset(&bz, 0, sizeof(bz));
	memset(bz.body, 0xb2, BODY);
	h->header = SETUP_MAGIC;
	h->version = MIN_PROTOCOL;
	h->xloadflags = XLF_KERNEL_64;
	h->setup_sects = SETUP_SECTS;
	h->pref_address = LOAD;
	h->init_size = MIB;
	h->cmdline_size = 100;
}

static void try_bz(void)
{
	struct image img;

	make_bz();
	ok(load(&bz, sizeof(bz), &img), "a bzImage is loaded");
	ok(img.entry == LOAD + ENTRY_64 && img.end == LOAD + MIB, "with its entry and its end");
	ok(!memcmp(vm.slots[0].host + LOAD, bz.body, BODY), "its body where it wants to be");
	ok(img.header.cmdline_size == 100, "its header is kept");
	bz_header()->header++;
	refused("another magic", &bz, sizeof(bz));
	make_bz();
	bz_header()->xloadflags = 0;
	refused("one without a 64-bit entry", &bz, sizeof(bz));
	make_bz();
	refused("one without a body", &bz, SETUP_BYTES);
	bz_header()->init_size = BODY - 1;
	refused("one that is larger than it says", &bz, sizeof(bz));
	make_bz();
	bz_header()->init_size = RAM - LOAD;
	ok(load(&bz, sizeof(bz), &img), "one that needs all of the memory");
	bz_header()->init_size++;
	refused("one that needs a byte more", &bz, sizeof(bz));
	make_bz();
	bz_header()->pref_address = ~0ull;
	refused("one at the end of all addresses", &bz, sizeof(bz));
	refused("an empty file", &bz, 0);
}

/* --- vmlinux --- */

static struct {
	Elf64_Ehdr head;
	Elf64_Phdr segment[3];
	uint8_t body[BODY];
} elf;

static void make_elf(void)
{
	memset(&elf, 0, sizeof(elf));
	memset(elf.body, 0xe1, BODY);
	memcpy(elf.head.e_ident, ELFMAG, SELFMAG);
	elf.head.e_ident[EI_CLASS] = ELFCLASS64;
	elf.head.e_ident[EI_DATA] = ELFDATA2LSB;
	elf.head.e_type = ET_EXEC;
	elf.head.e_machine = EM_X86_64;
	elf.head.e_phoff = offsetof(__typeof__(elf), segment);
	elf.head.e_phentsize = sizeof(Elf64_Phdr);
	elf.head.e_phnum = 3;
	elf.head.e_entry = LOAD + 16;
	/* A note is none of memory's, wherever it says it is. */
	elf.segment[0] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_paddr = 1, .p_memsz = ~0ull };
	elf.segment[1] = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_offset = offsetof(__typeof__(elf), body), .p_paddr = LOAD,
		.p_vaddr = ~0ull, .p_filesz = BODY, .p_memsz = 2 * BODY,
	};
	elf.segment[2] = elf.segment[1];
	elf.segment[2].p_paddr = LOAD + MIB;
	elf.segment[2].p_filesz = 0;
}

static void try_elf(void)
{
	static const uint8_t zero[BODY];
	uint8_t *ram = vm.slots[0].host;
	struct image img;

	make_elf();
	ok(load(&elf, sizeof(elf), &img), "a vmlinux is loaded");
	ok(img.entry == LOAD + 16 && img.end == LOAD + MIB + 2 * BODY, "with its entry and its end");
	ok(!memcmp(ram + LOAD, elf.body, BODY), "its segments at their physical addresses");
	ok(!memcmp(ram + LOAD + BODY, zero, BODY), "what the file does not have of them is zero");
	ok(img.header.header == SETUP_MAGIC && img.header.cmdline_size == CMDLINE_SIZE,
	   "it gets a header");
}

/* What is wrong with it is written where it says, and is all that is. */
#define REFUSED(what, field, value) do {		\
	make_elf();					\
	elf.field = (value);				\
	refused(what, &elf, sizeof(elf));		\
} while (0)

static void try_bad_elf(void)
{
	struct image img;

	REFUSED("32 bits", head.e_ident[EI_CLASS], ELFCLASS32);
	REFUSED("another machine", head.e_machine, EM_386);
	REFUSED("a shared object", head.e_type, ET_DYN);
	REFUSED("segments of another size", head.e_phentsize, sizeof(Elf32_Phdr));
	REFUSED("too many segments", head.e_phnum, MAX_SEGMENTS + 1);
	REFUSED("no segments", head.e_phnum, 0);
	REFUSED("segments behind the file's end", head.e_phoff, sizeof(elf));
	REFUSED("segments before its begin", head.e_phoff, ~0ull);
	REFUSED("an entry below it", head.e_entry, 0);
	REFUSED("an entry at its end", head.e_entry, LOAD + MIB + 2 * BODY);
	REFUSED("more in the file than in memory", segment[1].p_filesz, 2 * BODY + 1);
	REFUSED("a segment behind the file's end", segment[1].p_offset, sizeof(elf) - BODY + 1);
	REFUSED("one before its begin", segment[1].p_offset, ~0ull);
	REFUSED("one among what booting needs", segment[1].p_paddr, MIB - 1);
	REFUSED("one behind the memory's end", segment[1].p_paddr, RAM);
	REFUSED("one that does not fit by a byte", segment[1].p_paddr, RAM - 2 * BODY + 1);
	REFUSED("one that is as large as can be", segment[1].p_memsz, ~0ull);
	make_elf();
	elf.segment[1].p_paddr = RAM - 2 * BODY;
	ok(load(&elf, sizeof(elf), &img), "one that just fits is loaded");
}

int main(void)
{
	vm.slots[0].size = RAM;
	vm.slots[0].host = malloc(RAM);
	if (!vm.slots[0].host)
		return 1;
	try_bz();
	try_elf();
	try_bad_elf();
	free(vm.slots[0].host);
	return tap_done();
}
