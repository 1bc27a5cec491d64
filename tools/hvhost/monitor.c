// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looking at the monitor page. A group of 32 bits is taken by one atomic
 * operation, so a bit set while we look is seen now or the next time.
 */
#include "channel.h"
#include "control.h"
#include "loop.h"
#include "monitor.h"
#include "proto.h"
#include "traffic.h"
#include "vm.h"

#define LATENCY_NS	100000u
#define GROUPS		(MONITORS / 32)
#define GROUP_OFFSET(n)	(8 + 8 * (n))	/* u32 pending; u32 armed */

static struct channel *watched[MONITORS];
static uint32_t mask[GROUPS];		/* bits of those */
static unsigned int watching;
static unsigned int taken;
static struct loop_timer *timer;
static uint64_t page;

static void signalled(unsigned int group, uint32_t bits)
{
	unsigned int id;

	for (; bits; bits &= bits - 1) {
		id = group * 32 + __builtin_ctz(bits);
		/* The channel before may have closed this one. */
		if (watched[id])
			traffic_monitored(watched[id]);
	}
}

static void look(void *ctx)
{
	uint8_t *at = page ? vm_ram(control_vm(), page, HV_PAGE) : NULL;
	uint32_t *pending, bits;
	unsigned int group;

	(void)ctx;
	for (group = 0; at && group < GROUPS; group++) {
		pending = (uint32_t *)(at + GROUP_OFFSET(group));
		bits = __atomic_load_n(pending, __ATOMIC_RELAXED) & mask[group];
		if (!bits)
			continue;
		bits &= __atomic_fetch_and(pending, ~bits, __ATOMIC_SEQ_CST);
		signalled(group, bits);
	}
}

bool monitor_take(uint8_t *id)
{
	if (!timer)
		timer = loop_timer_new(look, NULL);
	if (!timer || taken == MONITORS)
		return false;
	*id = taken++;
	return true;
}

enum proto_error monitor_page_set(uint64_t gpa)
{
	page = 0;
	if (gpa % HV_PAGE || !vm_ram(control_vm(), gpa, HV_PAGE))
		return PROTO_ERROR_contact_monitor;
	page = gpa;
	return PROTO_OK;
}

bool monitor_page_known(void)
{
	return page;
}

void monitor_watch(struct channel *ch)
{
	if (ch->monitor_id == MONITOR_NONE || !page)
		return;
	watched[ch->monitor_id] = ch;
	mask[ch->monitor_id / 32] |= 1u << ch->monitor_id % 32;
	if (!watching++)
		loop_timer_arm(timer, LATENCY_NS, LATENCY_NS);
}

void monitor_unwatch(struct channel *ch)
{
	if (ch->monitor_id == MONITOR_NONE || !watched[ch->monitor_id])
		return;
	watched[ch->monitor_id] = NULL;
	mask[ch->monitor_id / 32] &= ~(1u << ch->monitor_id % 32);
	if (!--watching)
		loop_timer_arm(timer, 0, 0);
}
