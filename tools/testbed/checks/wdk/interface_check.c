// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tables of functions: who gets them, what is in them.
 */
#include "bed.h"

#define TABLE_BYTES		0x168
#define SERVER_TABLE_BYTES	0x1d8

static NTSTATUS Query(LPCGUID Type, KMCL_CLIENT_INTERFACE_V1 *Table, USHORT Size, USHORT Version)
{
	RtlFillMemory(Table, sizeof(*Table), 0xa5);
	return WdfFdoQueryForInterface(CheckDevice, Type, (PINTERFACE)Table, Size, Version, NULL);
}

static BOOLEAN Untouched(const KMCL_CLIENT_INTERFACE_V1 *Table)
{
	const UCHAR *bytes = (const UCHAR *)Table;
	ULONG i;

	for (i = 0; i < sizeof(*Table); i++) {
		if (bytes[i] != 0xa5)
			return FALSE;
	}
	return TRUE;
}

static VOID Release(KMCL_CLIENT_INTERFACE_V1 *Table)
{
	Table->InterfaceDereference(Table->Context);
}

static BOOLEAN Served(USHORT Version)
{
	KMCL_CLIENT_INTERFACE_V1 table;

	if (!EXPECT_STATUS(Query(&KMCL_CLIENT_INTERFACE_TYPE, &table, sizeof(table), Version),
			   STATUS_SUCCESS))
		return FALSE;
	Release(&table);
	return EXPECT_EQ(table.Version, Version) && EXPECT(table.VmbChannelAllocate);
}

static VOID Refused(LPCGUID Type, USHORT Size, USHORT Version, NTSTATUS Status)
{
	KMCL_CLIENT_INTERFACE_V1 table;

	EXPECT_STATUS(Query(Type, &table, Size, Version), Status);
	EXPECT(Untouched(&table));
}

static VOID client_type_names_the_table(VOID)
{
	static const GUID literal = {
		0x4aecb860, 0xe161, 0x42bb, { 0xa5, 0xca, 0x77, 0xf3, 0xa9, 0x64, 0x59, 0x05 },
	};
	KMCL_CLIENT_INTERFACE_V1 table;
	GUID other = literal;

	EXPECT(IsEqualGUID(&KMCL_CLIENT_INTERFACE_TYPE, &literal));
	REQUIRE_STATUS(Query(&literal, &table, sizeof(table), 1), STATUS_SUCCESS);
	Release(&table);
	other.Data4[7]++;
	Refused(&other, sizeof(table), 1, STATUS_NOT_SUPPORTED);
}

static NTSTATUS QueryServer(LPCGUID Type, KMCL_SERVER_INTERFACE_V1 *Table, USHORT Size,
			    USHORT Version)
{
	RtlFillMemory(Table, sizeof(*Table), 0xa5);
	return WdfFdoQueryForInterface(CheckDevice, Type, (PINTERFACE)Table, Size, Version, NULL);
}

static VOID ReleaseServer(KMCL_SERVER_INTERFACE_V1 *Table)
{
	Table->InterfaceDereference(Table->Context);
}

static VOID server_type_names_the_longer_table(VOID)
{
	static const GUID literal = {
		0x83b21474, 0xc5b9, 0x4f65, { 0xb5, 0xe7, 0x72, 0x0c, 0x69, 0x2b, 0xd3, 0x71 },
	};
	KMCL_SERVER_INTERFACE_V1 table;

	EXPECT(IsEqualGUID(&KMCL_SERVER_INTERFACE_TYPE, &literal));
	REQUIRE_STATUS(QueryServer(&literal, &table, SERVER_TABLE_BYTES, 1), STATUS_SUCCESS);
	ReleaseServer(&table);
	EXPECT_EQ(table.Size, SERVER_TABLE_BYTES);
	/* Each type has its own size. */
	EXPECT_STATUS(QueryServer(&KMCL_CLIENT_INTERFACE_TYPE, &table, SERVER_TABLE_BYTES, 1),
		      STATUS_INVALID_PARAMETER);
	Refused(&literal, TABLE_BYTES, 1, STATUS_BUFFER_TOO_SMALL);
	EXPECT_STATUS(QueryServer(&literal, &table, SERVER_TABLE_BYTES - 1, 1),
		      STATUS_BUFFER_TOO_SMALL);
	EXPECT_STATUS(QueryServer(&literal, &table, SERVER_TABLE_BYTES + 1, 1),
		      STATUS_INVALID_PARAMETER);
}

