/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wdk_loopback: a Windows driver that has both ends of a channel.
 *
 * server.c offers what hvhost's echo device offers, and does what that does: it answers a packet
 * with its own payload, and one with external data with their length and CRC-32. Besides, it looks
 * into memory that a client shares. client.c drives it. loopback.c is the driver around both.
 *
 * Everything runs in one kernel, with no hypervisor in it. Any client of an echo device can use
 * the server: wdk_echo, for one, if the parameter Client is 0.
 *
 * Parameters of the driver's key: Count packets of each kind, Opens of the client's channel,
 * Client 0 if there is to be none. The event \BaseNamedObjects\wdk_loopback is signalled when
 * the client has done its work.
 */
#ifndef _WDK_LOOPBACK_LOOPBACK_H
#define _WDK_LOOPBACK_LOOPBACK_H

#include <ntddk.h>
#include <wdf.h>
#include <vmbuskernelmodeclientlibapi.h>

#define POOL_TAG	0x706f6f4c	/* "Loop" */

DEFINE_GUID(ECHO_INTERFACE_TYPE,
	    0x97683cbb, 0xecf6, 0x4c20, 0xbb, 0x86, 0x35, 0xf8, 0xba, 0x0e, 0x67, 0xf4);
DEFINE_GUID(LOOPBACK_INSTANCE,
	    0x77646b5f, 0x6c6f, 0x4f70, 0x80, 0x61, 0x63, 0x6b, 0x00, 0x00, 0x00, 0x01);

/* In-band payload that begins so is no echo: here is memory, whose bytes the server inverts. */
DEFINE_GUID(LOOPBACK_SHARE,
	    0x5ba1e5a9, 0x30c4, 0x4f6f, 0x9d, 0x11, 0x0e, 0x5f, 0x62, 0x7c, 0x1a, 0x40);

typedef struct _LOOPBACK_SHARE_REQUEST {
	GUID Magic;
	UINT32 Gpadl;
	UINT32 Zero;
} LOOPBACK_SHARE_REQUEST;

/* Answer to external data, and to shared memory as it was: 8 bytes, little endian. */
typedef struct _LOOPBACK_ANSWER {
	UINT32 Length;
	UINT32 Crc;
} LOOPBACK_ANSWER;

typedef struct _LOOPBACK_FIGURES {
	ULONG Opens;
	ULONG Echoed;
	ULONG External;
	ULONG Shared;
	ULONG Wrong;
} LOOPBACK_FIGURES;

typedef struct _LOOPBACK_SERVER {
	KMCL_SERVER_INTERFACE_V1 Kmcl;
	BOOLEAN Queried;
	VMBCHANNEL Channel;
	LONG Pended;		/* external data that were not there at once */
} LOOPBACK_SERVER, *PLOOPBACK_SERVER;

typedef struct _LOOPBACK_CLIENT {
	KMCL_CLIENT_INTERFACE_V1 Kmcl;
	BOOLEAN Queried;
	VMBCHANNEL Channel;
	LONG Stopping;
	KEVENT Started;
	PUCHAR Memory;
	PMDL First;
	PMDL Second;
	LOOPBACK_FIGURES Figures;
} LOOPBACK_CLIENT, *PLOOPBACK_CLIENT;

/* loopback.c: goes on from Crc, which is MAXULONG at first and to be inverted at last */
ULONG LoopbackCrc(ULONG Crc, const UCHAR *Data, ULONG Length);

/* server.c */
NTSTATUS ServerCreate(PLOOPBACK_SERVER Server, WDFDEVICE Device);
NTSTATUS ServerStart(PLOOPBACK_SERVER Server);
VOID ServerStop(PLOOPBACK_SERVER Server);
VOID ServerDelete(PLOOPBACK_SERVER Server);

/* client.c */
NTSTATUS ClientCreate(PLOOPBACK_CLIENT Client, WDFDEVICE Device);
VOID ClientRun(PLOOPBACK_CLIENT Client, ULONG Count);
BOOLEAN ClientStopping(PLOOPBACK_CLIENT Client);
VOID ClientStop(PLOOPBACK_CLIENT Client);
VOID ClientDelete(PLOOPBACK_CLIENT Client);

#endif /* _WDK_LOOPBACK_LOOPBACK_H */
