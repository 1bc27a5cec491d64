// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drivers: from the module that <wdk/glue.h> makes to DriverEntry and back, and what they
 * print.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "driver.h"

static LIST_HEAD(drivers);
static DEFINE_SPINLOCK(drivers_lock);	/* the list, and what its drivers have printed */

/* Of the driver whose module it is; a line that is too long is cut. */
void wdk_driver_log(const char *module, const char *line)
{
	struct wdk_driver *driver;
	unsigned long flags;

	spin_lock_irqsave(&drivers_lock, flags);
	list_for_each_entry(driver, &drivers, node) {
		if (!strcmp(driver->glue.module->name, module))
			strscpy(driver->log[driver->lines++ % WDK_LOG_LINES], line,
				WDK_LOG_LINE);
	}
	spin_unlock_irqrestore(&drivers_lock, flags);
}

static void show_line(struct seq_file *m, struct wdk_driver *driver, unsigned int number)
{
	char line[WDK_LOG_LINE];

	spin_lock_irq(&drivers_lock);
	memcpy(line, driver->log[number % WDK_LOG_LINES], sizeof(line));
	spin_unlock_irq(&drivers_lock);
	seq_printf(m, "%s: %s\n", driver->glue.module->name, line);
}

static int log_show(struct seq_file *m, void *unused)
{
	struct wdk_driver *driver = m->private;
	unsigned int i, lines = READ_ONCE(driver->lines);

	for (i = lines - min(lines, WDK_LOG_LINES); i != lines; i++)
		show_line(m, driver, i);
	return 0;
}

/* The event has the name that a driver gives it with IoCreateNotificationEvent(). */
static int wait_show(struct seq_file *m, void *unused)
{
	static const WCHAR directory[] = L"\\BaseNamedObjects\\";
	struct wdk_driver *driver = m->private;
	WCHAR text[ARRAY_SIZE(directory) + WDK_NAME_MAX];
	UNICODE_STRING name;
	PKEVENT event;
	HANDLE handle;
	int err;

	memcpy(text, directory, sizeof(directory));
	memcpy(text + ARRAY_SIZE(directory) - 1, driver->name, sizeof(driver->name));
	RtlInitUnicodeString(&name, text);
	event = wdk_named_event_open(&name, false, &handle);
	if (!event)
		return -ENOENT;
	err = wdk_event_wait_interruptible(event);
	ZwClose(handle);
	if (!err && READ_ONCE(driver->lines))
		show_line(m, driver, READ_ONCE(driver->lines) - 1);
	return err;
}

static int log_open(struct inode *inode, struct file *file)
{
	return single_open(file, log_show, inode->i_private);
}

static int wait_open(struct inode *inode, struct file *file)
{
	return single_open(file, wait_show, inode->i_private);
}

/* An open file holds the driver's module, so no reader is left when that goes. */
static void files_create(struct wdk_driver *driver)
{
	driver->log_fops = (struct file_operations){
		.owner = driver->glue.module, .open = log_open, .read = seq_read,
		.llseek = seq_lseek, .release = single_release,
	};
	driver->wait_fops = driver->log_fops;
	driver->wait_fops.open = wait_open;
	driver->dir = debugfs_create_dir(driver->glue.module->name, NULL);
	debugfs_create_file("log", 0444, driver->dir, driver, &driver->log_fops);
	debugfs_create_file("wait", 0444, driver->dir, driver, &driver->wait_fops);
}

/* ASCII to wide, behind what is there; room was checked. */
static void wide_append(WCHAR *to, const char *from)
{
	while (*to)
		to++;
	while (*from)
		*to++ = *from++;
	*to = 0;
}

static struct wdk_driver *driver_create(const struct wdk_glue *glue)
{
	struct wdk_driver *driver;

