// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hypercalls that KVM leaves to us: HvPostMessage, and HvSignalEvent on a
 * connection nobody opened. A message is copied out of the guest once, checked in
 * the copy and handed to the loop. What is on its way there is bounded, as a real
 * host's port buffers are: the guest is told to try again.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "loop.h"
#include "machine.h"
#include "synic.h"
#include "vmbus.h"

#define HVCALL_POST_MESSAGE	0x5c
#define HVCALL_SIGNAL_EVENT	0x5d
#define HVCALL_CODE_MASK	0xffffu
#define HVCALL_FAST		(1u << 16)

#define HV_STATUS_SUCCESS			0
#define HV_STATUS_INVALID_HYPERCALL_CODE	2
#define HV_STATUS_INVALID_HYPERCALL_INPUT	3
#define HV_STATUS_INVALID_ALIGNMENT		4
#define HV_STATUS_INVALID_PARAMETER		5
#define HV_STATUS_INVALID_CONNECTION_ID		18
#define HV_STATUS_INSUFFICIENT_BUFFERS		19

#define BUFFERS		256

/* Input of HvPostMessage. */
struct hv_post_message {
	uint32_t connection_id;
	uint32_t reserved;
	uint32_t message_type;
	uint32_t payload_size;
	uint8_t payload[HV_MESSAGE_PAYLOAD_MAX];
};

static atomic_uint in_flight;

static void post(void *ctx)
{
	struct hv_post_message *m = ctx;

	atomic_fetch_sub(&in_flight, 1);
	vmbus_message(m->connection_id, m->message_type, m->payload, m->payload_size);
	free(m);
}

static uint64_t check_message(const struct hv_post_message *m)
{
	if (m->payload_size > HV_MESSAGE_PAYLOAD_MAX) {
		log_guest("HvPostMessage with %u bytes", m->payload_size);
		return HV_STATUS_INVALID_PARAMETER;
	}
	if (!vmbus_connection_valid(m->connection_id)) {
		log_guest("HvPostMessage to connection %u", m->connection_id);
		return HV_STATUS_INVALID_CONNECTION_ID;
	}
	return HV_STATUS_SUCCESS;
}

static uint64_t forward(const struct hv_post_message *m)
{
	struct hv_post_message *copy;

	if (atomic_fetch_add(&in_flight, 1) >= BUFFERS)
		goto full;
	copy = malloc(sizeof(*copy));
	if (!copy)
		goto full;
	*copy = *m;
	loop_call(post, copy);
	return HV_STATUS_SUCCESS;

full:
	atomic_fetch_sub(&in_flight, 1);
	return HV_STATUS_INSUFFICIENT_BUFFERS;
}

static uint64_t post_message(struct vm *vm, uint64_t input, uint64_t gpa)
{
	struct hv_post_message m;
	const void *in_guest;
	uint64_t status;

	if (input & HVCALL_FAST)
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	if (gpa % 8 || gpa % PAGE_SIZE + sizeof(m) > PAGE_SIZE) {
		log_guest("HvPostMessage with its input at %#llx", (unsigned long long)gpa);
		return HV_STATUS_INVALID_ALIGNMENT;
	}
	in_guest = vm_ram(vm, gpa, sizeof(m));
	if (!in_guest) {
		log_guest("HvPostMessage with its input outside RAM");
		return HV_STATUS_INVALID_PARAMETER;
	}
	memcpy(&m, in_guest, sizeof(m));
	status = check_message(&m);
	return status ? status : forward(&m);
}

uint64_t hypercall(struct vm *vm, uint64_t input, uint64_t param)
{
	switch (input & HVCALL_CODE_MASK) {
	case HVCALL_POST_MESSAGE:
		return post_message(vm, input, param);
	case HVCALL_SIGNAL_EVENT:
		log_debug("HvSignalEvent on closed connection %#llx", (unsigned long long)param);
		return HV_STATUS_INVALID_CONNECTION_ID;
	default:
		log_guest("unknown hypercall %#llx", (unsigned long long)input);
		return HV_STATUS_INVALID_HYPERCALL_CODE;
	}
}
