// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files of the machine that hvhost runs on.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "log.h"

bool file_open(struct file *f, const char *path)
{
	struct stat st;

	f->path = path;
	f->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (f->fd < 0 || fstat(f->fd, &st)) {
		log_info("%s: %s", path, strerror(errno));
		goto err;
	}
	if (!S_ISREG(st.st_mode)) {
		log_info("%s: not a regular file", path);
		goto err;
	}
	f->size = st.st_size;
	return true;

err:
	if (f->fd >= 0)
		close(f->fd);
	return false;
}

void file_close(struct file *f)
{
	close(f->fd);
}

bool file_read(const struct file *f, void *buf, size_t len, uint64_t offset)
{
	uint8_t *p = buf;

	while (len) {
		ssize_t n = pread(f->fd, p, len, offset);

		if (n <= 0) {
			log_info("%s: %s", f->path, n ? strerror(errno) : "too short");
			return false;
		}
		p += n;
		len -= n;
		offset += n;
	}
	return true;
}
