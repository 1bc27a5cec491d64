/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the benchmark has to do to a channel behind the back of the driver that has it
 * open: keep both ends from signalling while something is measured, and do what the
 * bus does when it is interrupted. bench_bus.ko.
 */
#ifndef _BENCH_BUS_H
#define _BENCH_BUS_H

#include <linux/types.h>
#include <linux/uuid.h>

struct bench_bus;

struct bench_bus *bench_bus_find(const guid_t *instance);
void bench_bus_put(struct bench_bus *bus);

void bench_bus_hush_host(struct bench_bus *bus, bool hush);
void bench_bus_hush_guest(struct bench_bus *bus, bool hush);
bool bench_bus_guest_hushed(struct bench_bus *bus);
u32 bench_bus_readable(struct bench_bus *bus);
u32 bench_bus_unread(struct bench_bus *bus);
void bench_bus_signal(struct bench_bus *bus);
void bench_bus_event(struct bench_bus *bus);
u64 bench_bus_signals(struct bench_bus *bus);
u64 bench_bus_interrupts(struct bench_bus *bus);

#endif /* _BENCH_BUS_H */
