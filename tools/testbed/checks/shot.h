/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One packet that is sent and whose completion routine tells what came of it.
 */
#ifndef _CHECK_SHOT_H
#define _CHECK_SHOT_H

#include "link.h"

#define SHOT_ANSWER	64

/**
 * struct shot - a packet on its way
 * @link: sent there
 * @packet: its object
 * @calls: of the completion routine, since it was sent last
 * @order: among all shots of the link whose routine has run, from 1
 * @status, @length: what the routine was given
 * @answer: the first bytes of the payload
 * @done: called by the routine before the shot counts as ended, or NULL
 */
struct shot {
	struct link *link;
	struct kmcl_packet *packet;
	atomic_t calls;
	int order;
	int status;
	u32 length;
	u8 answer[SHOT_ANSWER];
	void (*done)(struct shot *s);
};

/* False and a note: there is no memory. */
bool shot_init(struct shot *s, struct link *l);
/* Uses @packet, which is the caller's to end. */
void shot_init_packet(struct shot *s, struct link *l, struct kmcl_packet *packet);
void shot_free(struct shot *s);

/* As kmcl_packet_send() and kmcl_packet_send_external(). */
int shot_send(struct shot *s, const void *buffer, u32 length, u32 flags);
int shot_send_external(struct shot *s, const struct kmcl_external_data *data);

static inline bool shot_ended(const struct shot *s)
{
	return atomic_read(&s->calls);
}

/* It ends, once, with that status. */
bool shot_await(struct shot *s, int status);

/* Several; NULL and a note: no memory. */
struct shot *shots_new(struct link *l, unsigned int count);
void shots_free(struct shot *shots, unsigned int count);
bool shots_await(struct shot *shots, unsigned int count, int status);

#endif /* _CHECK_SHOT_H */
