// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory besides the rings: GPADLs, which are lists of pages here; pages of GPA-direct
 * packets; memory-mapped space.
 */
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include <kmcl/server.h>

#include "loopback.h"

#define MIB	((size_t)1 << 20)

/**
 * struct gpadl - memory of a client
 * @node: in its claim, under loopback_lock, as is:
 * @mapped: the server uses it
 * @number: its name
 * @share: what it is; the pages are the client's
 */
struct gpadl {
	struct list_head node;
	bool mapped;
	u32 number;
	struct kmcl_share share;
};

static atomic_t numbers = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(unmapped);

static u32 next_number(void)
{
	u32 number;

	do {
		number = atomic_inc_return(&numbers);
	} while (!number);
	return number;
}

int loopback_gpadl_create(struct kmcl_endpoint *ep, const struct kmcl_share *share, u32 *gpadl,
			  void **cookie)
{
	struct claim *claim = to_claim(ep);
	struct gpadl *g = kzalloc(sizeof(*g), GFP_KERNEL);

	if (!g)
		return -ENOMEM;
	g->share = *share;
	g->number = next_number();
	mutex_lock(&loopback_lock);
	list_add(&g->node, &claim->gpadls);
	mutex_unlock(&loopback_lock);
	*gpadl = g->number;
	*cookie = g;
	return 0;
}

/* Nobody finds it any more, unless the server has it mapped. */
static bool try_remove(struct gpadl *g)
{
	bool removed;

	mutex_lock(&loopback_lock);
	removed = !g->mapped;
	if (removed)
		list_del(&g->node);
	mutex_unlock(&loopback_lock);
	return removed;
}

int loopback_gpadl_delete(struct kmcl_endpoint *ep, void *cookie)
{
	struct gpadl *g = cookie;

	/* It may be mapped again in between. */
	while (!try_remove(g))
		wait_event(unmapped, !READ_ONCE(g->mapped));
	kfree(g);
	return 0;
}

static struct gpadl *find(struct connection *connection, u32 number)
{
	struct gpadl *g;

	lockdep_assert_held(&loopback_lock);
	list_for_each_entry(g, &connection->claim->gpadls, node) {
		if (g->number == number)
			return g;
	}
	return NULL;
}

static int map(struct gpadl *g, bool write, struct kmcl_view *view)
{
	if (!g)
		return -ENOENT;
	if (g->mapped)
		return -EBUSY;
	if (write && g->share.read_only)
		return -EACCES;
	WRITE_ONCE(g->mapped, true);
	view->pages = g->share.pages;
	view->bytes = g->share.bytes;
	view->address = g->share.address;
	return 0;
}

int loopback_gpadl_map(struct kmcl_endpoint *ep, u32 number, bool write, struct kmcl_view *view)
{
	int ret;

	mutex_lock(&loopback_lock);
	ret = map(find(to_connection(ep), number), write, view);
	mutex_unlock(&loopback_lock);
	return ret;
}

void loopback_gpadl_unmap(struct kmcl_endpoint *ep, u32 number)
{
	mutex_lock(&loopback_lock);
	WRITE_ONCE(find(to_connection(ep), number)->mapped, false);
	mutex_unlock(&loopback_lock);
	wake_up_all(&unmapped);
}

/* A frame number is what the client's device was given: an address of this machine's memory. */
struct page *loopback_page(struct kmcl_endpoint *ep, u64 pfn)
{
	return pfn <= ULONG_MAX >> PAGE_SHIFT && pfn_valid(pfn) ? pfn_to_page(pfn) : NULL;
}

/* Called with loopback_lock held. What is optional is left out if there is too little. */
static int mmio_alloc(struct offer *offer)
{
	size_t needed = offer->desc.mmio_megabytes * MIB;
	size_t bytes = needed + offer->desc.mmio_optional * MIB;
	gfp_t gfp = GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN;

	lockdep_assert_held(&loopback_lock);
	offer->mmio = bytes ? alloc_pages_exact(bytes, gfp) : NULL;
	if (!offer->mmio && needed && needed != bytes) {
		bytes = needed;
		offer->mmio = alloc_pages_exact(bytes, gfp);
	}
	if (!offer->mmio)
		return needed ? -ENOMEM : 0;
	offer->mmio_bytes = bytes;
	return 0;
}

int loopback_mmio(struct kmcl_endpoint *ep, u64 *address, u64 *bytes)
{
	struct offer *offer = is_server(ep) ? to_connection(ep)->offer : to_claim(ep)->offer;
	int ret = 0;

	mutex_lock(&loopback_lock);
	if (!offer->mmio)
		ret = mmio_alloc(offer);
	if (offer->mmio) {
		*address = virt_to_phys(offer->mmio);
		*bytes = offer->mmio_bytes;
	}
	mutex_unlock(&loopback_lock);
	return ret;
}

void loopback_mmio_free(struct offer *offer)
{
	if (offer->mmio)
		free_pages_exact(offer->mmio, offer->mmio_bytes);
}
