// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmcl_echo: keeps a number of packets in flight to a device that answers each
 * with its own payload, and checks every answer. With external= each packet also
 * carries memory of ours that the device reads, and with gpa_write=1 also writes.
 *
 * A packet object moves between the driver and kmcl and has no other owner:
 * launch() sends it or parks it, its completion routine checks it and launches
 * it again. A packet that was lost with its channel is sent as a new one.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/crc32.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include <kmcl/hvhost.h>
#include <kmcl/kmcl.h>

#include "params.h"
#include "report.h"

#define SEQ_SIZE	8u		/* the smallest payload */
#define DEPTH_MAX	4096u
#define MEMORY_MAX	(64u << 20)	/* of all packets together */
#define RETRY_MS	10		/* after the DMA API was short of memory */

static char *type;
module_param(type, charp, 0444);
MODULE_PARM_DESC(type, "interface type GUID of the device (default: hvhost's echo)");

static char *instance;
module_param(instance, charp, 0444);
MODULE_PARM_DESC(instance, "instance GUID of the device (default: any)");

static unsigned long count = 10000;
module_param(count, ulong, 0444);
MODULE_PARM_DESC(count, "packets to complete; 0: for ever");

static unsigned int min_bytes = 8;
module_param_named(min, min_bytes, uint, 0444);
MODULE_PARM_DESC(min, "smallest payload in bytes");

static unsigned int max_bytes = 4096;
module_param_named(max, max_bytes, uint, 0444);
MODULE_PARM_DESC(max, "largest payload in bytes");

static unsigned int depth = 16;
module_param(depth, uint, 0444);
MODULE_PARM_DESC(depth, "packets in flight");

static unsigned int external;
module_param(external, uint, 0444);
MODULE_PARM_DESC(external, "bytes of external data per packet; 0: none");

static bool gpa_write;
module_param(gpa_write, bool, 0444);
MODULE_PARM_DESC(gpa_write, "the device inverts the external data (its option gpa-write)");

/**
 * struct echo_packet - a packet object and what travels with it
 * @node: in echo.parked while it waits for a channel
 * @packet: the object
 * @in_flight: 1 from launch to the first call of the completion routine
 * @open: echo.opens when it was launched
 * @seq: number of the packet, the first 8 bytes of its payload
 * @length: of @payload
 * @payload: @length bytes of max_bytes
 * @external: external bytes, in pages that need not follow each other
 * @sgt: the same as a scatterlist
 * @crc: of the external bytes as they were sent
 */
struct echo_packet {
	struct list_head node;
	struct kmcl_packet *packet;
	atomic_t in_flight;
	u32 open;
	u64 seq;
	u32 length;
	void *payload;
	void *external;
	struct sg_table sgt;
	u32 crc;
};

/**
 * struct echo_figures - what is reported; sent == completed + failed + in flight
 * @sent: packets that kmcl took
 * @completed: of those, answered, rightly or wrongly
 * @failed: of those, lost with their channel
 * @mismatched: of the completed, answered wrongly
 * @duplicated: completion routines called for packets not in flight
 * @bytes: payload of @sent
 * @first: time of the first launch
 * @last: time of the last completion
 */
struct echo_figures {
	u64 sent;
	u64 completed;
	u64 failed;
	u64 mismatched;
	u64 duplicated;
	u64 bytes;
	u64 first;
	u64 last;
};

static struct {
	struct kmcl_channel *channel;
	struct echo_packet *packets;
	struct delayed_work retry;
	struct report report;

	spinlock_t lock;		/* what follows */
	struct list_head parked;
	struct echo_figures figures;
	u64 next_seq;
	u32 opens;			/* times that a channel was opened */
} echo;

/* The pattern: word i of packet seq; word 0 is seq itself. */
static u64 pattern(u64 seq, u64 i)
{
	return seq + i * 0x9e3779b97f4a7c15ull;
}

static void fill(void *data, u32 length, u64 seq)
{
	u64 word, i;

	for (i = 0; length >= sizeof(word); i++, data += sizeof(word), length -= sizeof(word)) {
		word = pattern(seq, i);
		memcpy(data, &word, sizeof(word));
	}
	word = pattern(seq, i);
	memcpy(data, &word, length);
}

