/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VMBus control protocol on the wire: channel messages as they lie in the
 * payload of a SynIC message. Little endian, packed, at most 240 bytes. A guest
 * drops a message that is shorter than its structure, so replies are never cut.
 */
#ifndef HVHOST_PROTO_H
#define HVHOST_PROTO_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "guid.h"

#define VERSION(major, minor)	((uint32_t)(major) << 16 | (minor))
#define VERSION_5_3		VERSION(5, 3)
#define VERSION_5_0		VERSION(5, 0)
#define VERSION_4_1		VERSION(4, 1)

#define CONNECTION_OLD		1	/* where guests post before 5.0 */
#define CONNECTION_NEW		4	/* where they make contact from 5.0 on */

#define RELID_MAX		2047	/* event flags of one SINT; 0 is never used */
#define HV_PAGE			4096u
#define USER_DATA_LEN		120

enum message_type {
	MSG_OFFER = 1,
	MSG_RESCIND = 2,
	MSG_REQUEST_OFFERS = 3,
	MSG_OFFERS_DELIVERED = 4,
	MSG_OPEN = 5,
	MSG_OPEN_RESULT = 6,
	MSG_CLOSE = 7,
	MSG_GPADL_HEADER = 8,
	MSG_GPADL_BODY = 9,
	MSG_GPADL_CREATED = 10,
	MSG_GPADL_TEARDOWN = 11,
	MSG_GPADL_TORNDOWN = 12,
	MSG_RELID_RELEASED = 13,
	MSG_INITIATE_CONTACT = 14,
	MSG_VERSION_RESPONSE = 15,
	MSG_UNLOAD = 16,
	MSG_UNLOAD_RESPONSE = 17,
	MSG_TL_CONNECT = 21,
	MSG_MODIFY = 22,
	MSG_TL_CONNECT_RESULT = 23,
	MSG_MODIFY_RESPONSE = 24,
	MSG_TYPES = 25
};

/* NTSTATUS values that travel in replies. */
#define STATUS_OK			0u
#define STATUS_UNSUCCESSFUL		0xc0000001u
#define STATUS_INVALID_PARAMETER	0xc000000du
#define STATUS_NO_RESOURCES		0xc000009au
#define STATUS_CONNECTION_REFUSED	0xc0000236u

#define OFFER_ENUMERATE		0x0001	/* channel_offer.flags */
#define OFFER_PIPE		0x0010
#define OFFER_MONITORED		0x0400
#define PIPE_MODE_MESSAGE	4

struct msg_header {
	uint32_t type;
	uint32_t reserved;
};

struct msg_offer {
	struct msg_header header;
	struct guid type;
	struct guid instance;
	uint64_t reserved[2];
	uint16_t flags;
	uint16_t mmio_megabytes;
	union {
		uint8_t user[USER_DATA_LEN];
		uint32_t pipe_mode;
	} __attribute__((packed));
	uint16_t sub_channel;
	uint16_t reserved2;
	uint32_t relid;
	uint8_t monitor_id;
	uint8_t monitor_allocated;
	uint16_t dedicated_interrupt;
	uint32_t connection_id;
} __attribute__((packed));

struct msg_relid {		/* rescind, close, relid released */
	struct msg_header header;
	uint32_t relid;
};

struct msg_open {
	struct msg_header header;
	uint32_t relid;
	uint32_t open_id;
	uint32_t gpadl;
	uint32_t target_vp;
	uint32_t downstream_page;
	uint8_t user[USER_DATA_LEN];
};

struct msg_open_result {
	struct msg_header header;
	uint32_t relid;
	uint32_t open_id;
	uint32_t status;
};

struct msg_gpadl_header {
	struct msg_header header;
	uint32_t relid;
	uint32_t gpadl;
	uint16_t range_bytes;
	uint16_t range_count;
	uint8_t ranges[];
};

struct msg_gpadl_body {
	struct msg_header header;
	uint32_t number;
	uint32_t gpadl;
	uint8_t ranges[];
};

struct msg_gpadl {		/* created (with status), teardown (without) */
	struct msg_header header;
	uint32_t relid;
	uint32_t gpadl;
	uint32_t status;
};

struct msg_gpadl_torndown {
	struct msg_header header;
	uint32_t gpadl;
};

struct msg_contact {
	struct msg_header header;
	uint32_t version;
	uint32_t target_vp;
	union {
		uint64_t interrupt_page;	/* before 5.0 */
		struct {
			uint8_t sint;
			uint8_t vtl;
			uint8_t reserved[2];
			uint32_t features;
		};
	};
	uint64_t monitor_page[2];	/* host to guest, guest to host */
};

struct msg_version_response {
	struct msg_header header;
	uint8_t supported;
	uint8_t state;
	uint16_t padding;
	uint32_t connection_id;
};

struct msg_modify {
	struct msg_header header;
	uint32_t relid;
	uint32_t target_vp;
};

struct msg_modify_response {
	struct msg_header header;
	uint32_t relid;
	uint32_t status;
};

struct msg_tl_connect {		/* result: the same with status */
	struct msg_header header;
	struct guid endpoint;
	struct guid service;
	uint32_t status;
};

static_assert(sizeof(struct msg_offer) == 196, "offer");
static_assert(offsetof(struct msg_offer, instance) == 24, "offer.instance");
static_assert(offsetof(struct msg_offer, flags) == 56, "offer.flags");
static_assert(offsetof(struct msg_offer, user) == 60, "offer.user");
static_assert(offsetof(struct msg_offer, sub_channel) == 180, "offer.sub_channel");
static_assert(offsetof(struct msg_offer, relid) == 184, "offer.relid");
static_assert(offsetof(struct msg_offer, dedicated_interrupt) == 190, "offer.dedicated");
static_assert(offsetof(struct msg_offer, connection_id) == 192, "offer.connection_id");
static_assert(sizeof(struct msg_relid) == 12, "relid");
static_assert(sizeof(struct msg_open) == 148, "open");
static_assert(offsetof(struct msg_open, downstream_page) == 24, "open.downstream_page");
static_assert(sizeof(struct msg_open_result) == 20, "open result");
static_assert(offsetof(struct msg_gpadl_header, ranges) == 20, "gpadl header");
static_assert(offsetof(struct msg_gpadl_body, ranges) == 16, "gpadl body");
static_assert(sizeof(struct msg_gpadl) == 20, "gpadl created");
static_assert(offsetof(struct msg_gpadl, status) == 16, "gpadl teardown");
static_assert(sizeof(struct msg_gpadl_torndown) == 12, "gpadl torndown");
static_assert(sizeof(struct msg_contact) == 40, "contact");
static_assert(offsetof(struct msg_contact, sint) == 16, "contact.sint");
static_assert(sizeof(struct msg_version_response) == 16, "version response");
static_assert(sizeof(struct msg_modify) == 16, "modify");
static_assert(sizeof(struct msg_modify_response) == 16, "modify response");
static_assert(sizeof(struct msg_tl_connect) == 44, "tl connect result");
static_assert(offsetof(struct msg_tl_connect, status) == 40, "tl connect");

#endif
