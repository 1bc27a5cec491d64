// SPDX-License-Identifier: GPL-2.0-only
/*
 * GPADLs: see gpadl.h. hv_vmbus describes a GPADL by one address in the kernel and
 * whole pages; scattered pages are mapped one behind the other for that, and the
 * mapping stays, since hv_vmbus wants it again at the end.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "control.h"
#include "gpadl.h"
#include "packet.h"
#include "rx.h"
#include "trace.h"
#include "watchdog.h"

void kmcl_gpadl_init(struct kmcl_channel *ch)
{
	mutex_init(&ch->bus_mutex);
	spin_lock_init(&ch->gpadl_lock);
	INIT_LIST_HEAD(&ch->gpadls);
}

static u32 gpadl_pages(const struct kmcl_gpadl *gpadl)
{
	return gpadl->bytes / PAGE_SIZE;
}

static struct kmcl_gpadl *gpadl_alloc(u32 bytes, u32 flags)
{
	struct kmcl_gpadl *gpadl;

	gpadl = kvzalloc(struct_size(gpadl, pages, bytes / PAGE_SIZE), GFP_KERNEL);
	if (!gpadl)
		return NULL;
	kref_init(&gpadl->refs);
	gpadl->bytes = bytes;
	gpadl->read_only = flags & KMCL_GPADL_READ_ONLY;
	return gpadl;
}

/* A reference keeps pages from being reused. Not so in slabs: there it is the driver's to wait. */
static void gpadl_hold_pages(struct kmcl_gpadl *gpadl)
{
	u32 i;

	for (i = 0; i < gpadl_pages(gpadl); i++) {
		if (!kmcl_page_holdable(gpadl->pages[i]))
			return;
	}
	gpadl->held = true;
	for (i = 0; i < gpadl_pages(gpadl); i++)
		get_page(gpadl->pages[i]);
}

static void gpadl_release_pages(struct kmcl_gpadl *gpadl)
{
	u32 i;

	for (i = 0; gpadl->held && i < gpadl_pages(gpadl); i++)
		put_page(gpadl->pages[i]);
}

/* The host has never had it, or has given it back. */
static void gpadl_free(struct kmcl_gpadl *gpadl)
{
	if (gpadl->mapped)
		vunmap(gpadl->address);
	gpadl_release_pages(gpadl);
	kvfree_rcu(gpadl, rcu);
}

static int gpadl_add(struct kmcl_channel *ch, struct kmcl_gpadl *gpadl, u32 *number)
{
	const struct kmcl_share share = {
		.address = gpadl->address, .pages = gpadl->pages, .bytes = gpadl->bytes,
		.read_only = gpadl->read_only,
	};
	struct kmcl_endpoint *ep = ch->bus_ep;
	unsigned long flags;
	int ret;

	lockdep_assert_held(&ch->bus_mutex);
	if (!ep)
		return -ENOTCONN;
	ret = ep->transport->gpadl_create(ep, &share, &gpadl->number, &gpadl->cookie);
	if (ret)
		return ret;
	*number = gpadl->number;
	kmcl_count(ch, gpadls_created);
	spin_lock_irqsave(&ch->gpadl_lock, flags);
	list_add_rcu(&gpadl->node, &ch->gpadls);
	spin_unlock_irqrestore(&ch->gpadl_lock, flags);
	return 0;
}

/* What the host may still use is never freed. */
static int gpadl_lost(struct kmcl_channel *ch, struct kmcl_gpadl *gpadl)
{
	kmcl_count(ch, gpadls_unconfirmed);
	pr_err("%s: the host did not give GPADL %#x back: %u bytes stay shared with it\n",
	       ch->name, gpadl->number, gpadl->bytes);
	return -EIO;
}

/* Takes @gpadl over: on failure it is freed. */
static int gpadl_share(struct kmcl_channel *ch, struct kmcl_gpadl *gpadl, u32 *number)
{
	int ret;

	gpadl_hold_pages(gpadl);
	kmcl_watchdog_begin_call(ch, "the host to confirm a GPADL");
	mutex_lock(&ch->bus_mutex);
	ret = gpadl_add(ch, gpadl, number);
	mutex_unlock(&ch->bus_mutex);
	kmcl_watchdog_end_call(ch);
	if (ret == -EUCLEAN)
		return gpadl_lost(ch, gpadl);
	if (ret)
		gpadl_free(gpadl);
	return ret;
}

