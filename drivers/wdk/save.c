// SPDX-License-Identifier: GPL-2.0-only
/*
 * Save and restore of a server's channel: what it has sent and what is not done.
 *
 * Some errnos tell the caller how to go on. A driver's callback that fails with a status of
 * the same errno must not look like that.
 */
#include "wdk.h"

static int callback_errno(NTSTATUS status)
{
	int err = wdk_errno(status);

	switch (err) {
	case -EAGAIN:
	case -ENOBUFS:
	case -EINVAL:
		return -EIO;
	default:
		return err;
	}
}

static int on_save(struct kmcl_channel *native, struct kmcl_packet *packet, void *buffer,
		   u32 size, u32 *needed)
{
	struct wdk_channel *ch = kmcl_channel_get_pointer(native);
	int err;

	*needed = 0;
	err = callback_errno(ch->save_packet(wdk_channel_handle(ch), (VMBPACKET)packet, buffer,
					     size, needed));
	return !err && size && *needed > size ? -E2BIG : err;
}

static int on_restore(struct kmcl_channel *native, const void *saved, u32 saved_size,
		      const void *own, u32 own_size)
{
	struct wdk_channel *ch = kmcl_channel_get_pointer(native);

	return callback_errno(ch->restore_packet(wdk_channel_handle(ch), (PVOID)saved, saved_size,
						 (PVOID)own, own_size));
}

/**
 * VmbServerChannelInitSetSaveRestorePacketCallbacks() - choose who saves and restores packets
 * @Channel: a server's, disabled
 * @SavePacketCallback: called for every packet that was sent and is not done. With
 *	a size of 0 it says how many bytes of its own it has, at most 65,536, and fails; then it is
 *	called again with that much room. It succeeds at once if it has none
 * @RestorePacketCallback: called for every packet that was saved, with the library's part and
 *	the driver's
 *
 * Both run at PASSIVE_LEVEL. The first must not send or free the packet.
 *
 * Context: PASSIVE_LEVEL.
 * Return: STATUS_SUCCESS; STATUS_INVALID_PARAMETER_1 for no channel or one in another
 * state; STATUS_INVALID_PARAMETER_2, STATUS_INVALID_PARAMETER_3 without a callback;
 * STATUS_INVALID_DEVICE_REQUEST for a client.
 */
NTSTATUS VmbServerChannelInitSetSaveRestorePacketCallbacks(
	VMBCHANNEL Channel, PFN_VMB_CHANNEL_SAVE_PACKET SavePacketCallback,
	PFN_VMB_CHANNEL_RESTORE_PACKET RestorePacketCallback)
{
	struct wdk_channel *ch = wdk_channel(Channel);
	int err;

	if (!ch)
		return STATUS_INVALID_PARAMETER_1;
	if (!SavePacketCallback)
		return STATUS_INVALID_PARAMETER_2;
	if (!RestorePacketCallback)
		return STATUS_INVALID_PARAMETER_3;
	err = kmcl_channel_set_save_callbacks(ch->native, on_save, on_restore);
	if (!err) {
		ch->save_packet = SavePacketCallback;
		ch->restore_packet = RestorePacketCallback;
	}
	return wdk_init_status(ch, err, STATUS_INVALID_PARAMETER_1);
}
EXPORT_SYMBOL_GPL(VmbServerChannelInitSetSaveRestorePacketCallbacks);

/**
 * VmbChannelSaveBegin() - begin to save
 * @Channel: a server's, disabled, not open, or paused
 *
 * VmbChannelPause() first. Until VmbChannelSaveEnd() the channel stays as it is: nothing goes
 * out, a start waits, and so does the close of a client. What is sent meanwhile is not saved, nor
 * are synchronous requests.
 *
 * Context: PASSIVE_LEVEL; no callback of the channel.
 * Ownership: to be ended by VmbChannelSaveEnd().
 * Return: STATUS_SUCCESS; STATUS_INVALID_PARAMETER_1 for no channel;
 * STATUS_INVALID_DEVICE_REQUEST for a client; STATUS_INVALID_DEVICE_STATE if the channel is open
 * and not paused, or a save is under way; STATUS_POSSIBLE_DEADLOCK in a callback;
 * STATUS_UNSUCCESSFUL after VmbChannelPacketFail(); STATUS_DEVICE_REMOVED if the client is about
 * to close; STATUS_INSUFFICIENT_RESOURCES.
 */
