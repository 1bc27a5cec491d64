// SPDX-License-Identifier: GPL-2.0-only
/*
 * The server's end.
 */
#include "loopback.h"

#define PACKET_MAX	4096
#define EXTERNAL_MAX	(256u << 10)
#define RANGES_MAX	16

static VOID CrcOfChain(PMDL Mdl, LOOPBACK_ANSWER *Answer)
{
	PUCHAR data;

	Answer->Length = 0;
	Answer->Crc = MAXULONG;
	for (; Mdl; Mdl = Mdl->Next) {
		data = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);
		if (!data)
			continue;
		Answer->Length += MmGetMdlByteCount(Mdl);
		Answer->Crc = LoopbackCrc(Answer->Crc, data, MmGetMdlByteCount(Mdl));
	}
	Answer->Crc = ~Answer->Crc;
}

/* STATUS_PENDING is a success, and the packet is not ours then: it comes again. */
static VOID AnswerExternal(PLOOPBACK_SERVER Server, VMBPACKETCOMPLETION Packet)
{
	LOOPBACK_ANSWER answer;
	NTSTATUS status;
	PMDL mdl;

	status = Server->Kmcl.VmbChannelPacketGetExternalData(
		Packet, VMBUS_CHANNEL_PACKET_EXTERNAL_DATA_FLAG_READ_ONLY, &mdl);
	if (status == STATUS_PENDING) {
		InterlockedIncrement(&Server->Pended);
		return;
	}
	if (status != STATUS_SUCCESS) {
		Server->Kmcl.VmbChannelPacketComplete(Packet, NULL, 0);
		return;
	}
	CrcOfChain(mdl, &answer);
	Server->Kmcl.VmbChannelPacketComplete(Packet, &answer, sizeof(answer));
}

static VOID Invert(PMDL Mdl)
{
	PUCHAR data = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);
	ULONG i;

	for (i = 0; data && i < MmGetMdlByteCount(Mdl); i++)
		data[i] = ~data[i];
}

/* Mapping waits, so a packet that comes at DISPATCH_LEVEL has to come again. */
static VOID AnswerShare(PLOOPBACK_SERVER Server, VMBPACKETCOMPLETION Packet, UINT32 Gpadl)
{
	LOOPBACK_ANSWER answer;
	PMDL mdl;

	if (KeGetCurrentIrql() > PASSIVE_LEVEL) {
		Server->Kmcl.VmbChannelPacketDeferToPassive(Packet);
		return;
	}
	if (!NT_SUCCESS(Server->Kmcl.VmbChannelMapGpadl(Server->Channel, 0, Gpadl, &mdl))) {
		Server->Kmcl.VmbChannelPacketComplete(Packet, NULL, 0);
		return;
	}
	CrcOfChain(mdl, &answer);
	Invert(mdl);
	Server->Kmcl.VmbChannelUnmapGpadl(Server->Channel, Gpadl);
	Server->Kmcl.VmbChannelPacketComplete(Packet, &answer, sizeof(answer));
}

static VOID ServerEvtProcessPacket(VMBCHANNEL Channel, VMBPACKETCOMPLETION Packet, PVOID Buffer,
				   UINT32 BufferLength, UINT32 Flags)
{
	PLOOPBACK_SERVER server = VmbChannelGetPointer(Channel);
	const LOOPBACK_SHARE_REQUEST *share = Buffer;

	if (Flags & VMBUS_CHANNEL_PROCESS_PACKET_FLAG_EXTERNAL_DATA)
		AnswerExternal(server, Packet);
	else if (BufferLength == sizeof(*share) && IsEqualGUID(&share->Magic, &LOOPBACK_SHARE))
		AnswerShare(server, Packet, share->Gpadl);
	else
		server->Kmcl.VmbChannelPacketComplete(Packet, Buffer, BufferLength);
}

static NTSTATUS ChannelConfigure(PLOOPBACK_SERVER Server)
{
	DECLARE_CONST_UNICODE_STRING(name, L"wdk_loopback_server");
	KMCL_SERVER_INTERFACE_V1 *kmcl = &Server->Kmcl;
	NTSTATUS status;

	kmcl->VmbChannelSetPointer(Server->Channel, Server);
	status = kmcl->VmbServerChannelInitSetTargetInterfaceId(
		Server->Channel, ECHO_INTERFACE_TYPE, LOOPBACK_INSTANCE);
	if (NT_SUCCESS(status))
		status = kmcl->VmbServerChannelInitSetFlags(
			Server->Channel, VMBUS_SERVER_CHANNEL_INIT_FLAG_LOOPBACK_OFFER);
	if (NT_SUCCESS(status))
		status = kmcl->VmbChannelInitSetFriendlyName(Server->Channel, &name);
	if (NT_SUCCESS(status))
		status = kmcl->VmbChannelInitSetMaximumPacketSize(Server->Channel, PACKET_MAX);
	if (NT_SUCCESS(status))
		status = kmcl->VmbChannelInitSetMaximumExternalData(Server->Channel, EXTERNAL_MAX,
								    RANGES_MAX);
	if (NT_SUCCESS(status))
		status = kmcl->VmbChannelInitSetProcessPacketCallbacks(
			Server->Channel, ServerEvtProcessPacket, NULL);
	return status;
}

NTSTATUS ServerCreate(PLOOPBACK_SERVER Server, WDFDEVICE Device)
{
	NTSTATUS status;

	status = WdfFdoQueryForInterface(Device, &KMCL_SERVER_INTERFACE_TYPE,
					 (PINTERFACE)&Server->Kmcl, sizeof(Server->Kmcl),
					 KMCL_SERVER_INTERFACE_VERSION_V1, NULL);
	if (!NT_SUCCESS(status))
		return status;
	Server->Queried = TRUE;
	status = Server->Kmcl.VmbChannelAllocate(WdfDeviceWdmGetDeviceObject(Device), TRUE,
						 &Server->Channel);
	return NT_SUCCESS(status) ? ChannelConfigure(Server) : status;
}

/* Paused until it is started. After a client has gone it is offered to the next. */
NTSTATUS ServerStart(PLOOPBACK_SERVER Server)
{
	NTSTATUS status = Server->Kmcl.VmbChannelEnable(Server->Channel);

	if (NT_SUCCESS(status))
		Server->Kmcl.VmbChannelStart(Server->Channel);
	return status;
}

VOID ServerStop(PLOOPBACK_SERVER Server)
{
	Server->Kmcl.VmbChannelDisable(Server->Channel);
}

VOID ServerDelete(PLOOPBACK_SERVER Server)
{
	if (Server->Channel)
		Server->Kmcl.VmbChannelCleanup(Server->Channel);
	if (Server->Queried)
		Server->Kmcl.InterfaceDereference(Server->Kmcl.Context);
}
