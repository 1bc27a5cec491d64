/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The file port: how a program in the guest hands files and an exit code to hvhost.
 * Shared with guest/hvput.c.
 *
 * Data comes by either of two ways: bytes written to the data port (any width, strings
 * too), or left at the start of the window, a piece of memory outside the guest's RAM,
 * and announced by its length at the window port, which takes one exit for all of it.
 * A command acts on what has come since the last: its operand, or contents.
 *
 * Reading the command port gives the outcome of what was done last.
 */
#ifndef HVHOST_FILEPORT_H
#define HVHOST_FILEPORT_H

#define FILEPORT_BASE		0x0e90
#define FILEPORT_COMMAND	0	/* u8, write: a command; read: enum fileport_status */
#define FILEPORT_DATA		1	/* write only */
#define FILEPORT_WINDOW		4	/* u32, write: bytes in the window; read: its size */
#define FILEPORT_ID		8	/* u32, read only: FILEPORT_MAGIC */
#define FILEPORT_LENGTH		12

#define FILEPORT_MAGIC		0x70766868	/* "hhvp" */
#define FILEPORT_WINDOW_ADDR	0xfc000000	/* guest physical */
#define FILEPORT_WINDOW_SIZE	0x00040000
#define FILEPORT_NAME_MAX	128
#define FILEPORT_FILE_MAX	(1ull << 30)

enum fileport_command {
	FILEPORT_BEGIN = 1,	/* what follows is an operand: forget what was under way */
	FILEPORT_OPEN = 2,	/* operand: file name; what follows is contents */
	FILEPORT_CLOSE = 3,	/* the file is complete */
	FILEPORT_EXIT = 4,	/* operand: one byte, the exit code; hvhost ends */
};

enum fileport_status {
	FILEPORT_OK,
	FILEPORT_NO_DIRECTORY,	/* hvhost runs without --files */
	FILEPORT_BAD_NAME,
	FILEPORT_TOO_LARGE,
	FILEPORT_IO_ERROR,	/* on the host; its log says more */
	FILEPORT_NOT_OPEN,	/* contents or close without open */
	FILEPORT_BAD_COMMAND,
	FILEPORT_ABSENT = 0xff,	/* what an unclaimed port reads */
};

#ifndef FILEPORT_GUEST
#include <stdbool.h>

struct vm;

bool fileport_init(struct vm *vm, const char *directory);	/* NULL: no files */
/* Discards a file under way. After the vCPUs have stopped. */
void fileport_finish(void);
#endif

#endif
