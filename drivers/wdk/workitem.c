// SPDX-License-Identifier: GPL-2.0-only
/*
 * Work items of the framework.
 */
#include <linux/lockdep.h>
#include <linux/sched.h>

#include "driver.h"

/**
 * struct work_item - what is behind a WDFWORKITEM
 * @object: the framework's
 * @work: runs the callback
 * @callback: the driver's; set once
 * @runner: who is in it, or NULL; written by @work
 * @doomed: deleted in its own callback, which @work has to end; touched by that only
 * @lock: for what follows
 * @closed: it is being deleted, and cannot be enqueued any more
 */
struct work_item {
	struct wdk_object object;
	struct work_struct work;
	PFN_WDF_WORKITEM callback;
	struct task_struct *runner;
	bool doomed;
	spinlock_t lock;
	bool closed;
};

static struct work_item *item_of(struct wdk_object *object)
{
	return container_of(object, struct work_item, object);
}

/* Whoever is about to enqueue it has done so when this returns. */
static void close_item(struct work_item *item)
{
	unsigned long flags;

	spin_lock_irqsave(&item->lock, flags);
	item->closed = true;
	spin_unlock_irqrestore(&item->lock, flags);
}

static void run(struct work_struct *work)
{
	struct work_item *item = container_of(work, struct work_item, work);

	WRITE_ONCE(item->runner, current);
	item->callback((WDFWORKITEM)item);
	WRITE_ONCE(item->runner, NULL);
	if (!item->doomed)
		return;
	/* Enqueued before it was deleted: it would run in freed memory. */
	cancel_work(&item->work);
	/* From here it is this function's alone, and is not waited for. */
	item->object.quiesce = NULL;
	wdk_object_end(&item->object);
}

/* What was enqueued runs; what the callback itself enqueues meanwhile does not. */
static void quiesce(struct wdk_object *object)
{
	struct work_item *item = item_of(object);

	close_item(item);
	flush_work(&item->work);
	cancel_work_sync(&item->work);
}

/*
 * True if @object, which the caller is to end, is a work item in whose callback the caller is:
 * run() ends it.
 */
bool wdk_work_item_in_callback(struct wdk_object *object)
{
	if (object->kind != WDK_OBJECT_WORK_ITEM || READ_ONCE(item_of(object)->runner) != current)
		return false;
	close_item(item_of(object));
	item_of(object)->doomed = true;
	return true;
}

/*
 * To lockdep, items with different callbacks are of different classes: one may flush another
 * in its callback. The driver's code is a key that is as static as the driver.
 */
static void init_work(struct work_item *item)
{
	INIT_WORK(&item->work, run);
	lockdep_init_map(&item->work.lockdep_map, "WDFWORKITEM",
			 (struct lock_class_key *)item->callback, 0);
}

/**
 * WdfWorkItemCreate() - make a work item
 * @Config: its callback; AutomaticSerialization has no effect
 * @Attributes: ParentObject has to be set
 * @WorkItem: out
 *
 * Context: PASSIVE_LEVEL.
 * Ownership: the parent's: it is flushed and deleted with it, or by WdfObjectDelete().
 * Return: STATUS_SUCCESS; STATUS_WDF_PARENT_NOT_SPECIFIED; STATUS_INVALID_PARAMETER without
 * callback or @WorkItem; STATUS_INFO_LENGTH_MISMATCH for a structure of another size;
 * STATUS_INVALID_DEVICE_STATE if the parent is being deleted; STATUS_INSUFFICIENT_RESOURCES.
 */
NTSTATUS WdfWorkItemCreate(PWDF_WORKITEM_CONFIG Config, PWDF_OBJECT_ATTRIBUTES Attributes,
			   WDFWORKITEM *WorkItem)
{
	struct work_item *item;
	NTSTATUS status;

	if (!Config || !WorkItem || !Config->EvtWorkItemFunc)
		return STATUS_INVALID_PARAMETER;
	if (Config->Size != sizeof(*Config))
		return STATUS_INFO_LENGTH_MISMATCH;
	if (!Attributes || !Attributes->ParentObject)
		return STATUS_WDF_PARENT_NOT_SPECIFIED;
	status = wdk_object_make(sizeof(*item), WDK_OBJECT_WORK_ITEM, NULL, Attributes, &item);
	if (!NT_SUCCESS(status))
		return status;
	item->callback = Config->EvtWorkItemFunc;
	init_work(item);
	spin_lock_init(&item->lock);
	item->object.quiesce = quiesce;
	status = wdk_object_link(&item->object);
	if (NT_SUCCESS(status))
		*WorkItem = (WDFWORKITEM)item;
	return status;
}
EXPORT_SYMBOL_GPL(WdfWorkItemCreate);

/**
 * WdfWorkItemEnqueue() - have the callback called at PASSIVE_LEVEL
 * @WorkItem: the work item
 *
 * Once, if it is queued already; once more, if it is running; not at all, if it is being
 * deleted.
 *
 * Context: DISPATCH_LEVEL or lower.
 */
VOID WdfWorkItemEnqueue(WDFWORKITEM WorkItem)
{
	struct work_item *item = wdk_object(WorkItem, WDK_OBJECT_WORK_ITEM);
	unsigned long flags;

	if (!item)
		return;
	spin_lock_irqsave(&item->lock, flags);
	if (!item->closed)
		queue_work(wdk_wq, &item->work);
	spin_unlock_irqrestore(&item->lock, flags);
}
EXPORT_SYMBOL_GPL(WdfWorkItemEnqueue);

/**
 * WdfWorkItemFlush() - wait until the callback has run
 * @WorkItem: the work item; not in its own callback
 *
 * Context: PASSIVE_LEVEL.
 */
VOID WdfWorkItemFlush(WDFWORKITEM WorkItem)
{
	struct work_item *item = wdk_object(WorkItem, WDK_OBJECT_WORK_ITEM);

	if (item && !WARN_ON_ONCE(READ_ONCE(item->runner) == current))
		flush_work(&item->work);
}
EXPORT_SYMBOL_GPL(WdfWorkItemFlush);

/**
 * WdfWorkItemGetParentObject() - whose work item is it
 * @WorkItem: the work item
 *
 * Context: DISPATCH_LEVEL or lower.
 * Return: the parent.
 */
WDFOBJECT WdfWorkItemGetParentObject(WDFWORKITEM WorkItem)
{
	struct work_item *item = wdk_object(WorkItem, WDK_OBJECT_WORK_ITEM);

	return item ? item->object.parent : NULL;
}
EXPORT_SYMBOL_GPL(WdfWorkItemGetParentObject);
