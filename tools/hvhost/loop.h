/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The main thread's event loop: epoll over file descriptors and timers. All of
 * the VMBus side (control protocol, rings, devices) runs on it, so that code
 * needs no locks. vCPU threads reach it by loop_call() only.
 */
#ifndef HVHOST_LOOP_H
#define HVHOST_LOOP_H

#include <stdint.h>

typedef void (*loop_fn)(void *ctx);

struct loop_timer;

int loop_init(void);

/* Calls fn(ctx) on the loop while fd is readable; fn must read it empty. */
int loop_add_fd(int fd, loop_fn fn, void *ctx);
void loop_del_fd(int fd);

/*
 * A timer is created idle. Arming one that is armed moves it; 0 disarms; period_ns 0 is one
 * shot. Arming is for any thread.
 */
struct loop_timer *loop_timer_new(loop_fn fn, void *ctx);
void loop_timer_arm(struct loop_timer *t, uint64_t first_ns, uint64_t period_ns);
void loop_timer_free(struct loop_timer *t);

/* From any thread: run fn(ctx) soon on the loop, in order of the calls. */
void loop_call(loop_fn fn, void *ctx);

/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t loop_now(void);

/*
 * Runs until loop_stop(code); returns code. loop_stop() may be called from any thread;
 * the first call counts.
 */
int loop_run(void);
void loop_stop(int code);

#endif
