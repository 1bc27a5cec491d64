// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver's parameters, which the registry holds on Windows: here a module parameter like
 * "Count=1000,Depth=0x10".
 */
#include "driver.h"

#define VALUE_MAX	64	/* characters of a name or a number */

struct registry_key {
	struct wdk_object object;
	const char *parameters;
	ACCESS_MASK access;
};

/* 0 and the number; -ENOENT at the end; -EINVAL for what is no Name=number. */
static int next_value(const char **at, char name[VALUE_MAX], u32 *number)
{
	size_t whole = strcspn(*at, ","), length = strcspn(*at, "=,");
	char digits[VALUE_MAX];

	if (!**at)
		return -ENOENT;
	if (!length || length >= VALUE_MAX || length == whole || whole - length > VALUE_MAX)
		return -EINVAL;
	strscpy(name, *at, length + 1);
	strscpy(digits, *at + length + 1, whole - length);
	*at += whole;
	*at += **at == ',';
	return kstrtou32(digits, 0, number) ? -EINVAL : 0;
}

bool wdk_parameters_valid(const char *parameters)
{
	const char *at = parameters ? parameters : "";
	char name[VALUE_MAX];
	u32 number;
	int err;

	do {
		err = next_value(&at, name, &number);
	} while (!err);
	return err == -ENOENT;
}

/**
 * WdfDriverOpenParametersRegistryKey() - open the driver's parameters
 * @Driver: the driver
 * @DesiredAccess: KEY_READ or KEY_QUERY_VALUE, to read
 * @KeyAttributes: the framework's, or NULL
 * @Key: out
 *
 * Context: PASSIVE_LEVEL.
 * Ownership: the driver object's, to be ended by WdfRegistryClose() before.
 * Return: STATUS_SUCCESS; STATUS_INVALID_PARAMETER without @Driver or @Key;
 * STATUS_INFO_LENGTH_MISMATCH for attributes of another size; STATUS_INVALID_DEVICE_STATE if
 * the parent is being deleted; STATUS_INSUFFICIENT_RESOURCES.
 */
NTSTATUS WdfDriverOpenParametersRegistryKey(WDFDRIVER Driver, ACCESS_MASK DesiredAccess,
					    PWDF_OBJECT_ATTRIBUTES KeyAttributes, WDFKEY *Key)
{
	struct wdk_object *driver = wdk_object(Driver, WDK_OBJECT_DRIVER);
	struct registry_key *key;
	NTSTATUS status;

	if (!driver || !Key)
		return STATUS_INVALID_PARAMETER;
	status = wdk_object_make(sizeof(*key), WDK_OBJECT_KEY, driver, KeyAttributes, &key);
	if (!NT_SUCCESS(status))
		return status;
	key->parameters = wdk_wdf_parameters(driver);
	key->access = DesiredAccess;
	status = wdk_object_link(&key->object);
	if (NT_SUCCESS(status))
		*Key = (WDFKEY)key;
	return status;
}
EXPORT_SYMBOL_GPL(WdfDriverOpenParametersRegistryKey);

/**
 * WdfRegistryQueryULong() - read a parameter
 * @Key: of WdfDriverOpenParametersRegistryKey()
 * @ValueName: its name; case does not matter
 * @Value: out; unchanged on error
 *
 * Context: PASSIVE_LEVEL.
 * Return: STATUS_SUCCESS; STATUS_OBJECT_NAME_NOT_FOUND if it was not given;
 * STATUS_ACCESS_DENIED if the key was not opened to read; STATUS_INVALID_PARAMETER for
 * NULL; STATUS_INVALID_DEVICE_REQUEST at another level.
 */
NTSTATUS WdfRegistryQueryULong(WDFKEY Key, PCUNICODE_STRING ValueName, PULONG Value)
{
	struct registry_key *key = wdk_object(Key, WDK_OBJECT_KEY);
	char wanted[VALUE_MAX], name[VALUE_MAX];
	const char *at;
	u32 number;

	if (!key || !ValueName || !Value)
		return STATUS_INVALID_PARAMETER;
	if (KeGetCurrentIrql() != PASSIVE_LEVEL)
		return STATUS_INVALID_DEVICE_REQUEST;
	if (!(key->access & KEY_QUERY_VALUE))
		return STATUS_ACCESS_DENIED;
	wdk_utf16_to_ascii(ValueName, wanted, sizeof(wanted));
	at = key->parameters ? key->parameters : "";
	while (!next_value(&at, name, &number)) {
		if (!strcasecmp(name, wanted)) {
			*Value = number;
			return STATUS_SUCCESS;
		}
	}
	return STATUS_OBJECT_NAME_NOT_FOUND;
}
EXPORT_SYMBOL_GPL(WdfRegistryQueryULong);

/**
 * WdfRegistryClose() - close a key
 * @Key: of WdfDriverOpenParametersRegistryKey()
 *
 * Context: PASSIVE_LEVEL.
 * Ownership: ends the caller's.
 */
VOID WdfRegistryClose(WDFKEY Key)
{
	WdfObjectDelete(Key);
}
EXPORT_SYMBOL_GPL(WdfRegistryClose);
