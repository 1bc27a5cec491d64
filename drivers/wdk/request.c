// SPDX-License-Identifier: GPL-2.0-only
/*
 * Synchronous requests.
 */
#include "wdk.h"

/* From 1601, where Windows begins to count, to 1970; units of 100 ns. */
#define EPOCH	116444736000000000ll

/* A relative time is negative; what does not fit is for ever. */
static void set_timeout(struct kmcl_request *req, const LARGE_INTEGER *timeout)
{
	s64 time = timeout ? timeout->QuadPart : 0;

	req->absolute = time > 0;
	if (!timeout || time < -(KTIME_MAX / 100))
		req->timeout = KMCL_WAIT_FOREVER;
	else if (time <= 0)
		req->timeout = -time * 100;
	else if (time - EPOCH > KTIME_MAX / 100)
		req->timeout = KTIME_MAX - 1;
	else	/* The past is not 0, which means not to wait at all. */
		req->timeout = max(time - EPOCH, 1ll) * 100;
}

static NTSTATUS request_status(struct wdk_channel *ch, const struct kmcl_request *req, int err)
{
	switch (err) {
	case -ETIMEDOUT:
		return STATUS_CANCELLED;
	case -EINVAL:
		if (req->length && !req->buffer)
			return STATUS_INVALID_PARAMETER_2;
		return req->external ? STATUS_INVALID_PARAMETER_4 : STATUS_INVALID_PARAMETER_2;
	case -E2BIG:
		return STATUS_INVALID_PARAMETER_4;
	case -EOPNOTSUPP:
		return wdk_external_refused(ch, req->external);
	case -EMSGSIZE:	/* of the request, or of the answer */
		return req->length > ch->max_packet ? STATUS_INVALID_PARAMETER_3 :
		       STATUS_INVALID_BUFFER_SIZE;
	default:
		return wdk_status(err);
	}
}

static NTSTATUS request_check(const MDL *mdl, u32 flags, const void *answer, const u32 *size)
{
	if (mdl && !wdk_external_chain_valid(mdl))
		return STATUS_INVALID_PARAMETER_4;
	if (flags & ~WDK_SEND_FLAGS || (mdl && !wdk_external_flags_valid(flags, WDK_SEND_FLAGS)))
		return STATUS_INVALID_PARAMETER_5;
	if (!answer != !size || (size && *size % 8))
		return STATUS_INVALID_PARAMETER_7;
	return STATUS_SUCCESS;
}

/**
 * VmbChannelSendSynchronousRequest() - send a packet and wait until it is done
 * @Channel: in any state; a packet that cannot go out waits
 * @Buffer: payload; may be NULL when @BufferSize is 0
 * @BufferSize: bytes, at most the largest packet
 * @ExternalDataMdl: external data, as in VmbPacketSend(), or NULL
 * @Flags: as in VmbPacketSend()
 * @CompletionBuffer: where the answer goes, or NULL
 * @CompletionBufferSize: in: bytes there, a multiple of 8; out: bytes of the answer, which
 *	the wire pads to a multiple of 8. NULL exactly when @CompletionBuffer is
 * @Timeout: NULL: no limit; negative: from now; positive: a point in time since 1601; both
 *	in units of 100 ns; 0: do not wait, and do not queue
 *
 * Without WAIT_FOR_COMPLETION done is: in the ring; else: answered. When time runs out the
 * request is cancelled, a late answer is dropped, and nothing of the caller's is touched any
 * more but for this: the host may go on writing into external data. So with a limit of
 * time their pages have to be such that the library can keep them: pool memory of
 * a page or more, not less.
 *
 * Context: PASSIVE_LEVEL; DISPATCH_LEVEL with a timeout of 0 and without
 * WAIT_FOR_COMPLETION. Of the callbacks only EvtChannelPostStarted may wait.
 * Ownership: everything is the caller's again on return.
 * Return: STATUS_SUCCESS; STATUS_CANCELLED when time ran out; STATUS_BUFFER_OVERFLOW: with
 * a timeout of 0 it does not fit now; STATUS_BUFFER_TOO_SMALL: answered with more than there
 * was room for, the beginning is there; STATUS_DEVICE_REMOVED: the channel was closed or
 * is being disabled; STATUS_POSSIBLE_DEADLOCK in a callback that may not wait;
 * STATUS_INVALID_BUFFER_SIZE: answered with more than the largest packet;
 * STATUS_DEVICE_PROTOCOL_ERROR: answered with nonsense; STATUS_INVALID_PARAMETER_1 for no
 * channel; STATUS_INVALID_PARAMETER_2 without @Buffer; STATUS_INVALID_PARAMETER_3 for a
 * payload over the limit; STATUS_INVALID_PARAMETER_4 for external data over their limits,
 * empty, not locked, or not to be kept; STATUS_INVALID_PARAMETER_5 for wrong flags;
 * STATUS_INVALID_PARAMETER_7 for a size that is no multiple of 8, or one of the two
 * without the other; STATUS_NOT_SUPPORTED, STATUS_INVALID_DEVICE_REQUEST,
 * STATUS_DEVICE_NOT_CONNECTED, STATUS_INSUFFICIENT_RESOURCES as VmbPacketSend(), the last also
 * without memory.
 */
NTSTATUS VmbChannelSendSynchronousRequest(VMBCHANNEL Channel, PVOID Buffer, UINT32 BufferSize,
					  PMDL ExternalDataMdl, UINT32 Flags,
					  PVOID CompletionBuffer, PUINT32 CompletionBufferSize,
					  PLARGE_INTEGER Timeout)
{
	struct wdk_channel *ch = wdk_channel(Channel);
	struct kmcl_external_data data;
	struct kmcl_request req = {
		.buffer = Buffer, .length = BufferSize, .flags = Flags & KMCL_SEND_COMPLETION,
		.answer = CompletionBuffer,
	};
	NTSTATUS status;
	int err;

	if (!ch)
		return STATUS_INVALID_PARAMETER_1;
	status = request_check(ExternalDataMdl, Flags, CompletionBuffer, CompletionBufferSize);
	if (status != STATUS_SUCCESS)
		return status;
	if (ExternalDataMdl) {
		data = wdk_external_chain(ExternalDataMdl, 0,
					  wdk_mdl_chain_bytes(ExternalDataMdl), false, Flags);
		req.external = &data;
	}
	req.answer_size = CompletionBufferSize ? *CompletionBufferSize : 0;
	set_timeout(&req, Timeout);
	err = kmcl_channel_request(ch->native, &req);
	if (CompletionBufferSize && (!err || err == -ENOBUFS))
		*CompletionBufferSize = req.answer_length;
	return request_status(ch, &req, err);
}
EXPORT_SYMBOL_GPL(VmbChannelSendSynchronousRequest);
