// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rings in memory, and signals. The layout is VMBus': a control page, then the data, which
 * are mapped twice in a row.
 */
#include <linux/bottom_half.h>
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "loopback.h"
#include "parse.h"
#include "ring.h"

#define FEATURE_PENDING_SEND_SIZE	0x1u

static void pages_free(struct ring_memory *ring)
{
	while (ring->count)
		__free_page(ring->pages[--ring->count]);
	kvfree(ring->pages);
	ring->pages = NULL;
}

static int pages_alloc(struct ring_memory *ring, u32 count)
{
	ring->pages = kvcalloc(count, sizeof(*ring->pages), GFP_KERNEL);
	if (!ring->pages)
		return -ENOMEM;
	for (ring->count = 0; ring->count < count; ring->count++) {
		ring->pages[ring->count] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!ring->pages[ring->count]) {
			pages_free(ring);
			return -ENOMEM;
		}
	}
	return 0;
}

static void *map_twice(struct ring_memory *ring)
{
	u32 i, data = ring->count - 1;
	struct page **twice;
	void *map;

	twice = kvcalloc(1 + 2 * data, sizeof(*twice), GFP_KERNEL);
	if (!twice)
		return NULL;
	twice[0] = ring->pages[0];
	for (i = 0; i < 2 * data; i++)
		twice[1 + i] = ring->pages[1 + i % data];
	map = vmap(twice, 1 + 2 * data, VM_MAP, PAGE_KERNEL);
	kvfree(twice);
	return map;
}

/* @bytes of data, rounded up to whole pages. */
int loopback_ring_create(struct ring_memory *ring, u32 bytes)
{
	int ret = pages_alloc(ring, 1 + DIV_ROUND_UP(bytes, PAGE_SIZE));

	if (ret)
		return ret;
	ring->map = map_twice(ring);
	if (!ring->map) {
		pages_free(ring);
		return -ENOMEM;
	}
	ring->header = ring->map;
	ring->header->feature_bits = FEATURE_PENDING_SEND_SIZE;
	return 0;
}

void loopback_ring_destroy(struct ring_memory *ring)
{
	if (ring->map)
		vunmap(ring->map);
	ring->map = NULL;
	pages_free(ring);
}

void loopback_ring_describe(const struct ring_memory *memory, struct kmcl_ring *ring)
{
	ring->header = memory->header;
	ring->data = memory->map + PAGE_SIZE;
	ring->size = (memory->count - 1) * PAGE_SIZE;
}

/* An interrupt, as far as the other end can tell: softirq is off around it, as in one. */
void loopback_signal_work(struct work_struct *work)
{
	struct end *end = container_of(work, struct end, signal);

	local_bh_disable();
	kmcl_endpoint_event(&end->ep);
	local_bh_enable();
}

/* Any context. Once its end has closed nobody is signalled: see loopback_close(). */
static void signal(struct end *to)
{
	int cpu;

	rcu_read_lock();
	cpu = READ_ONCE(to->cpu);
	if (READ_ONCE(to->open))
		queue_work_on(cpu_online(cpu) ? cpu : WORK_CPU_UNBOUND, loopback_wq, &to->signal);
	rcu_read_unlock();
}

static void publish(struct end *end, u8 *packet, u32 bytes)
{
	u32 write = end->write;

	end->write = kmcl_ring_publish(&end->ep.out, write, packet, bytes);
	if (kmcl_ring_wants_signal(&end->ep.out, write))
		signal(end->peer);
}

int loopback_send(struct kmcl_endpoint *ep, u16 type, u16 flags, u64 trans_id,
		  const void *payload, u32 len)
{
	struct end *end = to_end(ep);
	u8 *packet = kmcl_ring_at(&ep->out, end->write);

	publish(end, packet, kmcl_ring_put(packet, type, flags, trans_id, payload, len));
	return 0;
}

int loopback_send_external(struct kmcl_endpoint *ep, u64 trans_id, struct kmcl_gpa_header *gpa,
			   u32 gpa_len, const void *payload, u32 len)
{
	struct end *end = to_end(ep);
	u8 *packet = kmcl_ring_at(&ep->out, end->write);

	publish(end, packet,
		kmcl_ring_put_external(packet, trans_id, gpa, gpa_len, payload, len));
	return 0;
}

void loopback_set_pending(struct kmcl_endpoint *ep, u32 bytes)
{
	WRITE_ONCE(ep->out.header->pending_send_size, bytes);
}

/*
 * Does the writer wait for room that there is now and was not before (the rule of
 * hv_pkt_iter_close()).
 */
static bool makes_room(const struct kmcl_ring *ring, u32 before, u32 read)
{
	u32 pending, write, freed = read >= before ? read - before : ring->size - before + read;
	int room;

	/* Our read index before what the other end has written. */
	virt_mb();
	pending = READ_ONCE(ring->header->pending_send_size);
	if (!pending)
		return false;
	/* The size is written after the index that did not leave the room. */
	virt_rmb();
	write = READ_ONCE(ring->header->write_index);
	room = kmcl_ring_room(ring->size, read, write);
	return room > 0 && room > pending && room - freed <= pending;
}

void loopback_consumed(struct kmcl_endpoint *ep, u32 read_index)
{
	u32 before = ep->in.header->read_index;

	virt_store_release(&ep->in.header->read_index, read_index);
	if (makes_room(&ep->in, before, read_index))
		signal(to_end(ep)->peer);
}
