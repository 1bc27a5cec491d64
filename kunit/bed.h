/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bed of the suites that try a whole channel: a transport in memory, the host
 * at its far end, and a driver that keeps what it is given. A suite includes bed.c
 * as source, for two modules cannot share an object, and plays both ends.
 *
 * Nobody sleeps here: what a worker does is awaited by flushing it, what another
 * thread does by bed->events, and a change of state by the channel's own queue.
 */
#ifndef _KMCL_BED_H
#define _KMCL_BED_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/scatterlist.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "channel.h"
#include "gpadl.h"
#include "incoming.h"
#include "packet.h"
#include "parse.h"

#define RING_PAGES	1u
#define RING_BYTES	(RING_PAGES * KMCL_WIRE_PAGE_SIZE)
#define RESERVE		64u
#define PACKET_SIZE	1024u
#define MOST		64
#define GPA_KEPT	2048u
#define PATIENCE	(10 * HZ)
#define BAD		0xa5	/* nobody writes this but to see whether it stays */

extern const guid_t bed_type;

struct aside;

/**
 * struct bed_sent - what the other end found in the outbound ring
 * @trans_id: as on the wire
 * @type: as on the wire
 * @flags: as on the wire
 * @length: of the payload
 * @payload: its first bytes
 */
struct bed_sent {
	u64 trans_id;
	u16 type;
	u16 flags;
	u32 length;
	u8 payload[RESERVE];
};

/**
 * struct bed_got - what the driver was given
 * @handle: of the packet
 * @buffer: its private copy
 * @length: of @buffer
 * @flags: KMCL_RECEIVE_*
 * @thread: it came where one may sleep
 * @id: lower 8 bits of the host's transaction id: host_sends() puts them there
 */
struct bed_got {
	kmcl_handle_t handle;
	const void *buffer;
	u32 length;
	u32 flags;
	bool thread;
	u8 id;
};

/* struct bed.on: state callbacks of the driver, in the order of a channel's life. */
enum bed_moment { OPENED, STARTED, POST_STARTED, SUSPENDED, CLOSED, MOMENTS };

/**
 * struct bed - a channel, its transport and both ends of it
 * @test: the case
 * @bus: the transport in memory
 * @ep: the one offer
 * @dma: of the device of @ep
 * @bound: @ep is bound to the channel
 * @withdrawn: there is no offer any more
 * @refuse_open: what the opened callback says
 * @released: @ep is ours again
 * @ch: the channel under test
 * @in: header of the inbound ring
 * @out: header of the outbound ring
 * @in_data: mapped twice in a row, as transports have to
 * @sent: what went out
 * @nr_sent: entries of @sent
 * @gpa: the last GPA-direct header that went out, with its ranges
 * @gpa_len: bytes of @gpa
 * @got: what came in
 * @nr_got: entries of @got
 * @batches: times that processing_complete ran
 * @on_send: looks at the channel at the moment of sending
 * @on_packet: the driver's way of receiving; NULL: keep it for later
 * @on: the driver's state callbacks; NULL: nothing
 * @said: what each returned last
 * @calls: how often each ran
 * @on_close: the host is being told to let go
 * @closings: times that the host was told
 * @events: woken by everything that happens to the transport or the driver
 * @own: the suite's
 * @seen: what the hooks saw
 * @packets: to be freed at the end
 * @nr_packets: entries of @packets
 * @consumed: times that the read index was published
 * @gpadl: what the host does with GPADLs
 * @mmio: what the transport says of memory-mapped space
 * @asides: what other threads do, to be awaited at the end
 * @nr_asides: entries of @asides
 */
