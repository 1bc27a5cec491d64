// SPDX-License-Identifier: GPL-2.0-only
/*
 * vm.h, loop.h, synic.h and log.h without a machine.
 */
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "log.h"
#include "loop.h"
#include "synic.h"
#include "vm.h"

#define PAGE	4096u

bool log_debug_enabled;

void log_info(const char *fmt, ...)
{
	(void)fmt;
}

void log_guest(const char *fmt, ...)
{
	(void)fmt;
}

void log_debug(const char *fmt, ...)
{
	(void)fmt;
}

static struct vm vm;
static unsigned int pages_given;

struct vm *fake_vm(void)
{
	if (!vm.ram)
		vm.ram = calloc(1, FAKE_RAM);
	return &vm;
}

/* A stride that is odd visits every page of a power of two. */
uint64_t fake_page(void)
{
	uint64_t page = pages_given++ * 4097ull % (FAKE_RAM / PAGE);

	if (pages_given > FAKE_RAM / PAGE)
		abort();
	memset(fake_vm()->ram + page * PAGE, 0, PAGE);
	return page * PAGE;
}

void fake_pages_reset(void)
{
	pages_given = 0;
}

void *vm_ram(struct vm *v, uint64_t gpa, size_t len)
{
	if (gpa >= FAKE_RAM || len > FAKE_RAM - gpa)
		return NULL;
	return v->ram + gpa;
}

unsigned int vm_vcpus(const struct vm *v)
{
	(void)v;
	return FAKE_VCPUS;
}

struct loop_timer {
	struct loop_timer *next;
	loop_fn fn;
	void *ctx;
	uint64_t due;		/* 0: idle */
	uint64_t period;
};

static struct loop_timer *timers;
static uint64_t now = 1000 * FAKE_MS;

uint64_t loop_now(void)
{
	return now;
}

uint64_t vm_reference_time(struct vm *v)
{
	(void)v;
	return now / 100;
}

struct loop_timer *loop_timer_new(loop_fn fn, void *ctx)
{
	struct loop_timer *t = calloc(1, sizeof(*t));

	t->fn = fn;
	t->ctx = ctx;
	t->next = timers;
	timers = t;
	return t;
}

void loop_timer_arm(struct loop_timer *t, uint64_t first_ns, uint64_t period_ns)
{
	t->due = first_ns ? now + first_ns : 0;
	t->period = period_ns;
}

static struct loop_timer *first_due(void)
{
	struct loop_timer *t, *first = NULL;

	for (t = timers; t; t = t->next)
		if (t->due && (!first || t->due < first->due))
			first = t;
	return first;
}

void fake_advance(uint64_t ns)
{
	const uint64_t end = now + ns;
	struct loop_timer *t;

	while ((t = first_due()) && t->due <= end) {
		now = t->due;
		t->due = t->period ? now + t->period : 0;
		t->fn(t->ctx);
	}
	now = end;
}

struct message {
	struct message *next;
	unsigned int vp;
	size_t len;
	uint8_t payload[HV_MESSAGE_PAYLOAD_MAX];
};

static struct message *messages, **messages_end = &messages;

bool synic_post_message(struct vm *v, unsigned int vp, const void *payload, size_t len)
{
	struct message *m = calloc(1, sizeof(*m));

	(void)v;
	m->vp = vp;
	m->len = len;
	memcpy(m->payload, payload, len);
	*messages_end = m;
	messages_end = &m->next;
	return true;
}

size_t fake_take_message(void *buf, unsigned int *vp)
{
	struct message *m = messages;
	size_t len;

	if (!m)
		return 0;
	messages = m->next;
	if (!messages)
		messages_end = &messages;
	len = m->len;
	memcpy(buf, m->payload, len);
	if (vp)
		*vp = m->vp;
	free(m);
	return len;
}

void fake_drop_messages(void)
{
	uint8_t buf[HV_MESSAGE_PAYLOAD_MAX];

	while (fake_take_message(buf, NULL))
		;
}

void synic_flush_messages(struct vm *v)
{
	(void)v;
	fake_drop_messages();
}

static unsigned int signals[FAKE_VCPUS][2048];

bool synic_signal_event(struct vm *v, unsigned int vp, unsigned int flag)
{
	(void)v;
	signals[vp][flag]++;
	return true;
}

unsigned int fake_signals(unsigned int vp, unsigned int flag)
{
	return signals[vp][flag];
}

static struct {
	uint32_t id;
	loop_fn fn;
	void *ctx;
} connections[64];

bool synic_connection_open(struct vm *v, uint32_t id, loop_fn fn, void *ctx)
{
	unsigned int i;

	(void)v;
	for (i = 0; i < 64; i++) {
		if (connections[i].id)
			continue;
		connections[i].id = id;
		connections[i].fn = fn;
		connections[i].ctx = ctx;
		return true;
	}
	return false;
}

void synic_connection_close(struct vm *v, uint32_t id)
{
	unsigned int i;

	(void)v;
	for (i = 0; i < 64; i++)
		if (connections[i].id == id)
			connections[i].id = 0;
}

bool fake_signal(uint32_t id)
{
	unsigned int i;

	for (i = 0; i < 64; i++) {
		if (connections[i].id != id)
			continue;
		connections[i].fn(connections[i].ctx);
		return true;
	}
	return false;
}
