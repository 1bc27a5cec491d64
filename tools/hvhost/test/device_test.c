// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the devices say and count, with a guest that behaves and one that does
 * not. Counters are read from the statistics, as everybody reads them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counter.h"
#include "crc32.h"
#include "device.h"
#include "fake.h"
#include "ic.h"
#include "peer.h"
#include "ring.h"
#include "tap.h"
#include "vmbus.h"

#include <kmcl/hvhost.h>

enum { ECHO, WRITER, HOLDER, SHUFFLER, SOURCE, HEARTBEAT, TIMESYNC, SHUTDOWN, DEVICES };

static const char *const options[DEVICES] = {
	[ECHO] = "echo",
	[WRITER] = "echo,gpa-write=on",
	[HOLDER] = "echo,hold=3,order=reverse,delay-ms=5",
	[SHUFFLER] = "echo,hold=100,order=random",
	[SOURCE] = "source,count=50,depth=8,min=16,max=300,order=fifo",
	[HEARTBEAT] = "heartbeat,period-ms=100",
	[TIMESYNC] = "timesync,offset=-3600",
	[SHUTDOWN] = "shutdown,after=2,flags=reboot",
};

static struct msg_offer offers[DEVICES];
static struct peer peers[DEVICES];
static struct peer_packet got;

static void connect_all(void)
{
	const struct msg_header request = { .type = MSG_REQUEST_OFFERS };
	unsigned int i;

	peer_contact(VERSION_5_3, 0);
	peer_send(&request, 8);
	for (i = 0; i < DEVICES; i++)
		peer_reply(MSG_OFFER, &offers[i]);
}

static bool completed(struct peer *p, uint64_t id)
{
	return peer_read(p, &got) && got.type == PACKET_COMPLETION && !got.flags &&
	       got.trans_id == id;
}

static void test_echo(void)
{
	struct peer *p = &peers[ECHO];
	const struct packet oneway = { .type = PACKET_INBAND, .payload = "x", .len = 1 };
	const struct packet answer = { .type = PACKET_COMPLETION, .trans_id = 1 };

	ok(!peer_open(p, &offers[ECHO], 4), "echo opens");
	peer_send_inband(p, 0xfedcba9876543210ull, "hello", 5);
	ok(completed(p, 0xfedcba9876543210ull) && got.len == 8 &&
	   !memcmp(got.payload, "hello\0\0\0", 8), "a packet comes back as completion");
	peer_send_inband(p, 2, NULL, 0);
	ok(completed(p, 2) && !got.len, "an empty one too");
	peer_send_packet(p, &oneway);
	ok(!peer_read(p, &got), "one that wants none gets none");
	peer_send_inband(p, 0, "x", 1);
	ok(!peer_read(p, &got), "nor one with id 0");
	peer_send_packet(p, &answer);
	ok(counter(ECHO, "completion_unexpected") == 1, "a completion for nothing is an error");
	ok(counter(ECHO, "packets") == 4 && counter(ECHO, "oneway") == 1 &&
	   counter(ECHO, "id_zero") == 1 && counter(ECHO, "completed") == 2, "all are counted");
	ok(counter(ECHO, "packets_in") == 5 && counter(ECHO, "completions_out") == 2,
	   "for the channel, too");
}

/* Completions of 1000 bytes into a ring of 16 KiB that nobody reads. */
static void test_echo_full(void)
{
	static uint8_t payload[1000];
	struct peer *p = &peers[ECHO];
	uint64_t sent = 100, seen = 100;
	unsigned int rounds = 0;

	while (peer_send_inband(p, sent, payload, sizeof(payload)) && ++rounds < 1000)
		sent++;
	fake_advance(FAKE_MS);
	while (peer_send_inband(p, sent, payload, sizeof(payload)) && ++rounds < 1000)
		sent++;
	ok(sent - seen > 16 && sent - seen < 40, "both rings fill up: %u packets",
	   (unsigned int)(sent - seen));
	ok(peer_word(&p->in, RING_PENDING_SEND) == 1024, "the host waits for space");
	ok(counter(ECHO, "ring_full") == 1, "it is counted once");
	peer_set_word(&p->out, RING_PENDING_SEND, 1024);
	for (rounds = 0; rounds < 100 && seen < sent; rounds++) {
		while (completed(p, seen))
			seen++;
		peer_read_done(p);
		fake_advance(FAKE_MS);
	}
	ok(seen == sent, "all complete in order as it is read: %u rounds", rounds);
	ok(!peer_word(&p->in, RING_PENDING_SEND), "the host waits no more");
	peer_set_word(&p->out, RING_PENDING_SEND, 0);
}