static bool filled(const void *data, u32 length, u64 seq, u64 flip)
{
	u64 word, found, i;

	for (i = 0; length >= sizeof(word); i++, data += sizeof(word), length -= sizeof(word)) {
		memcpy(&found, data, sizeof(found));
		if (found != (pattern(seq, i) ^ flip))
			return false;
	}
	word = pattern(seq, i) ^ flip;
	return !memcmp(data, &word, length);
}

static u32 length_of(u64 seq)
{
	return min_bytes + (u32)(seq * 7919) % (max_bytes - min_bytes + 1);
}

/* Under the lock: no more than count packets are completed or on their way to be. */
static bool wanted(const struct echo_figures *f)
{
	return !count || f->sent - f->failed < count;
}

static bool launch_begin(struct echo_packet *p)
{
	struct echo_figures *f = &echo.figures;
	unsigned long flags;
	bool go;

	spin_lock_irqsave(&echo.lock, flags);
	go = wanted(f);
	if (go) {
		p->open = echo.opens;
		p->seq = echo.next_seq++;
		p->length = length_of(p->seq);
		atomic_set(&p->in_flight, 1);
		f->sent++;
		f->bytes += p->length;
		if (!f->first)
			f->first = ktime_get_ns();
	} else {
		list_add_tail(&p->node, &echo.parked);
	}
	spin_unlock_irqrestore(&echo.lock, flags);
	return go;
}

/*
 * kmcl did not take it. Parked packets are launched when a channel opens; if one
 * was opened meanwhile, that may be over, so look again.
 */
static bool launch_undo(struct echo_packet *p)
{
	unsigned long flags;
	bool again;

	spin_lock_irqsave(&echo.lock, flags);
	atomic_set(&p->in_flight, 0);
	echo.figures.sent--;
	echo.figures.bytes -= p->length;
	again = p->open != echo.opens;
	if (!again)
		list_add_tail(&p->node, &echo.parked);
	spin_unlock_irqrestore(&echo.lock, flags);
	return again;
}

static int transmit(struct echo_packet *p)
{
	struct kmcl_external_data data;

	fill(p->payload, p->length, p->seq);
	if (!external)
		return kmcl_packet_send(p->packet, p->payload, p->length, KMCL_SEND_COMPLETION);
	fill(p->external, external, p->seq);
	p->crc = ~crc32_le(~0, p->external, external);
	data = kmcl_external_sg(p->sgt.sgl, p->sgt.orig_nents, DMA_BIDIRECTIONAL);
	return kmcl_packet_send_external(p->packet, p->payload, p->length, &data,
					 KMCL_SEND_COMPLETION);
}

static void refused(int err)
{
	if (err == -ENOSPC)
		schedule_delayed_work(&echo.retry, msecs_to_jiffies(RETRY_MS));
	else if (err != -ENODEV && err != -ENOTCONN)
		pr_err_ratelimited("a send was refused with %d\n", err);
}

/* Any context. The packet is the caller's, and not when this has returned. */
static void launch(struct echo_packet *p)
{
	int err;

	do {
		if (!launch_begin(p))
			return;
		err = transmit(p);
		if (err)
			refused(err);
	} while (err && launch_undo(p));
}

static void launch_parked(void)
{
	struct echo_packet *p;
	unsigned long flags;
	LIST_HEAD(mine);

	spin_lock_irqsave(&echo.lock, flags);
	list_splice_init(&echo.parked, &mine);
	spin_unlock_irqrestore(&echo.lock, flags);
	while ((p = list_first_entry_or_null(&mine, struct echo_packet, node))) {
		list_del(&p->node);
		launch(p);
	}
}

static void retry(struct work_struct *work)
{
	launch_parked();
}

/* The wire pads to a multiple of 8, with zeros. */
static bool payload_returned(const struct echo_packet *p, const void *buffer, u32 length)
{
	if (length < p->length || length > ALIGN(p->length, 8))
		return false;
	return !memcmp(buffer, p->payload, p->length) &&
	       !memchr_inv(buffer + p->length, 0, length - p->length);
}

static bool external_right(const struct echo_packet *p, const __le32 *answer, u32 length)
{
	return length == HVHOST_ECHO_GPA_COMPLETION &&
	       le32_to_cpu(answer[0]) == external && le32_to_cpu(answer[1]) == p->crc &&
	       filled(p->external, external, p->seq, gpa_write ? ~0ull : 0);
}

