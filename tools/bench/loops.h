/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The loops around the measured code, once in each of the three modules: in an
 * object of its own, so that it meets Linux in all three, and is reached once per batch. In
 * debugfs, in the directory "bench", since one of the three is loaded at a time:
 *
 *   run     write "KIND DEPTH BYTES COUNT" to measure; fails if it did not work
 *   result  lines of a word and numbers: what came of it
 *
 * Kinds, with what COUNT is:
 *
 *   send      samples: DEPTH packets that want no answer
 *   trip      samples: DEPTH packets that want one, and their answers
 *   take      samples: DEPTH packets of the host, answered at once. From the first
 *             sample on the source is held: it sends when it is told to
 *   signal    samples: a signal to the host, and back in the guest
 *   flow      packets: DEPTH in flight, sent again as they are answered
 *   ping      packets: a thread sends one and sleeps until it is answered
 *   burst     packets: one by one, each to a host that waits
 *   serve     packets of the host, answered at once as they come
 *
 * A sample is the time of DEPTH packets, measured while neither end signals: both
 * think that the other is reading its ring. So nothing of it leaves the guest. Two
 * things can be added to send, trip and take:
 *
 *   -off      interrupts are off while the guest receives, too
 *   -trace    COUNT is 1: the sample is not timed, its instructions are noted
 *             (bench_base/trace)
 */
#include <linux/completion.h>
#include <linux/crc32.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <kmcl/hvhost.h>

#define BENCH_NO_HOT_CODE
#include "hot.h"

#include "base/base.h"
#include "bus.h"

#define SAMPLES_MAX	99u
#define WARM_UP		3u	/* samples that are thrown away */
#define WAIT_MS		20000u
#define SETTLE_US	1000u	/* for the host to go to sleep */
#define INLINE_MAX	64u	/* answers that every driver receives in one go */
#define WIRE_EXTRA	24u	/* descriptor and trailer */

static_assert(sizeof(struct bench_answer) == HVHOST_SOURCE_COMPLETION);

struct bench_hot bench;

/**
 * struct bench_run - what was asked for, and its result
 * @kind: see above
 * @depth: packets at a time
 * @bytes: payload of each
 * @count: samples or packets
 * @first: samples of the sending half
 * @second: samples of the receiving half
 * @packets: measured
 * @allocations: while they were
 * @signals: made while they were
 * @interrupts: taken while they were
 * @ticks: that it took
 * @traced: this sample is
 */
struct bench_run {
	char kind[16];
	u32 depth;
	u32 bytes;
	u32 count;
	u64 first[SAMPLES_MAX];
	u64 second[SAMPLES_MAX];
	u64 packets;
	u64 allocations;
	u64 signals;
	u64 interrupts;
	u64 ticks;
	bool traced;
};

static struct bench_run run;
static struct bench_bus *bus;
static struct dentry *dir;
static DECLARE_COMPLETION(finished);
static DEFINE_MUTEX(run_lock);

/* The source's random numbers, so that answers are known before their packets come. */
static u64 source_seq;
static u64 source_random;

void bench_finish(void)
{
	complete(&finished);
}

static u32 wire_bytes(u32 packets)
{
	return packets * (run.bytes + WIRE_EXTRA);
}

/* Looks now and then, so the guest is at rest while the host works. */
#define bench_await(condition)							\
({										\
	unsigned long end = jiffies + msecs_to_jiffies(WAIT_MS);		\
	bool met;								\
										\
	while (!(met = (condition)) && time_before(jiffies, end))		\
		usleep_range(100, 200);						\
	met ? 0 : -ETIMEDOUT;							\
})

static void settle(void)
{
	usleep_range(SETTLE_US, SETTLE_US + 100);
}

static int await_finish(void)
{
	return wait_for_completion_timeout(&finished, msecs_to_jiffies(WAIT_MS)) ? 0 : -ETIMEDOUT;
}

static bool is(const char *kind)
{
	return !strncmp(run.kind, kind, strlen(kind));
}

static bool has(const char *suffix)
{
	return strstr(run.kind, suffix);
}

static void trace_begin(void)
{
	if (run.traced)
		bench_trace_begin();
}

static void trace_end(void)
{
	if (run.traced)
		bench_trace_end();
}