static VOID version_1_is_served(VOID)
{
	REQUIRE_EQ(KMCL_CLIENT_INTERFACE_VERSION_V1, 1);
	Served(KMCL_CLIENT_INTERFACE_VERSION_V1);
	Refused(&KMCL_CLIENT_INTERFACE_TYPE, TABLE_BYTES, 0, STATUS_REVISION_MISMATCH);
}

/* Later tables are longer: neither their own size nor that of the first helps. */
static VOID VersionIsRefused(USHORT Version, USHORT Bytes)
{
	Refused(&KMCL_CLIENT_INTERFACE_TYPE, Bytes, Version, STATUS_REVISION_MISMATCH);
	Refused(&KMCL_CLIENT_INTERFACE_TYPE, TABLE_BYTES, Version, STATUS_REVISION_MISMATCH);
}

static VOID version_2_is_refused(VOID)
{
	REQUIRE_EQ(KMCL_CLIENT_INTERFACE_VERSION_V2, 2);
	VersionIsRefused(KMCL_CLIENT_INTERFACE_VERSION_V2, 0x180);
}

static VOID version_3_is_refused(VOID)
{
	REQUIRE_EQ(KMCL_CLIENT_INTERFACE_VERSION_V3, 3);
	VersionIsRefused(KMCL_CLIENT_INTERFACE_VERSION_V3, 0x190);
}

static VOID version_4_is_refused(VOID)
{
	REQUIRE_EQ(KMCL_CLIENT_INTERFACE_VERSION_V4, 4);
	VersionIsRefused(KMCL_CLIENT_INTERFACE_VERSION_V4, 0x1a0);
}

static VOID version_5_is_refused(VOID)
{
	REQUIRE_EQ(KMCL_CLIENT_INTERFACE_VERSION_V5, 5);
	VersionIsRefused(KMCL_CLIENT_INTERFACE_VERSION_V5, 0x1e8);
}

/* Whoever pairs LATEST with the V1 structure gets what fits into it. */
static VOID latest_goes_with_the_v1_structure(VOID)
{
	struct {
		KMCL_CLIENT_INTERFACE_V1 table;
		ULONG64 behind;
	} memory = { .behind = 0x5aa55aa5 };

	REQUIRE_EQ(KMCL_CLIENT_INTERFACE_VERSION_LATEST, 1);
	REQUIRE_STATUS(Query(&KMCL_CLIENT_INTERFACE_TYPE, &memory.table, sizeof(memory.table),
			     KMCL_CLIENT_INTERFACE_VERSION_LATEST), STATUS_SUCCESS);
	EXPECT_EQ(memory.behind, 0x5aa55aa5);
	Release(&memory.table);
}

static VOID server_version_1_is_served(VOID)
{
	KMCL_SERVER_INTERFACE_V1 table;

	REQUIRE_EQ(KMCL_SERVER_INTERFACE_VERSION_V1, 1);
	REQUIRE_STATUS(QueryServer(&KMCL_SERVER_INTERFACE_TYPE, &table, sizeof(table),
				   KMCL_SERVER_INTERFACE_VERSION_V1), STATUS_SUCCESS);
	ReleaseServer(&table);
	EXPECT_EQ(table.Version, 1);
	EXPECT_STATUS(QueryServer(&KMCL_SERVER_INTERFACE_TYPE, &table, sizeof(table), 0),
		      STATUS_REVISION_MISMATCH);
}

static VOID server_version_5_is_refused(VOID)
{
	KMCL_SERVER_INTERFACE_V1 table;

	REQUIRE_EQ(KMCL_SERVER_INTERFACE_VERSION_V5, 5);
	EXPECT_STATUS(QueryServer(&KMCL_SERVER_INTERFACE_TYPE, &table, sizeof(table),
				  KMCL_SERVER_INTERFACE_VERSION_V5), STATUS_REVISION_MISMATCH);
	EXPECT_STATUS(QueryServer(&KMCL_SERVER_INTERFACE_TYPE, &table, sizeof(table) + 0x80,
				  KMCL_SERVER_INTERFACE_VERSION_V5), STATUS_REVISION_MISMATCH);
}

