// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's end of hvhost's file port: hands files and an exit code to the host. A
 * static program without needs but root: ports by ioperm(), bulk data through the
 * window in /dev/mem, or word by word where that cannot be had.
 */
#define FILEPORT_GUEST
#include "../fileport.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#define EXIT_FAILED	1
#define EXIT_USAGE	2
#define EXIT_NO_HVHOST	3
#define LOCK_TRIES	600	/* of 100 ms */
#define MEM_MAJOR	1
#define MEM_MINOR	1

static const char usage[] =
	"usage: hvput put NAME [FILE|-]   send FILE (default -, stdin) to hvhost's --files\n"
	"       hvput exit CODE           end hvhost with status 0, or 32 + CODE (1 to 31)\n"
	"       hvput probe               is this a guest of hvhost?\n"
	"       hvput --help              this\n"
	"NAME is made of letters, digits, '.', '_' and '-', and does not begin with '.'.\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage, 3 not a guest of hvhost.\n";

static uint8_t *window;		/* NULL: data goes through the port */

__attribute__((format(printf, 2, 3), noreturn))
static void die(int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("hvput: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(code);
}

static const char *status_text(uint8_t status)
{
	switch (status) {
	case FILEPORT_NO_DIRECTORY:
		return "hvhost was started without --files";
	case FILEPORT_BAD_NAME:
		return "not a name for a file; hvput --help says what is";
	case FILEPORT_TOO_LARGE:
		return "too large";
	case FILEPORT_IO_ERROR:
		return "the host could not write it; hvhost's log says why";
	case FILEPORT_NOT_OPEN:
		return "no file is open on the host";
	case FILEPORT_BAD_COMMAND:
		return "hvhost did not understand";
	default:
		return "hvhost gave an unknown answer";
	}
}

static void command(uint8_t c)
{
	uint8_t status;

	outb(c, FILEPORT_BASE + FILEPORT_COMMAND);
	status = inb(FILEPORT_BASE + FILEPORT_COMMAND);
	if (status != FILEPORT_OK)
		die(EXIT_FAILED, "%s", status_text(status));
}

/*
 * An exit each, so as wide as may be; and no string instruction, which KVM has to
 * emulate, one element at a time all the same.
 */
static void send_by_port(const uint8_t *data, size_t len)
{
	uint32_t word;

	for (; len >= sizeof(word); data += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		outl(word, FILEPORT_BASE + FILEPORT_DATA);
	}
	while (len--)
		outb(*data++, FILEPORT_BASE + FILEPORT_DATA);
}

static void send_contents(const uint8_t *data, size_t len)
{
	if (!window) {
		send_by_port(data, len);
		return;
	}
	memcpy(window, data, len);
	outl(len, FILEPORT_BASE + FILEPORT_WINDOW);
}

static void take_ports(void)
{
	if (ioperm(FILEPORT_BASE, FILEPORT_LENGTH, 1))
		die(EXIT_FAILED, "no access to I/O ports: %s", strerror(errno));
	if (inl(FILEPORT_BASE + FILEPORT_ID) != FILEPORT_MAGIC)
		die(EXIT_NO_HVHOST, "this is not a guest of hvhost");
}

/* One at a time: the name of a socket is free again the moment its owner is gone. */
static void take_turn(void)
{
	static const struct sockaddr_un name = { AF_UNIX, "\0hvput" };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (!bind(fd, (const struct sockaddr *)&name, sizeof(name)))
			return;
		usleep(100000);
	}
	die(EXIT_FAILED, "another hvput does not end");
}

/* An initramfs may have no /dev yet. */
static int open_mem(void)
{
	static const char node[] = "/.hvput-mem";
	int fd = open("/dev/mem", O_RDWR | O_SYNC | O_CLOEXEC);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (mknod(node, S_IFCHR | 0600, makedev(MEM_MAJOR, MEM_MINOR)))
		return -1;
	fd = open(node, O_RDWR | O_SYNC | O_CLOEXEC);
	unlink(node);
	return fd;
}

static void map_window(void)
{
	uint32_t size = inl(FILEPORT_BASE + FILEPORT_WINDOW);
	int fd = open_mem();
	void *at;

	if (fd < 0)
		return;
	if (size == FILEPORT_WINDOW_SIZE) {
		at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			  FILEPORT_WINDOW_ADDR);
		window = at == MAP_FAILED ? NULL : at;
	}
	close(fd);
}

static void send_file(int fd, const char *path)
{
	static uint8_t buf[FILEPORT_WINDOW_SIZE];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf)))) {
		uint8_t status;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			die(EXIT_FAILED, "%s: %s", path, strerror(errno));
		send_contents(buf, n);
		status = inb(FILEPORT_BASE + FILEPORT_COMMAND);
		if (status != FILEPORT_OK)
			die(EXIT_FAILED, "%s", status_text(status));
	}
}

static int put(const char *name, const char *path)
{
	int fd = STDIN_FILENO;

	if (strcmp(path, "-"))
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(EXIT_FAILED, "%s: %s", path, strerror(errno));
	take_ports();
	take_turn();
	map_window();
	command(FILEPORT_BEGIN);
	send_by_port((const uint8_t *)name, strlen(name));
	command(FILEPORT_OPEN);
	send_file(fd, path);
	command(FILEPORT_CLOSE);
	return 0;
}

static int end(const char *text)
{
	char *rest;
	unsigned long value = strtoul(text, &rest, 10);
	uint8_t code = value;

	if (*text < '0' || *text > '9' || *rest || value > 31)
		die(EXIT_USAGE, "an exit code is a number from 0 to 31, not \"%s\"", text);
	take_ports();
	take_turn();
	sync();
	command(FILEPORT_BEGIN);
	send_by_port(&code, 1);
	command(FILEPORT_EXIT);
	pause();	/* until the host has ended us all */
	return 0;
}

static int probe(void)
{
	take_ports();
	printf("a guest of hvhost\n");
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (!strcmp(verb, "--help") && argc == 2) {
		fputs(usage, stdout);
		return 0;
	}
	if (!strcmp(verb, "put") && (argc == 3 || argc == 4))
		return put(argv[2], argc == 4 ? argv[3] : "-");
	if (!strcmp(verb, "exit") && argc == 3)
		return end(argv[2]);
	if (!strcmp(verb, "probe") && argc == 2)
		return probe();
	fputs(usage, stderr);
	return EXIT_USAGE;
}