struct bed {
	struct kunit *test;
	struct kmcl_transport bus;
	struct kmcl_endpoint ep;
	struct device_dma_parameters dma;
	unsigned long bound;
	bool withdrawn;
	int refuse_open;
	struct completion released;
	struct kmcl_channel *ch;
	struct kmcl_ring_header in;
	struct kmcl_ring_header out;
	u8 *in_data;
	struct bed_sent sent[MOST];
	atomic_t nr_sent;
	u8 gpa[GPA_KEPT] __aligned(8);
	u32 gpa_len;
	struct bed_got got[MOST];
	atomic_t nr_got;
	atomic_t batches;
	void (*on_send)(struct bed *bed, const void *payload);
	void (*on_packet)(struct bed *bed, const struct bed_got *got);
	int (*on[MOMENTS])(struct bed *bed);
	int said[MOMENTS];
	atomic_t calls[MOMENTS];
	void (*on_close)(struct bed *bed);
	atomic_t closings;
	wait_queue_head_t events;
	void *own;
	struct {
		bool spare;
		bool waiter_back;
		int outstanding;
		int again;
		const void *payload;
		enum kmcl_state state;
	} seen;
	struct kmcl_packet *packets[8];
	int nr_packets;
	atomic_t consumed;
	struct {
		int create;		/* what it says */
		int delete;
		u32 next;		/* number of the next one */
		struct kmcl_gpadl *last;
		void *cookie;		/* of the last deleted */
		atomic_t deleted;
	} gpadl;
	struct {
		int ret;
		u64 address;
		u64 bytes;
	} mmio;
	struct aside *asides[8];
	int nr_asides;
};

/* Set-up and end of a case, for struct kunit_suite. */
int bed_init(struct kunit *test);
void bed_exit(struct kunit *test);

/* The driver's life. enable() ends when nothing runs in a worker any more. */
void enable(struct bed *bed);
void settle(struct bed *bed);
bool is_in(struct bed *bed, enum kmcl_state state);
bool comes_to(struct bed *bed, enum kmcl_state state);
int nr_calls(struct bed *bed, enum bed_moment moment);

/* Something that an event of the transport or of the driver brings about. */
#define comes_true(bed, condition)	(!!wait_event_timeout((bed)->events, condition, PATIENCE))

/* The host. */
void signal_guest(struct bed *bed);
void put_bytes(struct bed *bed, u32 at, const void *bytes, u32 len);
void host_writes(struct bed *bed, const struct kmcl_packet_descriptor *desc, const void *payload,
		 u32 len);
void host_puts(struct bed *bed, u16 type, u16 flags, u64 trans_id, const void *payload, u32 len);
void host_sends_silently(struct bed *bed, u64 trans_id, bool wants_completion);
void host_sends(struct bed *bed, u64 trans_id, bool wants_completion);
void host_completes(struct bed *bed, u64 trans_id);
void host_answers(struct bed *bed, u64 trans_id, const void *payload, u32 len);
void host_transfers(struct bed *bed, u64 trans_id, u16 page_set, const u64 *ranges, u32 count);
void host_stops_reading(struct bed *bed);
void host_leaves_room(struct bed *bed, u32 bytes);
void host_drains(struct bed *bed);
void host_rescinds(struct bed *bed);

/* What happened so far. */
int nr_sent(struct bed *bed);
int nr_got(struct bed *bed);
bool is_idle(struct bed *bed);
s64 nr_stale(struct bed *bed);
#define counted(bed, name)	atomic64_read(&(bed)->ch->stats.any.name)

/* The driver with received packets. */
struct bed *with_packet(struct kunit *test, bool wants_completion);
void completes_at_once(struct bed *bed, const struct bed_got *got);
int complete_it(struct bed *bed, int i);

/**
 * struct told - what completion routines said of one packet
 * @bed: where
 * @packet: whose
 * @calls: how often
 * @status: last
 * @order: which number in the order of all
 * @mapped: external data were still mapped
 * @length: of the answer
 */
struct told {
	struct bed *bed;
	struct kmcl_packet *packet;
	int calls;
	int status;
	int order;
	bool mapped;
	u32 length;
};

struct told *new_told(struct bed *bed);
void tells(struct kmcl_packet *packet, int status, const void *buffer, u32 length);

/**
 * struct aside - something that another thread does for the test
 * @work: it
 * @bed: for it
 * @body: what
 * @request: for who asks
 * @ret: what came of it
 * @done: it is over
 */
struct aside {
	struct work_struct work;
	struct bed *bed;
	int (*body)(struct aside *aside);
	struct kmcl_request request;
	int ret;
	struct completion done;
};

struct aside *new_aside(struct bed *bed, int (*body)(struct aside *aside));
struct aside *begin_aside(struct bed *bed, int (*body)(struct aside *aside));
void begin(struct aside *aside);
bool is_over(struct aside *aside);

#endif /* _KMCL_BED_H */
