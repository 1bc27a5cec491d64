/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The measured code: what a driver does for each packet around the calls that are
 * compared. Each of the three drivers includes this and defines bench_send(), so that
 * the same source is compiled into each, with nothing between it and the library.
 * It includes nothing itself: one of the three knows Windows' headers only.
 *
 * loops.h holds the rest: when this is called, and what is made of the numbers.
 */
#ifndef _BENCH_HOT_H
#define _BENCH_HOT_H

#define BENCH_DEPTH_MAX		256u
#define BENCH_BYTES_MAX		4096u
#define BENCH_RING_PAGES	320u	/* 256 of the largest packets */
#define BENCH_INBOUND_DEPTH	16u	/* depth= of the source devices; a power of two */

/* Devices: their instance GUID is be000000-0000-4000-8000-00000000000N. */
#define BENCH_ECHO		1u	/* an echo device; the others are sources */
#define BENCH_DEVICES		4u
#define BENCH_INSTANCE(G, n) \
	G(0xbe000000, 0x0000, 0x4000, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, (n))

/* A packet that the guest sends. */
struct bench_packet {
	void *object;			/* the driver's */
	unsigned long long *payload;	/* begins with seq */
	unsigned long long seq;
};

/* What a source device wants for a packet: HVHOST_SOURCE_COMPLETION of <kmcl/hvhost.h>. */
struct bench_answer {
	unsigned long long seq;
	unsigned int crc;
	unsigned int zero;
};

/*
 * bytes:	payload of each packet
 * left:	packets still to be sent by completion routines
 * open:	packets still to be answered
 * notify:	call bench_finish() at the last
 * bad:		answers that are wrong
 * errors:	sends and completions that were refused
 * placed:	packets sent that wanted no answer
 * received:	packets of a source device, of all that came since the channel opened
 * target:	call bench_finish() when received is this
 * answers:	for the packets that come next, by the lower bits of their number
 */
struct bench_hot {
	struct bench_packet packets[BENCH_DEPTH_MAX];
	unsigned long long seq;
	unsigned int bytes;
	unsigned int left;
	unsigned int open;
	unsigned int notify;
	unsigned int bad;
	unsigned int errors;
	unsigned int placed;
	unsigned long long received;
	unsigned long long target;
	struct bench_answer answers[BENCH_INBOUND_DEPTH];
};

/* loops.h: driver calls start when its channel is open, and stop before it closes it. */
extern struct bench_hot bench;
int bench_start(unsigned int device);
void bench_stop(void);
void bench_finish(void);
void bench_work_out(const void *buffer, unsigned int length, struct bench_answer *answer);

/* The driver: make the packet ready to be sent, with or without answer; and its end. */
int bench_prepare(struct bench_packet *p, int answer);
void bench_release(struct bench_packet *p);

/* Below: n packets; how long it took. */
unsigned long long bench_batch(unsigned int n, int answer);

static inline unsigned long long bench_clock(void)
{
	unsigned long long high, low;

	__asm__ __volatile__("rdtsc" : "=a" (low), "=d" (high) : : "memory");
	return high << 32 | low;
}

#ifndef BENCH_NO_HOT_CODE

/* The driver's. 0: it was sent. */
static inline int bench_send(struct bench_packet *p, unsigned int bytes, int answer);

static inline void bench_launch(struct bench_packet *p, int answer)
{
	p->seq = ++bench.seq;
	p->payload[0] = p->seq;
	if (bench_send(p, bench.bytes, answer))
		bench.errors++;
}

unsigned long long bench_batch(unsigned int n, int answer)
{
	unsigned long long begin = bench_clock();
	unsigned int i;

	for (i = 0; i < n; i++)
		bench_launch(&bench.packets[i], answer);
	return bench_clock() - begin;
}

/* The driver's completion routine, for a packet that wanted an answer. */
static inline void bench_answered(struct bench_packet *p, int status, const void *buffer,
				  unsigned int length)
{
	const unsigned long long *words = buffer;

	if (status || length < bench.bytes || words[0] != p->seq)
		bench.bad++;
	if (bench.left) {
		bench.left--;
		bench_launch(p, 1);
	}
	if (!--bench.open && bench.notify)
		bench_finish();
}

/* What a driver does with a packet of a source device: looks at it and finds the answer. */
static inline void bench_received(const void *buffer, unsigned int length,
				  struct bench_answer *answer)
{
	const unsigned long long *words = buffer;
	const struct bench_answer *ready = &bench.answers[words[0] % BENCH_INBOUND_DEPTH];

	if (length >= bench.bytes && ready->seq == words[0])
		*answer = *ready;
	else
		bench_work_out(buffer, length, answer);
	if (++bench.received == bench.target)
		bench_finish();
}

#endif /* BENCH_NO_HOT_CODE */

#endif /* _BENCH_HOT_H */
