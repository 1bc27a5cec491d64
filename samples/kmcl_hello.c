// SPDX-License-Identifier: GPL-2.0-only
#include <linux/err.h>
#include <linux/module.h>
#include <kmcl/hvhost.h>
#include <kmcl/kmcl.h>

static const guid_t type = HVHOST_ECHO_TYPE(GUID_INIT);
static struct kmcl_channel *channel;

static void answered(struct kmcl_packet *packet, int status, const void *buffer, u32 length)
{
	pr_info("hello: status %d, %u bytes back\n", status, length);
	kmcl_packet_free(packet);
}

static void post_started(struct kmcl_channel *ch)
{
	struct kmcl_packet *packet = kmcl_packet_alloc(ch, GFP_KERNEL);

	kmcl_packet_set_completion(packet, answered);
	if (kmcl_packet_send(packet, "hello", 6, KMCL_SEND_COMPLETION))
		kmcl_packet_free(packet);
}

static void process_packet(struct kmcl_channel *ch, kmcl_handle_t handle, const void *buffer,
			   u32 length, u32 flags)
{
	kmcl_incoming_complete(ch, handle, NULL, 0);
}

static const struct kmcl_state_callbacks on = { .post_started = post_started };

static int __init hello_init(void)
{
	int err;

	channel = kmcl_channel_alloc();
	if (IS_ERR(channel))
		return PTR_ERR(channel);
	err = kmcl_channel_set_name(channel, "hello");
	err = err ?: kmcl_channel_set_target(channel, &type, NULL);
	err = err ?: kmcl_channel_set_state_callbacks(channel, &on);
	err = err ?: kmcl_channel_set_packet_callbacks(channel, process_packet, NULL);
	err = err ?: kmcl_channel_enable(channel);
	if (err)
		kmcl_channel_cleanup(channel);
	return err;
}

static void __exit hello_exit(void)
{
	kmcl_channel_disable(channel);
	kmcl_channel_cleanup(channel);
}

module_init(hello_init);
module_exit(hello_exit);
MODULE_DESCRIPTION("Says hello to an echo device");
MODULE_LICENSE("GPL");
MODULE_SOFTDEP("pre: kmcl_vmbus");
