// SPDX-License-Identifier: GPL-2.0-only
/*
 * The framework's objects: a tree with the driver at its root, see driver.h. Made and ended
 * at PASSIVE_LEVEL.
 */
#include "driver.h"

static DEFINE_MUTEX(objects_lock);	/* the tree */

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
	object->kind = 0;
	if (object->context)
		wdk_pool_free(container_of(object->context, struct context_head, context));
	kfree(object);
}

static NTSTATUS object_build(struct wdk_object *object, const WDF_OBJECT_ATTRIBUTES *attributes)
{
	INIT_LIST_HEAD(&object->children);
	INIT_LIST_HEAD(&object->sibling);
	if (!attributes)
		return STATUS_SUCCESS;
	object->on_cleanup = attributes->EvtCleanupCallback;
	object->on_destroy = attributes->EvtDestroyCallback;
	return context_create(object, attributes);
}

/**
 * wdk_object_create() - make an object of the framework
 * @bytes: of the structure that begins with a struct wdk_object
 * @kind: what it is
 * @parent: unless @attributes name one; NULL for the driver
 * @attributes: the driver's, or NULL
 * @object: out: a pointer to the structure, zero but for the object
 *
 * Context: PASSIVE_LEVEL.
 * Return: STATUS_SUCCESS; STATUS_INFO_LENGTH_MISMATCH for @attributes of another size;
 * STATUS_INSUFFICIENT_RESOURCES.
 */
NTSTATUS wdk_object_create(size_t bytes, enum wdk_object_kind kind, struct wdk_object *parent,
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
	mutex_lock(&objects_lock);
	if (new->parent)
		list_add(&new->sibling, &new->parent->children);
	mutex_unlock(&objects_lock);
	*(void **)object = new;
	return STATUS_SUCCESS;
}

/* Its parent knows it no longer. */
void wdk_object_unlink(struct wdk_object *object)
{
	mutex_lock(&objects_lock);
	list_del_init(&object->sibling);
	mutex_unlock(&objects_lock);
}

static struct wdk_object *youngest_child(struct wdk_object *object)
{
	struct wdk_object *child;

	mutex_lock(&objects_lock);
	child = list_first_entry_or_null(&object->children, struct wdk_object, sibling);
	mutex_unlock(&objects_lock);
	return child;
}

/* One without children. */
static void end_leaf(struct wdk_object *object)
{
	if (object->quiesce)
		object->quiesce(object);
	if (object->on_cleanup)
		object->on_cleanup(object);
	wdk_object_unlink(object);
	if (object->on_destroy)
		object->on_destroy(object);
	object_free(object);
}

/* Ends an object and all below it, without recursion: always the deepest first. */
void wdk_object_end(struct wdk_object *object)
{
	struct wdk_object *leaf, *child;

	do {
		leaf = object;
		while ((child = youngest_child(leaf)))
			leaf = child;
		end_leaf(leaf);
	} while (leaf != object);
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
 * returned. Then EvtCleanupCallback and EvtDestroyCallback are called.
 *
 * Context: PASSIVE_LEVEL.
 * Ownership: ends the caller's.
 */
VOID WdfObjectDelete(WDFOBJECT Object)
{
	struct wdk_object *object = Object;

	if (WARN_ON_ONCE(!object || (object->kind != WDK_OBJECT_WORK_ITEM &&
				     object->kind != WDK_OBJECT_KEY)))
		return;
	if (!wdk_work_item_in_callback(object))
		wdk_object_end(object);
}
EXPORT_SYMBOL_GPL(WdfObjectDelete);
