/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints, group kmcl: one at each decision over a packet or a channel.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kmcl

#if !defined(_KMCL_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _KMCL_TRACE_H

#include <linux/tracepoint.h>

#include "incoming.h"

#define show_state(s) __print_symbolic(s,		\
	{ KMCL_DISABLED,	"disabled" },		\
	{ KMCL_ENABLED,		"enabled" },		\
	{ KMCL_OPENING,		"opening" },		\
	{ KMCL_PAUSED,		"paused" },		\
	{ KMCL_STARTING,	"starting" },		\
	{ KMCL_ACTIVE,		"active" },		\
	{ KMCL_SUSPENDING,	"suspending" },		\
	{ KMCL_CLOSING,		"closing" })

TRACE_EVENT(kmcl_state,
	TP_PROTO(const struct kmcl_channel *ch, int from, int to),
	TP_ARGS(ch, from, to),
	TP_STRUCT__entry(
		__array(char, name, KMCL_NAME_MAX + 1)
		__field(int, from)
		__field(int, to)
	),
	TP_fast_assign(
		memcpy(__entry->name, ch->name, sizeof(__entry->name));
		__entry->from = from;
		__entry->to = to;
	),
	TP_printk("%s %s -> %s", __entry->name, show_state(__entry->from),
		  show_state(__entry->to))
);

/* Written to the ring. */
TRACE_EVENT(kmcl_send,
	TP_PROTO(const struct kmcl_channel *ch, u16 type, u64 id, u32 length),
	TP_ARGS(ch, type, id, length),
	TP_STRUCT__entry(
		__array(char, name, KMCL_NAME_MAX + 1)
		__field(u64, id)
		__field(u32, length)
		__field(u16, type)
	),
	TP_fast_assign(
		memcpy(__entry->name, ch->name, sizeof(__entry->name));
		__entry->id = id;
		__entry->length = length;
		__entry->type = type;
	),
	TP_printk("%s type %u id %#llx %u bytes", __entry->name, __entry->type, __entry->id,
		  __entry->length)
);

/* Waits for room, or for the channel to open. */
TRACE_EVENT(kmcl_queue,
	TP_PROTO(const struct kmcl_channel *ch, u16 type, u32 length),
	TP_ARGS(ch, type, length),
	TP_STRUCT__entry(
		__array(char, name, KMCL_NAME_MAX + 1)
		__field(u32, length)
		__field(u16, type)
	),
	TP_fast_assign(
		memcpy(__entry->name, ch->name, sizeof(__entry->name));
		__entry->length = length;
		__entry->type = type;
	),
	TP_printk("%s type %u %u bytes", __entry->name, __entry->type, __entry->length)
);

/* A sent packet ends; its routine is called next. */
TRACE_EVENT(kmcl_packet_done,
	TP_PROTO(const struct kmcl_packet *pkt, int status, u32 length),
	TP_ARGS(pkt, status, length),
	TP_STRUCT__entry(
		__array(char, name, KMCL_NAME_MAX + 1)
		__field(u32, slot)
		__field(int, status)
		__field(u32, length)
	),
	TP_fast_assign(
		memcpy(__entry->name, pkt->channel->name, sizeof(__entry->name));
		__entry->slot = pkt->slot;
		__entry->status = status;
		__entry->length = length;
	),
	TP_printk("%s slot %u status %d %u bytes", __entry->name, __entry->slot, __entry->status,
		  __entry->length)
);

/* A packet of the host is delivered next. */
TRACE_EVENT(kmcl_receive,
	TP_PROTO(const struct kmcl_channel *ch, u64 handle, u16 flags, u32 length),
	TP_ARGS(ch, handle, flags, length),
	TP_STRUCT__entry(
		__array(char, name, KMCL_NAME_MAX + 1)
		__field(u64, handle)
		__field(u32, length)
		__field(u16, flags)
	),
	TP_fast_assign(
		memcpy(__entry->name, ch->name, sizeof(__entry->name));
		__entry->handle = handle;
		__entry->length = length;
		__entry->flags = flags;
	),
	TP_printk("%s handle %#llx flags %#x %u bytes", __entry->name, __entry->handle,
		  __entry->flags, __entry->length)
);

