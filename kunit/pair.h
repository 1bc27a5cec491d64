/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A server and a client on a loopback offer, for suites that need both ends: each end
 * keeps what it is told and given. A suite includes pair.c as source, as with bed.c.
 *
 * Nobody sleeps: what happens wakes pair->events.
 */
#ifndef _KMCL_PAIR_H
#define _KMCL_PAIR_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/wait.h>

#include <kmcl/server.h>

#include "channel.h"
#include "incoming.h"
#include "packet.h"
#include "transport.h"

#define PAIR_RING_PAGES	2u
#define PAIR_PACKET	1024u
#define PAIR_RESERVE	1024u
#define PAIR_INCOMING	32u
#define PAIR_EXTERNAL	(64u << 10)
#define PAIR_RANGES	8u
#define PAIR_KEPT	64
#define PAIR_MOST	4096
#define PAIR_PATIENCE	(20 * HZ)

extern const guid_t pair_type, pair_instance;

struct pair;

/**
 * struct got - a packet that an end was given
 * @handle, @buffer, @length, @flags: as given
 * @thread: where one may sleep
 */
struct got {
	kmcl_handle_t handle;
	const void *buffer;
	u32 length;
	u32 flags;
	bool thread;
};

/**
 * struct side - one end
 * @pair: whose
 * @ch: its channel
 * @order: letters of its state callbacks: o(pened) s(tarted) p(ost_started) (s)u(spend)
 *	c(losed) f(ailed)
 * @calls: of them
 * @refuse: what opened returns
 * @failure: what open_failed was told
 * @hold: keep packets instead of answering with what they hold
 * @on_packet: instead of both
 * @on_suspend: the suite's
 * @got: packets, the first PAIR_KEPT
 * @nr_got: all of them
 * @bytes: of payloads, in all
 * @sent: packets it may send, freed at the end
 */
struct side {
	struct pair *pair;
	struct kmcl_channel *ch;
	char order[64];
	atomic_t calls;
	int refuse;
	int failure;
	bool hold;
	void (*on_packet)(struct side *side, const struct got *got);
	void (*on_suspend)(struct side *side);
	struct got got[PAIR_KEPT];
	atomic_t nr_got;
	u64 bytes;
	struct list_head sent;
};

/**
 * struct pair - both ends
 * @test: the case
 * @server, @client: the ends
 * @events: woken by all that happens
 * @own: the suite's
 */
struct pair {
	struct kunit *test;
	struct side server;
	struct side client;
	wait_queue_head_t events;
	void *own;
};

/**
 * struct sent - a packet and what its completion routine was told
 * @node: in @side's list
 * @side: who sends it
 * @packet: kmcl's
 * @calls, @status, @length: of the routine
 * @answer: the first bytes
 * @on_done: the suite's, called first
 * @own: the suite's
 */
struct sent {
	struct list_head node;
	struct side *side;
	struct kmcl_packet *packet;
	atomic_t calls;
	int status;
	u32 length;
	u8 answer[64];
	void (*on_done)(struct sent *sent);
	void *own;
};

int pair_init(struct kunit *test);
void pair_exit(struct kunit *test);

/* Offered, started, opened. */
void pair_up(struct pair *pair);
void server_up(struct pair *pair);
void client_up(struct pair *pair);

bool order_is(struct side *side, const char *order);
bool reaches(struct side *side, enum kmcl_state state);
bool gets(struct side *side, int packets);

#define pair_sees(pair, condition)	\
	(!!wait_event_timeout((pair)->events, condition, PAIR_PATIENCE))

struct sent *sent_new(struct side *side);
bool sent_done(struct sent *sent);
int sent_send(struct sent *sent, const void *payload, u32 length);

/**
 * struct other - the offer of another bus, which cannot be opened
 * @ep: it
 * @bus: no more of it than it takes
 * @released: the channel has let go of @ep
 */
struct other {
	struct kmcl_endpoint ep;
	struct kmcl_transport bus;
	struct completion released;
};

/* Between the two it holds the place of the side's own offer. */
struct other *other_comes(struct side *side);
void other_goes(struct pair *pair, struct other *other);

void got_answer(struct side *side, int i);
void got_answer_all(struct side *side);

#endif /* _KMCL_PAIR_H */
