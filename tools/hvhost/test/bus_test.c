// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control protocol as a guest sees it: contact, offers, open and close, and
 * how devices come and go.
 */
#include <stdlib.h>
#include <string.h>

#include <kmcl/hvhost.h>

#include "device.h"
#include "fake.h"
#include "gpadl.h"
#include "peer.h"
#include "ring.h"
#include "tap.h"
#include "vmbus.h"

#define MESSAGE_MAX	240

static uint8_t buf[MESSAGE_MAX];
static struct msg_offer offer;
static struct peer peer;

static void test_options(void)
{
	static const char *const refused[] = {
		"", "floppy", "echo,", "echo,hold", "echo,hold=", "echo,hold=0", "echo,hold=4097",
		"echo,hold=1x", "echo,hold=-1", "echo,colour=red", "echo,gpa-write=o",
		"echo,gpa-write=yes", "echo,instance=1234", "echo,type=",
		"source,min=15", "source,min=20,max=19", "source,max=524265", "source,depth=65536",
		"shutdown,after=-1", "shutdown,after=now", "timesync,version=2.0",
		"echo,delay-ms=", "echo,delay-ms=60001", "echo,delay-ms=5..4", "echo,delay-ms=1..",
		"echo,delay-ms=..2", "echo,delay-ms=1...2", "echo,delay-ms=1..2..3",
		"echo,delay-ms=1..60001", "echo,delay-ms=123456789012345678901234..2",
		"echo,reorder=1", "echo,reorder=4097", "echo,reorder=4,hold=4",
		"echo,order=random,reorder=4", "echo,silent=on,hold=2", "echo,silent=on,delay-ms=1",
		"echo,silent=on,reorder=2", "echo,gpa-write=on,silent=on", "echo,pipe=",
		"echo,monitor=1", "echo,mmio-mb=65536", "echo,mmio-mb=x",
		"gpadl,window=0", "gpadl,window=256", "gpadl,bad-xfer=on",
		"gpadl,refuse=on,mute-gpadl=on", "gpadl,refuse=on,window=2",
		"gpadl,mute-gpadl=on,bad-xfer=set",
		"echo,instance=68760001-ECF6-4C20-BB86-35F8BA0E67F4",
	};
	unsigned int i;

	ok(vmbus_device_option("echo"), "a device");
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		ok(!vmbus_device_option(refused[i]), "refused: %s", refused[i]);
	ok(vmbus_device_option("echo,hold=4096,gpa-write=on,order=random"), "a second echo");
	ok(vmbus_device_option("heartbeat,instance={00112233-4455-6677-8899-aabbccddeeff}"),
	   "an instance of choice");
	ok(vmbus_add_after_option("1.5,source,max=524264"), "an addition");
	ok(!vmbus_add_after_option("source"), "an addition without a time");
	ok(!vmbus_add_after_option("-1,source"), "an addition in the past");
	ok(!vmbus_rescind_after_option("1"), "a removal of nothing");
	ok(!vmbus_rescind_after_option("1,echo,count=2"), "many removals, no new offer");
	ok(!vmbus_rescind_after_option("1,echo,reoffer=1,count=0"), "no removals");
	ok(!vmbus_rescind_after_option("1,echo,again=1"), "an unknown key");
	ok(vmbus_rescind_after_option("0.05,68760002-ecf6-4c20-bb86-35f8ba0e67f4,reoffer=0.01,"
				      "count=2100,period=0"), "2100 removals");
	ok(vmbus_options_check(), "the options fit together");
	ok(!vmbus_set_version("5.4") && !vmbus_set_version("5"), "versions that are none");
}

