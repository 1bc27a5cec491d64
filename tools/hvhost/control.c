// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control protocol: contact and version, request for offers, unload, and the
 * dispatch of all other messages to the files that own them. Every contact makes
 * a new beginning, whatever was before: that is how a kexec'd kernel arrives.
 */
#include <stdio.h>
#include <string.h>

#include "channel.h"
#include "control.h"
#include "device.h"
#include "gpadl.h"
#include "json.h"
#include "log.h"
#include "monitor.h"
#include "proto.h"
#include "script.h"
#include "synic.h"
#include "vm.h"
#include "vmbus.h"

static const uint32_t versions[] = {
	VERSION(5, 3), VERSION(5, 2), VERSION(5, 1), VERSION(5, 0),
	VERSION(4, 1), VERSION(4, 0), VERSION(3, 0),
};

#define VERSIONS	(sizeof(versions) / sizeof(versions[0]))

static struct {
	struct vm *vm;
	uint32_t max_version;
	uint32_t version;	/* 0: no contact */
	uint32_t last_version;	/* for the statistics */
	unsigned int target_vp;
	bool takes_offers;
	uint64_t contacts;
	uint64_t unloads;
	uint64_t in[MSG_TYPES];
	uint64_t out[MSG_TYPES];
	struct proto_errors errors;
} bus = {
	.max_version = VERSION(5, 3),
};

struct vm *control_vm(void)
{
	return bus.vm;
}

uint32_t control_version(void)
{
	return bus.version;
}

bool control_takes_offers(void)
{
	return bus.takes_offers;
}

void control_post(const void *message, size_t len)
{
	struct msg_header header;

	memcpy(&header, message, sizeof(header));
	bus.out[header.type]++;
	synic_post_message(bus.vm, bus.target_vp, message, len);
}

void control_error(enum proto_error why, uint32_t relid)
{
	struct channel *ch = channel_find(relid);

	if (ch)
		channel_error(ch, why);
	else
		proto_error_count(&bus.errors, why, relid);
}

/* Forget the guest's side of everything; devices and their counters stay. */
static void disconnect(void)
{
	bus.version = 0;
	bus.takes_offers = false;
	devices_reset();
}

static bool version_offered(uint32_t version)
{
	unsigned int i;

	for (i = 0; i < VERSIONS; i++)
		if (versions[i] == version)
			return version <= bus.max_version;
	return false;
}

static bool contact_check(const struct msg_contact *m)
{
	if (m->target_vp >= vm_vcpus(bus.vm)) {
		control_error(PROTO_ERROR_contact_vp, 0);
		return false;
	}
	if (!version_offered(m->version))
		return false;
	if (m->version >= VERSION_5_0 && m->sint != VMBUS_SINT) {
		control_error(PROTO_ERROR_contact_sint, 0);
		return false;
	}
	return true;
}

/* A guest may name none. Without one it is told to signal by hypercalls. */
static void take_monitor_page(const struct msg_contact *m)
{
	enum proto_error e = monitor_page_set(m->monitor_page[1]);

	if (e && m->monitor_page[1])
		control_error(e, 0);
}

static void on_contact(const void *message, size_t len)
{
	const struct msg_contact *m = message;
	bool good = contact_check(m);
	struct msg_version_response reply = {
		.header.type = MSG_VERSION_RESPONSE,
		.supported = good,
	};

	(void)len;
	disconnect();
	synic_flush_messages(bus.vm);
	bus.contacts++;
	bus.target_vp = m->target_vp < vm_vcpus(bus.vm) ? m->target_vp : 0;
	if (good) {
		take_monitor_page(m);
		bus.version = m->version;
		bus.last_version = m->version;
		reply.connection_id = m->version >= VERSION_5_0 ? CONNECTION_NEW : CONNECTION_OLD;
	}
	log_debug("vmbus: contact, version %u.%u%s", m->version >> 16, m->version & 0xffff,
		  good ? "" : " refused");
	control_post(&reply, sizeof(reply));
}

static void on_request_offers(const void *message, size_t len)
{
	static const struct msg_header done = { .type = MSG_OFFERS_DELIVERED };

	(void)message;
	(void)len;
	if (bus.takes_offers) {
		control_error(PROTO_ERROR_message_state, 0);
		return;
	}
	bus.takes_offers = true;
	devices_offer();
	control_post(&done, sizeof(done));
	script_offers_delivered();
}

static void on_unload(const void *message, size_t len)
{
	static const struct msg_header reply = { .type = MSG_UNLOAD_RESPONSE };

	(void)message;
	(void)len;
	bus.unloads++;
	disconnect();
	control_post(&reply, sizeof(reply));
}

/* hv_sock: nobody listens here. */
static void on_tl_connect(const void *message, size_t len)
{
	const struct msg_tl_connect *m = message;
	struct msg_tl_connect reply = {
		.header.type = MSG_TL_CONNECT_RESULT,
		.status = STATUS_CONNECTION_REFUSED,
	};

	(void)len;
	reply.endpoint = m->endpoint;
	reply.service = m->service;
	if (bus.version >= VERSION_4_1)
		control_post(&reply, sizeof(reply));
}