struct external {
	struct gpa_direct_header head;
	uint64_t ranges[8];
};

static bool send_external(struct peer *p, struct external *e, unsigned int words)
{
	const struct packet k = {
		.type = PACKET_GPA_DIRECT,
		.flags = PACKET_WANTS_COMPLETION,
		.trans_id = 9,
		.header = e,
		.header_len = 8 + 8 * words,
		.payload = "payload.",
		.len = 8,
	};

	peer_send_packet(p, &k);
	return completed(p, 9);
}

static void test_external(void)
{
	uint8_t *ram = fake_vm()->ram, want[5000];
	struct external e = { { 0, 2 }, {
		0x800ull << 32 | 4000, 500, 502,	/* the second half of 500, then 502 */
		0xfffull << 32 | 1000, 501, 503,
	} };
	struct peer *p = &peers[WRITER];
	uint32_t crc, i, reply[2];

	peer_open(p, &offers[WRITER], 4);
	for (i = 0; i < 4 * HV_PAGE; i++)
		ram[500 * HV_PAGE + i] = i * 31 >> 3;
	memcpy(want, ram + 500 * HV_PAGE + 0x800, 2048);
	memcpy(want + 2048, ram + 502 * HV_PAGE, 4000 - 2048);
	memcpy(want + 4000, ram + 501 * HV_PAGE + 0xfff, 1);
	memcpy(want + 4001, ram + 503 * HV_PAGE, 999);
	crc = crc32_update(0, want, sizeof(want));
	ok(crc32_update(0, "123456789", 9) == 0xcbf43926, "CRC-32 is zlib's");
	ok(send_external(p, &e, 6) && got.len == 8, "external data in two ranges");
	memcpy(reply, got.payload, 8);
	ok(reply[0] == 5000 && reply[1] == crc, "length and CRC");
	ok(ram[502 * HV_PAGE] == 255 - want[2048] && ram[503 * HV_PAGE + 998] == 255 - want[4999],
	   "every byte is inverted");
	ok(ram[503 * HV_PAGE + 999] == (uint8_t)((3 * HV_PAGE + 999) * 31 >> 3),
	   "and none after the last");
}

static void test_external_bad(void)
{
	static const struct {
		const char *why;
		uint32_t count;
		uint64_t range[4];
		unsigned int words;
	} cases[] = {
		{ "gpa_range_count", 0, { HV_PAGE, 1 }, 2 },
		{ "gpa_empty", 1, { 0, 1 }, 2 },
		{ "gpa_offset", 1, { 4096ull << 32 | 1, 1 }, 2 },
		{ "gpa_overflow", 1, { 1ull << 32 | 0xffffffff, 1 }, 2 },
		{ "gpa_short", 1, { 4095ull << 32 | 2, 1 }, 2 },
		{ "gpa_short", 2, { HV_PAGE, 1 }, 2 },
		{ "gpa_short", 0xffffffff, { HV_PAGE, 1, HV_PAGE, 1 }, 4 },
		{ "gpa_memory", 1, { HV_PAGE, FAKE_RAM / HV_PAGE }, 2 },
		{ "gpa_memory", 1, { HV_PAGE, ~0ull }, 2 },
	};
	struct peer *p = &peers[WRITER];
	struct external e = { 0 };
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		e.head.range_count = cases[i].count;
		memcpy(e.ranges, cases[i].range, sizeof(cases[i].range));
		ok(send_external(p, &e, cases[i].words) && !got.len && counter(WRITER, cases[i].why)
		   + 1 > 1, "%s: an empty completion, and counted", cases[i].why);
	}
	ok(counter(WRITER, "gpa_bad") == i, "all of them");
	e.head.range_count = 1;
	e.ranges[0] = HV_PAGE;
	e.ranges[1] = 7;
	ok(send_external(p, &e, 3) && got.len == 8, "a PFN more than needed is no harm");
	ok(counter(WRITER, "gpa_packets") == i + 2, "the channel lives");
}

