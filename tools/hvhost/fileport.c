// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file port, described in fileport.h: files that the guest puts land in one
 * directory, under plain names only, and appear there when they are complete. An
 * error sticks until the next "begin", so the guest may look once at the end.
 */
#include "fileport.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exitcode.h"
#include "log.h"
#include "loop.h"
#include "machine.h"
#include "pio.h"

#define TEMPORARY_NAME	".hvhost-incoming"

static struct {
	pthread_mutex_t lock;
	int dir_fd;		/* -1: no --files */
	int file_fd;		/* -1: none open, data is an operand */
	uint64_t size;
	char operand[FILEPORT_NAME_MAX + 1];
	size_t operand_len;	/* may exceed the array, what is beyond was dropped */
	char name[FILEPORT_NAME_MAX + 1];
	enum fileport_status status;
	const uint8_t *window;
} port = { .lock = PTHREAD_MUTEX_INITIALIZER, .dir_fd = -1, .file_fd = -1 };

static void fail(enum fileport_status status, const char *what)
{
	if (status == FILEPORT_IO_ERROR)
		log_info("file %s from the guest: %s: %s", port.name, what, strerror(errno));
	else
		log_guest("file port: %s", what);
	port.status = status;
}

static void discard(void)
{
	if (port.file_fd < 0)
		return;
	close(port.file_fd);
	port.file_fd = -1;
	unlinkat(port.dir_fd, TEMPORARY_NAME, 0);
}

static bool write_file(const uint8_t *data, size_t len)
{
	while (len) {
		ssize_t n = write(port.file_fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= n;
	}
	return true;
}

static void add_contents(const uint8_t *data, size_t len)
{
	if (len > FILEPORT_FILE_MAX - port.size) {
		fail(FILEPORT_TOO_LARGE, "a file beyond the limit");
		discard();
	} else if (!write_file(data, len)) {
		fail(FILEPORT_IO_ERROR, "writing");
		discard();
	} else {
		port.size += len;
	}
}

static void add_operand(const uint8_t *data, size_t len)
{
	size_t room = 0;

	if (port.operand_len < sizeof(port.operand))
		room = sizeof(port.operand) - port.operand_len;
	memcpy(port.operand + sizeof(port.operand) - room, data, len < room ? len : room);
	port.operand_len += len;
}

static void add_data(const uint8_t *data, size_t len)
{
	if (port.status != FILEPORT_OK)
		return;
	if (port.file_fd >= 0)
		add_contents(data, len);
	else
		add_operand(data, len);
}

static bool good_name(const char *name, size_t len)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789._-";

	return len && len <= FILEPORT_NAME_MAX && name[0] != '.' && strspn(name, good) == len;
}

static void open_named(void)
{
	if (port.operand_len < sizeof(port.operand))
		port.operand[port.operand_len] = '\0';
	if (!good_name(port.operand, port.operand_len)) {
		fail(FILEPORT_BAD_NAME, "a bad file name");
		return;
	}
	memcpy(port.name, port.operand, port.operand_len + 1);
	if (port.dir_fd < 0) {
		fail(FILEPORT_NO_DIRECTORY, "a file, but there is no --files");
		return;
	}
	port.file_fd = openat(port.dir_fd, TEMPORARY_NAME,
			      O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (port.file_fd < 0)
		fail(FILEPORT_IO_ERROR, "creating");
	port.size = 0;
}

static void close_file(void)
{
	int err;

	if (port.file_fd < 0) {
		fail(FILEPORT_NOT_OPEN, "close without open");
		return;
	}
	err = close(port.file_fd);
	port.file_fd = -1;
	if (err || renameat(port.dir_fd, TEMPORARY_NAME, port.dir_fd, port.name)) {
		fail(FILEPORT_IO_ERROR, "closing");
		unlinkat(port.dir_fd, TEMPORARY_NAME, 0);
		return;
	}
	log_debug("file %s from the guest, %llu bytes", port.name, (unsigned long long)port.size);
}

static void end_with_code(void)
{
	unsigned int code = (uint8_t)port.operand[0];

	if (port.operand_len != 1 || code > EXIT_GUEST_MAX) {
		fail(FILEPORT_BAD_COMMAND, "a bad exit code");
		return;
	}
	log_debug("the guest ends with code %u", code);
	loop_stop(code ? EXIT_GUEST_BASE + code : EXIT_POWER_OFF);
}

static void begin(void)
{
	discard();
	port.operand_len = 0;
	port.status = FILEPORT_OK;
}

static void command(uint8_t c)
{
	if (c == FILEPORT_BEGIN)
		begin();
	else if (port.status != FILEPORT_OK)
		return;
	else if (c == FILEPORT_OPEN && port.file_fd < 0)
		open_named();
	else if (c == FILEPORT_CLOSE)
		close_file();
	else if (c == FILEPORT_EXIT && port.file_fd < 0)
		end_with_code();
	else
		fail(FILEPORT_BAD_COMMAND, "a bad command");
}

static void take_window(const struct pio_access *a)
{
	uint32_t len;

	memcpy(&len, a->data, sizeof(len));
	if (len > FILEPORT_WINDOW_SIZE)
		fail(FILEPORT_BAD_COMMAND, "more than the window holds");
	else
		add_data(port.window, len);
}

static void write_port(const struct pio_access *a)
{
	if (a->offset == FILEPORT_COMMAND && a->size == 1)
		command(a->data[0]);
	else if (a->offset == FILEPORT_DATA)
		add_data(a->data, (size_t)a->size * a->count);
	else if (a->offset == FILEPORT_WINDOW && a->size == 4)
		take_window(a);
}

static void read_port(const struct pio_access *a)
{
	static const uint32_t magic = FILEPORT_MAGIC, window_size = FILEPORT_WINDOW_SIZE;

	if (a->offset == FILEPORT_COMMAND && a->size == 1)
		a->data[0] = port.status;
	else if (a->offset == FILEPORT_WINDOW && a->size == 4)
		memcpy(a->data, &window_size, sizeof(window_size));
	else if (a->offset == FILEPORT_ID && a->size == 4)
		memcpy(a->data, &magic, sizeof(magic));
}

static void fileport_access(void *ctx, const struct pio_access *a)
{
	(void)ctx;
	pthread_mutex_lock(&port.lock);
	if (a->write)
		write_port(a);
	else
		read_port(a);
	pthread_mutex_unlock(&port.lock);
}

bool fileport_init(struct vm *vm, const char *directory)
{
	port.window = vm_add_window(vm, FILEPORT_WINDOW_ADDR, FILEPORT_WINDOW_SIZE);
	if (!port.window)
		return false;
	if (directory)
		port.dir_fd = open(directory, O_DIRECTORY | O_PATH | O_CLOEXEC);
	if (directory && port.dir_fd < 0) {
		log_info("--files %s: %s", directory, strerror(errno));
		return false;
	}
	pio_register(FILEPORT_BASE, FILEPORT_LENGTH, fileport_access, NULL);
	return true;
}

void fileport_finish(void)
{
	discard();
	if (port.dir_fd >= 0)
		close(port.dir_fd);
	port.dir_fd = -1;
}
