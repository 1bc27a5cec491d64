// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_kmcl: the same driver over kmcl.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/err.h>
#include <linux/module.h>

#include <kmcl/hvhost.h>
#include <kmcl/kmcl.h>

#include "hot.h"

static unsigned int device = BENCH_ECHO;
module_param(device, uint, 0444);
MODULE_PARM_DESC(device, "which of the benchmark's devices");

static struct kmcl_channel *native;
static DECLARE_COMPLETION(opened);

static inline int bench_send(struct bench_packet *p, unsigned int bytes, int answer)
{
	return kmcl_packet_send(p->object, p->payload, bytes, answer ? KMCL_SEND_COMPLETION : 0);
}

static void on_answer(struct kmcl_packet *packet, int status, const void *buffer, u32 length)
{
	bench_answered(kmcl_packet_get_pointer(packet), status, buffer, length);
}

static void on_placed(struct kmcl_packet *packet, int status, const void *buffer, u32 length)
{
	bench.placed++;
}

int bench_prepare(struct bench_packet *p, int answer)
{
	if (!p->object)
		p->object = kmcl_packet_alloc(native, GFP_KERNEL);
	if (!p->object)
		return -ENOMEM;
	kmcl_packet_set_pointer(p->object, p);
	kmcl_packet_set_completion(p->object, answer ? on_answer : on_placed);
	return 0;
}

void bench_release(struct bench_packet *p)
{
	kmcl_packet_free(p->object);
	p->object = NULL;
}

static void on_packet(struct kmcl_channel *channel, kmcl_handle_t handle, const void *buffer,
		      u32 length, u32 flags)
{
	struct bench_answer answer;

	bench_received(buffer, length, &answer);
	if (kmcl_incoming_complete(channel, handle, &answer, sizeof(answer)))
		bench.errors++;
}

static void on_post_started(struct kmcl_channel *channel)
{
	complete(&opened);
}

static const struct kmcl_state_callbacks state_callbacks = {
	.post_started = on_post_started,
};

static int channel_init(struct kmcl_channel *channel)
{
	const guid_t echo = HVHOST_ECHO_TYPE(GUID_INIT), source = HVHOST_SOURCE_TYPE(GUID_INIT);
	guid_t instance = BENCH_INSTANCE(GUID_INIT, 0);
	int err;

	instance.b[15] = device;
	err = kmcl_channel_set_target(channel, device == BENCH_ECHO ? &echo : &source, &instance);
	if (!err)
		err = kmcl_channel_set_name(channel, KBUILD_MODNAME);
	if (!err)
		err = kmcl_channel_set_max_packet_size(channel, BENCH_BYTES_MAX);
	if (!err)
		err = kmcl_channel_set_ring_pages(channel, BENCH_RING_PAGES, BENCH_RING_PAGES);
	if (!err)
		err = kmcl_channel_set_packet_callbacks(channel, on_packet, NULL);
	if (!err)
		err = kmcl_channel_set_state_callbacks(channel, &state_callbacks);
	return err;
}

static int channel_open(struct kmcl_channel *channel)
{
	int err = kmcl_channel_enable(channel);

	if (err)
		return err;
	if (!wait_for_completion_timeout(&opened, 30 * HZ))
		err = -ETIMEDOUT;
	if (!err)
		err = bench_start(device);
	if (err)
		kmcl_channel_disable(channel);
	return err;
}

static int __init bench_kmcl_init(void)
{
	int err;

	native = kmcl_channel_alloc();
	if (IS_ERR(native))
		return PTR_ERR(native);
	err = channel_init(native);
	if (!err)
		err = channel_open(native);
	if (err)
		kmcl_channel_cleanup(native);
	return err;
}

static void __exit bench_kmcl_exit(void)
{
	bench_stop();
	kmcl_channel_disable(native);
	kmcl_channel_cleanup(native);
}

module_init(bench_kmcl_init);
module_exit(bench_kmcl_exit);

MODULE_DESCRIPTION("kmcl benchmark: a client of kmcl");
MODULE_LICENSE("GPL");
MODULE_SOFTDEP("pre: kmcl_vmbus");