/* Sends, silently. */
static u64 send_span(bool answer)
{
	u64 before = bench_allocations(), ticks;
	unsigned long flags;

	bench_bus_hush_host(bus, true);
	local_irq_save(flags);
	trace_begin();
	ticks = bench_batch(run.depth, answer);
	trace_end();
	local_irq_restore(flags);
	bench_bus_hush_host(bus, false);
	run.allocations += bench_allocations() - before;
	return ticks;
}

/*
 * Receives what is there, as the bus's tasklet does. A driver may leave some of it to
 * a thread; then bench_finish() says when that is through.
 */
static u64 receive_span(const u32 *open)
{
	u64 before = bench_allocations(), begin, ticks;

	local_bh_disable();
	trace_begin();
	begin = bench_clock();
	bench_bus_event(bus);
	if (READ_ONCE(*open)) {
		local_bh_enable();
		await_finish();
		local_bh_disable();
	}
	ticks = bench_clock() - begin;
	trace_end();
	local_bh_enable();
	run.allocations += bench_allocations() - before;
	return ticks;
}

static u64 receive_span_off(void)
{
	u64 before = bench_allocations(), begin, ticks;
	unsigned long flags;

	local_irq_save(flags);
	begin = bench_clock();
	bench_bus_event(bus);
	ticks = bench_clock() - begin;
	local_irq_restore(flags);
	run.allocations += bench_allocations() - before;
	return ticks;
}

static u64 any_span(const u32 *open)
{
	return has("-off") ? receive_span_off() : receive_span(open);
}

static int wake_host(void)
{
	bench_bus_signal(bus);
	return bench_await(!bench_bus_unread(bus));
}

static int sample_send(u32 i)
{
	int err;

	bench.placed = 0;
	run.first[i] = send_span(false);
	if (bench.placed != run.depth)
		return -EIO;
	err = wake_host();
	settle();
	return err;
}

static int sample_trip(u32 i)
{
	int err;

	bench_bus_hush_guest(bus, true);
	bench.open = run.depth;
	bench.notify = run.depth > INLINE_MAX;
	reinit_completion(&finished);
	run.first[i] = send_span(true);
	err = wake_host();
	if (!err)
		err = bench_await(bench_bus_readable(bus) == wire_bytes(run.depth));
	settle();
	if (err)
		return err;
	run.second[i] = any_span(&bench.open);
	bench_bus_hush_guest(bus, false);
	return bench.open ? -EIO : 0;
}

static int sample_signal(u32 i)
{
	unsigned long flags;
	u64 begin;

	local_irq_save(flags);
	begin = bench_clock();
	bench_bus_signal(bus);
	run.first[i] = bench_clock() - begin;
	local_irq_restore(flags);
	settle();
	return 0;
}

static u32 source_next(void)
{
	source_random = source_random * 6364136223846793005ull + 1442695040888963407ull;
	return source_random >> 33;
}

/* The packet of that number, as hvhost's dev_source.c makes it, where min= is max=. */
static void source_packet(u8 *payload, u64 seq)
{
	u32 seed, i;

	source_next();
	seed = source_next();
	memcpy(payload, &seq, 8);
	memcpy(payload + 8, &run.bytes, 4);
	memcpy(payload + 12, &seed, 4);
	for (i = 0; i < run.bytes - HVHOST_SOURCE_HEADER; i++)
		payload[HVHOST_SOURCE_HEADER + i] = HVHOST_PATTERN(seed, i);
}

void bench_work_out(const void *buffer, unsigned int length, struct bench_answer *answer)
{
	u32 said;

	memset(answer, 0, sizeof(*answer));
	if (length < HVHOST_SOURCE_HEADER) {
		bench.bad++;
		return;
	}
	memcpy(&answer->seq, buffer, 8);
	memcpy(&said, buffer + 8, 4);
	answer->crc = ~crc32_le(~0, buffer, min(length, said));
}

/* For the packets that come next. */
static int answers_ready(void)
{
	u8 *payload = kmalloc(run.bytes, GFP_KERNEL);
	u32 i;

	if (!payload)
		return -ENOMEM;
	for (; source_seq < bench.received; source_seq++) {
		source_next();
		source_next();
	}
	for (i = 0; i < BENCH_INBOUND_DEPTH; i++, source_seq++) {
		source_packet(payload, source_seq);
		bench_work_out(payload, run.bytes, &bench.answers[source_seq % BENCH_INBOUND_DEPTH]);
	}
	kfree(payload);
	return 0;
}

