// SPDX-License-Identifier: GPL-2.0-only
/*
 * A 16550A with interrupts, as far as Linux's 8250 driver looks. What is sent is gone
 * at once, so the transmitter is always empty. What arrives waits in a queue larger
 * than the chip's FIFO and shows only while the guest has its receive interrupt on:
 * input given before a shell listens is not lost to the driver's start-up.
 */
#include "uart.h"

#include <linux/serial_reg.h>
#include <pthread.h>
#include <stdbool.h>

#include "console.h"
#include "machine.h"
#include "pio.h"

#define NR_REGISTERS	8
#define QUEUE_SIZE	4096	/* power of two */

struct uart {
	pthread_mutex_t lock;
	struct vm *vm;
	uint8_t ier, lcr, mcr, fcr, scratch, dll, dlm;
	bool thr_empty_pending;	/* an interrupt not yet seen by way of IIR */
	bool irq;
	uint8_t queue[QUEUE_SIZE];
	size_t head, tail;	/* taken and put, counting on */
};

static struct uart uart = { .lock = PTHREAD_MUTEX_INITIALIZER, .lcr = UART_LCR_WLEN8 };

static bool readable(const struct uart *u)
{
	return u->ier & UART_IER_RDI && u->head != u->tail;
}

static uint8_t interrupt_id(const struct uart *u)
{
	if (readable(u))
		return UART_IIR_RDI;
	if (u->ier & UART_IER_THRI && u->thr_empty_pending)
		return UART_IIR_THRI;
	return UART_IIR_NO_INT;
}

static void update_irq(struct uart *u)
{
	bool irq = interrupt_id(u) != UART_IIR_NO_INT;

	if (irq == u->irq)
		return;
	u->irq = irq;
	vm_irq_line(u->vm, UART_IRQ, irq);
}

static uint8_t read_rbr(struct uart *u)
{
	uint8_t c;

	if (!readable(u))
		return 0;
	c = u->queue[u->head++ % QUEUE_SIZE];
	if (u->tail - u->head == QUEUE_SIZE / 2)
		console_room();
	return c;
}

static uint8_t read_iir(struct uart *u)
{
	uint8_t id = interrupt_id(u);

	if (id == UART_IIR_THRI)
		u->thr_empty_pending = false;
	return u->fcr & UART_FCR_ENABLE_FIFO ? id | 0xc0 : id;
}

static uint8_t read_msr(const struct uart *u)
{
	if (!(u->mcr & UART_MCR_LOOP))
		return UART_MSR_DCD | UART_MSR_DSR | UART_MSR_CTS;
	return (u->mcr & UART_MCR_DTR ? UART_MSR_DSR : 0) |
	       (u->mcr & UART_MCR_RTS ? UART_MSR_CTS : 0) |
	       (u->mcr & UART_MCR_OUT1 ? UART_MSR_RI : 0) |
	       (u->mcr & UART_MCR_OUT2 ? UART_MSR_DCD : 0);
}

static uint8_t read_register(struct uart *u, unsigned int reg)
{
	bool dlab = u->lcr & UART_LCR_DLAB;

	switch (reg) {
	case UART_RX:
		return dlab ? u->dll : read_rbr(u);
	case UART_IER:
		return dlab ? u->dlm : u->ier;
	case UART_IIR:
		return read_iir(u);
	case UART_LCR:
		return u->lcr;
	case UART_MCR:
		return u->mcr;
	case UART_LSR:
		return UART_LSR_THRE | UART_LSR_TEMT | (readable(u) ? UART_LSR_DR : 0);
	case UART_MSR:
		return read_msr(u);
	default:
		return u->scratch;
	}
}

static void write_thr(struct uart *u, uint8_t c)
{
	if (!(u->mcr & UART_MCR_LOOP))
		console_put(c);
	u->thr_empty_pending = true;
}

static void write_ier(struct uart *u, uint8_t value)
{
	if (value & ~u->ier & UART_IER_THRI)
		u->thr_empty_pending = true;
	u->ier = value & 0x0f;
}

static void write_register(struct uart *u, unsigned int reg, uint8_t value)
{
	bool dlab = u->lcr & UART_LCR_DLAB;

	switch (reg) {
	case UART_TX:
		if (dlab)
			u->dll = value;
		else
			write_thr(u, value);
		break;
	case UART_IER:
		if (dlab)
			u->dlm = value;
		else
			write_ier(u, value);
		break;
	case UART_FCR:
		u->fcr = value;
		break;
	case UART_LCR:
		u->lcr = value;
		break;
	case UART_MCR:
		u->mcr = value & 0x1f;
		break;
	case UART_SCR:
		u->scratch = value;
		break;
	}
}

static void uart_access(void *ctx, const struct pio_access *a)
{
	struct uart *u = ctx;

	pthread_mutex_lock(&u->lock);
	for (uint32_t i = 0; i < a->count; i++) {
		if (a->write)
			write_register(u, a->offset, a->data[i * a->size]);
		else
			a->data[i * a->size] = read_register(u, a->offset);
	}
	update_irq(u);
	pthread_mutex_unlock(&u->lock);
}

size_t uart_room(void)
{
	size_t used;

	pthread_mutex_lock(&uart.lock);
	used = uart.tail - uart.head;
	pthread_mutex_unlock(&uart.lock);
	return QUEUE_SIZE - used;
}

void uart_receive(const uint8_t *data, size_t len)
{
	pthread_mutex_lock(&uart.lock);
	for (size_t i = 0; i < len && uart.tail - uart.head < QUEUE_SIZE; i++)
		uart.queue[uart.tail++ % QUEUE_SIZE] = data[i];
	update_irq(&uart);
	pthread_mutex_unlock(&uart.lock);
}

void uart_init(struct vm *vm)
{
	uart.vm = vm;
	pio_register(UART_PORT, NR_REGISTERS, uart_access, &uart);
}