/* The driver has completed a packet of the host; answer: the host asked for one. */
TRACE_EVENT(kmcl_incoming_complete,
	TP_PROTO(const struct kmcl_channel *ch, u64 handle, bool answer, u32 length),
	TP_ARGS(ch, handle, answer, length),
	TP_STRUCT__entry(
		__array(char, name, KMCL_NAME_MAX + 1)
		__field(u64, handle)
		__field(u32, length)
		__field(bool, answer)
	),
	TP_fast_assign(
		memcpy(__entry->name, ch->name, sizeof(__entry->name));
		__entry->handle = handle;
		__entry->length = length;
		__entry->answer = answer;
	),
	TP_printk("%s handle %#llx answer %d %u bytes", __entry->name, __entry->handle,
		  __entry->answer, __entry->length)
);

/* A packet of the host is not taken. */
TRACE_EVENT(kmcl_refuse,
	TP_PROTO(const struct kmcl_channel *ch, u16 type, u64 id, int why),
	TP_ARGS(ch, type, id, why),
	TP_STRUCT__entry(
		__array(char, name, KMCL_NAME_MAX + 1)
		__field(u64, id)
		__field(int, why)
		__field(u16, type)
	),
	TP_fast_assign(
		memcpy(__entry->name, ch->name, sizeof(__entry->name));
		__entry->id = id;
		__entry->why = why;
		__entry->type = type;
	),
	TP_printk("%s type %u id %#llx: %d", __entry->name, __entry->type, __entry->id,
		  __entry->why)
);

/* A send is not taken: the packet stays the driver's. Or a request is not. */
TRACE_EVENT(kmcl_send_refused,
	TP_PROTO(const struct kmcl_channel *ch, u32 length, int why),
	TP_ARGS(ch, length, why),
	TP_STRUCT__entry(
		__array(char, name, KMCL_NAME_MAX + 1)
		__field(u32, length)
		__field(int, why)
	),
	TP_fast_assign(
		memcpy(__entry->name, ch->name, sizeof(__entry->name));
		__entry->length = length;
		__entry->why = why;
	),
	TP_printk("%s %u bytes: %d", __entry->name, __entry->length, __entry->why)
);

/* The receive loop stops taking packets. */
TRACE_EVENT(kmcl_stall,
	TP_PROTO(const struct kmcl_channel *ch, bool quota, int outstanding),
	TP_ARGS(ch, quota, outstanding),
	TP_STRUCT__entry(
		__array(char, name, KMCL_NAME_MAX + 1)
		__field(bool, quota)
		__field(int, outstanding)
	),
	TP_fast_assign(
		memcpy(__entry->name, ch->name, sizeof(__entry->name));
		__entry->quota = quota;
		__entry->outstanding = outstanding;
	),
	TP_printk("%s %s, %d outstanding", __entry->name,
		  __entry->quota ? "quota" : "no context", __entry->outstanding)
);

/* The driver puts a packet off, or gives the channel up over it. */
TRACE_EVENT(kmcl_incoming_end,
	TP_PROTO(const struct kmcl_channel *ch, u64 handle, bool failed),
	TP_ARGS(ch, handle, failed),
	TP_STRUCT__entry(
		__array(char, name, KMCL_NAME_MAX + 1)
		__field(u64, handle)
		__field(bool, failed)
	),
	TP_fast_assign(
		memcpy(__entry->name, ch->name, sizeof(__entry->name));
		__entry->handle = handle;
		__entry->failed = failed;
	),
	TP_printk("%s handle %#llx %s", __entry->name, __entry->handle,
		  __entry->failed ? "failed" : "deferred")
);

/* Something comes to nothing: see enum kmcl_dropped. */
TRACE_EVENT(kmcl_drop,
	TP_PROTO(const struct kmcl_channel *ch, int what, u64 id),
	TP_ARGS(ch, what, id),
	TP_STRUCT__entry(
		__array(char, name, KMCL_NAME_MAX + 1)
		__field(u64, id)
		__field(int, what)
	),
	TP_fast_assign(
		memcpy(__entry->name, ch->name, sizeof(__entry->name));
		__entry->id = id;
		__entry->what = what;
	),
	TP_printk("%s %s %#llx", __entry->name,
		  __print_symbolic(__entry->what,
				   { KMCL_DROPPED_ANSWER, "answer to" },
				   { KMCL_DROPPED_PACKET, "deferred packet" },
				   { KMCL_DROPPED_HANDLE, "handle" }), __entry->id)
);