/* As many as the source may have outstanding wait in the ring, and the guest is not told. */
static bool source_held(void)
{
	u64 before = bench.received;

	local_bh_disable();
	bench_bus_hush_guest(bus, true);
	local_bh_enable();
	msleep(20);
	/* A worker that was pending has run meanwhile, and has found nothing. */
	return bench_bus_guest_hushed(bus) && bench.received == before &&
	       bench_bus_readable(bus) == wire_bytes(BENCH_INBOUND_DEPTH);
}

static int sample_take(u32 i)
{
	u32 none = 0;
	u64 before;
	int err = bench_await(source_held());

	if (!err)
		err = answers_ready();
	if (err)
		return err;
	before = bench.received;
	bench_bus_hush_host(bus, true);
	run.second[i] = any_span(&none);
	bench_bus_hush_guest(bus, true);
	bench_bus_hush_host(bus, false);
	err = wake_host();
	settle();
	return bench.received == before + run.depth ? err : -EIO;
}

/* Lets the source go on. */
static void source_release(void)
{
	bench_bus_hush_guest(bus, false);
	local_bh_disable();
	bench_bus_event(bus);
	local_bh_enable();
}

static int run_samples(int (*sample)(u32 i))
{
	u32 i;
	int err = 0;

	if (run.count > SAMPLES_MAX || (is("take") && run.depth != BENCH_INBOUND_DEPTH))
		return -EINVAL;
	for (i = 0; i < WARM_UP && !err; i++)
		err = sample(0);
	run.allocations = 0;
	run.traced = has("-trace");
	bench_trace_reset();
	for (i = 0; i < run.count && !err; i++)
		err = sample(i);
	run.packets = run.count * run.depth;
	return err;
}

static void counters_begin(void)
{
	run.allocations = bench_allocations();
	run.signals = bench_bus_signals(bus);
	run.interrupts = bench_bus_interrupts(bus);
	run.ticks = bench_clock();
}

static void counters_end(void)
{
	run.ticks = bench_clock() - run.ticks;
	run.allocations = bench_allocations() - run.allocations;
	run.signals = bench_bus_signals(bus) - run.signals;
	run.interrupts = bench_bus_interrupts(bus) - run.interrupts;
	run.packets = run.count;
}

static int run_flow(void)
{
	int err;

	if (run.count < run.depth)
		return -EINVAL;
	bench.left = run.count - run.depth;
	bench.open = run.count;
	bench.notify = true;
	reinit_completion(&finished);
	counters_begin();
	bench_batch(run.depth, true);
	err = await_finish();
	counters_end();
	return err;
}

static int run_ping(void)
{
	int err = 0;
	u32 i;

	bench.notify = true;
	counters_begin();
	for (i = 0; i < run.count && !err; i++) {
		reinit_completion(&finished);
		bench.open = 1;
		bench_batch(1, true);
		err = await_finish();
	}
	counters_end();
	return err;
}

static int run_burst(void)
{
	int err = 0;
	u32 i;

	counters_begin();
	for (i = 0; i < run.count && !err; i++) {
		unsigned long end = jiffies + msecs_to_jiffies(WAIT_MS);

		bench_batch(1, false);
		while (bench_bus_unread(bus) && !err)
			err = time_before(jiffies, end) ? 0 : -ETIMEDOUT;
	}
	counters_end();
	return err;
}

static int run_serve(void)
{
	u64 before;
	int err;

	if (bench_await(source_held()))
		return -ETIMEDOUT;
	reinit_completion(&finished);
	before = bench.received;
	bench.target = before + run.count;
	counters_begin();
	source_release();
	err = await_finish();
	if (!err)
		err = bench_await(source_held());
	counters_end();
	run.packets = bench.received - before;
	return err;
}

static int run_kind(void)
{
	if (is("send"))
		return run_samples(sample_send);
	if (is("trip"))
		return run_samples(sample_trip);
	if (is("take"))
		return run_samples(sample_take);
	if (is("signal"))
		return run_samples(sample_signal);
	if (is("flow"))
		return run_flow();
	if (is("ping"))
		return run_ping();
	if (is("burst"))
		return run_burst();
	if (is("serve"))
		return run_serve();
	return -EINVAL;
}

static bool run_valid(void)
{
	return run.depth && run.depth <= BENCH_DEPTH_MAX && run.count &&
	       run.bytes >= HVHOST_SOURCE_HEADER && run.bytes <= BENCH_BYTES_MAX &&
	       !(run.bytes % 8) && (!has("-off") || run.depth <= INLINE_MAX);
}

