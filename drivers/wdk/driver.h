/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Drivers that are loaded, and the framework's objects in them.
 */
#ifndef _DRIVERS_WDK_DRIVER_H
#define _DRIVERS_WDK_DRIVER_H

#include <linux/fs.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/refcount.h>

#include <wdk/glue.h>

#include "wdk.h"

#define WDK_NAME_MAX	64u	/* characters of a service's name */
#define WDK_LOG_LINES	32u
#define WDK_LOG_LINE	192u

struct wdk_wdf_driver;

/**
 * struct wdk_driver - a Windows driver
 *
 * Birth: wdk_driver_load(), when its module is loaded. Users: the driver, as its driver
 * object; DbgPrint; readers of its debugfs files, which hold the module. Death:
 * wdk_driver_unload().
 *
 * @object: what the driver sees
 * @node: in the list of drivers, under its lock
 * @glue: what the module has told
 * @registry_path, @path: of the service
 * @name: of the service, wide
 * @wdf: the framework's part, or NULL
 * @dir: in debugfs
 * @log_fops, @wait_fops: of its files; owned by the driver's module
 * @lines: printed so far; under the list's lock, as is @log
 * @log: the last of them
 */
struct wdk_driver {
	DRIVER_OBJECT object;
	struct list_head node;
	struct wdk_glue glue;
	UNICODE_STRING registry_path;
	WCHAR path[WDK_NAME_MAX + 64];
	WCHAR name[WDK_NAME_MAX + 1];
	struct wdk_wdf_driver *wdf;
	struct dentry *dir;
	struct file_operations log_fops;
	struct file_operations wait_fops;
	unsigned int lines;
	char log[WDK_LOG_LINES][WDK_LOG_LINE];
};

/* driver.c */
void wdk_driver_log(const char *module, const char *line);

static inline struct wdk_driver *wdk_driver_of(PDRIVER_OBJECT object)
{
	return container_of(object, struct wdk_driver, object);
}

/* named.c */
PKEVENT wdk_named_event_open(PCUNICODE_STRING name, bool create, HANDLE *handle);

/* ke.c */
int wdk_event_wait_interruptible(PKEVENT event);

/* registry.c */
bool wdk_parameters_valid(const char *parameters);

/* main.c */
extern struct workqueue_struct *wdk_wq;

enum wdk_object_kind {
	WDK_OBJECT_DRIVER = 0x57444630,
	WDK_OBJECT_DEVICE,
	WDK_OBJECT_IO_TARGET,
	WDK_OBJECT_KEY,
	WDK_OBJECT_WORK_ITEM,
};

/**
 * struct wdk_object - what every object of the framework begins with
 *
 * Birth: wdk_object_make(), wdk_object_link(). Users: the driver, until it is deleted; who waits for its end.
 * Death: with its parent or by WdfObjectDelete(), whichever comes first: one thread ends it
 * and others leave it alone, or wait. Children first, then quiesce, cleanup and destroy
 * callback. Who comes last frees it.
 *
 * @kind: enum wdk_object_kind; 0 once it is dead
 * @refs: one until it is dead, and one of each who waits for that
 * @parent: set once; NULL: the driver
 * @ending: somebody ends it, and it gets no more children; under objects_lock
 * @sibling: in parent's @children until it is dead; both under objects_lock
 * @children: youngest first
 * @on_cleanup, @on_destroy: the driver's, or NULL
 * @context_type: identity of the type of @context
 * @context: the driver's memory, or NULL
 * @quiesce: waits until nothing of the object runs, or NULL
 */
struct wdk_object {
	u32 kind;
	refcount_t refs;
	struct wdk_object *parent;
	bool ending;
	struct list_head sibling;
	struct list_head children;
	PFN_WDF_OBJECT_CONTEXT_CLEANUP on_cleanup;
	PFN_WDF_OBJECT_CONTEXT_DESTROY on_destroy;
	PCWDF_OBJECT_CONTEXT_TYPE_INFO context_type;
	void *context;
	void (*quiesce)(struct wdk_object *object);
};

/* object.c */
NTSTATUS wdk_object_make(size_t bytes, enum wdk_object_kind kind, struct wdk_object *parent,
			 const WDF_OBJECT_ATTRIBUTES *attributes, void *object);
NTSTATUS wdk_object_link(struct wdk_object *object);
NTSTATUS wdk_object_create(size_t bytes, enum wdk_object_kind kind, struct wdk_object *parent,
			   const WDF_OBJECT_ATTRIBUTES *attributes, void *object);
void wdk_object_end(struct wdk_object *object);
void *wdk_object(const void *handle, enum wdk_object_kind kind);

/* workitem.c */
bool wdk_work_item_in_callback(struct wdk_object *object);

/* wdf.c */
const char *wdk_wdf_parameters(struct wdk_object *driver);
int wdk_wdf_start(struct wdk_wdf_driver *wdf);
void wdk_wdf_unload(struct wdk_wdf_driver *wdf);
void wdk_wdf_abandon(struct wdk_wdf_driver *wdf);

/* device.c */
struct wdk_wdf_device;

NTSTATUS wdk_device_add(struct wdk_object *driver, PFN_WDF_DRIVER_DEVICE_ADD add,
			struct wdk_wdf_device **device);
void wdk_device_remove(struct wdk_wdf_device *device);

#endif /* _DRIVERS_WDK_DRIVER_H */
