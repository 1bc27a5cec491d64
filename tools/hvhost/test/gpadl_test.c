// SPDX-License-Identifier: GPL-2.0-only
/*
 * GPADLs by messages: any number of bodies, every way in which counts, offsets
 * and pages can be wrong, and how many there may be.
 */
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "fake.h"
#include "gpa.h"
#include "gpadl.h"
#include "peer.h"
#include "tap.h"
#include "vmbus.h"

#define LAST_PFN	(FAKE_RAM / HV_PAGE - 1)

static uint32_t relid;
static uint32_t next_id = 1;

struct range {
	uint32_t count;
	uint32_t offset;
	uint64_t pfn[8190];
} __attribute__((packed));

static struct range range;

static uint32_t create(uint32_t bytes, uint16_t ranges)
{
	return peer_gpadl_raw(relid, next_id++, &range, bytes, ranges);
}

/* One range with so many PFNs, whatever they say. */
static uint32_t create_one(uint32_t count, uint32_t offset, unsigned int pfns)
{
	range.count = count;
	range.offset = offset;
	return create(8 + 8 * pfns, 1);
}

static void test_sizes(void)
{
	static const unsigned int pages[] = {
		1, 25, 26, 27, 52, 53, 54, 55, 1000, 8189, 8190
	};
	unsigned int i;

	for (i = 0; i < 8190; i++)
		range.pfn[i] = i % (LAST_PFN + 1);
	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		ok(!create_one(pages[i] * HV_PAGE, 0, pages[i]), "%u pages", pages[i]);
		gpadl_drop_channel(relid);
	}
}

static void test_counts(void)
{
	memset(&range, 0, sizeof(range));
	ok(create_one(0, 0, 1), "a range of 0 bytes");
	ok(!create_one(1, 0, 1), "of 1 byte");
	ok(!create_one(1, 4095, 1), "of the last byte of a page");
	ok(create_one(1, 4096, 1), "of the first byte of the next");
	ok(!create_one(2, 4095, 2), "of a byte on each side, two PFNs");
	ok(create_one(2, 4095, 1), "one PFN for it");
	ok(create_one(HV_PAGE, 0, 2), "two PFNs for one page");
	ok(!create_one(2 * HV_PAGE, 0, 2), "two for two");
	ok(create_one(2 * HV_PAGE + 1, 0, 2), "two for a byte more");
	ok(create_one(0xffffffff, 0, 8190), "4 GiB less a byte in 8190 PFNs");
	ok(create_one(0xffffffff, 1, 8190), "the end overflows by nothing");
	ok(create_one(0xffffffff, 4095, 8190), "the end overflows");
}

static void test_ranges(void)
{
	uint64_t two[] = { HV_PAGE, 1, HV_PAGE, 2, 0 };

	ok(!peer_gpadl_raw(relid, next_id++, two, 32, 2), "two ranges");
	ok(peer_gpadl_raw(relid, next_id++, two, 32, 1), "two ranges said to be one");
	ok(peer_gpadl_raw(relid, next_id++, two, 32, 3), "said to be three");
	ok(peer_gpadl_raw(relid, next_id++, two, 32, 0), "said to be none");
	ok(peer_gpadl_raw(relid, next_id++, two, 24, 2), "cut in the second");
	ok(peer_gpadl_raw(relid, next_id++, two, 40, 2), "8 bytes more than they need");
	ok(peer_gpadl_raw(relid, next_id++, two, 15, 1), "less than a range");
	ok(!peer_gpadl_raw(relid, next_id++, two, 16, 1), "the smallest range");
	ok(peer_gpadl_raw(relid, next_id++, two, 32, 0xffff), "65535 ranges");
}

static void test_memory(void)
{
	range.pfn[0] = LAST_PFN;
	ok(!create_one(HV_PAGE, 0, 1), "the last page of RAM");
	range.pfn[0] = LAST_PFN + 1;
	ok(create_one(HV_PAGE, 0, 1), "the page after");
	range.pfn[0] = 1ull << 52;
	ok(create_one(HV_PAGE, 0, 1), "a PFN whose address wraps to 0");
	range.pfn[0] = ~0ull;
	ok(create_one(HV_PAGE, 0, 1), "the largest PFN");
	range.pfn[0] = 0;
}

