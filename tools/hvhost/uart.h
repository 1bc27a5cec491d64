/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's serial port, ttyS0.
 */
#ifndef HVHOST_UART_H
#define HVHOST_UART_H

#include <stddef.h>
#include <stdint.h>

struct vm;

void uart_init(struct vm *vm);

/* From the console: bytes that may be given now, and giving them. */
size_t uart_room(void);
void uart_receive(const uint8_t *data, size_t len);

#endif