static bool answer_right(const struct echo_packet *p, const void *buffer, u32 length)
{
	return external ? external_right(p, buffer, length) : payload_returned(p, buffer, length);
}

/* Returns true for the call that makes it complete. */
static bool account(int status, bool right)
{
	struct echo_figures *f = &echo.figures;
	unsigned long flags;
	bool last;

	spin_lock_irqsave(&echo.lock, flags);
	if (status == -ENODEV) {
		f->failed++;
		last = false;
	} else {
		f->completed++;
		f->mismatched += !right;
		f->last = ktime_get_ns();
		last = f->completed == count;
	}
	spin_unlock_irqrestore(&echo.lock, flags);
	return last;
}

static void count_duplicate(void)
{
	unsigned long flags;

	spin_lock_irqsave(&echo.lock, flags);
	echo.figures.duplicated++;
	spin_unlock_irqrestore(&echo.lock, flags);
}

static void on_completion(struct kmcl_packet *packet, int status, const void *buffer, u32 length)
{
	struct echo_packet *p = kmcl_packet_get_pointer(packet);

	if (atomic_cmpxchg(&p->in_flight, 1, 0) != 1) {
		count_duplicate();
		return;
	}
	if (account(status, !status && answer_right(p, buffer, length)))
		report_done(&echo.report);
	launch(p);
}

static void on_post_started(struct kmcl_channel *channel)
{
	unsigned long flags;

	spin_lock_irqsave(&echo.lock, flags);
	echo.opens++;
	spin_unlock_irqrestore(&echo.lock, flags);
	launch_parked();
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
	.post_started = on_post_started,
	.closed = on_closed,
	.open_failed = on_open_failed,
};

static void echo_figures(struct echo_figures *f)
{
	unsigned long flags;

	spin_lock_irqsave(&echo.lock, flags);
	*f = echo.figures;
	spin_unlock_irqrestore(&echo.lock, flags);
}

static u64 elapsed(const struct echo_figures *f)
{
	return f->completed ? f->last - f->first : 0;
}

static void echo_line(char *line, size_t size)
{
	struct echo_figures f;

	echo_figures(&f);
	scnprintf(line, size,
		  "sent %llu completed %llu failed %llu mismatched %llu bytes %llu ns %llu",
		  f.sent, f.completed, f.failed, f.mismatched, f.bytes, elapsed(&f));
}

static void echo_stats(struct seq_file *m)
{
	struct echo_figures f;

	echo_figures(&f);
	seq_printf(m, "sent %llu\ncompleted %llu\nfailed %llu\nmismatched %llu\n",
		   f.sent, f.completed, f.failed, f.mismatched);
	seq_printf(m, "duplicated %llu\nbytes %llu\nns %llu\nsent_minus_accounted %llu\n",
		   f.duplicated, f.bytes, elapsed(&f), f.sent - f.completed - f.failed);
}

/* Page aligned for every other packet, at an odd address for the rest. */
static u32 external_offset(unsigned int index)
{
	return index % 2 ? (index * 97) % PAGE_SIZE : 0;
}

static int external_map(struct echo_packet *p, u32 offset)
{
	void *at = p->external, *end = at + external;
	struct scatterlist *sg;
	unsigned int i;
	int err;

	err = sg_alloc_table(&p->sgt, DIV_ROUND_UP(offset + external, PAGE_SIZE), GFP_KERNEL);
	if (err)
		return err;
	for_each_sgtable_sg(&p->sgt, sg, i) {
		u32 bytes = min_t(size_t, end - at, PAGE_SIZE - offset_in_page(at));

		sg_set_page(sg, vmalloc_to_page(at), bytes, offset_in_page(at));
		at += bytes;
	}
	return 0;
}

static int external_alloc(struct echo_packet *p, unsigned int index)
{
	u32 offset = external_offset(index);

	if (!external)
		return 0;
	p->external = vmalloc(offset + external);
	if (!p->external)
		return -ENOMEM;
	p->external += offset;
	return external_map(p, offset);
}

static void external_free(struct echo_packet *p)
{
	sg_free_table(&p->sgt);
	vfree(p->external - offset_in_page(p->external));
}