static void test_ids(void)
{
	uint32_t id = next_id++;
	uint64_t one[] = { HV_PAGE, 0 };
	uint32_t header[5] = { MSG_GPADL_HEADER, 0, relid, 4000, 1 << 16 | 16 };
	uint32_t body[8] = { MSG_GPADL_BODY, 0, 0, 4000, HV_PAGE, 0, 0, 0 };
	struct msg_gpadl reply;

	ok(!peer_gpadl_raw(relid, id, one, 16, 1), "a handle");
	ok(peer_gpadl_raw(relid, id, one, 16, 1), "the same again");
	ok(peer_teardown(relid, id), "torn down");
	ok(!peer_teardown(relid, id), "not twice");
	ok(!peer_gpadl_raw(relid, id, one, 16, 1), "and used again");
	ok(!peer_teardown(relid, id + 1), "teardown of another");
	ok(!peer_teardown(relid + 1, id), "teardown by another channel");
	ok(peer_gpadl_raw(0, id, one, 16, 1), "relid 0");
	ok(peer_gpadl_raw(relid + 1, id, one, 16, 1), "relid never offered");
	ok(peer_gpadl_raw(0xffffffff, id, one, 16, 1), "relid past all");

	peer_send(header, 20);
	ok(!peer_reply(MSG_GPADL_CREATED, &reply), "header alone has no reply");
	ok(!gpadl_find(relid, 4000), "and cannot be used");
	peer_send(header, 20);
	ok(peer_reply(MSG_GPADL_CREATED, &reply) && reply.status, "a second header is refused");
	peer_send(body, 16);
	peer_send(body, 24);
	ok(!peer_reply(MSG_GPADL_CREATED, &reply), "half of it, after an empty body");
	peer_send(body, 32);	/* 8 bytes are missing: the rest is surplus */
	ok(peer_reply(MSG_GPADL_CREATED, &reply) && reply.gpadl == 4000, "whole after the rest");
	ok(reply.relid == relid, "its relid is in the reply");
	peer_send(body, 32);
	ok(!peer_reply(MSG_GPADL_CREATED, &reply), "a body too many is dropped");
}

static void test_limit(void)
{
	uint64_t one[] = { HV_PAGE, 0 };
	unsigned int n;

	gpadl_drop_channel(relid);
	for (n = 0; n < GPADL_MAX; n++)
		if (peer_gpadl_raw(relid, 10000 + n, one, 16, 1))
			break;
	ok(n == GPADL_MAX, "%u at one time", GPADL_MAX);
	ok(peer_gpadl_raw(relid, 9999, one, 16, 1), "not one more");
	peer_teardown(relid, 10000);
	ok(!peer_gpadl_raw(relid, 9999, one, 16, 1), "one for one");
	gpadl_drop_channel(relid);
	ok(!gpadl_count(), "all gone with the channel");
}

struct seen {
	unsigned int pieces;
	uint32_t bytes;
	uint8_t *first;
};

static void see(void *ctx, uint8_t *piece, uint32_t len)
{
	struct seen *s = ctx;

	if (!s->pieces++)
		s->first = piece;
	s->bytes += len;
}

static void test_walk(void)
{
	uint64_t raw[] = { 4000ull << 32 | 5000, 3, 1, 2 };
	const uint8_t *at = (const uint8_t *)raw;
	size_t left = sizeof(raw), used;
	struct seen seen = { 0 };
	struct gpa_range r;

	ok(!gpa_ranges_check(fake_vm(), at, left, 1, &used) && used == 32, "a range of 3 pages");
	ok(!gpa_range_take(&at, &left, &r) && r.pages == 3 && !left, "is taken");
	gpa_range_walk(fake_vm(), &r, see, &seen);
	ok(seen.pieces == 3 && seen.bytes == 5000, "and walked in 3 pieces");
	ok(seen.first == fake_vm()->ram + 3 * HV_PAGE + 4000, "from the right place");
	left = 7;
	ok(gpa_range_take(&at, &left, &r) == PROTO_ERROR_gpa_short, "7 bytes are no range");
}

int main(void)
{
	struct msg_offer offer;

	vmbus_device_option("echo");
	vmbus_start(fake_vm());
	peer_contact(VERSION_5_3, 0);
	peer_request_offers(&offer);
	relid = offer.relid;
	test_sizes();
	test_counts();
	test_ranges();
	test_memory();
	test_ids();
	test_limit();
	test_walk();
	return tap_done();
}
