// SPDX-License-Identifier: GPL-2.0-only
/*
 * The framework's objects: a tree with the driver at its root, see driver.h. Made and ended
 * at PASSIVE_LEVEL.
 */
#include <linux/wait.h>

#include "driver.h"

static DEFINE_MUTEX(objects_lock);	/* the tree */
static DECLARE_WAIT_QUEUE_HEAD(object_ended);

/* In front of each context, so that the way back is known. */
struct context_head {
	struct wdk_object *object;
	u64 align;
	u8 context[];
};

static NTSTATUS context_create(struct wdk_object *object, const WDF_OBJECT_ATTRIBUTES *attributes)
{
	PCWDF_OBJECT_CONTEXT_TYPE_INFO type = attributes->ContextTypeInfo;
	struct context_head *head;

	if (!type)
		return STATUS_SUCCESS;
	head = wdk_pool_alloc(sizeof(*head) + max(attributes->ContextSizeOverride,
						  type->ContextSize), GFP_KERNEL | __GFP_ZERO);
	if (!head)
		return STATUS_INSUFFICIENT_RESOURCES;
	head->object = object;
	object->context = head->context;
	object->context_type = type;
	return STATUS_SUCCESS;
}

static void object_free(struct wdk_object *object)
{
	if (object->context)
		wdk_pool_free(container_of(object->context, struct context_head, context));
	kfree(object);
}

static void object_put(struct wdk_object *object)
{
	if (refcount_dec_and_test(&object->refs))
		object_free(object);
}

static NTSTATUS object_build(struct wdk_object *object, const WDF_OBJECT_ATTRIBUTES *attributes)
{
	refcount_set(&object->refs, 1);
	INIT_LIST_HEAD(&object->children);
	INIT_LIST_HEAD(&object->sibling);
	if (!attributes)
		return STATUS_SUCCESS;
	object->on_cleanup = attributes->EvtCleanupCallback;
	object->on_destroy = attributes->EvtDestroyCallback;
	return context_create(object, attributes);
}

/**
 * wdk_object_make() - an object of the framework that its parent does not know yet
 * @bytes: of the structure that begins with a struct wdk_object
 * @kind: what it is
 * @parent: unless @attributes name one; NULL for the driver
 * @attributes: the driver's, or NULL
 * @object: out: a pointer to the structure, zero but for the object
 *
 * Context: PASSIVE_LEVEL.
 * Ownership: the caller's, for wdk_object_link().
 * Return: STATUS_SUCCESS; STATUS_INFO_LENGTH_MISMATCH for @attributes of another size;
 * STATUS_INSUFFICIENT_RESOURCES.
 */
NTSTATUS wdk_object_make(size_t bytes, enum wdk_object_kind kind, struct wdk_object *parent,
			 const WDF_OBJECT_ATTRIBUTES *attributes, void *object)
{
	struct wdk_object *new;
	NTSTATUS status;

	if (attributes && attributes->Size != sizeof(*attributes))
		return STATUS_INFO_LENGTH_MISMATCH;
	new = kzalloc(bytes, GFP_KERNEL);
	if (!new)
		return STATUS_INSUFFICIENT_RESOURCES;
	status = object_build(new, attributes);
	if (!NT_SUCCESS(status)) {
		object_free(new);
		return status;
	}
	new->kind = kind;
	new->parent = attributes && attributes->ParentObject ? attributes->ParentObject : parent;
	*(void **)object = new;
	return STATUS_SUCCESS;
}

/* Itself, or one above it. */
static bool is_ending(const struct wdk_object *object)
{
	lockdep_assert_held(&objects_lock);
	for (; object; object = object->parent) {
		if (object->ending)
			return true;
	}
	return false;
}

/**
 * wdk_object_link() - tell its parent of an object
 * @object: of wdk_object_make(), complete: another thread may end the parent, and it
 *
 * Context: PASSIVE_LEVEL.
 * Ownership: the parent's; freed on error.
 * Return: STATUS_SUCCESS; STATUS_INVALID_DEVICE_STATE if the parent, or one above, is being
 * deleted.
 */
NTSTATUS wdk_object_link(struct wdk_object *object)
{
	struct wdk_object *parent = object->parent;
	bool ending;

	mutex_lock(&objects_lock);
	ending = is_ending(parent);
	if (parent && !ending)
		list_add(&object->sibling, &parent->children);
	mutex_unlock(&objects_lock);
	if (!ending)
		return STATUS_SUCCESS;
	object_put(object);
	return STATUS_INVALID_DEVICE_STATE;
}

/* Both, for what needs nothing in between. */
NTSTATUS wdk_object_create(size_t bytes, enum wdk_object_kind kind, struct wdk_object *parent,
			   const WDF_OBJECT_ATTRIBUTES *attributes, void *object)
{
	NTSTATUS status = wdk_object_make(bytes, kind, parent, attributes, object);

	return NT_SUCCESS(status) ? wdk_object_link(*(struct wdk_object **)object) : status;
}

