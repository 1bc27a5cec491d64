// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of device types, the list of devices, and the parsing of what the
 * command line says about them.
 */
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "device.h"
#include "json.h"
#include "log.h"
#include "monitor.h"
#include "script.h"
#include "vmbus.h"

extern const struct device_type echo_device;
extern const struct device_type source_device;
extern const struct device_type gpadl_device;
extern const struct device_type heartbeat_device;
extern const struct device_type timesync_device;
extern const struct device_type shutdown_device;

static const struct device_type *const types[] = {
	&echo_device,
	&source_device,
	&gpadl_device,
	&heartbeat_device,
	&timesync_device,
	&shutdown_device,
};

#define TYPES	(sizeof(types) / sizeof(types[0]))

/* Of every type, in struct device. */
static const struct option_key common_keys[] = {
	{ "mmio-mb", OPTION_NUMBER, offsetof(struct device, mmio_mb), 0, 0, UINT16_MAX, NULL,
	  "MiB of MMIO that the offer asks for (0)" },
	{ "monitor", OPTION_CHOICE, offsetof(struct device, monitor), 0, 0, 0, "off|on",
	  "let the guest signal through the monitor page (off)" },
	{ 0 }
};

static struct device *devices;

static const struct device_type *type_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < TYPES; i++)
		if (!strcmp(types[i]->name, name))
			return types[i];
	return NULL;
}

static struct device *instance_find(const struct guid *g)
{
	struct device *dev;

	for (dev = devices; dev; dev = dev->next)
		if (guid_equal(&dev->instance, g))
			return dev;
	return NULL;
}

struct device *device_find(const char *text)
{
	struct device *dev;
	struct guid g;

	if (guid_parse(text, &g))
		return instance_find(&g);
	for (dev = devices; dev; dev = dev->next)
		if (!strcmp(dev->type->name, text))
			return dev;
	return NULL;
}

/* The type with its first field replaced: 68760001 for the first device, and so on. */
static void default_instance(const struct guid *type, unsigned int ordinal, struct guid *g)
{
	*g = *type;
	g->b[0] = ordinal & 0xff;
	g->b[1] = ordinal >> 8;
	g->b[2] = 0x76;
	g->b[3] = 0x68;
}

static unsigned int ordinal(const struct guid *type)
{
	const struct device *dev;
	unsigned int n = 1;

	for (dev = devices; dev; dev = dev->next)
		n += guid_equal(&dev->guid, type);
	return n;
}

static void known_types(FILE *out)
{
	unsigned int i;

	for (i = 0; i < TYPES; i++)
		fprintf(out, "%s%s", i ? ", " : "", types[i]->name);
}

static void known_keys(const struct device_type *type, FILE *out)
{
	const struct option_key *key;

	fputs("type, instance", out);
	for (key = common_keys; key->key; key++)
		fprintf(out, ", %s", key->key);
	for (key = type->keys; key && key->key; key++)
		fprintf(out, ", %s", key->key);
}

static bool set_guid(const char *value, struct guid *g, bool *given, char *why)
{
	if (guid_parse(value, g)) {
		*given = true;
		return true;
	}
	snprintf(why, OPTION_WHY_LEN, "is no GUID such as 97683cbb-ecf6-4c20-bb86-35f8ba0e67f4");
	return false;
}

/* With the structure that its field is in. */
static const struct option_key *key_find(struct device *dev, const char *word, void **base)
{
	const struct option_key *key = option_find(common_keys, word);

	*base = key ? (void *)dev : dev->state;
	return key ? key : option_find(dev->type->keys, word);
}

static bool set_key(const char *who, struct device *dev, char *word, bool *given_instance)
{
	const struct option_key *key;
	char why[OPTION_WHY_LEN];
	char *value = strchr(word, '=');
	bool good, unused;
	void *base;

	if (value)
		*value++ = 0;
	key = key_find(dev, word, &base);
	if (!value || (!key && strcmp(word, "type") && strcmp(word, "instance"))) {
		fprintf(stderr, "hvhost: %s %s: %s '%s'; known are ", who, dev->type->name,
			value ? "unknown key" : "no value for", word);
		known_keys(dev->type, stderr);
		fputc('\n', stderr);
		return false;
	}
	if (key)
		good = option_set(key, base, value, why);
	else if (!strcmp(word, "type"))
		good = set_guid(value, &dev->guid, &unused, why);
	else
		good = set_guid(value, &dev->instance, given_instance, why);
	if (!good)
		fprintf(stderr, "hvhost: %s %s: %s: '%s' %s\n", who, dev->type->name, word, value,
			why);
	return good;
}

static unsigned int monitored(void)
{
	const struct device *dev;
	unsigned int n = 0;

	for (dev = devices; dev; dev = dev->next)
		n += dev->monitor;
	return n;
}

static bool check(const char *who, const struct device *dev)
{
	const char *why = dev->type->check ? dev->type->check(dev->state) : NULL;
	char text[GUID_TEXT_LEN];

	if (why) {
		fprintf(stderr, "hvhost: %s %s: %s\n", who, dev->type->name, why);
		return false;
	}
	if (dev->monitor && monitored() >= MONITORS) {
		fprintf(stderr, "hvhost: %s %s: monitor=on goes with %u devices at most\n", who,
			dev->type->name, MONITORS);
		return false;
	}
	if (instance_find(&dev->instance)) {
		fprintf(stderr, "hvhost: %s %s: another device has instance %s\n", who,
			dev->type->name, guid_format(&dev->instance, text));
		return false;
	}
	return true;
}

