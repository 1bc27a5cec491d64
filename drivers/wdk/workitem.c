// SPDX-License-Identifier: GPL-2.0-only
/*
 * Work items of the framework.
 */
#include <linux/sched.h>

#include "driver.h"

/**
 * struct work_item - what is behind a WDFWORKITEM
 * @object: the framework's
 * @work: runs the callback
 * @callback: the driver's; set once
 * @runner: who is in it, or NULL; written by @work
 * @doomed: deleted in its own callback; touched by that only
 */
struct work_item {
	struct wdk_object object;
	struct work_struct work;
	PFN_WDF_WORKITEM callback;
	struct task_struct *runner;
	bool doomed;
};

static struct work_item *item_of(struct wdk_object *object)
{
	return container_of(object, struct work_item, object);
}

static void run(struct work_struct *work)
{
	struct work_item *item = container_of(work, struct work_item, work);

	WRITE_ONCE(item->runner, current);
	item->callback((WDFWORKITEM)item);
	WRITE_ONCE(item->runner, NULL);
	if (!item->doomed)
		return;
	/* From here it is this function's alone, and is not waited for. */
	item->object.quiesce = NULL;
	wdk_object_end(&item->object);
}

static void quiesce(struct wdk_object *object)
{
	flush_work(&item_of(object)->work);
}

/* True if @object is a work item in whose callback the caller is: it goes at its end. */
bool wdk_work_item_in_callback(struct wdk_object *object)
{
	if (object->kind != WDK_OBJECT_WORK_ITEM || READ_ONCE(item_of(object)->runner) != current)
		return false;
	item_of(object)->doomed = true;
	return true;
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
 * STATUS_INSUFFICIENT_RESOURCES.
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
	status = wdk_object_create(sizeof(*item), WDK_OBJECT_WORK_ITEM, NULL, Attributes, &item);
	if (!NT_SUCCESS(status))
		return status;
	INIT_WORK(&item->work, run);
	item->callback = Config->EvtWorkItemFunc;
	item->object.quiesce = quiesce;
	*WorkItem = (WDFWORKITEM)item;
	return STATUS_SUCCESS;
}
EXPORT_SYMBOL_GPL(WdfWorkItemCreate);

/**
 * WdfWorkItemEnqueue() - have the callback called at PASSIVE_LEVEL
 * @WorkItem: the work item
 *
 * Once, if it is queued already; once more, if it is running.
 *
 * Context: DISPATCH_LEVEL or lower.
 */
VOID WdfWorkItemEnqueue(WDFWORKITEM WorkItem)
{
	struct work_item *item = wdk_object(WorkItem, WDK_OBJECT_WORK_ITEM);

	if (item)
		queue_work(wdk_wq, &item->work);
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
