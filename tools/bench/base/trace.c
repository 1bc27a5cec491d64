// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which instructions are executed: the processor's single-step trap after each, and a
 * note of where. A trap costs thousands of instructions, so what is traced is not
 * timed.
 */
#include <linux/export.h>
#include <linux/kallsyms.h>
#include <linux/kdebug.h>
#include <linux/notifier.h>
#include <linux/seq_file.h>
#include <linux/vmalloc.h>
#include <asm/debugreg.h>
#include <asm/processor-flags.h>
#include <asm/ptrace.h>

#include "base.h"

#define STEPS_MAX	65536u

static unsigned long *steps;
static u32 taken;
static bool tracing;

/* As in an NMI. */
static int on_debug(struct notifier_block *nb, unsigned long event, void *data)
{
	struct die_args *args = data;
	unsigned long *dr6 = (unsigned long *)args->err;

	if (event != DIE_DEBUG || !READ_ONCE(tracing) || !(*dr6 & DR_STEP))
		return NOTIFY_DONE;
	if (taken < STEPS_MAX)
		steps[taken++] = args->regs->ip;
	*dr6 &= ~DR_STEP;
	return NOTIFY_STOP;
}

static struct notifier_block debug_notifier = {
	.notifier_call = on_debug,
	.priority = INT_MAX,
};

static void set_trap_flag(bool on)
{
	unsigned long flags;

	asm volatile("pushf\n"
		     "pop %0" : "=r" (flags) : : "memory");
	flags = on ? flags | X86_EFLAGS_TF : flags & ~X86_EFLAGS_TF;
	asm volatile("push %0\n"
		     "popf" : : "r" (flags) : "memory", "cc");
}

/**
 * bench_trace_begin() - from here on every instruction of this thread is noted
 *
 * Interrupts are not.
 */
void bench_trace_begin(void)
{
	WRITE_ONCE(tracing, true);
	set_trap_flag(true);
}
EXPORT_SYMBOL_GPL(bench_trace_begin);

void bench_trace_end(void)
{
	set_trap_flag(false);
	WRITE_ONCE(tracing, false);
}
EXPORT_SYMBOL_GPL(bench_trace_end);

/* Forget what there is. */
void bench_trace_reset(void)
{
	taken = 0;
}
EXPORT_SYMBOL_GPL(bench_trace_reset);

/* One instruction a line: function+offset, [module]. */
int bench_trace_show(struct seq_file *m, void *unused)
{
	u32 i;

	for (i = 0; i < taken; i++)
		seq_printf(m, "%pS\n", (void *)steps[i]);
	return 0;
}

int bench_trace_init(void)
{
	int ret;

	steps = vmalloc(STEPS_MAX * sizeof(*steps));
	if (!steps)
		return -ENOMEM;
	ret = register_die_notifier(&debug_notifier);
	if (ret)
		vfree(steps);
	return ret;
}

void bench_trace_exit(void)
{
	unregister_die_notifier(&debug_notifier);
	vfree(steps);
}