static bool set_keys(const char *who, struct device *dev, char *words)
{
	bool given_instance = false;
	char *word;

	while ((word = strsep(&words, ",")))
		if (!set_key(who, dev, word, &given_instance))
			return false;
	if (!given_instance)
		default_instance(&dev->guid, ordinal(&dev->guid), &dev->instance);
	return check(who, dev);
}

static struct device *device_new(const struct device_type *type)
{
	struct device *dev = calloc(1, sizeof(*dev));

	if (!dev)
		return NULL;
	dev->state = calloc(1, type->state_size);
	if (!dev->state) {
		free(dev);
		return NULL;
	}
	dev->type = type;
	dev->guid = type->guid;
	dev->present = true;
	dev->message_pipe = type->message_pipe;
	options_preset(common_keys, dev);
	options_preset(type->keys, dev->state);
	return dev;
}

static void append(struct device *dev)
{
	struct device **at = &devices;

	while (*at)
		at = &(*at)->next;
	*at = dev;
}

static struct device *parse(const char *who, char *words)
{
	const char *name = strsep(&words, ",");
	const struct device_type *type = type_find(name);
	struct device *dev;

	if (!type) {
		fprintf(stderr, "hvhost: %s: unknown device type '%s'; known are ", who, name);
		known_types(stderr);
		fputc('\n', stderr);
		return NULL;
	}
	dev = device_new(type);
	if (!dev)
		return NULL;
	if (set_keys(who, dev, words)) {
		append(dev);
		return dev;
	}
	free(dev->state);
	free(dev);
	return NULL;
}

struct device *device_parse(const char *who, const char *text)
{
	char *words = strdup(text);
	struct device *dev = words ? parse(who, words) : NULL;

	free(words);
	return dev;
}

bool vmbus_device_option(const char *text)
{
	return device_parse("--device", text);
}

static void keys_help(const struct option_key *key, FILE *out)
{
	for (; key && key->key; key++) {
		fputs("      ", out);
		option_help(key, out);
		fprintf(out, "  %s\n", key->help);
	}
}

static void type_help(const struct device_type *type, FILE *out)
{
	char text[GUID_TEXT_LEN];
	struct guid g;

	default_instance(&type->guid, 1, &g);
	fprintf(out, "  %s: %s\n", type->name, type->help);
	fprintf(out, "      type=%s\n", guid_format(&type->guid, text));
	fprintf(out, "      instance=%s (and up)\n", guid_format(&g, text));
	keys_help(type->keys, out);
}

void vmbus_devices_help(FILE *out)
{
	unsigned int i;

	fputs("  every device: type= and instance=, shown with their defaults, and\n", out);
	keys_help(common_keys, out);
	for (i = 0; i < TYPES; i++)
		type_help(types[i], out);
}

static bool device_start(struct device *dev)
{
	if (!channel_init(&dev->channel, dev, 0))
		return false;
	return !dev->type->start || dev->type->start(dev);
}

bool devices_start(void)
{
	struct device *dev;

	for (dev = devices; dev; dev = dev->next) {
		if (device_start(dev))
			continue;
		log_info("no memory or timer for a device of type %s", dev->type->name);
		return false;
	}
	return true;
}

void devices_offer(void)
{
	struct device *dev;

	for (dev = devices; dev; dev = dev->next)
		if (dev->present)
			channel_offer(&dev->channel);
}

void devices_reset(void)
{
	struct device *dev;

	for (dev = devices; dev; dev = dev->next)
		channel_reset(&dev->channel);
	script_reset();
}

void device_plug(struct device *dev)
{
	dev->present = true;
	if (control_takes_offers())
		channel_offer(&dev->channel);
}

void device_unplug(struct device *dev)
{
	dev->present = false;
	channel_rescind(&dev->channel);
}

void device_opened(struct channel *ch)
{
	ch->dev->opens++;
	ch->dev->type->opened(ch);
	script_opened(ch->dev);
}

void device_closed(struct channel *ch)
{
	ch->dev->type->closed(ch);
}

void device_released(struct channel *ch)
{
	script_released(ch->dev);
}

static void device_stats(const struct device *dev, struct json *j)
{
	char text[GUID_TEXT_LEN];

	json_open(j, NULL);
	json_string(j, "device", dev->type->name);
	json_string(j, "type", guid_format(&dev->guid, text));
	json_string(j, "instance", guid_format(&dev->instance, text));
	json_bool(j, "present", dev->present);
	json_number(j, "offers", dev->offers);
	json_number(j, "opens", dev->opens);
	json_number(j, "rescinds", dev->rescinds);
	json_open(j, "counters");
	dev->type->stats(dev, j);
	json_close(j);
	json_list_open(j, "channels");
	channel_stats(&dev->channel, j);
	json_list_close(j);
	json_close(j);
}

void devices_stats(struct json *j)
{
	const struct device *dev;

	json_list_open(j, "devices");
	for (dev = devices; dev; dev = dev->next)
		device_stats(dev, j);
	json_list_close(j);
}
