// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmcl_heartbeat: the Hyper-V heartbeat integration service. The host first
 * negotiates versions, then sends a number every few seconds and expects the
 * next one back. Each message is answered by one of the same length.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/uuid.h>

#include <kmcl/kmcl.h>

#define MESSAGE_MAX	1024u	/* a negotiation with 200 versions has 836 bytes */
#define RING_PAGES	3u
#define VERSIONS_MAX	100u	/* of each kind */

#define HEADER_TYPE_NEGOTIATE	0
#define HEADER_TYPE_HEARTBEAT	1
#define HEADER_FLAG_TRANSACTION	0x1
#define HEADER_FLAG_RESPONSE	0x4
#define STATUS_FAILED		0x80004005

struct ic_version {
	__le16 major;
	__le16 minor;
};

/* Every message begins with it. The first two fields are the pipe's header. */
struct ic_header {
	__le32 pipe_flags;
	__le32 pipe_size;
	struct ic_version frame;
	__le16 type;
	struct ic_version message;
	__le16 size;
	__le32 status;
	u8 transaction;
	u8 flags;
	u8 reserved[2];
} __packed;
static_assert(sizeof(struct ic_header) == 28);

/* Behind the header: versions of the frame, then of the message. */
struct ic_negotiate {
	__le16 frames;
	__le16 messages;
	__le32 reserved;
	struct ic_version versions[];
} __packed;

struct ic_heartbeat {
	__le64 seq;
} __packed;

/* What we speak, both for frames and for messages, best first. */
static const struct ic_version known[] = {
	{ cpu_to_le16(3), cpu_to_le16(0) },
	{ cpu_to_le16(1), cpu_to_le16(0) },
};

static unsigned long beats;
module_param(beats, ulong, 0444);
MODULE_PARM_DESC(beats, "heartbeats answered so far (to be read)");

/* One answer at a time: the host waits for it. */
static struct kmcl_channel *channel;
static struct kmcl_packet *answer;
static u8 message[MESSAGE_MAX] __aligned(8);

static bool same(const struct ic_version *a, const struct ic_version *b)
{
	return a->major == b->major && a->minor == b->minor;
}

/* The best that we know of those offered, or NULL. */
static const struct ic_version *choose(const struct ic_version *offered, u32 count)
{
	u32 i, k;

	for (k = 0; k < ARRAY_SIZE(known); k++)
		for (i = 0; i < count; i++)
			if (same(&known[k], &offered[i]))
				return &known[k];
	return NULL;
}

static void log_versions(const struct ic_version *frame, const struct ic_version *msg)
{
	static struct ic_version logged;

	if (same(msg, &logged))
		return;
	logged = *msg;
	pr_info("version %u.%u, frame version %u.%u\n", le16_to_cpu(msg->major),
		le16_to_cpu(msg->minor), le16_to_cpu(frame->major), le16_to_cpu(frame->minor));
}

static bool negotiate(struct ic_negotiate *n, u32 length)
{
	const struct ic_version *frame, *msg;
	u32 frames, messages;

	if (length < sizeof(*n))
		return false;
	frames = le16_to_cpu(n->frames);
	messages = le16_to_cpu(n->messages);
	if (frames > VERSIONS_MAX || messages > VERSIONS_MAX ||
	    length < struct_size(n, versions, frames + messages))
		return false;
	frame = choose(n->versions, frames);
	msg = choose(n->versions + frames, messages);
	n->frames = n->messages = cpu_to_le16(frame && msg);
	if (frame && msg) {
		n->versions[0] = *frame;
		n->versions[1] = *msg;
		log_versions(frame, msg);
	} else {
		pr_warn_ratelimited("the host offers no version that is known here\n");
	}
	return true;
}

static bool heartbeat(struct ic_heartbeat *h, u32 length)
{
	if (length < sizeof(*h))
		return false;
	le64_add_cpu(&h->seq, 1);
	beats++;
	return true;
}

