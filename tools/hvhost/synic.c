// SPDX-License-Identifier: GPL-2.0-only
/*
 * SINT 2 of each vCPU, from the host's side. KVM keeps the registers and raises the
 * interrupt (irqfd); the pages that messages and event flags are written to are guest
 * RAM, and writing them is up to us.
 *
 * A page is written under the vCPU's lock. synic_set() takes the lock too, on the
 * vCPU's own thread before it goes back to the guest: once the guest has disabled or
 * moved a page (kexec), nothing is written to the old one.
 *
 * One message per vCPU is in flight. When the slot is still full, msg_pending asks the
 * guest to tell us by EOM once it is free, which KVM turns into the ack eventfd. Every
 * EOI of the vector does the same, so the ack is watched only while messages wait.
 */
#include "synic_priv.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "log.h"
#include "machine.h"

#define HV_PAGE_ENABLE		1ull	/* SIMP, SIEFP, SCONTROL */
#define HV_MSG_PENDING		1
#define MESSAGES_MAX		4096	/* waiting for one vp that does not read them */
#define EVENT_FLAGS		2048
#define CONN_ID_MASK		0xffffffu

/* One slot of the SIMP page; a page has 16. */
struct hv_message {
	uint32_t type;		/* 0: free */
	uint8_t payload_size;
	uint8_t flags;
	uint16_t reserved;
	uint64_t sender;
	uint8_t payload[HV_MESSAGE_PAYLOAD_MAX];
};

struct waiting_message {
	struct waiting_message *next;
	size_t len;
	uint8_t payload[];
};

struct vp_synic {
	pthread_mutex_t lock;	/* the guest's registers, and writing to its pages */
	uint64_t control;
	uint64_t siefp;
	uint64_t simp;

	/* The rest: loop thread. */
	struct waiting_message *first;
	struct waiting_message **tail;
	unsigned int nr_waiting;
	bool watching;
	int irq_fd;
	int ack_fd;
};

struct connection {
	struct connection *next;
	uint32_t id;
	int fd;
	loop_fn fn;
	void *ctx;
};

static struct vp_synic synics[VM_MAX_VCPUS];
static struct connection *connections;

