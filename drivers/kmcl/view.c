// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server's look into GPADLs of its client: see view.h. The client cannot delete one
 * meanwhile; a channel that closes takes back what the driver has forgotten.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/slab.h>

#include <kmcl/server.h>

#include "control.h"
#include "trace.h"
#include "view.h"

/**
 * struct view - one GPADL in use
 * @node: in kmcl_channel.views, under bus_mutex
 * @gpadl: its number
 */
struct view {
	struct list_head node;
	u32 gpadl;
};

void kmcl_views_init(struct kmcl_channel *ch)
{
	INIT_LIST_HEAD(&ch->views);
}

static int view_add(struct kmcl_channel *ch, struct view *view, bool write,
		    struct kmcl_view *out)
{
	struct kmcl_endpoint *ep = ch->bus_ep;
	int ret;

	lockdep_assert_held(&ch->bus_mutex);
	if (!ep)
		return -ENOTCONN;
	ret = ep->transport->gpadl_map(ep, view->gpadl, write, out);
	if (!ret)
		list_add(&view->node, &ch->views);
	return ret;
}

/**
 * kmcl_gpadl_map() - use memory that the client has shared
 * @channel: a server's, between the begin of its opened and the end of its closed callback
 * @gpadl: the number, which the client has told in its own protocol
 * @flags: 0: to be written; KMCL_GPADL_READ_ONLY: to be read
 * @view: out: where it is
 *
 * The client cannot delete the GPADL before kmcl_gpadl_unmap(). It can write to it, at any
 * time: read once, into memory of your own, what you check. One view of a GPADL at a time.
 *
 * Context: thread.
 * Ownership: @view's pages stay the client's. To be given back in closed at the latest;
 * what is forgotten is taken back then, with a warning.
 * Return: 0; -EINVAL for NULL or an unknown flag; -EOPNOTSUPP on a client; -ENOTCONN if
 * the channel is not open; -ENOENT if the client has no such GPADL; -EBUSY if it is mapped;
 * -EACCES to write, if it was created read-only; -ENOMEM.
 */
int kmcl_gpadl_map(struct kmcl_channel *channel, u32 gpadl, u32 flags, struct kmcl_view *view)
{
	struct view *new;
	int ret;

	if (!channel || !view || (flags & ~KMCL_GPADL_FLAGS))
		return -EINVAL;
	if (!channel->server)
		return -EOPNOTSUPP;
	new = kzalloc(sizeof(*new), GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	new->gpadl = gpadl;
	mutex_lock(&channel->bus_mutex);
	ret = view_add(channel, new, !(flags & KMCL_GPADL_READ_ONLY), view);
	mutex_unlock(&channel->bus_mutex);
	trace_kmcl_view(channel, true, gpadl, ret);
	if (ret)
		kfree(new);
	else
		kmcl_count(channel, gpadls_mapped);
	return ret;
}
EXPORT_SYMBOL_GPL(kmcl_gpadl_map);

static struct view *view_find(struct kmcl_channel *ch, u32 gpadl)
{
	struct view *view;

	lockdep_assert_held(&ch->bus_mutex);
	list_for_each_entry(view, &ch->views, node) {
		if (view->gpadl == gpadl)
			return view;
	}
	return NULL;
}

static void view_end(struct kmcl_channel *ch, struct view *view)
{
	struct kmcl_endpoint *ep = ch->bus_ep;

	lockdep_assert_held(&ch->bus_mutex);
	ep->transport->gpadl_unmap(ep, view->gpadl);
	trace_kmcl_view(ch, false, view->gpadl, 0);
	kmcl_count(ch, gpadls_unmapped);
	list_del(&view->node);
	kfree(view);
}

/**
 * kmcl_gpadl_unmap() - the client's memory is used no more
 * @channel: where it was mapped, up to the end of its closed callback
 * @gpadl: its number
 *
 * Context: thread.
 * Ownership: what kmcl_gpadl_map() gave must not be touched any more: the client may free it.
 * Return: 0; -EINVAL for NULL; -ENOENT if it is not mapped.
 */
int kmcl_gpadl_unmap(struct kmcl_channel *channel, u32 gpadl)
{
	struct view *view;

	if (!channel)
		return -EINVAL;
	mutex_lock(&channel->bus_mutex);
	view = view_find(channel, gpadl);
	if (view)
		view_end(channel, view);
	mutex_unlock(&channel->bus_mutex);
	return view ? 0 : -ENOENT;
}
EXPORT_SYMBOL_GPL(kmcl_gpadl_unmap);

/* The closed callback has returned. */
void kmcl_views_reap(struct kmcl_channel *ch)
{
	struct view *view, *next;

	lockdep_assert_held(&ch->bus_mutex);
	list_for_each_entry_safe(view, next, &ch->views, node) {
		pr_warn("%s: the driver has not unmapped GPADL %#x; kmcl does\n", ch->name,
			view->gpadl);
		view_end(ch, view);
	}
}
