// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmcl_sink: receives what the source device sends, checks it, and completes it
 * in one of three ways: at once, later from a work item, or in batches with the
 * last packet first. Each completion carries a checksum that the device checks.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/crc32.h>
#include <linux/err.h>
#include <linux/kfifo.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include <kmcl/hvhost.h>
#include <kmcl/kmcl.h>

#include "params.h"
#include "report.h"

#define INCOMING	1024	/* held at most; a power of two, for the fifo */

static char *type;
module_param(type, charp, 0444);
MODULE_PARM_DESC(type, "interface type GUID of the device (default: hvhost's source)");

static char *instance;
module_param(instance, charp, 0444);
MODULE_PARM_DESC(instance, "instance GUID of the device (default: any)");

static unsigned long count = 10000;
module_param(count, ulong, 0444);
MODULE_PARM_DESC(count, "packets to complete before the report; 0: never");

static char *mode = "inline";
module_param_named(complete, mode, charp, 0444);
MODULE_PARM_DESC(complete, "when to complete a packet: inline, deferred or reverse");

static unsigned int batch = 16;
module_param(batch, uint, 0444);
MODULE_PARM_DESC(batch, "packets to hold with complete=reverse");

static bool thread;
module_param(thread, bool, 0444);
MODULE_PARM_DESC(thread, "receive in thread context");

struct source_packet {
	__le64 seq;
	__le32 length;
	__le32 seed;
	u8 data[];
};
static_assert(sizeof(struct source_packet) == HVHOST_SOURCE_HEADER);

struct source_completion {
	__le64 seq;
	__le32 crc;
	__le32 zero;
};
static_assert(sizeof(struct source_completion) == HVHOST_SOURCE_COMPLETION);

/* What is owed for a received packet. */
struct debt {
	kmcl_handle_t handle;
	struct source_completion payload;
};

/*
 * Packets arrive one at a time, so next_seq, the stack and the writing end of the
 * fifo need no lock; the work item is the fifo's only reader.
 */
static struct {
	struct kmcl_channel *channel;
	const struct sink_mode *mode;
	struct report report;

	u64 next_seq;
	struct debt *stack;		/* reverse */
	unsigned int stacked;
	DECLARE_KFIFO(fifo, struct debt, INCOMING);	/* deferred */
	struct work_struct work;

	atomic64_t received;
	atomic64_t completed;
	atomic64_t bad;
} sink;

static void settle(const struct debt *debt)
{
	if (kmcl_incoming_complete(sink.channel, debt->handle, &debt->payload,
				   sizeof(debt->payload)))
		atomic64_inc(&sink.bad);
	else if (atomic64_inc_return(&sink.completed) == count)
		report_done(&sink.report);
}

/* Deferred: first in, first out, on a workqueue. */
static void deferred_work(struct work_struct *work)
{
	struct debt debt;

	while (kfifo_get(&sink.fifo, &debt))
		settle(&debt);
}

static void deferred_owe(const struct debt *debt)
{
	if (!kfifo_put(&sink.fifo, *debt))
		settle(debt);
	schedule_work(&sink.work);
}

static void deferred_flush(void)
{
	flush_work(&sink.work);
}

/* Reverse: last in, first out, when the batch is full or nothing more is there. */
static void reverse_flush(void)
{
	while (sink.stacked)
		settle(&sink.stack[--sink.stacked]);
}

static void reverse_owe(const struct debt *debt)
{
	sink.stack[sink.stacked++] = *debt;
	if (sink.stacked == batch)
		reverse_flush();
}

static void nothing(void)
{
}

/**
 * struct sink_mode - a value of complete=
 * @name: the value
 * @owe: a packet is to be completed
 * @processed: a batch of deliveries has ended
 * @suspend: complete all that is owed; may sleep
 */
struct sink_mode {
	const char *name;
	void (*owe)(const struct debt *debt);
	void (*processed)(void);
	void (*suspend)(void);
};

static const struct sink_mode modes[] = {
	{ "inline", settle, nothing, nothing },
	{ "deferred", deferred_owe, nothing, deferred_flush },
	{ "reverse", reverse_owe, reverse_flush, reverse_flush },
};

static const struct sink_mode *find_mode(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modes); i++)
		if (!strcmp(modes[i].name, name))
			return &modes[i];
	return NULL;
}

/* The wire pads to a multiple of 8, with zeros. */
static bool length_right(const struct source_packet *p, u32 length)
{
	u32 said = le32_to_cpu(p->length);

	return said >= sizeof(*p) && said <= length && length - said < 8 &&
	       !memchr_inv((const u8 *)p + said, 0, length - said);
}

static bool data_right(const struct source_packet *p)
{
	u32 i, bytes = le32_to_cpu(p->length) - sizeof(*p), seed = le32_to_cpu(p->seed);

	for (i = 0; i < bytes; i++)
		if (p->data[i] != HVHOST_PATTERN(seed, i))
			return false;
	return true;
}

/* The host counts, and a channel keeps order, so each must be the next. */
static bool seq_right(u64 seq)
{
	u64 next = sink.next_seq;

	if (seq >= next)
		sink.next_seq = seq + 1;
	return seq == next;
}