NTSTATUS VmbChannelSaveBegin(VMBCHANNEL Channel)
{
	struct wdk_channel *ch = wdk_channel(Channel);
	NTSTATUS status = wdk_server_check(ch);
	int err;

	if (status != STATUS_SUCCESS)
		return status;
	err = kmcl_channel_save_begin(ch->native);
	return err == -EBUSY ? STATUS_INVALID_DEVICE_STATE : wdk_status(err);
}
EXPORT_SYMBOL_GPL(VmbChannelSaveBegin);

static NTSTATUS save_check(const struct wdk_channel *ch, const void *buffer, u32 size,
			   const ULONG *filled, const ULONG *required)
{
	NTSTATUS status = wdk_server_check(ch);

	if (status != STATUS_SUCCESS)
		return status;
	if (size && !buffer)
		return STATUS_INVALID_PARAMETER_2;
	if (!filled)
		return STATUS_INVALID_PARAMETER_4;
	return required ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER_5;
}

/**
 * VmbChannelSaveContinue() - save the next part
 * @Channel: between VmbChannelSaveBegin() and VmbChannelSaveEnd()
 * @SaveBuffer: where it goes; may be NULL when @SaveBufferSize is 0
 * @SaveBufferSize: of it in bytes
 * @BytesFilled: out: bytes written, whole chunks
 * @BytesRequired: out: with STATUS_BUFFER_TOO_SMALL, the least size that helps; else 0
 *
 * Goes on where the last call has stopped. Neither STATUS_BUFFER_OVERFLOW nor
 * STATUS_BUFFER_TOO_SMALL is NT_SUCCESS().
 *
 * Context: PASSIVE_LEVEL; calls the save callback.
 * Return: STATUS_SUCCESS: all is saved; STATUS_BUFFER_OVERFLOW: @BytesFilled bytes were written
 * and there is more: call again; STATUS_BUFFER_TOO_SMALL: nothing fits: call again with
 * @BytesRequired bytes; STATUS_INVALID_PARAMETER_1 for no channel; STATUS_INVALID_PARAMETER_2, _4
 * and _5 for arguments that are missing; STATUS_INVALID_DEVICE_REQUEST for a client;
 * STATUS_INVALID_DEVICE_STATE if no save is under way; STATUS_POSSIBLE_DEADLOCK in a callback;
 * STATUS_INVALID_BUFFER_SIZE if the callback wants more than 65,536 bytes, or says that it has
 * written more than there was room for; what the callback has failed with, as far as the library
 * tells errnos apart: STATUS_UNSUCCESSFUL if not, or if it would tell the caller to go on.
 */
NTSTATUS VmbChannelSaveContinue(VMBCHANNEL Channel, PVOID SaveBuffer, ULONG SaveBufferSize,
				PULONG BytesFilled, PULONG BytesRequired)
{
	struct wdk_channel *ch = wdk_channel(Channel);
	NTSTATUS status = save_check(ch, SaveBuffer, SaveBufferSize, BytesFilled, BytesRequired);
	int err;

	if (status != STATUS_SUCCESS)
		return status;
	*BytesFilled = 0;
	*BytesRequired = 0;
	err = kmcl_channel_save_continue(ch->native, SaveBuffer, SaveBufferSize, BytesFilled,
					 BytesRequired);
	return err == -EINVAL ? STATUS_INVALID_DEVICE_STATE : wdk_status(err);
}
EXPORT_SYMBOL_GPL(VmbChannelSaveContinue);

/**
 * VmbChannelSaveEnd() - the save is over, complete or not
 * @Channel: of VmbChannelSaveBegin()
 *
 * If all was saved, the channel keeps still until it is started, which calls the save off, or
 * disabled: then its packets end with STATUS_DEVICE_REMOVED and EvtChannelClosed is called, but the
 * client is told nothing. It is to be cleaned up, and another channel, with the same offer, to be
 * restored. If not all was saved the channel goes on.
 *
 * Context: PASSIVE_LEVEL.
 * Ownership: ends what VmbChannelSaveBegin() has begun.
 */
VOID VmbChannelSaveEnd(VMBCHANNEL Channel)
{
	struct wdk_channel *ch = wdk_channel(Channel);

	if (!WARN_ON_ONCE(!ch))
		kmcl_channel_save_end(ch->native);
}
EXPORT_SYMBOL_GPL(VmbChannelSaveEnd);

static NTSTATUS restore_status(int err)
{
	switch (err) {
	case -EAGAIN:
		return STATUS_MORE_PROCESSING_REQUIRED;
	case -EINVAL:
		return STATUS_INVALID_PARAMETER_2;
	case -EBUSY:
		return STATUS_INVALID_DEVICE_STATE;
	default:
		return wdk_status(err);
	}
}

