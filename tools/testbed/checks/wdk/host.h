/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What hvhost's devices say and want to hear: <kmcl/hvhost.h> as structures.
 */
#ifndef _WDK_CHECK_HOST_H
#define _WDK_CHECK_HOST_H

#include <kmcl/hvhost.h>

#include "bed.h"

#define BED_TAG		0x6b647763

/* CRC-32 as zlib has it, going on from Crc. */
UINT32 Crc32(UINT32 Crc, const VOID *Data, SIZE_T Bytes);

VOID PatternFill(PVOID To, SIZE_T Bytes, UINT32 Seed);
BOOLEAN PatternHolds(const VOID *Data, SIZE_T Bytes, UINT32 Seed);
/* Byte At of it is still what was filled in. */
BOOLEAN PatternHoldsAt(const VOID *Data, UINT32 At, UINT32 Seed);

/* Source. */
typedef struct _SOURCE_HEADER {
	UINT64 Sequence;
	UINT32 Length;
	UINT32 Seed;
} SOURCE_HEADER;

typedef struct _SOURCE_COMPLETION {
	UINT64 Sequence;
	UINT32 Crc;
	UINT32 Zero;
} SOURCE_COMPLETION;

C_ASSERT(sizeof(SOURCE_HEADER) == HVHOST_SOURCE_HEADER);
C_ASSERT(sizeof(SOURCE_COMPLETION) == HVHOST_SOURCE_COMPLETION);

/* Echo, for external data. */
typedef struct _ECHO_COMPLETION {
	UINT32 Length;
	UINT32 Crc;
} ECHO_COMPLETION;

C_ASSERT(sizeof(ECHO_COMPLETION) == HVHOST_ECHO_GPA_COMPLETION);

/* The routine has run, and the host has read these bytes as external data. */
BOOLEAN SentRead(PSENT Sent, UINT32 Bytes, UINT32 Crc);

/* Gpadl. */
typedef struct _GPADL_REQUEST {
	UINT32 Operation;
	UINT32 Gpadl;
	UINT32 Offset;
	UINT32 Length;
	UINT32 Seed;
	UINT32 Count;
	UINT32 Argument;
	UINT32 Zero;
} GPADL_REQUEST;

typedef struct _GPADL_REPLY {
	UINT32 Status;
	UINT32 Value;
	UINT32 Crc;
	UINT32 Zero;
} GPADL_REPLY;

typedef struct _GPADL_PAYLOAD {
	UINT64 Sequence;
	UINT32 Bytes;
	UINT32 Seed;
} GPADL_PAYLOAD;

typedef struct _GPADL_COMPLETION {
	UINT64 Sequence;
	UINT32 Crc;
	UINT32 Zero;
} GPADL_COMPLETION;

C_ASSERT(sizeof(GPADL_REQUEST) == HVHOST_GPADL_REQUEST);
C_ASSERT(sizeof(GPADL_REPLY) == HVHOST_GPADL_COMPLETION);
C_ASSERT(sizeof(GPADL_PAYLOAD) == HVHOST_GPADL_XFER);
C_ASSERT(sizeof(GPADL_COMPLETION) == HVHOST_GPADL_XFER_COMPLETION);

/* Asks, and waits. FALSE: it could not be asked, or the answer is not HVHOST_GPADL_OK. */
BOOLEAN GpadlAsk(PBED Bed, const GPADL_REQUEST *Request, GPADL_REPLY *Reply);
/* The answer is Status. */
BOOLEAN GpadlAnswers(PBED Bed, const GPADL_REQUEST *Request, UINT32 Status);

/* Operations with no more arguments than these. */
BOOLEAN GpadlNegotiate(PBED Bed);
BOOLEAN GpadlMap(PBED Bed, UINT32 Gpadl, UINT32 Milliseconds, UINT32 Bytes);
BOOLEAN GpadlUnmap(PBED Bed, UINT32 Gpadl);
BOOLEAN GpadlCheck(PBED Bed, UINT32 Gpadl, UINT32 Offset, UINT32 Length, UINT32 Seed);
BOOLEAN GpadlFill(PBED Bed, UINT32 Gpadl, UINT32 Offset, UINT32 Length, UINT32 Seed);

#endif /* _WDK_CHECK_HOST_H */