static void test_broken(void)
{
	static const struct { const char *why; struct packet k; } cases[] = {
		{ "packet_type", { .type = 0 } },
		{ "packet_type", { .type = 8 } },
		{ "packet_type", { .type = 14 } },
		{ "packet_flags", { .type = PACKET_INBAND, .flags = 2 } },
		{ "packet_header", { .type = PACKET_GPA_DIRECT, .flags = 1 } },
	};
	struct peer *p = &peers[WRITER];
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		peer_close(p);
		peer_open(p, &offers[WRITER], 4);
		peer_send_packet(p, &cases[i].k);
		peer_send_inband(p, 3, "x", 1);
		fake_signal(offers[WRITER].connection_id);
		ok(!peer_read(p, &got) && counter(WRITER, cases[i].why) + 1 > 1,
		   "%s breaks the channel", cases[i].why);
	}
	peer_close(p);
	peer_open(p, &offers[WRITER], 4);
	peer_set_word(&p->in, RING_READ_INDEX, 4);
	peer_send_inband(p, 3, "x", 1);
	ok(counter(WRITER, "ring_index") == 1, "so does a bad read index");
	peer_close(p);
	peer_open(p, &offers[WRITER], 4);
	peer_send_inband(p, 3, "x", 1);
	ok(completed(p, 3), "until it is opened again");
}

static void test_hold(void)
{
	struct peer *p = &peers[HOLDER];

	peer_open(p, &offers[HOLDER], 4);
	peer_send_inband(p, 1, "1", 1);
	peer_send_inband(p, 2, "2", 1);
	ok(!peer_read(p, &got), "two are held");
	peer_send_inband(p, 3, "3", 1);
	ok(!peer_read(p, &got), "the third waits for the delay");
	fake_advance(5 * FAKE_MS);
	ok(completed(p, 3) && completed(p, 2) && completed(p, 1), "then all come, last first");
	peer_send_inband(p, 4, "4", 1);
	fake_advance(19 * FAKE_MS);
	ok(!peer_read(p, &got), "one alone is held");
	fake_advance(6 * FAKE_MS);
	ok(completed(p, 4), "until no more come");
	peer_send_inband(p, 5, "5", 1);
	peer_close(p);
	ok(counter(HOLDER, "dropped") == 1 && !counter(HOLDER, "waiting"),
	   "what is held when it closes is dropped");
}

static void test_shuffle(void)
{
	struct peer *p = &peers[SHUFFLER];
	uint8_t seen[100] = { 0 };
	unsigned int i, once = 0, in_place = 0;

	peer_open(p, &offers[SHUFFLER], 4);
	for (i = 0; i < 100; i++)
		peer_send_inband(p, i + 1, &i, 4);
	for (i = 0; i < 100 && peer_read(p, &got); i++) {
		seen[(got.trans_id - 1) % 100]++;
		in_place += got.trans_id == i + 1;
	}
	for (i = 0; i < 100; i++)
		once += seen[i] == 1;
	ok(once == 100, "100 shuffled, each once");
	ok(in_place < 20, "few in their place: %u", in_place);
}

static void complete(struct peer *p, uint64_t id, uint64_t seq, uint32_t crc)
{
	uint8_t payload[HVHOST_SOURCE_COMPLETION] = { 0 };
	const struct packet k = {
		.type = PACKET_COMPLETION, .trans_id = id, .payload = payload, .len = 16
	};

	memcpy(payload, &seq, 8);
	memcpy(payload + 8, &crc, 4);
	peer_send_packet(p, &k);
	fake_advance(FAKE_MS);
}