/**
 * VmbChannelRestoreFromBuffer() - bring back what was saved, or a part of it
 * @Channel: a server's, disabled, with the settings of the saved one
 * @Buffer: what one or more calls of VmbChannelSaveContinue() have written, in their order
 * @BufferSize: of it in bytes
 *
 * Then VmbChannelEnable() and VmbChannelStart(). If the client is still there the channel goes on
 * with it; else, or with VMBUS_SERVER_CHANNEL_INIT_FLAG_FORCE_NEW_CHANNEL, the packets end with
 * STATUS_DEVICE_REMOVED inside VmbChannelEnable(). Until then no init function works;
 * VmbChannelDisable() and VmbChannelCleanup() end the restore.
 *
 * Context: PASSIVE_LEVEL; calls the restore callback; no callback of the channel.
 * Return: STATUS_SUCCESS: all is restored; STATUS_MORE_PROCESSING_REQUIRED: this part is, feed the
 * next; it is not NT_SUCCESS(). STATUS_INVALID_PARAMETER_1 for no channel;
 * STATUS_INVALID_PARAMETER_2 for NULL, for what are no whole chunks, or were saved for another
 * channel; STATUS_DEVICE_PROTOCOL_ERROR for nonsense in them; STATUS_INVALID_DEVICE_REQUEST for a
 * client; STATUS_INVALID_DEVICE_STATE if the channel is not disabled;
 * STATUS_INVALID_BUFFER_SIZE for a packet that is larger than this channel's;
 * STATUS_NOT_SUPPORTED for packets without a restore callback; STATUS_POSSIBLE_DEADLOCK in a
 * callback; STATUS_INSUFFICIENT_RESOURCES; what VmbChannelEnable() returns; what the callback
 * has failed with, as in VmbChannelSaveContinue().
 */
NTSTATUS VmbChannelRestoreFromBuffer(VMBCHANNEL Channel, PVOID Buffer, ULONG BufferSize)
{
	struct wdk_channel *ch = wdk_channel(Channel);
	NTSTATUS status = wdk_server_check(ch);
	int err;

	if (status != STATUS_SUCCESS)
		return status;
	/* As an enable would: what is restored is judged by it, and cannot be changed then. */
	err = ch->changed ? wdk_config_apply(ch) : 0;
	if (err && err != -EBUSY)
		return wdk_status(err);
	return restore_status(kmcl_channel_restore(ch->native, Buffer, BufferSize));
}
EXPORT_SYMBOL_GPL(VmbChannelRestoreFromBuffer);

static NTSTATUS packet_status(int err)
{
	switch (err) {
	case -EINVAL:
	case -EALREADY:
		return STATUS_INVALID_DEVICE_STATE;
	case -EBUSY:	/* in flight */
		return STATUS_INVALID_PARAMETER_1;
	default:
		return wdk_status(err);
	}
}

/**
 * VmbPacketRestore() - a packet object becomes the one that was saved
 * @PacketObject: of the channel that is being restored, not in flight
 * @Buffer: the library's part, as the restore callback was given it
 * @BufferSize: of it in bytes
 *
 * Its completion routine and pointer are to be set in the callback too, before or after this
 * call. When the callback has returned it is in flight.
 *
 * Context: PASSIVE_LEVEL; only inside the restore callback, once.
 * Ownership: when the callback succeeds the object is the library's until its completion routine
 * runs; when it fails, or frees the object, it is the driver's.
 * Return: STATUS_SUCCESS; STATUS_INVALID_PARAMETER_1 for NULL or an object in flight;
 * STATUS_INVALID_PARAMETER_2 without @Buffer; STATUS_INVALID_DEVICE_STATE outside the callback,
 * the second time, or for another buffer; STATUS_DEVICE_PROTOCOL_ERROR for nonsense;
 * STATUS_INVALID_BUFFER_SIZE if the object is too small for it; STATUS_OBJECT_NAME_COLLISION if
 * another packet has its id; STATUS_INSUFFICIENT_RESOURCES.
 */
NTSTATUS VmbPacketRestore(VMBPACKET PacketObject, PVOID Buffer, ULONG BufferSize)
{
	if (!PacketObject)
		return STATUS_INVALID_PARAMETER_1;
	if (!Buffer)
		return STATUS_INVALID_PARAMETER_2;
	return packet_status(kmcl_packet_restore(wdk_packet_native(PacketObject), Buffer,
						 BufferSize));
}
EXPORT_SYMBOL_GPL(VmbPacketRestore);