static VOID server_latest_goes_with_the_v1_structure(VOID)
{
	struct {
		KMCL_SERVER_INTERFACE_V1 table;
		ULONG64 behind;
	} memory = { .behind = 0x5aa55aa5 };

	REQUIRE_EQ(KMCL_SERVER_INTERFACE_VERSION_LATEST, 1);
	REQUIRE_STATUS(QueryServer(&KMCL_SERVER_INTERFACE_TYPE, &memory.table,
				   sizeof(memory.table), KMCL_SERVER_INTERFACE_VERSION_LATEST),
		       STATUS_SUCCESS);
	EXPECT_EQ(memory.behind, 0x5aa55aa5);
	ReleaseServer(&memory.table);
}

static VOID table_has_the_size_of_its_structure(VOID)
{
	KMCL_CLIENT_INTERFACE_V1 table;

	REQUIRE_EQ(sizeof(table), TABLE_BYTES);
	REQUIRE_STATUS(Query(&KMCL_CLIENT_INTERFACE_TYPE, &table, TABLE_BYTES, 1),
		       STATUS_SUCCESS);
	EXPECT_EQ(table.Size, TABLE_BYTES);
	EXPECT(table.Context);
	table.InterfaceReference(table.Context);
	table.InterfaceDereference(table.Context);
	Release(&table);
	Refused(&KMCL_CLIENT_INTERFACE_TYPE, 0, 1, STATUS_BUFFER_TOO_SMALL);
	Refused(&KMCL_CLIENT_INTERFACE_TYPE, sizeof(INTERFACE), 1, STATUS_BUFFER_TOO_SMALL);
	Refused(&KMCL_CLIENT_INTERFACE_TYPE, TABLE_BYTES - 1, 1, STATUS_BUFFER_TOO_SMALL);
	Refused(&KMCL_CLIENT_INTERFACE_TYPE, TABLE_BYTES + 1, 1, STATUS_INVALID_PARAMETER);
	Refused(&KMCL_CLIENT_INTERFACE_TYPE, 0xffff, 1, STATUS_INVALID_PARAMETER);
	Refused(NULL, TABLE_BYTES, 1, STATUS_INVALID_PARAMETER);
}

static VOID io_target_gives_the_same_table(VOID)
{
	KMCL_CLIENT_INTERFACE_V1 table, other;
	WDFIOTARGET target = WdfDeviceGetIoTarget(CheckDevice);

	REQUIRE(target);
	REQUIRE_STATUS(Query(&KMCL_CLIENT_INTERFACE_TYPE, &table, sizeof(table), 1),
		       STATUS_SUCCESS);
	Release(&table);
	REQUIRE_STATUS(WdfIoTargetQueryForInterface(target, &KMCL_CLIENT_INTERFACE_TYPE,
						    (PINTERFACE)&other, sizeof(other), 1, NULL),
		       STATUS_SUCCESS);
	Release(&other);
	EXPECT(RtlEqualMemory(&table, &other, sizeof(table)));
	EXPECT_STATUS(WdfIoTargetQueryForInterface(target, &KMCL_CLIENT_INTERFACE_TYPE,
						   (PINTERFACE)&other, sizeof(other), 2, NULL),
		      STATUS_REVISION_MISMATCH);
}

#define SAME(member)	EXPECT(table.member == member)

static VOID members_are_the_exported_functions(VOID)
{
	KMCL_CLIENT_INTERFACE_V1 table;

	REQUIRE_STATUS(Query(&KMCL_CLIENT_INTERFACE_TYPE, &table, sizeof(table), 1),
		       STATUS_SUCCESS);
	SAME(VmbChannelAllocate);
	SAME(VmbChannelCleanup);
	SAME(VmbChannelCreateGpadlFromBuffer);
	SAME(VmbChannelCreateGpadlFromMdl);
	SAME(VmbChannelDeleteGpadl);
	SAME(VmbChannelDisable);
	SAME(VmbChannelEnable);
	SAME(VmbChannelGetInterfaceInstance);
	SAME(VmbChannelGetMmioSpace);
	SAME(VmbChannelGetPointer);
	SAME(VmbChannelInitSetClientContextSize);
	SAME(VmbChannelInitSetFlags);
	SAME(VmbChannelInitSetFriendlyName);
	SAME(VmbChannelInitSetMaximumExternalData);
	SAME(VmbChannelInitSetMaximumPacketSize);
	SAME(VmbChannelInitSetProcessPacketCallbacks);
	SAME(VmbChannelInitSetStateChangeCallbacks);
	SAME(VmbChannelPacketComplete);
	SAME(VmbChannelPacketDeferToPassive);
	SAME(VmbChannelPacketFail);
	SAME(VmbChannelPacketGetExternalData);
	SAME(VmbChannelPause);
	SAME(VmbChannelSendSynchronousRequest);
	SAME(VmbChannelSetIncomingProcessingAtPassive);
	SAME(VmbChannelSetInterruptLatency);
	SAME(VmbChannelSetPointer);
	SAME(VmbChannelSetTransactionQuota);
	SAME(VmbChannelSizeofPacket);
	SAME(VmbChannelStart);
	SAME(VmbClientChannelInitSetRingBufferPageCount);
	SAME(VmbClientChannelInitSetTargetPnp);
	SAME(VmbPacketAllocate);
	SAME(VmbPacketFree);
	SAME(VmbPacketGetChannel);
	SAME(VmbPacketGetPointer);
	SAME(VmbPacketInitialize);
	SAME(VmbPacketSend);
	SAME(VmbPacketSendWithExternalMdl);
	SAME(VmbPacketSendWithExternalPfns);
	SAME(VmbPacketSetCompletionRoutine);
	SAME(VmbPacketSetPointer);
	Release(&table);
}