/* The receive loop goes on in a worker. */
TRACE_EVENT(kmcl_move,
	TP_PROTO(const struct kmcl_channel *ch, bool deferred),
	TP_ARGS(ch, deferred),
	TP_STRUCT__entry(
		__array(char, name, KMCL_NAME_MAX + 1)
		__field(bool, deferred)
	),
	TP_fast_assign(
		memcpy(__entry->name, ch->name, sizeof(__entry->name));
		__entry->deferred = deferred;
	),
	TP_printk("%s %s", __entry->name, __entry->deferred ? "deferred packet" : "budget, context")
);

/* Whoever made a synchronous request waits no longer. */
TRACE_EVENT(kmcl_request_left,
	TP_PROTO(const struct kmcl_channel *ch, int why),
	TP_ARGS(ch, why),
	TP_STRUCT__entry(
		__array(char, name, KMCL_NAME_MAX + 1)
		__field(int, why)
	),
	TP_fast_assign(
		memcpy(__entry->name, ch->name, sizeof(__entry->name));
		__entry->why = why;
	),
	TP_printk("%s %d", __entry->name, __entry->why)
);

/* Memory is shared with the host, or no more; a negative status: it failed. */
TRACE_EVENT(kmcl_gpadl,
	TP_PROTO(const struct kmcl_channel *ch, bool create, u32 gpadl, u32 bytes, int status),
	TP_ARGS(ch, create, gpadl, bytes, status),
	TP_STRUCT__entry(
		__array(char, name, KMCL_NAME_MAX + 1)
		__field(u32, gpadl)
		__field(u32, bytes)
		__field(int, status)
		__field(bool, create)
	),
	TP_fast_assign(
		memcpy(__entry->name, ch->name, sizeof(__entry->name));
		__entry->gpadl = gpadl;
		__entry->bytes = bytes;
		__entry->status = status;
		__entry->create = create;
	),
	TP_printk("%s %s %#x %u bytes: %d", __entry->name, __entry->create ? "create" : "delete",
		  __entry->gpadl, __entry->bytes, __entry->status)
);

/* A server maps a GPADL of its client, or has unmapped it. */
TRACE_EVENT(kmcl_view,
	TP_PROTO(const struct kmcl_channel *ch, bool map, u32 gpadl, int status),
	TP_ARGS(ch, map, gpadl, status),
	TP_STRUCT__entry(
		__array(char, name, KMCL_NAME_MAX + 1)
		__field(u32, gpadl)
		__field(int, status)
		__field(bool, map)
	),
	TP_fast_assign(
		memcpy(__entry->name, ch->name, sizeof(__entry->name));
		__entry->gpadl = gpadl;
		__entry->status = status;
		__entry->map = map;
	),
	TP_printk("%s %s %#x: %d", __entry->name, __entry->map ? "map" : "unmap",
		  __entry->gpadl, __entry->status)
);

/* A chunk of a saved state; type: enum kmcl_saved_type. */
DECLARE_EVENT_CLASS(kmcl_chunk,
	TP_PROTO(const struct kmcl_channel *ch, u32 type, u32 index, u32 bytes),
	TP_ARGS(ch, type, index, bytes),
	TP_STRUCT__entry(
		__array(char, name, KMCL_NAME_MAX + 1)
		__field(u32, type)
		__field(u32, index)
		__field(u32, bytes)
	),
	TP_fast_assign(
		memcpy(__entry->name, ch->name, sizeof(__entry->name));
		__entry->type = type;
		__entry->index = index;
		__entry->bytes = bytes;
	),
	TP_printk("%s chunk %u type %u %u bytes", __entry->name, __entry->index, __entry->type,
		  __entry->bytes)
);

/* It has been written. */
DEFINE_EVENT(kmcl_chunk, kmcl_save,
	TP_PROTO(const struct kmcl_channel *ch, u32 type, u32 index, u32 bytes),
	TP_ARGS(ch, type, index, bytes)
);

/* It is being restored. */
DEFINE_EVENT(kmcl_chunk, kmcl_restore,
	TP_PROTO(const struct kmcl_channel *ch, u32 type, u32 index, u32 bytes),
	TP_ARGS(ch, type, index, bytes)
);

#endif /* _KMCL_TRACE_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