static int packet_alloc(struct echo_packet *p, unsigned int index)
{
	p->payload = kvmalloc(max_bytes, GFP_KERNEL);
	p->packet = kmcl_packet_alloc(echo.channel, GFP_KERNEL);
	if (!p->payload || !p->packet)
		return -ENOMEM;
	kmcl_packet_set_completion(p->packet, on_completion);
	kmcl_packet_set_pointer(p->packet, p);
	list_add_tail(&p->node, &echo.parked);
	return external_alloc(p, index);
}

static void packets_free(void)
{
	unsigned int i;

	for (i = 0; i < depth; i++) {
		kmcl_packet_free(echo.packets[i].packet);
		kvfree(echo.packets[i].payload);
		external_free(&echo.packets[i]);
	}
	kvfree(echo.packets);
}

static int packets_alloc(void)
{
	unsigned int i;
	int err = 0;

	echo.packets = kvcalloc(depth, sizeof(*echo.packets), GFP_KERNEL);
	if (!echo.packets)
		return -ENOMEM;
	for (i = 0; i < depth && !err; i++)
		err = packet_alloc(&echo.packets[i], i);
	if (err)
		packets_free();
	return err;
}

/* What a packet has besides its payload, the list of external pages above all. */
static u32 overhead(void)
{
	return 128 + external / PAGE_SIZE * sizeof(u64);
}

/* Two of the largest packets in each direction. */
static u32 ring_pages(void)
{
	return max(KMCL_DEFAULT_RING_PAGES, DIV_ROUND_UP(2 * (max_bytes + overhead()), 4096));
}

static int channel_target(struct kmcl_channel *channel)
{
	guid_t type_guid = HVHOST_ECHO_TYPE(GUID_INIT), instance_guid;
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
		err = kmcl_channel_set_max_packet_size(channel, max_bytes);
	if (!err && external)
		err = kmcl_channel_set_max_external_data(channel, external, 1);
	if (!err)
		err = kmcl_channel_set_ring_pages(channel, ring_pages(), ring_pages());
	if (!err)
		err = kmcl_channel_set_state_callbacks(channel, &state_callbacks);
	return err;
}

static int params_check(void)
{
	int err = param_range("depth", depth, 1, DEPTH_MAX);

	if (!err)
		err = param_range("external", external, 0, KMCL_EXTERNAL_DATA_MAX);
	if (!err)
		err = param_range("max", max_bytes, SEQ_SIZE,
				  KMCL_PACKET_SIZE_MAX - (external ? overhead() : 0));
	if (!err)
		err = param_range("min", min_bytes, SEQ_SIZE, max_bytes);
	if (!err && (u64)depth * (max_bytes + external) > MEMORY_MAX) {
		pr_err("depth= times the sum of max= and external= must be at most %u\n",
		       MEMORY_MAX);
		err = -EINVAL;
	}
	return err;
}

static int __init kmcl_echo_init(void)
{
	int err = params_check();

	if (err)
		return err;
	spin_lock_init(&echo.lock);
	INIT_LIST_HEAD(&echo.parked);
	INIT_DELAYED_WORK(&echo.retry, retry);
	report_init(&echo.report, echo_line, echo_stats);

	echo.channel = kmcl_channel_alloc();
	if (IS_ERR(echo.channel))
		return PTR_ERR(echo.channel);
	err = channel_init(echo.channel);
	if (err)
		goto err_channel;
	err = packets_alloc();
	if (err)
		goto err_channel;
	err = kmcl_channel_enable(echo.channel);
	if (err)
		goto err_enable;
	report_open(&echo.report);
	return 0;

err_enable:
	packets_free();
err_channel:
	kmcl_channel_cleanup(echo.channel);
	return err;
}

static void __exit kmcl_echo_exit(void)
{
	kmcl_channel_disable(echo.channel);
	cancel_delayed_work_sync(&echo.retry);
	packets_free();
	kmcl_channel_cleanup(echo.channel);
	report_close(&echo.report);
}

module_init(kmcl_echo_init);
module_exit(kmcl_echo_exit);

MODULE_DESCRIPTION("kmcl sample: sends packets to an echo device and checks the answers");
MODULE_LICENSE("GPL");
MODULE_SOFTDEP("pre: kmcl_vmbus");