/* Checks one packet of the source, and its crc. */
static bool source_packet(uint64_t seq, uint32_t *crc)
{
	uint32_t len, seed, i, bad = 0;
	uint64_t n;

	memcpy(&n, got.payload, 8);
	memcpy(&len, got.payload + 8, 4);
	memcpy(&seed, got.payload + 12, 4);
	for (i = 16; i < got.len; i++)
		bad += got.payload[i] != (i < len ? HVHOST_PATTERN(seed, i - 16) : 0);
	*crc = crc32_update(0, got.payload, len);
	return n == seq && len >= 16 && len <= 300 && got.len == ((len + 7) & ~7u) && !bad &&
	       got.type == PACKET_INBAND && got.flags == 1;
}

static void test_source(void)
{
	struct peer *p = &peers[SOURCE];
	uint64_t id[50], n = 0, good = 0;
	uint32_t crc[50];

	peer_open(p, &offers[SOURCE], 4);
	fake_advance(FAKE_MS);
	while (n < 50 && peer_read(p, &got)) {
		good += source_packet(n, &crc[n]);
		id[n++] = got.trans_id;
	}
	ok(n == 8 && good == 8, "as many packets as the depth");
	complete(p, id[1], 1, crc[1]);
	ok(counter(SOURCE, "out_of_order") == 1, "the second before the first is out of order");
	complete(p, id[0], 0, crc[0]);
	complete(p, id[0], 0, crc[0]);
	ok(counter(SOURCE, "duplicate") == 1, "the first twice");
	complete(p, id[2] ^ 1ull << 48, 2, crc[2]);
	complete(p, 0, 2, crc[2]);
	complete(p, ~0ull, 2, crc[2]);
	complete(p, id[2] + 1000, 2, crc[2]);
	ok(counter(SOURCE, "unknown") == 4, "four of none");
	complete(p, id[2], 2, crc[2] + 1);
	complete(p, id[3], 4, crc[3]);
	ok(counter(SOURCE, "mismatched") == 2, "wrong CRC and wrong number");
	for (good = 4; n < 50 || good < n; good++) {
		while (n < 50 && peer_read(p, &got)) {
			source_packet(n, &crc[n]);
			id[n++] = got.trans_id;
		}
		complete(p, id[good], good, crc[good]);
	}
	ok(counter(SOURCE, "sent") == 50 && counter(SOURCE, "completed") == 48 &&
	   counter(SOURCE, "open_completed") == 48, "all sent and completed");
	ok(!counter(SOURCE, "outstanding") && counter(SOURCE, "most_outstanding") == 8,
	   "never more than the depth");
	peer_close(p);
	peer_open(p, &offers[SOURCE], 4);
	fake_advance(FAKE_MS);
	ok(peer_read(p, &got) && source_packet(0, &crc[0]) && got.trans_id != id[0],
	   "opened again it starts over, with other ids");
	complete(p, id[0], 0, crc[0]);
	ok(counter(SOURCE, "unknown") == 5, "an id of the opening before is unknown");
	peer_close(p);
	ok(counter(SOURCE, "abandoned") == 8, "what was outstanding is abandoned");
}

/* The guest's answer to the request in `got`. */
static void ic_answer(struct peer *p, uint8_t flags, uint32_t status)
{
	struct ic_header h;
	const struct packet k = {
		.type = PACKET_INBAND, .trans_id = got.trans_id, .payload = got.payload,
		.len = got.len
	};

	memcpy(&h, got.payload, sizeof(h));
	h.flags = flags;
	h.status = status;
	memcpy(got.payload, &h, sizeof(h));
	peer_send_packet(p, &k);
}

static void ic_choose(struct peer *p, uint16_t count, struct ic_version message)
{
	const struct ic_negotiate n = { count, count, 0 };
	const struct ic_version v[2] = { { 3, 0 }, message };

	memcpy(got.payload + 28, &n, 8);
	memcpy(got.payload + 36, v, 8);
	ic_answer(p, IC_FLAG_TRANSACTION | IC_FLAG_RESPONSE, 0);
	fake_advance(1);
}

