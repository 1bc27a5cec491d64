// SPDX-License-Identifier: GPL-2.0-only
/*
 * Notification events with a name.
 */
#include <linux/list.h>

#include "driver.h"

/**
 * struct named_event - one of them
 *
 * Birth: the first IoCreateNotificationEvent() with its name. Users: all who have opened it;
 * each handle is the same and counts. Death: when the last is closed.
 *
 * @node: in the list, under named_lock
 * @handles: how many are open; likewise
 * @event: the event
 * @name: refers to @text
 * @text: set once
 */
struct named_event {
	struct list_head node;
	unsigned int handles;
	KEVENT event;
	UNICODE_STRING name;
	WCHAR text[];
};

static LIST_HEAD(named_events);
static DEFINE_MUTEX(named_lock);

static struct named_event *named_find(PCUNICODE_STRING name)
{
	struct named_event *named;

	lockdep_assert_held(&named_lock);
	list_for_each_entry(named, &named_events, node) {
		if (RtlEqualUnicodeString(&named->name, name, TRUE))
			return named;
	}
	return NULL;
}

static struct named_event *named_create(PCUNICODE_STRING name)
{
	struct named_event *named;

	lockdep_assert_held(&named_lock);
	named = kzalloc(sizeof(*named) + name->Length, GFP_KERNEL);
	if (!named)
		return NULL;
	memcpy(named->text, name->Buffer, name->Length);
	named->name.Buffer = named->text;
	named->name.Length = name->Length;
	named->name.MaximumLength = name->Length;
	KeInitializeEvent(&named->event, NotificationEvent, TRUE);
	list_add(&named->node, &named_events);
	return named;
}

/* NULL without memory, or if there is none of that name and none is to be made. */
PKEVENT wdk_named_event_open(PCUNICODE_STRING name, bool create, HANDLE *handle)
{
	struct named_event *named;

	mutex_lock(&named_lock);
	named = named_find(name);
	if (!named && create)
		named = named_create(name);
	if (named)
		named->handles++;
	mutex_unlock(&named_lock);
	*handle = named;
	return named ? &named->event : NULL;
}

/**
 * IoCreateNotificationEvent() - open an event by its name, or make it
 * @EventName: like \BaseNamedObjects\something; case does not matter
 * @EventHandle: out: for ZwClose()
 *
 * An event that is made begins signalled. The one that is named after a driver's service
 * releases the readers of the file wait in debugfs: <wdk/glue.h>.
 *
 * Context: PASSIVE_LEVEL.
 * Ownership: valid until the handle is closed.
 * Return: the event; NULL for an empty name, or without memory.
 */
PKEVENT IoCreateNotificationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle)
{
	if (!EventName || !EventName->Length || !EventHandle)
		return NULL;
	return wdk_named_event_open(EventName, true, EventHandle);
}
EXPORT_SYMBOL_GPL(IoCreateNotificationEvent);

/**
 * ZwClose() - close a handle of IoCreateNotificationEvent()
 * @Handle: the handle
 *
 * Context: PASSIVE_LEVEL.
 * Ownership: the event is not to be touched any more.
 * Return: STATUS_SUCCESS; STATUS_INVALID_HANDLE.
 */
NTSTATUS ZwClose(HANDLE Handle)
{
	NTSTATUS status = STATUS_INVALID_HANDLE;
	struct named_event *named, *next;

	mutex_lock(&named_lock);
	list_for_each_entry_safe(named, next, &named_events, node) {
		if (named != Handle)
			continue;
		status = STATUS_SUCCESS;
		if (!--named->handles) {
			list_del(&named->node);
			kfree(named);
		}
	}
	mutex_unlock(&named_lock);
	return status;
}
EXPORT_SYMBOL_GPL(ZwClose);
