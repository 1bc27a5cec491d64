/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest for tests: it sends control messages, looks at the replies, and holds
 * the other end of a channel's rings. Written from the protocol, not from the
 * host's code, so that both being wrong in the same way takes two mistakes.
 */
#ifndef HVHOST_TEST_PEER_H
#define HVHOST_TEST_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet.h"
#include "proto.h"

#define PEER_PAGES_MAX	9000

struct peer_ring {
	uint8_t *header;
	uint8_t **page;
	uint32_t size;
};

struct peer_packet {
	uint16_t type;
	uint16_t flags;
	uint64_t trans_id;
	uint32_t header_len;
	uint8_t header[128];
	uint32_t len;
	uint8_t payload[70000];
};

/* One channel of the guest's. */
struct peer {
	struct msg_offer offer;
	uint32_t gpadl;
	uint64_t gpa[64];
	struct peer_ring out;	/* guest to host */
	struct peer_ring in;
	bool unread;		/* packets were read and not given back */
	uint32_t unread_from;	/* read index before them */
};

/* Looks for a reply of that type among those that wait; earlier ones are lost. */
size_t peer_reply(uint32_t type, void *message);
void peer_send(const void *message, size_t len);
/* True: supported. Contact on connection 4 or 1. */
bool peer_contact(uint32_t version, unsigned int vp);
/* Asks for offers; how many came. The last is kept. */
unsigned int peer_request_offers(struct msg_offer *last);

/* Sends ranges in as many messages as it takes; the status, or ~0 without a reply. */
uint32_t peer_gpadl_raw(uint32_t relid, uint32_t id, const void *ranges, uint16_t bytes,
			uint16_t range_count);
/* One range of whole pages. */
uint32_t peer_gpadl(uint32_t relid, uint32_t id, const uint64_t *gpa, unsigned int pages);
bool peer_teardown(uint32_t relid, uint32_t id);

uint32_t peer_open_raw(uint32_t relid, uint32_t gpadl, uint32_t vp, uint32_t downstream);
/* Rings of so many data pages each, and open; the status. */
uint32_t peer_open(struct peer *p, const struct msg_offer *offer, unsigned int data_pages);
void peer_close(struct peer *p);
void peer_release(uint32_t relid);

uint32_t peer_word(const struct peer_ring *r, unsigned int offset);
void peer_set_word(struct peer_ring *r, unsigned int offset, uint32_t value);

/* False: no space. Says whether to signal. */
bool peer_write(struct peer *p, const struct packet *k, bool *signal);
/* As peer_write, then signals if it should. */
bool peer_send_packet(struct peer *p, const struct packet *k);
bool peer_send_inband(struct peer *p, uint64_t id, const void *payload, uint32_t len);
/* False: empty. Reads without giving space back. */
bool peer_read(struct peer *p, struct peer_packet *k);
/* Gives space back and signals if the host waits for it; true if it signalled. */
bool peer_read_done(struct peer *p);

#endif
