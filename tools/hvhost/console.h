/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host's end of the guest's serial line.
 */
#ifndef HVHOST_CONSOLE_H
#define HVHOST_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* To path, or stdout and from stdin if NULL. After loop_init(). */
bool console_init(const char *path);
/* Writes out what is left, gives the terminal back. */
void console_finish(void);

/* Any thread. */
void console_put(uint8_t c);
/* Any thread: uart_room() has grown. */
void console_room(void);

#endif
