// SPDX-License-Identifier: GPL-2.0-only
/*
 * See host.h.
 */
#include "host.h"

#define GUID_OF(l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8)				\
	{ l, w1, w2, { b1, b2, b3, b4, b5, b6, b7, b8 } }

static const GUID EchoType = HVHOST_ECHO_TYPE(GUID_OF);
static const GUID SourceType = HVHOST_SOURCE_TYPE(GUID_OF);
static const GUID GpadlType = HVHOST_GPADL_TYPE(GUID_OF);

const TARGET Echo = { &EchoType, "echo" };
const TARGET EchoInvert = { &EchoType, "invert" };
const TARGET EchoSilent = { &EchoType, "silent" };
const TARGET EchoSlow = { &EchoType, "slow" };
const TARGET EchoReverse = { &EchoType, "reverse" };
const TARGET EchoPipe = { &EchoType, "pipe" };
const TARGET EchoMmio = { &EchoType, "mmio" };
const TARGET EchoBad = { &EchoType, "bad" };
const TARGET EchoGone = { &EchoType, "gone" };
const TARGET Source = { &SourceType, "source" };
const TARGET SourceOneWay = { &SourceType, "oneway" };
const TARGET SourceEndless = { &SourceType, "endless" };
const TARGET SourceWide = { &SourceType, "wide" };
const TARGET SourceGone = { &SourceType, "srcgone" };
const TARGET Gpadl = { &GpadlType, "gpadl" };
const TARGET GpadlRefuse = { &GpadlType, "refuse" };
const TARGET Nobody = { &EchoType, "nobody" };

UINT32 Crc32(UINT32 Crc, const VOID *Data, SIZE_T Bytes)
{
	const UCHAR *at = Data;
	ULONG bit;

	for (Crc = ~Crc; Bytes; Bytes--) {
		Crc ^= *at++;
		for (bit = 0; bit < 8; bit++)
			Crc = Crc & 1 ? (Crc >> 1) ^ 0xedb88320 : Crc >> 1;
	}
	return ~Crc;
}

VOID PatternFill(PVOID To, SIZE_T Bytes, UINT32 Seed)
{
	PUCHAR to = To;
	UINT32 i;

	for (i = 0; i < Bytes; i++)
		to[i] = HVHOST_PATTERN(Seed, i);
}

BOOLEAN PatternHolds(const VOID *Data, SIZE_T Bytes, UINT32 Seed)
{
	const UCHAR *data = Data;
	UINT32 i;

	for (i = 0; i < Bytes; i++) {
		if (data[i] != HVHOST_PATTERN(Seed, i))
			return FALSE;
	}
	return TRUE;
}

BOOLEAN PatternHoldsAt(const VOID *Data, UINT32 At, UINT32 Seed)
{
	return ((const UCHAR *)Data)[At] == HVHOST_PATTERN(Seed, At);
}

BOOLEAN SentRead(PSENT Sent, UINT32 Bytes, UINT32 Crc)
{
	ECHO_COMPLETION answer;

	if (!SentAwait(Sent, STATUS_SUCCESS) || !EXPECT_EQ(Sent->Length, sizeof(answer)))
		return FALSE;
	RtlCopyMemory(&answer, Sent->Answer, sizeof(answer));
	return EXPECT_EQ(answer.Length, Bytes) && EXPECT_EQ(answer.Crc, Crc);
}

static BOOLEAN Ask(PBED Bed, const GPADL_REQUEST *Request, GPADL_REPLY *Reply)
{
	UINT32 size = sizeof(*Reply);

	return EXPECT_STATUS(BedRequest(Bed, (PVOID)Request, sizeof(*Request), Reply, &size),
			     STATUS_SUCCESS) &&
	       EXPECT_EQ(size, sizeof(*Reply));
}

BOOLEAN GpadlAsk(PBED Bed, const GPADL_REQUEST *Request, GPADL_REPLY *Reply)
{
	return Ask(Bed, Request, Reply) && EXPECT_EQ(Reply->Status, HVHOST_GPADL_OK);
}

BOOLEAN GpadlAnswers(PBED Bed, const GPADL_REQUEST *Request, UINT32 Status)
{
	GPADL_REPLY reply;

	return Ask(Bed, Request, &reply) && EXPECT_EQ(reply.Status, Status);
}

BOOLEAN GpadlNegotiate(PBED Bed)
{
	GPADL_REQUEST request = {
		.Operation = HVHOST_GPADL_NEGOTIATE, .Argument = HVHOST_GPADL_VERSION,
	};
	GPADL_REPLY reply;

	return GpadlAsk(Bed, &request, &reply) && EXPECT_EQ(reply.Value, HVHOST_GPADL_VERSION);
}

BOOLEAN GpadlMap(PBED Bed, UINT32 Gpadl, UINT32 Milliseconds, UINT32 Bytes)
{
	GPADL_REQUEST request = {
		.Operation = HVHOST_GPADL_MAP, .Gpadl = Gpadl, .Argument = Milliseconds,
	};
	GPADL_REPLY reply;

	return GpadlAsk(Bed, &request, &reply) && EXPECT_EQ(reply.Value, Bytes);
}

BOOLEAN GpadlUnmap(PBED Bed, UINT32 Gpadl)
{
	GPADL_REQUEST request = { .Operation = HVHOST_GPADL_UNMAP, .Gpadl = Gpadl };

	return GpadlAnswers(Bed, &request, HVHOST_GPADL_OK);
}

BOOLEAN GpadlCheck(PBED Bed, UINT32 Gpadl, UINT32 Offset, UINT32 Length, UINT32 Seed)
{
	GPADL_REQUEST request = {
		.Operation = HVHOST_GPADL_CHECK, .Gpadl = Gpadl, .Offset = Offset,
		.Length = Length, .Seed = Seed,
	};

	return GpadlAnswers(Bed, &request, HVHOST_GPADL_OK);
}

BOOLEAN GpadlFill(PBED Bed, UINT32 Gpadl, UINT32 Offset, UINT32 Length, UINT32 Seed)
{
	GPADL_REQUEST request = {
		.Operation = HVHOST_GPADL_FILL, .Gpadl = Gpadl, .Offset = Offset,
		.Length = Length, .Seed = Seed,
	};

	return GpadlAnswers(Bed, &request, HVHOST_GPADL_OK);
}