/* hv_vmbus finds pages by address itself, and takes all but these for the linear map. */
static bool is_known_address(const void *address)
{
	return virt_addr_valid(address) || is_vmalloc_addr(address);
}

/* NULL: there is no address yet that hv_vmbus would understand. */
static int gpadl_share_at(struct kmcl_channel *ch, struct kmcl_gpadl *gpadl, void *address,
			  u32 *number)
{
	gpadl->address = address;
	if (!address) {
		gpadl->address = vmap(gpadl->pages, gpadl_pages(gpadl), VM_MAP, PAGE_KERNEL);
		gpadl->mapped = true;
	}
	if (!gpadl->address) {
		kvfree(gpadl);
		return -ENOMEM;
	}
	return gpadl_share(ch, gpadl, number);
}

static int create_check(struct kmcl_channel *ch, const void *what, u32 bytes, u32 flags,
			const u32 *gpadl)
{
	if (!ch || !what || !bytes || !gpadl || (flags & ~KMCL_GPADL_FLAGS))
		return -EINVAL;
	if (ch->server)
		return -EOPNOTSUPP;
	return bytes > KMCL_GPADL_MAX ? -E2BIG : 0;
}

/* What came of it, for counters and traces. */
static int created(struct kmcl_channel *ch, u32 bytes, const u32 *gpadl, int ret)
{
	if (!ch)
		return ret;
	trace_kmcl_gpadl(ch, true, ret ? 0 : *gpadl, bytes, ret);
	if (ret)
		kmcl_count(ch, gpadls_refused);
	return ret;
}

static int create_buffer(struct kmcl_channel *channel, void *buffer, u32 bytes, u32 flags,
			 u32 *gpadl)
{
	int ret = create_check(channel, buffer, bytes, flags, gpadl);
	struct kmcl_gpadl *new;
	u32 i;

	if (ret)
		return ret;
	if (!PAGE_ALIGNED(buffer) || !PAGE_ALIGNED(bytes))
		return -EOPNOTSUPP;
	new = gpadl_alloc(bytes, flags);
	if (!new)
		return -ENOMEM;
	for (i = 0; i < gpadl_pages(new); i++) {
		new->pages[i] = kmcl_address_page(buffer + (size_t)i * PAGE_SIZE);
		if (!new->pages[i])
			goto err_pages;
	}
	return gpadl_share_at(channel, new, is_known_address(buffer) ? buffer : NULL, gpadl);

err_pages:
	kvfree(new);
	return -EINVAL;
}

static int create_pages(struct kmcl_channel *channel, struct page *const *pages, u32 offset,
			u32 bytes, u32 flags, u32 *gpadl)
{
	int ret = create_check(channel, pages, bytes, flags, gpadl);
	struct kmcl_gpadl *new;
	u32 i;

	if (ret)
		return ret;
	if (!PAGE_ALIGNED(offset) || !PAGE_ALIGNED(bytes))
		return -EOPNOTSUPP;
	new = gpadl_alloc(bytes, flags);
	if (!new)
		return -ENOMEM;
	for (i = 0; i < gpadl_pages(new); i++) {
		new->pages[i] = pages[offset / PAGE_SIZE + i];
		if (!new->pages[i])
			goto err_pages;
	}
	return gpadl_share_at(channel, new, NULL, gpadl);

err_pages:
	kvfree(new);
	return -EINVAL;
}

