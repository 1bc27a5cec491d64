/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What turns a Windows driver's sources into a module. One source of its own, which
 * meets Linux, while the driver's meet Windows:
 *
 *	#include <wdk/glue.h>
 *
 *	KMCL_WDK_DRIVER("my_service", "what it is");
 *
 * or, where servers and their clients are in this kernel,
 *
 *	KMCL_WDK_DRIVER_ON("kmcl_loopback", "my_service", "what it is");
 *
 * In the Kbuild file, where $(wdk) is the directory of this file:
 *
 *	include $(wdk)/Kbuild.flags
 *	obj-m += my_service.o
 *	my_service-y += glue.o driver.o
 *
 * Loading the module calls DriverEntry. The driver's parameters, which Windows keeps in
 * the registry, are given as in parameters="Count=1000,Depth=0x10". In debugfs, in a
 * directory named after the module:
 *
 *   log    what the driver has printed, the last lines
 *   wait   the last line; reading it blocks while the notification event
 *	    \BaseNamedObjects\my_service is not signalled
 */
#ifndef _WDK_GLUE_H
#define _WDK_GLUE_H

#include <linux/module.h>

struct _DRIVER_OBJECT;
struct _UNICODE_STRING;
struct wdk_driver;

int DriverEntry(struct _DRIVER_OBJECT *object, struct _UNICODE_STRING *registry_path);

/**
 * struct wdk_glue - what a module tells of its driver
 * @name: of the service; ASCII
 * @module: the module
 * @entry: DriverEntry
 * @parameters: what stands for the registry's, or NULL
 */
struct wdk_glue {
	const char *name;
	struct module *module;
	int (*entry)(struct _DRIVER_OBJECT *object, struct _UNICODE_STRING *registry_path);
	const char *parameters;
};

struct wdk_driver *wdk_driver_load(const struct wdk_glue *glue);
void wdk_driver_unload(struct wdk_driver *driver);

/* @bus: the module with the bus that the driver is for. */
#define KMCL_WDK_DRIVER_ON(bus, service, description)					\
	static char *parameters;							\
	module_param(parameters, charp, 0444);						\
	MODULE_PARM_DESC(parameters, "Name=number,... for the driver's registry key");	\
	static struct wdk_driver *wdk_this;						\
	static int __init wdk_glue_init(void)						\
	{										\
		const struct wdk_glue glue = {						\
			.name = service, .module = THIS_MODULE, .entry = DriverEntry,	\
			.parameters = parameters,					\
		};									\
											\
		wdk_this = wdk_driver_load(&glue);					\
		return PTR_ERR_OR_ZERO(wdk_this);					\
	}										\
	static void __exit wdk_glue_exit(void)						\
	{										\
		wdk_driver_unload(wdk_this);						\
	}										\
	module_init(wdk_glue_init);							\
	module_exit(wdk_glue_exit);							\
	MODULE_DESCRIPTION(description);						\
	MODULE_LICENSE("GPL");								\
	MODULE_SOFTDEP("pre: " bus)

#define KMCL_WDK_DRIVER(service, description)						\
	KMCL_WDK_DRIVER_ON("kmcl_vmbus", service, description)

#endif /* _WDK_GLUE_H */