static void test_versions(void)
{
	static const uint32_t versions[] = {
		VERSION(3, 0), VERSION(4, 0), VERSION(4, 1), VERSION(5, 0), VERSION(5, 1),
		VERSION(5, 2), VERSION(5, 3)
	};
	unsigned int i;

	for (i = 0; i < 7; i++)
		ok(peer_contact(versions[i], 0), "version %u.%u", versions[i] >> 16,
		   versions[i] & 0xffff);
	ok(!peer_contact(VERSION(2, 4), 0), "not 2.4");
	ok(!peer_contact(VERSION(5, 4), 0), "not 5.4");
	ok(!peer_contact(VERSION(6, 0), 0), "not 6.0");
	ok(!peer_contact(0, 0) && !peer_contact(~0u, 0), "no nonsense");
	vmbus_set_version("5.0");
	ok(!peer_contact(VERSION(5, 1), 0), "capped: not 5.1");
	ok(peer_contact(VERSION(5, 0), 0), "but 5.0");
	vmbus_set_version("5.3");
	ok(peer_contact(VERSION_5_3, FAKE_VCPUS - 1), "messages for the last vp");
	ok(!peer_contact(VERSION_5_3, FAKE_VCPUS), "not for one after");
	ok(vmbus_connection_valid(1) && vmbus_connection_valid(4), "connections 1 and 4");
	ok(!vmbus_connection_valid(0) && !vmbus_connection_valid(2) && !vmbus_connection_valid(5),
	   "and no other");
}

static void test_response(void)
{
	struct msg_contact m = {
		.header.type = MSG_INITIATE_CONTACT,
		.version = VERSION_5_3,
		.target_vp = 1,
		.sint = 2,
	};
	struct msg_version_response r;
	unsigned int vp;

	vmbus_message(4, 1, &m, sizeof(m));
	ok(fake_take_message(&r, &vp) == 16 && vp == 1, "the response goes to the target vp");
	ok(r.supported == 1 && !r.state && r.connection_id == 4, "with connection 4 from 5.0 on");
	m.version = VERSION(4, 1);
	vmbus_message(1, 1, &m, sizeof(m));
	ok(fake_take_message(&r, &vp) == 16 && r.connection_id == 1, "and 1 before");
	m.version = VERSION_5_3;
	m.sint = 3;
	vmbus_message(4, 1, &m, sizeof(m));
	ok(fake_take_message(&r, &vp) == 16 && !r.supported, "not on another SINT");
}

static void test_messages(void)
{
	static const struct { uint32_t type, len; } shortest[] = {
		{ MSG_REQUEST_OFFERS, 8 }, { MSG_OPEN, 148 }, { MSG_CLOSE, 12 },
		{ MSG_GPADL_HEADER, 20 }, { MSG_GPADL_BODY, 16 }, { MSG_GPADL_TEARDOWN, 16 },
		{ MSG_RELID_RELEASED, 12 }, { MSG_INITIATE_CONTACT, 40 }, { MSG_TL_CONNECT, 40 },
		{ MSG_MODIFY, 16 },
	};
	unsigned int i, n;

	peer_contact(VERSION_5_3, 0);
	for (i = 0; i < sizeof(shortest) / sizeof(shortest[0]); i++) {
		memset(buf, 0xff, sizeof(buf));
		memcpy(buf, &shortest[i].type, 4);
		peer_send(buf, shortest[i].len - 1);
		ok(!fake_take_message(buf, NULL), "type %u of %u bytes is too short",
		   shortest[i].type, shortest[i].len - 1);
	}
	for (n = 0; n < 300; n++) {
		memset(buf, 0, sizeof(buf));
		buf[0] = n;
		if (n != MSG_REQUEST_OFFERS && n % 256 != MSG_UNLOAD)
			vmbus_message(4, n % 3, buf, n < sizeof(buf) ? n : sizeof(buf));
	}
	fake_drop_messages();
	ok(true, "300 bad messages");
}