	if (!*glue->name || strlen(glue->name) > WDK_NAME_MAX)
		return ERR_PTR(-EINVAL);
	if (!wdk_parameters_valid(glue->parameters)) {
		pr_err("%s: parameters= must be like Name=1,Other=0x10\n", glue->name);
		return ERR_PTR(-EINVAL);
	}
	driver = kzalloc(sizeof(*driver), GFP_KERNEL);
	if (!driver)
		return ERR_PTR(-ENOMEM);
	driver->glue = *glue;
	wide_append(driver->name, glue->name);
	wide_append(driver->path, "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\");
	wide_append(driver->path, glue->name);
	RtlInitUnicodeString(&driver->registry_path, driver->path);
	RtlInitUnicodeString(&driver->object.DriverName, driver->name);
	return driver;
}

static void driver_list(struct wdk_driver *driver)
{
	spin_lock_irq(&drivers_lock);
	list_add_tail(&driver->node, &drivers);
	spin_unlock_irq(&drivers_lock);
}

static void driver_free(struct wdk_driver *driver)
{
	spin_lock_irq(&drivers_lock);
	list_del(&driver->node);
	spin_unlock_irq(&drivers_lock);
	while (WARN_ON_ONCE(driver->object.DeviceObject))
		IoDeleteDevice(driver->object.DeviceObject);
	kfree(driver);
}

static int driver_start(struct wdk_driver *driver)
{
	NTSTATUS status = driver->glue.entry(&driver->object, &driver->registry_path);

	if (!NT_SUCCESS(status)) {
		pr_err("%s: DriverEntry failed with %#x\n", driver->glue.name, status);
		wdk_wdf_abandon(driver->wdf);
		return wdk_errno(status);
	}
	return driver->wdf ? wdk_wdf_start(driver->wdf) : 0;
}

/**
 * wdk_driver_load() - run a Windows driver
 * @glue: copied; what it refers to stays
 *
 * Calls DriverEntry; for a driver of the framework then adds its one device and takes it into
 * operation. Used by KMCL_WDK_DRIVER().
 *
 * Context: thread.
 * Ownership: the caller's, to be ended by wdk_driver_unload().
 * Return: the driver; ERR_PTR(-EINVAL) for a bad name or parameters, -ENOMEM, or what the
 * driver has failed with as an errno.
 */
struct wdk_driver *wdk_driver_load(const struct wdk_glue *glue)
{
	struct wdk_driver *driver = driver_create(glue);
	int err;

	if (IS_ERR(driver))
		return driver;
	driver_list(driver);
	err = driver_start(driver);
	if (err) {
		driver_free(driver);
		return ERR_PTR(err);
	}
	files_create(driver);
	return driver;
}
EXPORT_SYMBOL_GPL(wdk_driver_load);

/**
 * wdk_driver_unload() - end a Windows driver
 * @driver: of wdk_driver_load()
 *
 * Removes the device and calls EvtDriverUnload; for a driver without the framework calls
 * DriverUnload. Used by KMCL_WDK_DRIVER().
 *
 * Context: thread.
 * Ownership: ends the caller's.
 */
void wdk_driver_unload(struct wdk_driver *driver)
{
	debugfs_remove_recursive(driver->dir);
	if (driver->wdf)
		wdk_wdf_unload(driver->wdf);
	else if (driver->object.DriverUnload)
		driver->object.DriverUnload(&driver->object);
	driver_free(driver);
}
EXPORT_SYMBOL_GPL(wdk_driver_unload);

/**
 * IoCreateDevice() - make a device object, for drivers without the framework
 * @DriverObject: of DriverEntry
 * @DeviceExtensionSize: bytes of the driver's, zero at first
 * @DeviceName: not looked at: nothing opens it
 * @DeviceType: kept
 * @DeviceCharacteristics: kept
 * @Exclusive: not looked at
 * @DeviceObject: out
 *
 * Context: PASSIVE_LEVEL.
 * Ownership: the caller's, to be ended by IoDeleteDevice().
 * Return: STATUS_SUCCESS; STATUS_INSUFFICIENT_RESOURCES.
 */
NTSTATUS IoCreateDevice(PDRIVER_OBJECT DriverObject, ULONG DeviceExtensionSize,
			PUNICODE_STRING DeviceName, ULONG DeviceType, ULONG DeviceCharacteristics,
			BOOLEAN Exclusive, PDEVICE_OBJECT *DeviceObject)
{
	size_t head = ALIGN(sizeof(DEVICE_OBJECT), 16);
	PDEVICE_OBJECT device;

	device = wdk_pool_alloc(head + DeviceExtensionSize, GFP_KERNEL | __GFP_ZERO);
	if (!device)
		return STATUS_INSUFFICIENT_RESOURCES;
	device->DriverObject = DriverObject;
	device->NextDevice = DriverObject->DeviceObject;
	device->DeviceExtension = DeviceExtensionSize ? (void *)device + head : NULL;
	device->Flags = DO_DEVICE_INITIALIZING;
	device->Characteristics = DeviceCharacteristics;
	device->DeviceType = DeviceType;
	DriverObject->DeviceObject = device;
	*DeviceObject = device;
	return STATUS_SUCCESS;
}
EXPORT_SYMBOL_GPL(IoCreateDevice);

/**
 * IoDeleteDevice() - end a device object
 * @DeviceObject: of IoCreateDevice()
 *
 * Context: PASSIVE_LEVEL.
 * Ownership: ends the caller's.
 */
VOID IoDeleteDevice(PDEVICE_OBJECT DeviceObject)
{
	PDEVICE_OBJECT *link = &DeviceObject->DriverObject->DeviceObject;

	while (*link && *link != DeviceObject)
		link = &(*link)->NextDevice;
	if (WARN_ON_ONCE(!*link))
		return;
	*link = DeviceObject->NextDevice;
	wdk_pool_free(DeviceObject);
}
EXPORT_SYMBOL_GPL(IoDeleteDevice);
