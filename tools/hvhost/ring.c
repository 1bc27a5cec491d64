// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ring arithmetic, copying to and from scattered pages, and the barriers. The
 * guest owns half of the words in the header and may change any byte at any
 * time; words are loaded and stored whole, and nothing is loaded twice.
 */
#include <stdlib.h>
#include <string.h>

#include "proto.h"
#include "ring.h"

static uint32_t load(const struct ring *r, unsigned int word)
{
	return __atomic_load_n((uint32_t *)(r->page[0] + word), __ATOMIC_ACQUIRE);
}

static void store(struct ring *r, unsigned int word, uint32_t value)
{
	__atomic_store_n((uint32_t *)(r->page[0] + word), value, __ATOMIC_RELEASE);
}

static void full_barrier(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static bool index_valid(const struct ring *r, uint32_t index)
{
	return index < r->size && index % 8 == 0;
}

/* Bytes from one index forward to another. */
static uint32_t distance(const struct ring *r, uint32_t from, uint32_t to)
{
	return to >= from ? to - from : to + r->size - from;
}

static uint32_t advance(const struct ring *r, uint32_t index, uint32_t bytes)
{
	index += bytes;
	return index >= r->size ? index - r->size : index;
}

/* What of len is left in the page that holds index. */
static uint32_t piece(uint32_t index, uint32_t len)
{
	uint32_t room = HV_PAGE - index % HV_PAGE;

	return len < room ? len : room;
}

static uint8_t *data_at(const struct ring *r, uint32_t index)
{
	return r->page[1 + index / HV_PAGE] + index % HV_PAGE;
}

static void copy_out(const struct ring *r, uint32_t index, void *to, uint32_t len)
{
	uint8_t *at = to;
	uint32_t n;

	for (; len; len -= n, at += n, index = advance(r, index, n)) {
		n = piece(index, len);
		memcpy(at, data_at(r, index), n);
	}
}

/* Returns the index after the last byte. */
static uint32_t copy_in(struct ring *r, uint32_t index, const void *from, uint32_t len)
{
	const uint8_t *at = from;
	uint32_t n;

	for (; len; len -= n, at += n, index = advance(r, index, n)) {
		n = piece(index, len);
		memcpy(data_at(r, index), at, n);
	}
	return index;
}

static bool attach(struct ring *r, uint8_t *const *page, uint32_t pages, unsigned int word)
{
	memset(r, 0, sizeof(*r));
	if (pages < 2)
		return false;
	r->page = malloc(pages * sizeof(*page));
	if (!r->page)
		return false;
	memcpy(r->page, page, pages * sizeof(*page));
	r->size = (pages - 1) * HV_PAGE;
	r->index = load(r, word);
	r->published = r->index;
	return index_valid(r, r->index);
}

bool ring_attach_inbound(struct ring *r, uint8_t *const *page, uint32_t pages)
{
	if (!attach(r, page, pages, RING_READ_INDEX))
		goto fail;
	r->packet = malloc(r->size);
	if (!r->packet)
		goto fail;
	ring_mask(r, false);
	return true;
fail:
	ring_detach(r);
	return false;
}

bool ring_attach_outbound(struct ring *r, uint8_t *const *page, uint32_t pages)
{
	if (!attach(r, page, pages, RING_WRITE_INDEX)) {
		ring_detach(r);
		return false;
	}
	store(r, RING_PENDING_SEND, 0);
	store(r, RING_FEATURES, load(r, RING_FEATURES) | RING_FEATURE_PENDING);
	return true;
}

void ring_detach(struct ring *r)
{
	free(r->page);
	free(r->packet);
	memset(r, 0, sizeof(*r));
}

static void packet_describe(const struct ring *r, uint32_t offset, uint32_t len, struct packet *p)
{
	struct packet_descriptor d;

	memcpy(&d, r->packet, sizeof(d));
	p->type = d.type;
	p->flags = d.flags;
	p->trans_id = d.trans_id;
	p->header = r->packet + sizeof(d);
	p->header_len = offset - sizeof(d);
	p->payload = r->packet + offset;
	p->len = len - offset;
}

enum ring_status ring_read(struct ring *r, struct packet *p)
{
	uint32_t write = load(r, RING_WRITE_INDEX), avail, len, offset;
	struct packet_descriptor d;

	if (!index_valid(r, write))
		return RING_BAD_INDEX;
	avail = distance(r, r->index, write);
	if (!avail)
		return RING_EMPTY;
	if (avail < sizeof(d) + PACKET_TRAILER)
		return RING_BAD_LENGTH;
	copy_out(r, r->index, r->packet, sizeof(d));
	memcpy(&d, r->packet, sizeof(d));
	len = d.len8 * 8u;
	offset = d.offset8 * 8u;
	if (len < sizeof(d) || len + PACKET_TRAILER > avail)
		return RING_BAD_LENGTH;
	if (offset < sizeof(d) || offset > len)
		return RING_BAD_OFFSET;
	copy_out(r, advance(r, r->index, sizeof(d)), r->packet + sizeof(d), len - sizeof(d));
	r->index = advance(r, r->index, len + PACKET_TRAILER);
	packet_describe(r, offset, len, p);
	return RING_OK;
}

bool ring_read_done(struct ring *r)
{
	uint32_t consumed = distance(r, r->published, r->index);
	uint32_t pending, write, space;

	if (!consumed)
		return false;
	store(r, RING_READ_INDEX, r->index);
	r->published = r->index;
	if (!(load(r, RING_FEATURES) & RING_FEATURE_PENDING))
		return false;
	/* The guest sets its pending size, then looks at our index: we do the reverse. */
	full_barrier();
	pending = load(r, RING_PENDING_SEND);
	write = load(r, RING_WRITE_INDEX);
	if (!pending || !index_valid(r, write))
		return false;
	space = r->size - distance(r, r->index, write);
	return space > pending && space - consumed <= pending;
}

bool ring_has_more(const struct ring *r)
{
	return load(r, RING_WRITE_INDEX) != r->index;
}

void ring_mask(struct ring *r, bool masked)
{
	store(r, RING_INTERRUPT_MASK, masked);
	full_barrier();
}

/* One byte always stays free, so that full and empty differ. */
static enum ring_status check_space(struct ring *r, uint32_t need)
{
	uint32_t read = load(r, RING_READ_INDEX);

	if (!index_valid(r, read))
		return RING_BAD_INDEX;
	return need < r->size - distance(r, read, r->index) ? RING_OK : RING_FULL;
}

static void set_pending(struct ring *r, uint32_t bytes)
{
	if (r->pending == bytes)
		return;
	r->pending = bytes;
	store(r, RING_PENDING_SEND, bytes);
}

/* Ask for a signal when there is space, then look again: the guest may just have read. */
static enum ring_status wait_for_space(struct ring *r, uint32_t need)
{
	set_pending(r, need);
	full_barrier();
	return check_space(r, need);
}

static void put_packet(struct ring *r, const struct packet *p, uint32_t offset, uint32_t len)
{
	static const uint8_t zeroes[8];
	const struct packet_descriptor d = {
		.type = p->type,
		.offset8 = offset / 8,
		.len8 = len / 8,
		.flags = p->flags,
		.trans_id = p->trans_id,
	};
	uint64_t trailer = (uint64_t)r->index << 32;
	uint32_t at;

	at = copy_in(r, r->index, &d, sizeof(d));
	at = copy_in(r, at, p->header, p->header_len);
	at = copy_in(r, at, p->payload, p->len);
	at = copy_in(r, at, zeroes, len - offset - p->len);
	r->index = copy_in(r, at, &trailer, sizeof(trailer));
}

enum ring_status ring_write(struct ring *r, const struct packet *p, bool *signal)
{
	uint32_t offset = sizeof(struct packet_descriptor) + p->header_len;
	uint64_t whole = ((uint64_t)offset + p->len + 7) & ~7ull;
	uint32_t old = r->index, need = whole + PACKET_TRAILER;
	enum ring_status s;

	if (whole > PACKET_LEN_MAX || need >= r->size)
		return RING_UNFIT;
	s = check_space(r, need);
	if (s == RING_FULL)
		s = wait_for_space(r, need);
	if (s != RING_OK)
		return s;
	put_packet(r, p, offset, whole);
	store(r, RING_WRITE_INDEX, r->index);
	set_pending(r, 0);
	/* The guest unmasks or empties the ring, then looks at our index. */
	full_barrier();
	*signal = !load(r, RING_INTERRUPT_MASK) && load(r, RING_READ_INDEX) == old;
	return RING_OK;
}