/**
 * kmcl_gpadl_create() - share memory with the host
 * @channel: between the begin of its opened and the end of its closed callback
 * @buffer: whole pages of kmalloc(), page allocator or vmalloc() memory, or of a module's
 *	static data
 * @bytes: of @buffer, a multiple of the page size, at most KMCL_GPADL_MAX
 * @flags: 0 or KMCL_GPADL_READ_ONLY, which protects nothing: it says that the
 *	host has no need to write
 * @gpadl: out: the number by which the host knows it; the driver tells the host
 *	in its own protocol
 *
 * Returns when the host has confirmed that it has the description. The host may
 * then read and write the memory until kmcl_gpadl_delete() has returned 0. Nothing
 * is ever rounded outwards: that would share a stranger's data.
 *
 * In a confidential VM the pages are decrypted meanwhile; that does not work for
 * vmalloc() memory on every platform.
 *
 * Context: thread; opened, post_started and suspend callbacks too. Waits for the
 * host; a rescind ends that.
 * Ownership: @buffer stays the caller's, and stays until kmcl_gpadl_delete() gave
 * 0. kmcl has references on its pages, unless they are kmalloc()'s or part of a larger
 * allocation that is not compound, so that even freeing it early gives them to nobody else.
 *
 * Return: 0; -EINVAL for NULL, 0 bytes, an unknown flag, or memory that is none of the
 * above; -EOPNOTSUPP if @buffer or @bytes is not a whole page, or on a server; -E2BIG over
 * KMCL_GPADL_MAX; -ENOTCONN if the channel is not open; -EDQUOT if the host
 * refuses; -ENODEV if the channel was rescinded; -ENOMEM; -EIO if it failed and the
 * pages stay shared all the same, as in kmcl_gpadl_delete().
 */
int kmcl_gpadl_create(struct kmcl_channel *channel, void *buffer, u32 bytes, u32 flags,
		      u32 *gpadl)
{
	return created(channel, bytes, gpadl,
		       create_buffer(channel, buffer, bytes, flags, gpadl));
}
EXPORT_SYMBOL_GPL(kmcl_gpadl_create);

/**
 * kmcl_gpadl_create_pages() - share scattered pages with the host
 * @channel: as in kmcl_gpadl_create()
 * @pages: in the order in which the host shall see them
 * @offset: bytes of them to leave out at the beginning, whole pages
 * @bytes: to share from there on, whole pages, at most KMCL_GPADL_MAX
 * @flags: as in kmcl_gpadl_create()
 * @gpadl: out: as in kmcl_gpadl_create()
 *
 * As kmcl_gpadl_create() in all that is not said here. A mapping of them exists
 * as long as the GPADL.
 *
 * Context: as kmcl_gpadl_create().
 * Ownership: the array is the caller's again on return, the pages as there.
 * Return: as kmcl_gpadl_create().
 */
int kmcl_gpadl_create_pages(struct kmcl_channel *channel, struct page *const *pages, u32 offset,
			    u32 bytes, u32 flags, u32 *gpadl)
{
	return created(channel, bytes, gpadl,
		       create_pages(channel, pages, offset, bytes, flags, gpadl));
}
EXPORT_SYMBOL_GPL(kmcl_gpadl_create_pages);

static struct kmcl_gpadl *gpadl_find(struct kmcl_channel *ch, u32 number)
{
	struct kmcl_gpadl *gpadl;

	lockdep_assert_held(&ch->gpadl_lock);
	list_for_each_entry(gpadl, &ch->gpadls, node) {
		if (gpadl->number == number && !gpadl->dying)
			return gpadl;
	}
	return NULL;
}

/**
 * kmcl_gpadl_set_page_set() - name a GPADL for transfer-page packets
 * @channel: where it was created
 * @gpadl: its number
 * @page_set: the id that such packets carry
 *
 * Without this a packet's page set names the GPADL whose number has the same
 * lower 16 bits. An id that was set goes before such a number.
 *
 * Context: any.
 * Return: 0; -EINVAL for NULL; -ENOENT if there is no such GPADL; -EEXIST if
 * another has this id.
 */
int kmcl_gpadl_set_page_set(struct kmcl_channel *channel, u32 gpadl, u16 page_set)
{
	struct kmcl_gpadl *g, *found;
	unsigned long flags;
	int ret = 0;

	if (!channel)
		return -EINVAL;
	spin_lock_irqsave(&channel->gpadl_lock, flags);
	found = gpadl_find(channel, gpadl);
	list_for_each_entry(g, &channel->gpadls, node) {
		if (g != found && !g->dying && g->has_set && g->page_set == page_set)
			ret = -EEXIST;
	}
	if (!found)
		ret = -ENOENT;
	if (!ret) {
		found->page_set = page_set;
		smp_store_release(&found->has_set, true);
	}
	spin_unlock_irqrestore(&channel->gpadl_lock, flags);
	return ret;
}
EXPORT_SYMBOL_GPL(kmcl_gpadl_set_page_set);