static void raise_sint(struct vp_synic *s)
{
	uint64_t one = 1;

	if (write(s->irq_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_info("eventfd of a SINT: %s", strerror(errno));
}

static void *enabled_page(struct vm *vm, uint64_t msr)
{
	if (!(msr & HV_PAGE_ENABLE))
		return NULL;
	return vm_ram(vm, msr & ~(PAGE_SIZE - 1), PAGE_SIZE);
}

static struct hv_message *message_slot(struct vm *vm, const struct vp_synic *s)
{
	struct hv_message *page;

	page = s->control & HV_PAGE_ENABLE ? enabled_page(vm, s->simp) : NULL;
	return page ? &page[VMBUS_SINT] : NULL;
}

static bool slot_free(const struct hv_message *slot)
{
	return !__atomic_load_n(&slot->type, __ATOMIC_ACQUIRE);
}

/*
 * Asks for an EOM, then looks again: the guest frees first and reads the flag second,
 * so either it sees the flag or we see the slot free.
 */
static bool slot_still_full(struct hv_message *slot)
{
	__atomic_store_n(&slot->flags, HV_MSG_PENDING, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return !slot_free(slot);
}

static void fill_slot(struct hv_message *slot, const struct waiting_message *m)
{
	memcpy(slot->payload, m->payload, m->len);
	slot->payload_size = m->len;
	slot->sender = 0;
	__atomic_store_n(&slot->flags, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->type, VMBUS_MESSAGE_TYPE, __ATOMIC_RELEASE);
}

static void drop_first(struct vp_synic *s)
{
	struct waiting_message *m = s->first;

	s->first = m->next;
	if (!s->first)
		s->tail = &s->first;
	s->nr_waiting--;
	free(m);
}

/* As far as the guest has room. Lock held. */
static void deliver_locked(struct vm *vm, struct vp_synic *s)
{
	struct hv_message *slot = message_slot(vm, s);

	while (slot && s->first) {
		if (!slot_free(slot) && slot_still_full(slot))
			return;
		fill_slot(slot, s->first);
		raise_sint(s);
		drop_first(s);
	}
}

static void acked(void *ctx);

static void watch_ack(struct vp_synic *s, bool watch)
{
	if (s->watching == watch)
		return;
	s->watching = watch;
	if (!watch)
		loop_del_fd(s->ack_fd);
	else if (loop_add_fd(s->ack_fd, acked, s))
		log_info("watching a SINT: %s", strerror(errno));
}

static struct vm *the_vm;

static void deliver(struct vp_synic *s)
{
	pthread_mutex_lock(&s->lock);
	deliver_locked(the_vm, s);
	pthread_mutex_unlock(&s->lock);
	watch_ack(s, s->first);
}

static void acked(void *ctx)
{
	struct vp_synic *s = ctx;
	uint64_t count;

	if (read(s->ack_fd, &count, sizeof(count)) == sizeof(count))
		deliver(s);
}

bool synic_post_message(struct vm *vm, unsigned int vp, const void *payload, size_t len)
{
	struct waiting_message *m;
	struct vp_synic *s;

	if (vp >= vm->nr_vcpus || len > HV_MESSAGE_PAYLOAD_MAX) {
		log_info("message of %zu bytes for VP %u refused", len, vp);
		return false;
	}
	s = &synics[vp];
	if (s->nr_waiting == MESSAGES_MAX) {
		log_guest("VP %u does not read its messages, one is lost", vp);
		return false;
	}
	m = malloc(sizeof(*m) + len);
	if (!m)
		return false;
	m->next = NULL;
	m->len = len;
	memcpy(m->payload, payload, len);
	*s->tail = m;
	s->tail = &m->next;
	s->nr_waiting++;
	deliver(s);
	return true;
}

static bool set_flag_locked(struct vm *vm, const struct vp_synic *s, unsigned int flag)
{
	uint64_t bit = 1ull << (flag % 64);
	uint64_t *flags;

	flags = s->control & HV_PAGE_ENABLE ? enabled_page(vm, s->siefp) : NULL;
	if (!flags)
		return false;
	flags += VMBUS_SINT * EVENT_FLAGS / 64 + flag / 64;
	return !(__atomic_fetch_or(flags, bit, __ATOMIC_SEQ_CST) & bit);
}

bool synic_signal_event(struct vm *vm, unsigned int vp, unsigned int flag)
{
	struct vp_synic *s;
	bool raise;

	if (vp >= vm->nr_vcpus || flag >= EVENT_FLAGS) {
		log_info("event flag %u for VP %u refused", flag, vp);
		return false;
	}
	s = &synics[vp];
	pthread_mutex_lock(&s->lock);
	raise = set_flag_locked(vm, s, flag);
	if (raise)
		raise_sint(s);
	pthread_mutex_unlock(&s->lock);
	return raise;
}

void synic_flush_messages(struct vm *vm)
{
	for (unsigned int vp = 0; vp < vm->nr_vcpus; vp++) {
		struct vp_synic *s = &synics[vp];

		while (s->first)
			drop_first(s);
		watch_ack(s, false);
	}
}

/* An interrupt raised while the guest had the SINT masked is lost: once more. */
static void registers_changed(void *ctx)
{
	struct vp_synic *s = ctx;
	struct hv_message *slot;

	pthread_mutex_lock(&s->lock);
	slot = message_slot(the_vm, s);
	if (slot && !slot_free(slot))
		raise_sint(s);
	pthread_mutex_unlock(&s->lock);
	deliver(s);
}

void synic_set(struct vm *vm, unsigned int vp, uint64_t control, uint64_t siefp, uint64_t simp)
{
	struct vp_synic *s = &synics[vp];

	(void)vm;
	pthread_mutex_lock(&s->lock);
	s->control = control;
	s->siefp = siefp;
	s->simp = simp;
	pthread_mutex_unlock(&s->lock);
	log_debug("VP %u SynIC: control %#llx SIEFP %#llx SIMP %#llx", vp,
		  (unsigned long long)control, (unsigned long long)siefp,
		  (unsigned long long)simp);
	loop_call(registers_changed, s);
}

static bool set_connection(struct vm *vm, uint32_t id, int fd, uint32_t flags)
{
	struct kvm_hyperv_eventfd e = { .conn_id = id, .fd = fd, .flags = flags };

	return !ioctl(vm->fd, KVM_HYPERV_EVENTFD, &e);
}

static void connection_signalled(void *ctx)
{
	struct connection *c = ctx;
	uint64_t count;

	if (read(c->fd, &count, sizeof(count)) == sizeof(count))
		c->fn(c->ctx);
}

static bool connection_start(struct vm *vm, struct connection *c)
{
	c->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->fd < 0)
		return false;
	if (loop_add_fd(c->fd, connection_signalled, c))
		goto err_close;
	if (!set_connection(vm, c->id, c->fd, 0))
		goto err_del;
	return true;

err_del:
	loop_del_fd(c->fd);
err_close:
	close(c->fd);
	return false;
}

bool synic_connection_open(struct vm *vm, uint32_t conn_id, loop_fn fn, void *ctx)
{
	struct connection *c;

	if (conn_id & ~CONN_ID_MASK)
		return false;
	c = malloc(sizeof(*c));
	if (!c)
		return false;
	*c = (struct connection){ connections, conn_id, -1, fn, ctx };
	if (!connection_start(vm, c)) {
		log_debug("connection %u: %s", conn_id, strerror(errno));
		free(c);
		return false;
	}
	connections = c;
	return true;
}

void synic_connection_close(struct vm *vm, uint32_t conn_id)
{
	struct connection **link = &connections, *c;

	while (*link && (*link)->id != conn_id)
		link = &(*link)->next;
	c = *link;
	if (!c)
		return;
	*link = c->next;
	set_connection(vm, c->id, -1, KVM_HYPERV_EVENTFD_DEASSIGN);
	loop_del_fd(c->fd);
	close(c->fd);
	free(c);
}

static bool vp_init(struct vm *vm, unsigned int vp)
{
	struct vp_synic *s = &synics[vp];
	struct kvm_irqfd irqfd = { .gsi = SINT_GSI(vp), .flags = KVM_IRQFD_FLAG_RESAMPLE };

	pthread_mutex_init(&s->lock, NULL);
	s->tail = &s->first;
	s->irq_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->ack_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	irqfd.fd = s->irq_fd;
	irqfd.resamplefd = s->ack_fd;
	if (s->irq_fd < 0 || s->ack_fd < 0 || ioctl(vm->fd, KVM_IRQFD, &irqfd)) {
		log_info("interrupt of SINT %d: %s", VMBUS_SINT, strerror(errno));
		return false;
	}
	return true;
}

bool synic_init(struct vm *vm)
{
	the_vm = vm;
	for (unsigned int vp = 0; vp < vm->nr_vcpus; vp++) {
		if (!vp_init(vm, vp))
			return false;
	}
	return true;
}

void synic_finish(struct vm *vm)
{
	synic_flush_messages(vm);
	while (connections)
		synic_connection_close(vm, connections->id);
}
