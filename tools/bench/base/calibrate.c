// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is a tick of the clock one instruction: code of known length is timed with
 * interrupts off, and every sample is told.
 */
#include <linux/irqflags.h>
#include <linux/seq_file.h>

#define BENCH_NO_HOT_CODE
#include "hot.h"
#include "base.h"

#define SAMPLES		15

/* 1 + 2 * n instructions */
static u64 count_down(u64 n)
{
	u64 begin = bench_clock();

	asm volatile("mov %0, %%rcx\n"
		     "1: dec %%rcx\n"
		     "jnz 1b\n"
		     : : "r" (n) : "rcx", "cc", "memory");
	return bench_clock() - begin;
}

/* 1000 instructions */
static u64 thousand_nops(u64 unused)
{
	u64 begin = bench_clock();

	asm volatile(".rept 1000\n"
		     "nop\n"
		     ".endr\n"
		     : : : "memory");
	return bench_clock() - begin;
}

/* 2 instructions, and one that counts n + 1 times. n: at most the buffer. */
static u64 repeat_move(u64 n)
{
	static u8 from[1024], to[1024];
	u64 begin = bench_clock();

	asm volatile("lea %0, %%rdi\n"
		     "lea %1, %%rsi\n"
		     "rep movsb\n"
		     : "=m" (to), "+m" (from), "+c" (n) : : "rdi", "rsi", "memory");
	return bench_clock() - begin;
}

static u64 nothing(u64 unused)
{
	u64 begin = bench_clock();

	return bench_clock() - begin;
}

static void show(struct seq_file *m, const char *name, u64 expected, u64 (*code)(u64 n), u64 n)
{
	unsigned long flags;
	u64 ticks;
	int i;

	seq_printf(m, "%s %llu", name, expected);
	for (i = 0; i < SAMPLES; i++) {
		local_irq_save(flags);
		ticks = code(n);
		local_irq_restore(flags);
		seq_printf(m, " %llu", ticks);
	}
	seq_putc(m, '\n');
}

/* Lines: name, instructions, samples. */
int bench_calibration_show(struct seq_file *m, void *unused)
{
	show(m, "nothing", 0, nothing, 0);
	show(m, "nops", 1000, thousand_nops, 0);
	show(m, "loop-1000", 2001, count_down, 1000);
	show(m, "loop-100000", 200001, count_down, 100000);
	show(m, "rep-movsb-1000", 1003, repeat_move, 1000);
	return 0;
}