static bool names(const struct kmcl_gpadl *gpadl, u16 page_set)
{
	if (READ_ONCE(gpadl->dying))
		return false;
	if (smp_load_acquire(&gpadl->has_set))
		return READ_ONCE(gpadl->page_set) == page_set;
	return (u16)gpadl->number == page_set;
}

/**
 * kmcl_gpadl_of_set() - which GPADL does a transfer-page packet mean
 * @ch: the channel
 * @page_set: from the packet
 *
 * Context: any.
 * Return: the GPADL with a reference, or NULL if none or more than one is meant.
 */
struct kmcl_gpadl *kmcl_gpadl_of_set(struct kmcl_channel *ch, u16 page_set)
{
	struct kmcl_gpadl *gpadl, *found = NULL;
	bool ambiguous = false;

	rcu_read_lock();
	list_for_each_entry_rcu(gpadl, &ch->gpadls, node) {
		if (!names(gpadl, page_set))
			continue;
		ambiguous = found && found->has_set == gpadl->has_set;
		if (!found || gpadl->has_set)
			found = gpadl;
	}
	if (ambiguous || (found && !kref_get_unless_zero(&found->refs)))
		found = NULL;
	rcu_read_unlock();
	return found;
}

/* The deleter waits for the last reference, and frees. */
static void gpadl_last(struct kref *refs)
{
}

void kmcl_gpadl_put(struct kmcl_channel *ch, struct kmcl_gpadl *gpadl)
{
	/* The deleter may free it as soon as it is put. */
	if (kref_put(&gpadl->refs, gpadl_last))
		wake_up_all(&ch->wait);
}

static bool is_unused(struct kmcl_gpadl *gpadl)
{
	return !kref_read(&gpadl->refs);
}

/* Ask the host, once. */
static int gpadl_end(struct kmcl_channel *ch, struct kmcl_gpadl *gpadl)
{
	struct kmcl_endpoint *ep = ch->bus_ep;

	lockdep_assert_held(&ch->bus_mutex);
	if (!gpadl->ended) {
		gpadl->end_status = ep->transport->gpadl_delete(ep, gpadl->cookie);
		gpadl->ended = true;
		trace_kmcl_gpadl(ch, false, gpadl->number, gpadl->bytes, gpadl->end_status);
	}
	return gpadl->end_status;
}

/* It leaves the list last: until then the channel keeps its endpoint (end_bus()). */
static int gpadl_leave(struct kmcl_channel *ch, struct kmcl_gpadl *gpadl)
{
	unsigned long flags;
	int ret;

	kmcl_watchdog_begin_call(ch, "the host to give a GPADL back");
	mutex_lock(&ch->bus_mutex);
	ret = gpadl_end(ch, gpadl);
	spin_lock_irqsave(&ch->gpadl_lock, flags);
	list_del_rcu(&gpadl->node);
	spin_unlock_irqrestore(&ch->gpadl_lock, flags);
	mutex_unlock(&ch->bus_mutex);
	kmcl_watchdog_end_call(ch);
	kmcl_count(ch, gpadls_deleted);
	wake_up_all(&ch->wait);
	if (ret)
		return gpadl_lost(ch, gpadl);
	gpadl_free(gpadl);
	return 0;
}

/* The caller alone deletes it now; NULL: there is none, or somebody else does. */
static struct kmcl_gpadl *gpadl_claim(struct kmcl_channel *ch, u32 number)
{
	struct kmcl_gpadl *gpadl;
	unsigned long flags;

	spin_lock_irqsave(&ch->gpadl_lock, flags);
	gpadl = gpadl_find(ch, number);
	if (gpadl)
		WRITE_ONCE(gpadl->dying, true);
	spin_unlock_irqrestore(&ch->gpadl_lock, flags);
	return gpadl;
}