/* Returns whether all is well. What cannot be read is answered with zeros. */
static bool check(const struct source_packet *p, u32 length, struct source_completion *answer)
{
	u32 said;

	memset(answer, 0, sizeof(*answer));
	if (length < sizeof(*p))
		return false;
	said = min(le32_to_cpu(p->length), length);
	answer->seq = p->seq;
	answer->crc = cpu_to_le32(~crc32_le(~0, (const u8 *)p, said));
	return seq_right(le64_to_cpu(p->seq)) && length_right(p, length) && data_right(p);
}

static void on_packet(struct kmcl_channel *channel, kmcl_handle_t handle, const void *buffer,
		      u32 length, u32 flags)
{
	struct debt debt = { .handle = handle };

	atomic64_inc(&sink.received);
	if (!check(buffer, length, &debt.payload))
		atomic64_inc(&sink.bad);
	sink.mode->owe(&debt);
}

static void on_processed(struct kmcl_channel *channel, u32 packets)
{
	sink.mode->processed();
}

static int on_opened(struct kmcl_channel *channel)
{
	sink.next_seq = 0;
	return 0;
}

static void on_suspend(struct kmcl_channel *channel)
{
	sink.mode->suspend();
}

/* Wait for the next offer. Refused when we are the ones who close. */
static void on_closed(struct kmcl_channel *channel)
{
	kmcl_channel_enable(channel);
}

static void on_open_failed(struct kmcl_channel *channel, int error)
{
	pr_warn("the device could not be opened: %d\n", error);
}

static const struct kmcl_state_callbacks state_callbacks = {
	.opened = on_opened,
	.suspend = on_suspend,
	.closed = on_closed,
	.open_failed = on_open_failed,
};

static void sink_line(char *line, size_t size)
{
	scnprintf(line, size, "received %lld completed %lld bad %lld",
		  atomic64_read(&sink.received), atomic64_read(&sink.completed),
		  atomic64_read(&sink.bad));
}

static void sink_stats(struct seq_file *m)
{
	seq_printf(m, "received %lld\ncompleted %lld\nbad %lld\n",
		   atomic64_read(&sink.received), atomic64_read(&sink.completed),
		   atomic64_read(&sink.bad));
}

static int channel_target(struct kmcl_channel *channel)
{
	guid_t type_guid = HVHOST_SOURCE_TYPE(GUID_INIT), instance_guid;
	int err = 0;

	if (type)
		err = param_guid("type", type, &type_guid);
	if (!err && instance)
		err = param_guid("instance", instance, &instance_guid);
	if (err)
		return err;
	return kmcl_channel_set_target(channel, &type_guid, instance ? &instance_guid : NULL);
}

static int channel_init(struct kmcl_channel *channel)
{
	int err = channel_target(channel);

	if (!err)
		err = kmcl_channel_set_name(channel, KBUILD_MODNAME);
	if (!err)
		err = kmcl_channel_set_incoming(channel, INCOMING,
						sizeof(struct source_completion));
	if (!err)
		err = kmcl_channel_set_thread_context(channel, thread);
	if (!err)
		err = kmcl_channel_set_packet_callbacks(channel, on_packet, on_processed);
	if (!err)
		err = kmcl_channel_set_state_callbacks(channel, &state_callbacks);
	return err;
}

static int params_check(void)
{
	sink.mode = find_mode(mode);
	if (sink.mode)
		return param_range("batch", batch, 1, INCOMING);
	pr_err("complete= must be inline, deferred or reverse, not %s\n", mode);
	return -EINVAL;
}

static int __init kmcl_sink_init(void)
{
	int err = params_check();

	if (err)
		return err;
	INIT_KFIFO(sink.fifo);
	INIT_WORK(&sink.work, deferred_work);
	report_init(&sink.report, sink_line, sink_stats);
	sink.stack = kcalloc(batch, sizeof(*sink.stack), GFP_KERNEL);
	if (!sink.stack)
		return -ENOMEM;
	sink.channel = kmcl_channel_alloc();
	if (IS_ERR(sink.channel)) {
		err = PTR_ERR(sink.channel);
		goto err_alloc;
	}
	err = channel_init(sink.channel);
	if (!err)
		err = kmcl_channel_enable(sink.channel);
	if (err)
		goto err_channel;
	report_open(&sink.report);
	return 0;

err_channel:
	kmcl_channel_cleanup(sink.channel);
err_alloc:
	kfree(sink.stack);
	return err;
}

static void __exit kmcl_sink_exit(void)
{
	kmcl_channel_disable(sink.channel);
	kmcl_channel_cleanup(sink.channel);
	kfree(sink.stack);
	report_close(&sink.report);
}

module_init(kmcl_sink_init);
module_exit(kmcl_sink_exit);

MODULE_DESCRIPTION("kmcl sample: receives, checks and completes what a source device sends");
MODULE_LICENSE("GPL");
MODULE_SOFTDEP("pre: kmcl_vmbus");