static void ic_connect(unsigned int d, struct ic_version message)
{
	peer_open(&peers[d], &offers[d], 4);
	ok(peer_read(&peers[d], &got), "device %u negotiates", d);
	ic_choose(&peers[d], 1, message);
}

static void test_heartbeat(void)
{
	static const uint8_t want[56] = {
		1, 0, 0, 0, 44, 0, 0, 0,				/* pipe */
		1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 24, 0, 0, 0, 0, 0, 1, 3, 0, 0,	/* IC */
		2, 0, 2, 0, 0, 0, 0, 0,					/* counts */
		1, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0,		/* versions */
	};
	struct peer *p = &peers[HEARTBEAT];
	unsigned int i;
	uint64_t seq;

	peer_open(p, &offers[HEARTBEAT], 4);
	ok(peer_read(p, &got) && got.len == 56 && !memcmp(got.payload, want, 56),
	   "negotiation byte for byte");
	ic_choose(p, 0, (struct ic_version){ 0, 0 });
	fake_advance(1000 * FAKE_MS);
	ok(!peer_read(p, &got), "a guest that knows no version is left alone");
	peer_close(p);
	ic_connect(HEARTBEAT, (struct ic_version){ 3, 0 });
	for (i = 0; i < 5 && peer_read(p, &got); i++) {
		memcpy(&seq, got.payload + 28, 8);
		seq++;
		memcpy(got.payload + 28, &seq, 8);
		ic_answer(p, 5, 0);
		fake_advance(100 * FAKE_MS);
	}
	ok(i == 5 && counter(HEARTBEAT, "answered") == 5 && !counter(HEARTBEAT, "wrong_seq"),
	   "five beats and answers");
	peer_read(p, &got);
	ic_answer(p, 5, 0);
	ok(counter(HEARTBEAT, "wrong_seq") == 1, "an answer must have the next number");
	ic_answer(p, 3, 0);
	ok(counter(HEARTBEAT, "ic_unexpected") == 1, "a request from the guest is an error");
	got.len = 24;
	ic_answer(p, 5, 0);
	fake_advance(1000 * FAKE_MS);
	ok(!peer_read(p, &got), "a cut answer breaks the channel");
}

static void test_timesync(void)
{
	struct peer *p = &peers[TIMESYNC];
	uint64_t reference;

	ic_connect(TIMESYNC, (struct ic_version){ 4, 0 });
	ok(peer_read(p, &got) && got.len == 56, "a sync");
	memcpy(&reference, got.payload + 36, 8);
	ok(got.payload[44] == 1 && reference > 0, "flagged so, with the reference time");
	ic_answer(p, 5, 0);
	fake_advance(5000 * FAKE_MS);
	ok(peer_read(p, &got) && got.payload[44] == 2, "then a sample");
	peer_close(p);
	ic_connect(TIMESYNC, (struct ic_version){ 3, 0 });
	ok(peer_read(p, &got) && got.payload[52] == 1 && got.payload[4] == 45,
	   "the old format, 25 bytes");
}

static void test_shutdown(void)
{
	struct peer *p = &peers[SHUTDOWN];

	ic_connect(SHUTDOWN, (struct ic_version){ 3, 2 });
	fake_advance(1999 * FAKE_MS);
	ok(!peer_read(p, &got), "not yet");
	fake_advance(FAKE_MS);
	ok(peer_read(p, &got) && got.len == 2088, "a request after 2 s");
	ok(got.payload[36] == 2, "to reboot");
	ic_answer(p, 5, 0x80004005);
	ok(counter(SHUTDOWN, "requested") == 1 && counter(SHUTDOWN, "refused") == 1 &&
	   !counter(SHUTDOWN, "acknowledged"), "a refusal is counted");
}

int main(void)
{
	unsigned int i;

	for (i = 0; i < DEVICES; i++)
		vmbus_device_option(options[i]);
	vmbus_start(fake_vm());
	connect_all();
	test_echo();
	test_echo_full();
	test_external();
	test_external_bad();
	test_broken();
	test_hold();
	test_shuffle();
	test_source();
	test_heartbeat();
	test_timesync();
	test_shutdown();
	return tap_done();
}