/* Turns a request into its answer; false if it is malformed. */
static bool respond(struct ic_header *header, u32 length)
{
	u32 body = length - sizeof(*header);
	bool ok = true;

	if (length < sizeof(*header))
		return false;
	switch (le16_to_cpu(header->type)) {
	case HEADER_TYPE_NEGOTIATE:
		header->size = cpu_to_le16(sizeof(struct ic_negotiate) +
					   2 * sizeof(struct ic_version));
		ok = negotiate((void *)(header + 1), body);
		break;
	case HEADER_TYPE_HEARTBEAT:
		ok = heartbeat((void *)(header + 1), body);
		break;
	default:
		header->status = cpu_to_le32(STATUS_FAILED);
	}
	header->flags = HEADER_FLAG_TRANSACTION | HEADER_FLAG_RESPONSE;
	return ok;
}

static void on_packet(struct kmcl_channel *ch, kmcl_handle_t handle, const void *buffer,
		      u32 length, u32 flags)
{
	bool ok = length <= sizeof(message);
	int err;

	if (ok)
		memcpy(message, buffer, length);
	kmcl_incoming_complete(ch, handle, NULL, 0);
	if (!ok || !respond((void *)message, length)) {
		pr_warn_ratelimited("malformed message of %u bytes\n", length);
		return;
	}
	/* -EBUSY: the host asks again but does not take the answers. */
	err = kmcl_packet_send(answer, message, length, 0);
	if (err)
		pr_warn_ratelimited("an answer was dropped: %d\n", err);
}

/* Keeps the packet object. */
static void on_sent(struct kmcl_packet *packet, int status, const void *buffer, u32 length)
{
}

/* Wait for the next offer. Refused when we are the ones who close. */
static void on_closed(struct kmcl_channel *ch)
{
	kmcl_channel_enable(ch);
}

static void on_open_failed(struct kmcl_channel *ch, int error)
{
	pr_warn("the device could not be opened: %d\n", error);
}

static const struct kmcl_state_callbacks state_callbacks = {
	.closed = on_closed,
	.open_failed = on_open_failed,
};

static int channel_init(void)
{
	static const guid_t type = GUID_INIT(0x57164f39, 0x9115, 0x4e78, 0xab, 0x55,
					     0x38, 0x2f, 0x3b, 0xd5, 0x42, 0x2d);
	int err = kmcl_channel_set_target(channel, &type, NULL);

	if (!err)
		err = kmcl_channel_set_name(channel, KBUILD_MODNAME);
	if (!err)
		err = kmcl_channel_set_max_packet_size(channel, MESSAGE_MAX);
	if (!err)
		err = kmcl_channel_set_ring_pages(channel, RING_PAGES, RING_PAGES);
	if (!err)
		err = kmcl_channel_set_packet_callbacks(channel, on_packet, NULL);
	if (!err)
		err = kmcl_channel_set_state_callbacks(channel, &state_callbacks);
	return err;
}

static int answer_init(void)
{
	answer = kmcl_packet_alloc(channel, GFP_KERNEL);
	if (!answer)
		return -ENOMEM;
	kmcl_packet_set_completion(answer, on_sent);
	return 0;
}

static int __init kmcl_heartbeat_init(void)
{
	int err;

	channel = kmcl_channel_alloc();
	if (IS_ERR(channel))
		return PTR_ERR(channel);
	err = channel_init();
	if (!err)
		err = answer_init();
	if (!err)
		err = kmcl_channel_enable(channel);
	if (err) {
		kmcl_packet_free(answer);
		kmcl_channel_cleanup(channel);
	}
	return err;
}

static void __exit kmcl_heartbeat_exit(void)
{
	kmcl_channel_disable(channel);
	kmcl_packet_free(answer);
	kmcl_channel_cleanup(channel);
}

module_init(kmcl_heartbeat_init);
module_exit(kmcl_heartbeat_exit);

MODULE_DESCRIPTION("kmcl sample: the Hyper-V heartbeat integration service");
MODULE_LICENSE("GPL");
MODULE_SOFTDEP("pre: kmcl_vmbus");
