/* SPDX-License-Identifier: GPL-2.0-only */
/* A file that is read into the guest's memory: file.c. What goes wrong is said there. */
#ifndef HVHOST_FILE_H
#define HVHOST_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* size: in bytes, when it was opened. */
struct file {
	const char *path;
	int fd;
	uint64_t size;
};

/* A regular file, or false. Then nothing is to be closed. */
bool file_open(struct file *f, const char *path);
void file_close(struct file *f);
/* All len bytes, or false. */
bool file_read(const struct file *f, void *buf, size_t len, uint64_t offset);

#endif