static bool claim_locked(struct wdk_object *object)
{
	bool claimed = !object->ending;

	lockdep_assert_held(&objects_lock);
	object->ending = true;
	return claimed;
}

/* false: somebody else ends it. */
static bool object_claim(struct wdk_object *object)
{
	bool claimed;

	mutex_lock(&objects_lock);
	claimed = claim_locked(object);
	mutex_unlock(&objects_lock);
	return claimed;
}

/*
 * The deepest below @object, or itself if there is none, with a reference. @ours: the caller
 * ends it, as nobody else does.
 */
static struct wdk_object *next_leaf(struct wdk_object *object, bool *ours)
{
	struct wdk_object *leaf = object, *child;

	mutex_lock(&objects_lock);
	while ((child = list_first_entry_or_null(&leaf->children, struct wdk_object, sibling)))
		leaf = child;
	refcount_inc(&leaf->refs);
	*ours = claim_locked(leaf) || leaf == object;
	mutex_unlock(&objects_lock);
	return leaf;
}

/*
 * One without children. The parent knows it until nothing of the driver's is called any more:
 * after that the parent may go, and the driver's module.
 */
static void end_leaf(struct wdk_object *object)
{
	if (object->quiesce)
		object->quiesce(object);
	if (object->on_cleanup)
		object->on_cleanup(object);
	if (object->on_destroy)
		object->on_destroy(object);
	object->kind = 0;
	mutex_lock(&objects_lock);
	list_del_init(&object->sibling);
	mutex_unlock(&objects_lock);
	wake_up_all(&object_ended);
	object_put(object);
}

/*
 * Ends an object, which nobody else ends, and all below it, without recursion: always the
 * deepest first. Those that others end are waited for.
 */
void wdk_object_end(struct wdk_object *object)
{
	struct wdk_object *leaf;
	bool ours, last;

	object_claim(object);
	do {
		leaf = next_leaf(object, &ours);
		last = leaf == object;
		if (ours)
			end_leaf(leaf);
		else
			wait_event(object_ended, list_empty_careful(&leaf->sibling));
		object_put(leaf);
	} while (!last);
}

/* What a handle stands for; NULL, with a warning, if it is of another kind. */
void *wdk_object(const void *handle, enum wdk_object_kind kind)
{
	const struct wdk_object *object = handle;

	return WARN_ON_ONCE(!object || object->kind != kind) ? NULL : (void *)object;
}

/**
 * WdfObjectGetTypedContextWorker() - WdfObjectGetTypedContext(): the driver's memory
 * @Handle: any object
 * @TypeInfo: of WDF_DECLARE_CONTEXT_TYPE_WITH_NAME()
 *
 * Context: DISPATCH_LEVEL or lower.
 * Return: the context, zero at first; NULL if the object has none of that type.
 */
PVOID WdfObjectGetTypedContextWorker(WDFOBJECT Handle, PCWDF_OBJECT_CONTEXT_TYPE_INFO TypeInfo)
{
	struct wdk_object *object = Handle;

	return likely(object && object->context_type == TypeInfo) ? object->context : NULL;
}
EXPORT_SYMBOL_GPL(WdfObjectGetTypedContextWorker);

/**
 * WdfObjectContextGetObject() - whose context is it
 * @ContextPointer: a context
 *
 * Context: DISPATCH_LEVEL or lower.
 * Return: the object.
 */
WDFOBJECT WdfObjectContextGetObject(PVOID ContextPointer)
{
	return container_of(ContextPointer, struct context_head, context)->object;
}
EXPORT_SYMBOL_GPL(WdfObjectContextGetObject);

/**
 * WdfObjectDelete() - end an object, and all that it is the parent of
 * @Object: a work item or a registry key; driver, device and target are the framework's
 *
 * Children go first. A work item is waited for; in its own callback it goes when that has
 * returned, and has the callback not called once more. Then EvtCleanupCallback and
 * EvtDestroyCallback are called, once: with an object that is being deleted already, as with
 * its parent, this does nothing.
 *
 * Context: PASSIVE_LEVEL; not in the callback of a work item below it.
 * Ownership: ends the caller's.
 */
VOID WdfObjectDelete(WDFOBJECT Object)
{
	struct wdk_object *object = Object;

	if (WARN_ON_ONCE(!object || (object->kind != WDK_OBJECT_WORK_ITEM &&
				     object->kind != WDK_OBJECT_KEY)))
		return;
	if (object_claim(object) && !wdk_work_item_in_callback(object))
		wdk_object_end(object);
}
EXPORT_SYMBOL_GPL(WdfObjectDelete);
