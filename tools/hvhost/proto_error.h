/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every way in which a guest can break the protocol, by name. Each is counted
 * where it happened, for the bus or for the channel, and shown in the statistics
 * under its name.
 */
#ifndef HVHOST_PROTO_ERROR_H
#define HVHOST_PROTO_ERROR_H

#include <stdint.h>

#define PROTO_ERRORS(X)								\
	X(message_type)		/* not a SynIC message of type 1 */		\
	X(message_short)	/* shorter than its structure */		\
	X(message_unknown)	/* a type that guests do not send */		\
	X(message_state)	/* before contact, or offers asked for twice */	\
	X(contact_vp)		/* target of messages does not exist */		\
	X(contact_sint)		/* messages wanted on another SINT */		\
	X(contact_monitor)	/* monitor page no page of guest RAM */		\
	X(relid_unknown)	/* names no offered channel */			\
	X(channel_state)	/* such as open of an open channel */		\
	X(gpadl_header)		/* no ranges, or more than its bytes can hold */ \
	X(gpadl_body)		/* belongs to no GPADL under construction */	\
	X(gpadl_id)		/* in use already */				\
	X(gpadl_ranges)		/* counts and PFNs do not agree */		\
	X(gpadl_memory)		/* names pages outside guest RAM */		\
	X(gpadl_limit)		/* too many of them */				\
	X(gpadl_unknown)	/* teardown of none */				\
	X(gpadl_in_use)		/* teardown under an open channel */		\
	X(open_gpadl)		/* rings not in one whole GPADL range */	\
	X(open_offset)		/* no room for two rings */			\
	X(open_vp)		/* interrupt target does not exist */		\
	X(modify_vp)		/* the same in modify channel */		\
	X(ring_index)		/* past the end or not a multiple of 8 */	\
	X(ring_length)		/* packet shorter than 16 or beyond the data */	\
	X(ring_offset)		/* payload outside the packet */		\
	X(packet_type)		/* not 6, 7, 9 or 11, or not for this device */	\
	X(packet_flags)		/* an undefined flag */				\
	X(packet_header)	/* typed header does not fit */			\
	X(gpa_range_count)	/* no range */					\
	X(gpa_empty)		/* a range of 0 bytes */			\
	X(gpa_offset)		/* does not start in its first page */		\
	X(gpa_overflow)		/* offset + count past 32 bits */		\
	X(gpa_short)		/* fewer PFNs than the bytes need */		\
	X(gpa_memory)		/* outside guest RAM */				\
	X(completion_unexpected) /* nothing was asked for */			\
	X(completion_unfit)	/* completion larger than the ring it goes to */ \
	X(pipe_framing)		/* no data message, or its length is wrong */	\
	X(request_unanswerable)	/* no completion asked for, or id 0 */		\
	X(ic_framing)		/* lengths of an IC message do not agree */	\
	X(ic_unexpected)	/* not a reply, or a reply to nothing */

#define PROTO_ERROR_ENUM(name)	PROTO_ERROR_##name,

enum proto_error {
	PROTO_OK,
	PROTO_ERRORS(PROTO_ERROR_ENUM)
	PROTO_ERROR_MAX
};

struct proto_errors {
	uint64_t count[PROTO_ERROR_MAX];
};

struct json;

const char *proto_error_name(enum proto_error why);
/* Counts, and says so on stderr: who is a relid or 0 for the bus. */
void proto_error_count(struct proto_errors *e, enum proto_error why, unsigned int who);
/* "protocol_errors": those that happened. */
void proto_error_stats(const struct proto_errors *e, struct json *j);

#endif