static int run_begin(void)
{
	bool answer = !is("send") && !is("burst");
	int err = 0;
	u32 i;

	bench.bytes = run.bytes;
	bench.left = 0;
	bench.open = 0;
	bench.notify = false;
	bench.bad = 0;
	bench.errors = 0;
	for (i = 0; i < BENCH_DEPTH_MAX && !err; i++)
		err = bench_prepare(&bench.packets[i], answer);
	return err;
}

static int run_once(void)
{
	int err;

	if (!run_valid())
		return -EINVAL;
	err = run_begin();
	if (!err)
		err = run_kind();
	if (!err && (bench.bad || bench.errors))
		err = -EBADMSG;
	if (err)
		pr_err("%s %u %u %u: error %d, %u wrong answers, %u refused, %u open\n", run.kind,
		       run.depth, run.bytes, run.count, err, bench.bad, bench.errors, bench.open);
	if (run.allocations)
		pr_info("%s %u %u: %llu allocations, the last by %pS\n", run.kind, run.depth,
			run.bytes, run.allocations, bench_last_allocation());
	return err;
}

static ssize_t bench_run_write(struct file *file, const char __user *buffer, size_t bytes,
			       loff_t *at)
{
	char text[64];
	int err;

	if (bytes >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, buffer, bytes))
		return -EFAULT;
	text[bytes] = '\0';
	mutex_lock(&run_lock);
	memset(&run, 0, sizeof(run));
	err = -EINVAL;
	if (sscanf(text, "%15s %u %u %u", run.kind, &run.depth, &run.bytes, &run.count) == 4)
		err = run_once();
	mutex_unlock(&run_lock);
	return err ? err : bytes;
}

static const struct file_operations bench_run_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = bench_run_write,
};

static void show_samples(struct seq_file *m, const char *name, const u64 *samples)
{
	u32 i;

	seq_puts(m, name);
	for (i = 0; i < min(run.count, SAMPLES_MAX); i++)
		seq_printf(m, " %llu", samples[i]);
	seq_putc(m, '\n');
}

static int bench_result_show(struct seq_file *m, void *unused)
{
	mutex_lock(&run_lock);
	if (run.first[0])
		show_samples(m, "send", run.first);
	if (run.second[0])
		show_samples(m, "receive", run.second);
	seq_printf(m, "packets %llu\nallocations %llu\n", run.packets, run.allocations);
	if (run.ticks)
		seq_printf(m, "signals %llu\ninterrupts %llu\nticks %llu\n", run.signals,
			   run.interrupts, run.ticks);
	mutex_unlock(&run_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(bench_result);

static int payloads_make(void)
{
	u32 i, word;

	for (i = 0; i < BENCH_DEPTH_MAX; i++) {
		bench.packets[i].payload = kmalloc(BENCH_BYTES_MAX, GFP_KERNEL);
		if (!bench.packets[i].payload)
			return -ENOMEM;
		for (word = 0; word < BENCH_BYTES_MAX / 8; word++)
			bench.packets[i].payload[word] = (u64)i << 32 | word;
	}
	return 0;
}

static void payloads_free(void)
{
	u32 i;

	for (i = 0; i < BENCH_DEPTH_MAX; i++) {
		kfree(bench.packets[i].payload);
		bench.packets[i].payload = NULL;
	}
}

int bench_start(unsigned int device)
{
	guid_t instance = BENCH_INSTANCE(GUID_INIT, 0);
	int err;
	u32 i;

	instance.b[15] = device;
	source_random = 1;
	for (i = 0; i < BENCH_INBOUND_DEPTH; i++)
		bench.answers[i].seq = ~0ull;
	bus = bench_bus_find(&instance);
	if (!bus)
		return -ENODEV;
	err = payloads_make();
	if (err) {
		payloads_free();
		bench_bus_put(bus);
		return err;
	}
	dir = debugfs_create_dir("bench", NULL);
	debugfs_create_file("run", 0200, dir, NULL, &bench_run_fops);
	debugfs_create_file("result", 0444, dir, NULL, &bench_result_fops);
	return 0;
}

void bench_stop(void)
{
	u32 i;

	debugfs_remove_recursive(dir);
	for (i = 0; i < BENCH_DEPTH_MAX; i++)
		bench_release(&bench.packets[i]);
	payloads_free();
	bench_bus_put(bus);
}