static const struct {
	const char *name;
	void (*handle)(const void *message, size_t len);	/* from the guest */
	size_t min;
} messages[MSG_TYPES] = {
	[MSG_OFFER] = { "offer", NULL, 0 },
	[MSG_RESCIND] = { "rescind", NULL, 0 },
	[MSG_REQUEST_OFFERS] = { "request_offers", on_request_offers, 8 },
	[MSG_OFFERS_DELIVERED] = { "offers_delivered", NULL, 0 },
	[MSG_OPEN] = { "open", channel_on_open, sizeof(struct msg_open) },
	[MSG_OPEN_RESULT] = { "open_result", NULL, 0 },
	[MSG_CLOSE] = { "close", channel_on_close, sizeof(struct msg_relid) },
	[MSG_GPADL_HEADER] = { "gpadl_header", gpadl_on_header, sizeof(struct msg_gpadl_header) },
	[MSG_GPADL_BODY] = { "gpadl_body", gpadl_on_body, sizeof(struct msg_gpadl_body) },
	[MSG_GPADL_CREATED] = { "gpadl_created", NULL, 0 },
	[MSG_GPADL_TEARDOWN] = { "gpadl_teardown", gpadl_on_teardown,
				 offsetof(struct msg_gpadl, status) },
	[MSG_GPADL_TORNDOWN] = { "gpadl_torndown", NULL, 0 },
	[MSG_RELID_RELEASED] = { "relid_released", channel_on_released, sizeof(struct msg_relid) },
	[MSG_INITIATE_CONTACT] = { "initiate_contact", on_contact, sizeof(struct msg_contact) },
	[MSG_VERSION_RESPONSE] = { "version_response", NULL, 0 },
	[MSG_UNLOAD] = { "unload", on_unload, 8 },
	[MSG_UNLOAD_RESPONSE] = { "unload_response", NULL, 0 },
	[MSG_TL_CONNECT] = { "tl_connect", on_tl_connect, offsetof(struct msg_tl_connect, status) },
	[MSG_MODIFY] = { "modify", channel_on_modify, sizeof(struct msg_modify) },
	[MSG_TL_CONNECT_RESULT] = { "tl_connect_result", NULL, 0 },
	[MSG_MODIFY_RESPONSE] = { "modify_response", NULL, 0 },
};

/* After unload the guest may still release relids; that is no error. */
static bool stray(uint32_t type)
{
	if (bus.version || type == MSG_INITIATE_CONTACT || type == MSG_UNLOAD)
		return false;
	if (type != MSG_RELID_RELEASED)
		control_error(PROTO_ERROR_message_state, 0);
	return true;
}

static void dispatch(uint32_t type, const void *message, size_t len)
{
	if (type >= MSG_TYPES || !messages[type].handle) {
		control_error(PROTO_ERROR_message_unknown, 0);
		return;
	}
	bus.in[type]++;
	if (len < messages[type].min)
		control_error(PROTO_ERROR_message_short, 0);
	else if (!stray(type))
		messages[type].handle(message, len);
}

bool vmbus_connection_valid(uint32_t conn_id)
{
	return conn_id == CONNECTION_OLD || conn_id == CONNECTION_NEW;
}

void vmbus_message(uint32_t conn_id, uint32_t type, const void *payload, size_t len)
{
	uint64_t copy[HV_MESSAGE_PAYLOAD_MAX / 8];
	struct msg_header header;

	(void)conn_id;
	if (type != VMBUS_MESSAGE_TYPE) {
		control_error(PROTO_ERROR_message_type, 0);
		return;
	}
	if (len < sizeof(header) || len > sizeof(copy)) {
		control_error(PROTO_ERROR_message_short, 0);
		return;
	}
	memcpy(copy, payload, len);	/* aligned */
	memcpy(&header, copy, sizeof(header));
	dispatch(header.type, copy, len);
}

void vmbus_reset(void)
{
	disconnect();
	synic_flush_messages(bus.vm);
}

bool vmbus_set_version(const char *text)
{
	char name[16];
	unsigned int i;

	for (i = 0; i < VERSIONS; i++) {
		snprintf(name, sizeof(name), "%u.%u", versions[i] >> 16, versions[i] & 0xffff);
		if (!strcmp(name, text)) {
			bus.max_version = versions[i];
			return true;
		}
	}
	fprintf(stderr, "hvhost: --vmbus-version %s: known are ", text);
	vmbus_versions_help(stderr);
	fputc('\n', stderr);
	return false;
}

void vmbus_versions_help(FILE *out)
{
	unsigned int i;

	for (i = 0; i < VERSIONS; i++)
		fprintf(out, "%s%u.%u", i ? ", " : "", versions[i] >> 16, versions[i] & 0xffff);
}

bool vmbus_options_check(void)
{
	return script_check();
}

bool vmbus_start(struct vm *vm)
{
	bus.vm = vm;
	return script_start() && devices_start();
}

static void message_stats(struct json *j, const char *key, const uint64_t *count)
{
	unsigned int i;

	json_open(j, key);
	for (i = 0; i < MSG_TYPES; i++)
		if (count[i])
			json_number(j, messages[i].name, count[i]);
	json_close(j);
}

void control_stats(struct json *j)
{
	char text[24];

	snprintf(text, sizeof(text), "%u.%u", bus.last_version >> 16,
		 bus.last_version & 0xffff);
	json_open(j, "vmbus");
	json_string(j, "version", bus.last_version ? text : NULL);
	json_number(j, "contacts", bus.contacts);
	json_number(j, "unloads", bus.unloads);
	json_number(j, "gpadls", gpadl_count());
	message_stats(j, "messages_in", bus.in);
	message_stats(j, "messages_out", bus.out);
	proto_error_stats(&bus.errors, j);
	json_close(j);
}