static VOID server_members_begin_as_the_clients(VOID)
{
	KMCL_SERVER_INTERFACE_V1 table;
	KMCL_CLIENT_INTERFACE_V1 client;
	const ULONG head = sizeof(INTERFACE);

	REQUIRE_EQ(sizeof(table), SERVER_TABLE_BYTES);
	REQUIRE_STATUS(Query(&KMCL_CLIENT_INTERFACE_TYPE, &client, sizeof(client), 1),
		       STATUS_SUCCESS);
	Release(&client);
	REQUIRE_STATUS(QueryServer(&KMCL_SERVER_INTERFACE_TYPE, &table, sizeof(table), 1),
		       STATUS_SUCCESS);
	ReleaseServer(&table);
	EXPECT(RtlEqualMemory((PUCHAR)&table + head, (PUCHAR)&client + head,
			      sizeof(client) - head));
}

static VOID server_methods_are_the_exported_functions(VOID)
{
	KMCL_SERVER_INTERFACE_V1 table;
	KMCL_SERVER_ONLY_METHODS methods;

	REQUIRE_STATUS(QueryServer(&KMCL_SERVER_INTERFACE_TYPE, &table, sizeof(table), 1),
		       STATUS_SUCCESS);
	SAME(VmbChannelMapGpadl);
	SAME(VmbChannelRestoreFromBuffer);
	SAME(VmbChannelSaveBegin);
	SAME(VmbChannelSaveContinue);
	SAME(VmbChannelSaveEnd);
	SAME(VmbChannelUnmapGpadl);
	SAME(VmbConvertVmbusHandleToKernelHandle);
	SAME(VmbPacketRestore);
	SAME(VmbServerChannelInitSetFlags);
	SAME(VmbServerChannelInitSetMmioMegabytes);
	SAME(VmbServerChannelInitSetSaveRestorePacketCallbacks);
	SAME(VmbServerChannelInitSetTargetInterfaceId);
	SAME(VmbServerChannelInitSetTargetVtl);
	SAME(VmbServerChannelInitSetVmbusHandle);
	/* The structure alone is the end of the table. */
	RtlCopyMemory(&methods, (PUCHAR)&table + TABLE_BYTES, sizeof(methods));
	EXPECT(methods.VmbChannelMapGpadl == VmbChannelMapGpadl);
	EXPECT(methods.VmbServerChannelInitSetVmbusHandle == VmbServerChannelInitSetVmbusHandle);
	ReleaseServer(&table);
}

static const TEST_CASE Cases[] = {
	CASE(client_type_names_the_table),
	CASE(server_type_names_the_longer_table),
	CASE(version_1_is_served),
	CASE(version_2_is_refused),
	CASE(version_3_is_refused),
	CASE(version_4_is_refused),
	CASE(version_5_is_refused),
	CASE(latest_goes_with_the_v1_structure),
	CASE(server_version_1_is_served),
	CASE(server_version_5_is_refused),
	CASE(server_latest_goes_with_the_v1_structure),
	CASE(table_has_the_size_of_its_structure),
	CASE(io_target_gives_the_same_table),
	CASE(members_are_the_exported_functions),
	CASE(server_members_begin_as_the_clients),
	CASE(server_methods_are_the_exported_functions),
};

TEST_GROUP_DEFINE(interface, Cases);