static void gpadl_unclaim(struct kmcl_channel *ch, struct kmcl_gpadl *gpadl)
{
	unsigned long flags;

	spin_lock_irqsave(&ch->gpadl_lock, flags);
	WRITE_ONCE(gpadl->dying, false);
	spin_unlock_irqrestore(&ch->gpadl_lock, flags);
}

/**
 * kmcl_gpadl_delete() - end the sharing
 * @channel: where it was created, up to the end of its closed callback
 * @number: of the GPADL
 *
 * Waits until every received packet whose external data lie in it has been
 * completed, and until the host confirms, which it does when it has unmapped it. The
 * channel cannot close meanwhile: what the host may keep until the close is deleted in
 * the closed callback.
 * A driver deletes all GPADLs in its closed callback at the latest; what it
 * forgets is deleted then, with a warning.
 *
 * Context: thread; not where packets are delivered in thread context.
 * Ownership: with 0 the memory is the caller's alone. With -EIO the host may still
 * use it: the pages stay shared for ever. Then do not free it; kmcl keeps its
 * references on them (not on kmalloc() memory), so that nobody else gets them.
 * A rescind counts as confirmation: with it the host has given the channel up.
 *
 * Return: 0; -EINVAL for NULL; -ENOENT if there is no such GPADL; -EIO if the
 * host did not confirm; -EBUSY if a deferred packet lies in it while nothing is delivered
 * (suspended, paused, failed), which only a start or a close ends; -EDEADLK in a
 * process_packet callback in thread context.
 */
int kmcl_gpadl_delete(struct kmcl_channel *channel, u32 number)
{
	struct kmcl_gpadl *gpadl;

	if (!channel)
		return -EINVAL;
	if (current == READ_ONCE(channel->rx.task))
		return -EDEADLK;
	gpadl = gpadl_claim(channel, number);
	if (!gpadl)
		return -ENOENT;
	kmcl_gpadl_put(channel, gpadl);
	wait_event(channel->wait, is_unused(gpadl) || kmcl_rx_keeps(channel, gpadl));
	if (!is_unused(gpadl) && kref_get_unless_zero(&gpadl->refs)) {
		gpadl_unclaim(channel, gpadl);
		return -EBUSY;
	}
	return gpadl_leave(channel, gpadl);
}
EXPORT_SYMBOL_GPL(kmcl_gpadl_delete);

/* The first that nobody deletes yet; 0 = none. */
static u32 first_number(struct kmcl_channel *ch)
{
	struct kmcl_gpadl *gpadl;
	unsigned long flags;
	u32 number = 0;

	spin_lock_irqsave(&ch->gpadl_lock, flags);
	list_for_each_entry(gpadl, &ch->gpadls, node) {
		if (!gpadl->dying)
			number = gpadl->number;
	}
	spin_unlock_irqrestore(&ch->gpadl_lock, flags);
	return number;
}

bool kmcl_gpadl_none(struct kmcl_channel *ch)
{
	unsigned long flags;
	bool ret;

	spin_lock_irqsave(&ch->gpadl_lock, flags);
	ret = list_empty(&ch->gpadls);
	spin_unlock_irqrestore(&ch->gpadl_lock, flags);
	return ret;
}

/*
 * The closed callback has returned: what the driver left behind, and what a thread of
 * its is still deleting.
 */
void kmcl_gpadl_reap(struct kmcl_channel *ch)
{
	u32 number = first_number(ch);

	if (!number) {
		wait_event(ch->wait, kmcl_gpadl_none(ch) || first_number(ch));
		return;
	}
	pr_warn("%s: the driver has not deleted GPADL %#x; kmcl does\n", ch->name, number);
	kmcl_gpadl_delete(ch, number);
}

/*
 * Before the close, for hosts that answer nothing about GPADLs after it. Nobody lists
 * or unlists meanwhile: both take bus_mutex.
 */
void kmcl_gpadl_end_all(struct kmcl_channel *ch)
{
	struct kmcl_gpadl *gpadl;

	lockdep_assert_held(&ch->bus_mutex);
	list_for_each_entry(gpadl, &ch->gpadls, node)
		gpadl_end(ch, gpadl);
}
