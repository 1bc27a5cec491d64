// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's side of control messages and rings.
 */
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "peer.h"
#include "ring.h"
#include "vm.h"
#include "vmbus.h"

#define MESSAGE_MAX	240

size_t peer_reply(uint32_t type, void *message)
{
	uint8_t buf[MESSAGE_MAX];
	uint32_t got;
	size_t len;

	while ((len = fake_take_message(buf, NULL))) {
		memcpy(&got, buf, 4);
		if (got != type)
			continue;
		memcpy(message, buf, len);
		return len;
	}
	return 0;
}

void peer_send(const void *message, size_t len)
{
	vmbus_message(CONNECTION_NEW, 1, message, len);
}

bool peer_contact(uint32_t version, unsigned int vp)
{
	struct msg_contact m = {
		.header.type = MSG_INITIATE_CONTACT,
		.version = version,
		.target_vp = vp,
	};
	uint8_t buf[MESSAGE_MAX];

	if (version >= VERSION_5_0)
		m.sint = 2;
	vmbus_message(version >= VERSION_5_0 ? CONNECTION_NEW : CONNECTION_OLD, 1, &m, sizeof(m));
	return peer_reply(MSG_VERSION_RESPONSE, buf) == 16 && buf[8];
}

unsigned int peer_request_offers(struct msg_offer *last)
{
	const struct msg_header m = { .type = MSG_REQUEST_OFFERS };
	uint8_t buf[MESSAGE_MAX];
	unsigned int n = 0;
	uint32_t type;
	size_t len;

	peer_send(&m, sizeof(m));
	while ((len = fake_take_message(buf, NULL))) {
		memcpy(&type, buf, 4);
		if (type == MSG_OFFERS_DELIVERED)
			break;
		if (type != MSG_OFFER)
			continue;
		memcpy(last, buf, sizeof(*last));
		n++;
	}
	return n;
}

static size_t take(void *to, const uint8_t **from, size_t *left, size_t room)
{
	size_t n = *left < room ? *left : room;

	if (n)
		memcpy(to, *from, n);
	*from += n;
	*left -= n;
	return n;
}

uint32_t peer_gpadl_raw(uint32_t relid, uint32_t id, const void *ranges, uint16_t bytes,
			uint16_t range_count)
{
	union {
		uint8_t bytes[MESSAGE_MAX];
		struct msg_gpadl_header header;
		struct msg_gpadl_body body;
		struct msg_gpadl created;
	} m = { .header = { { MSG_GPADL_HEADER, 0 }, relid, id, bytes, range_count } };
	const uint8_t *at = ranges;
	size_t left = bytes, n;

	n = take(m.header.ranges, &at, &left, MESSAGE_MAX - 20 - 4);
	peer_send(&m, 20 + n);
	while (left) {
		m.body.header.type = MSG_GPADL_BODY;
		m.body.number = 0;
		m.body.gpadl = id;
		n = take(m.body.ranges, &at, &left, MESSAGE_MAX - 16);
		peer_send(&m, 16 + n);
	}
	if (peer_reply(MSG_GPADL_CREATED, &m) != 20 || m.created.gpadl != id)
		return ~0u;
	return m.created.status;
}

uint32_t peer_gpadl(uint32_t relid, uint32_t id, const uint64_t *gpa, unsigned int pages)
{
	static uint64_t buf[1 + PEER_PAGES_MAX];
	const uint32_t head[2] = { pages * HV_PAGE, 0 };
	unsigned int i;

	memcpy(buf, head, 8);
	for (i = 0; i < pages; i++)
		buf[1 + i] = gpa[i] / HV_PAGE;
	return peer_gpadl_raw(relid, id, buf, 8 + 8 * pages, 1);
}

bool peer_teardown(uint32_t relid, uint32_t id)
{
	const uint32_t m[4] = { MSG_GPADL_TEARDOWN, 0, relid, id };
	struct msg_gpadl_torndown reply;

	peer_send(m, sizeof(m));
	return peer_reply(MSG_GPADL_TORNDOWN, &reply) == 12 && reply.gpadl == id;
}

uint32_t peer_open_raw(uint32_t relid, uint32_t gpadl, uint32_t vp, uint32_t downstream)
{
	struct msg_open m = {
		.header.type = MSG_OPEN,
		.relid = relid,
		.open_id = 77,
		.gpadl = gpadl,
		.target_vp = vp,
		.downstream_page = downstream,
	};
	struct msg_open_result reply;

	peer_send(&m, sizeof(m));
	if (peer_reply(MSG_OPEN_RESULT, &reply) != 20 || reply.relid != relid ||
	    reply.open_id != 77)
		return ~0u;
	return reply.status;
}

static void ring_init(struct peer_ring *r, const uint64_t *gpa, unsigned int data_pages)
{
	unsigned int i;

	r->header = vm_ram(fake_vm(), gpa[0], HV_PAGE);
	memset(r->header, 0, HV_PAGE);
	r->page = calloc(data_pages, sizeof(*r->page));
	for (i = 0; i < data_pages; i++)
		r->page[i] = vm_ram(fake_vm(), gpa[1 + i], HV_PAGE);
	r->size = data_pages * HV_PAGE;
	peer_set_word(r, RING_FEATURES, RING_FEATURE_PENDING);
}

static void rings_free(struct peer *p)
{
	free(p->out.page);
	free(p->in.page);
	p->out.page = NULL;
	p->in.page = NULL;
}