static void test_offers(void)
{
	const struct guid echo = HVHOST_ECHO_TYPE(GUID_BYTES);
	const struct guid instance = { {
		0x33, 0x22, 0x11, 0, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd,
		0xee, 0xff
	} };
	const struct msg_header request = { .type = MSG_REQUEST_OFFERS };

	peer_send(&request, 7);
	ok(peer_contact(VERSION_5_3, 0), "contact");
	ok(peer_request_offers(&offer) == 3, "three offers");
	ok(guid_equal(&offer.instance, &instance), "an instance GUID as given");
	ok(offer.flags == 0x11 && offer.user[0] == 4 && !offer.user[1], "a message mode pipe");
	ok(!peer_request_offers(&offer), "asked again: nothing");
	peer_contact(VERSION_5_3, 0);
	peer_send(&request, 8);
	ok(peer_reply(MSG_OFFER, buf) == 196, "an offer of 196 bytes");
	memcpy(&offer, buf, sizeof(offer));
	ok(!memcmp(buf + 8, &echo, 16) && buf[56] == 1 && !buf[57], "type and flags in place");
	ok(!buf[180] && buf[190] == 1 && !buf[189], "no sub-channel; own interrupt, no monitor");
	ok(!memcmp(buf + 184, &offer.relid, 4) && offer.relid && offer.relid <= RELID_MAX,
	   "a relid");
	ok(offer.connection_id == (0x2000 | offer.relid), "a connection id");
	fake_drop_messages();
}

static void test_open(void)
{
	uint64_t gpa[6];
	unsigned int i;

	for (i = 0; i < 6; i++)
		gpa[i] = fake_page();
	ok(!peer_gpadl(offer.relid, 5, gpa, 6), "6 pages for rings");
	ok(peer_open_raw(offer.relid, 6, 0, 3), "open: wrong GPADL");
	ok(peer_open_raw(offer.relid + 99, 5, 0, 3), "wrong relid");
	ok(peer_open_raw(offer.relid, 5, FAKE_VCPUS, 3), "vp past the last");
	ok(peer_open_raw(offer.relid, 5, 0, 1), "no data page in the first ring");
	ok(peer_open_raw(offer.relid, 5, 0, 5), "nor in the second");
	ok(peer_open_raw(offer.relid, 5, 0, ~0u), "far out");
	ok(!peer_open_raw(offer.relid, 5, FAKE_VCPUS - 1, 2), "open with one data page");
	ok(peer_open_raw(offer.relid, 5, 0, 2), "not twice");
	ok(fake_signal(offer.connection_id), "it listens for signals");
	ok(peer_teardown(offer.relid, 5), "its GPADL is torn down under it");
	ok(fake_signal(offer.connection_id), "a signal then does no harm");
	peer.offer = offer;
	peer_close(&peer);
	ok(!fake_signal(offer.connection_id), "closed: nobody listens");
	ok(!peer_gpadl(offer.relid, 5, gpa, 6), "6 pages again");
	ok(!peer_open_raw(offer.relid, 5, 0, 4), "open with one data page in the second");
	peer.gpadl = 5;
	peer_close(&peer);
	ok(!peer_open(&peer, &offer, 3), "opened again under the same relid");
}

static void test_modify(void)
{
	uint32_t m[4] = { MSG_MODIFY, 0, offer.relid, 0 };
	struct msg_modify_response r;
	unsigned int before;

	peer_send(m, 16);
	ok(peer_reply(MSG_MODIFY_RESPONSE, &r) == 16 && !r.status, "moved to vp 0");
	before = fake_signals(0, offer.relid);
	peer_send_inband(&peer, 1, "12345678", 8);
	fake_advance(FAKE_MS);
	ok(fake_signals(0, offer.relid) == before + 1, "where signals go now");
	m[3] = FAKE_VCPUS;
	peer_send(m, 16);
	ok(peer_reply(MSG_MODIFY_RESPONSE, &r) == 16 && r.status, "not past the last vp");
	m[2] = 2000;
	peer_send(m, 16);
	ok(peer_reply(MSG_MODIFY_RESPONSE, &r) == 16 && r.status, "nor for an unknown relid");
}

static void test_hot_add(void)
{
	peer_contact(VERSION(4, 1), 0);
	ok(!fake_signal(offer.connection_id), "contact closes all channels");
	peer_request_offers(&offer);
	fake_advance(1499 * FAKE_MS);
	ok(!peer_reply(MSG_OFFER, &offer), "not before its time");
	peer_contact(VERSION(4, 1), 0);
	fake_advance(10000 * FAKE_MS);
	ok(!peer_reply(MSG_OFFER, &offer), "a new contact starts over");
	peer_request_offers(&offer);
	fake_advance(1500 * FAKE_MS);
	ok(peer_reply(MSG_OFFER, &offer), "added after 1.5 s");
	peer_contact(VERSION(4, 1), 0);
	ok(peer_request_offers(&offer) == 4, "and there for the next kernel");
}