uint32_t peer_open(struct peer *p, const struct msg_offer *offer, unsigned int data_pages)
{
	static uint32_t last_gpadl = 1000;
	unsigned int pages = 2 * (1 + data_pages), i;
	uint32_t status;

	rings_free(p);
	p->offer = *offer;
	p->gpadl = ++last_gpadl;
	for (i = 0; i < pages; i++)
		if (!p->gpa[i])
			p->gpa[i] = fake_page();
	p->unread = false;
	ring_init(&p->out, p->gpa, data_pages);
	ring_init(&p->in, p->gpa + 1 + data_pages, data_pages);
	status = peer_gpadl(offer->relid, p->gpadl, p->gpa, pages);
	return status ? status : peer_open_raw(offer->relid, p->gpadl, 1, 1 + data_pages);
}

void peer_close(struct peer *p)
{
	const uint32_t m[3] = { MSG_CLOSE, 0, p->offer.relid };

	peer_send(m, sizeof(m));
	peer_teardown(p->offer.relid, p->gpadl);
	rings_free(p);
}

void peer_release(uint32_t relid)
{
	const uint32_t m[3] = { MSG_RELID_RELEASED, 0, relid };

	peer_send(m, sizeof(m));
}

uint32_t peer_word(const struct peer_ring *r, unsigned int offset)
{
	uint32_t v;

	memcpy(&v, r->header + offset, 4);
	return v;
}

void peer_set_word(struct peer_ring *r, unsigned int offset, uint32_t value)
{
	memcpy(r->header + offset, &value, 4);
}

static uint32_t space(const struct peer_ring *r)
{
	uint32_t write = peer_word(r, RING_WRITE_INDEX), read = peer_word(r, RING_READ_INDEX);

	return write >= read ? r->size - (write - read) : read - write;
}

static void put(struct peer_ring *r, uint32_t *at, const void *from, uint32_t len)
{
	const uint8_t *byte = from;

	while (len--) {
		r->page[*at / HV_PAGE][*at % HV_PAGE] = byte ? *byte++ : 0;
		*at = (*at + 1) % r->size;
	}
}

static void get(const struct peer_ring *r, uint32_t *at, void *to, uint32_t len)
{
	uint8_t *byte = to;

	while (len--) {
		*byte++ = r->page[*at / HV_PAGE][*at % HV_PAGE];
		*at = (*at + 1) % r->size;
	}
}

bool peer_write(struct peer *p, const struct packet *k, bool *signal)
{
	uint32_t padding = -k->len & 7, whole = 16 + k->header_len + k->len + padding;
	uint32_t old = peer_word(&p->out, RING_WRITE_INDEX), at = old;
	const uint32_t trailer[2] = { 0, old };
	const struct packet_descriptor d = {
		k->type, (16 + k->header_len) / 8, whole / 8, k->flags, k->trans_id
	};

	if (old >= p->out.size || space(&p->out) <= whole + 8)
		return false;
	put(&p->out, &at, &d, sizeof(d));
	put(&p->out, &at, k->header, k->header_len);
	put(&p->out, &at, k->payload, k->len);
	put(&p->out, &at, NULL, padding);
	put(&p->out, &at, trailer, 8);
	peer_set_word(&p->out, RING_WRITE_INDEX, at);
	*signal = !peer_word(&p->out, RING_INTERRUPT_MASK) &&
		  peer_word(&p->out, RING_READ_INDEX) == old;
	return true;
}

bool peer_send_packet(struct peer *p, const struct packet *k)
{
	bool signal;

	if (!peer_write(p, k, &signal))
		return false;
	if (signal)
		fake_signal(p->offer.connection_id);
	return true;
}

bool peer_send_inband(struct peer *p, uint64_t id, const void *payload, uint32_t len)
{
	const struct packet k = {
		.type = PACKET_INBAND,
		.flags = PACKET_WANTS_COMPLETION,
		.trans_id = id,
		.payload = payload,
		.len = len,
	};

	return peer_send_packet(p, &k);
}

bool peer_read(struct peer *p, struct peer_packet *k)
{
	uint32_t at = peer_word(&p->in, RING_READ_INDEX), trailer[2], start = at;
	struct packet_descriptor d;

	if (at >= p->in.size || at == peer_word(&p->in, RING_WRITE_INDEX))
		return false;
	if (!p->unread)
		p->unread_from = at;
	p->unread = true;
	get(&p->in, &at, &d, sizeof(d));
	k->type = d.type;
	k->flags = d.flags;
	k->trans_id = d.trans_id;
	k->header_len = d.offset8 * 8u - 16;
	k->len = (d.len8 - d.offset8) * 8u;
	if (k->header_len > sizeof(k->header) || k->len > sizeof(k->payload))
		return false;
	get(&p->in, &at, k->header, k->header_len);
	get(&p->in, &at, k->payload, k->len);
	get(&p->in, &at, trailer, 8);
	peer_set_word(&p->in, RING_READ_INDEX, at);
	return trailer[0] == 0 && trailer[1] == start;
}

bool peer_read_done(struct peer *p)
{
	uint32_t pending = peer_word(&p->in, RING_PENDING_SEND), now = space(&p->in), before;
	uint32_t read = peer_word(&p->in, RING_READ_INDEX);

	if (!p->unread)
		return false;
	p->unread = false;
	before = now - (read - p->unread_from + p->in.size) % p->in.size;
	if (!pending || before > pending || now <= pending)
		return false;
	fake_signal(p->offer.connection_id);
	return true;
}