static void test_modify_old(void)
{
	const uint32_t m[4] = { MSG_MODIFY, 0, offer.relid, 0 };

	peer_open(&peer, &offer, 3);
	peer_send(m, 16);
	ok(!peer_reply(MSG_MODIFY_RESPONSE, buf), "no response to modify before 5.3");
	peer_close(&peer);
}

/* The second echo, offered second. */
static void find_removed(struct msg_offer *o)
{
	const struct msg_header request = { .type = MSG_REQUEST_OFFERS };

	peer_contact(VERSION_5_3, 0);
	peer_send(&request, 8);
	peer_reply(MSG_OFFER, buf);
	peer_reply(MSG_OFFER, o);
	fake_drop_messages();
}

static bool removal_round(struct msg_offer *o, bool first)
{
	uint32_t relid = o->relid, open;
	struct msg_relid rescind;

	open = peer_open(&peer, o, 1);
	peer_send_inband(&peer, 7, "12345678", 8);
	fake_advance(first ? 50 * FAKE_MS : 1);
	if (open || peer_reply(MSG_RESCIND, &rescind) != 12 || rescind.relid != relid)
		return false;
	if (fake_signal(o->connection_id) || !peer_open_raw(relid, peer.gpadl, 0, 2))
		return false;
	fake_advance(1000 * FAKE_MS);
	if (peer_reply(MSG_OFFER, o) || !gpadl_count())
		return false;	/* not offered again before it was released */
	peer_close(&peer);
	peer_release(relid);
	fake_advance(10 * FAKE_MS);
	return peer_reply(MSG_OFFER, o) == 196 && o->relid != relid && !gpadl_count();
}

static void test_removal(void)
{
	unsigned int rounds = 0;

	find_removed(&offer);
	while (rounds < 2100 && removal_round(&offer, !rounds))
		rounds++;
	ok(rounds == 2100, "2100 rounds of rescind, release and offer: %u", rounds);
	ok(!peer_open(&peer, &offer, 1), "and open again");
	fake_advance(10000 * FAKE_MS);
	ok(!peer_reply(MSG_RESCIND, buf), "and left alone");
	peer_release(offer.relid);
	ok(fake_signal(offer.connection_id), "release of an open channel is an error, no more");
	peer_close(&peer);
	peer_release(offer.relid);
	ok(peer_open_raw(offer.relid, 1, 0, 2), "an offer that the guest gave back is gone");
}

static void test_unload(void)
{
	const struct msg_header unload = { .type = MSG_UNLOAD };

	peer_contact(VERSION_5_3, 0);
	peer_request_offers(&offer);
	peer_open(&peer, &offer, 1);
	peer_send(&unload, 8);
	ok(peer_reply(MSG_UNLOAD_RESPONSE, buf) == 8, "unload has a response");
	ok(!fake_signal(offer.connection_id), "and closes all channels");
	peer_release(offer.relid);
	ok(peer_open_raw(offer.relid, 1, 0, 2) == ~0u, "nothing works after it");
	ok(peer_contact(VERSION_5_3, 0) && peer_request_offers(&offer) == 4, "but a new contact");
}

static void test_tl_connect(void)
{
	uint32_t m[10] = { MSG_TL_CONNECT };

	peer_send(m, 40);
	ok(peer_reply(MSG_TL_CONNECT_RESULT, buf) == 44 && buf[40], "hv_sock: refused");
}

int main(void)
{
	test_options();
	vmbus_start(fake_vm());
	test_versions();
	test_response();
	test_messages();
	test_offers();
	test_open();
	test_modify();
	test_hot_add();
	test_modify_old();
	test_removal();
	test_unload();
	test_tl_connect();
	return tap_done();
}
