// SPDX-License-Identifier: GPL-2.0-only
/*
 * The vCPUs: a thread each, which runs the guest until KVM hands something back,
 * sees to it, and goes on. An exit that ends the guest becomes an exit code here.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "exitcode.h"
#include "log.h"
#include "loop.h"
#include "machine.h"
#include "pio.h"
#include "synic_priv.h"

#define KICK_SIGNAL	SIGRTMIN
#define MSR_CRASH_P0	0x40000100
#define NR_CRASH_MSRS	5

static atomic_bool stopping;

static bool fail(const char *what)
{
	log_info("%s: %s", what, strerror(errno));
	return false;
}

static bool enable_cap(int fd, uint32_t cap, uint64_t arg)
{
	struct kvm_enable_cap enable = { .cap = cap, .args = { arg } };

	return !ioctl(fd, KVM_ENABLE_CAP, &enable);
}

/*
 * KVM then refuses what CPUID does not show, as Hyper-V does. An older KVM goes
 * without.
 */
static void enforce_cpuid(struct vcpu *vcpu)
{
	if (ioctl(vcpu->vm->kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_HYPERV_ENFORCE_CPUID) > 0 &&
	    !enable_cap(vcpu->fd, KVM_CAP_HYPERV_ENFORCE_CPUID, 1))
		log_info("KVM_CAP_HYPERV_ENFORCE_CPUID: %s", strerror(errno));
}

static bool prepare(struct vcpu *vcpu, unsigned int n)
{
	if (!cpuid_set(vcpu, n))
		return false;
	if (!enable_cap(vcpu->fd, KVM_CAP_HYPERV_SYNIC2, 0))
		return fail("KVM_CAP_HYPERV_SYNIC2");
	enforce_cpuid(vcpu);
	return true;
}

bool vcpu_create(struct vm *vm, unsigned int id, unsigned int n)
{
	struct vcpu *vcpu = &vm->vcpus[id];

	vcpu->vm = vm;
	vcpu->id = id;
	vcpu->fd = ioctl(vm->fd, KVM_CREATE_VCPU, id);
	if (vcpu->fd < 0)
		return fail("KVM_CREATE_VCPU");
	vcpu->run = mmap(NULL, vm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED) {
		fail("mapping of a vCPU");
		goto err_close;
	}
	if (prepare(vcpu, n))
		return true;
	munmap(vcpu->run, vm->run_size);
err_close:
	close(vcpu->fd);
	return false;
}

void vcpu_destroy(struct vcpu *vcpu)
{
	munmap(vcpu->run, vcpu->vm->run_size);
	close(vcpu->fd);
}

static void dump_registers(struct vcpu *vcpu)
{
	struct kvm_sregs s;
	struct kvm_regs r;

	if (ioctl(vcpu->fd, KVM_GET_REGS, &r) || ioctl(vcpu->fd, KVM_GET_SREGS, &s))
		return;
	log_info("vCPU %u: rip %llx rsp %llx rflags %llx rax %llx rbx %llx rcx %llx rdx %llx",
		 vcpu->id, r.rip, r.rsp, r.rflags, r.rax, r.rbx, r.rcx, r.rdx);
	log_info("vCPU %u: rsi %llx rdi %llx cs %x cr0 %llx cr2 %llx cr3 %llx cr4 %llx efer %llx",
		 vcpu->id, r.rsi, r.rdi, s.cs.selector, s.cr0, s.cr2, s.cr3, s.cr4, s.efer);
}

/* Linux puts there: error, guest OS id, rip, rax, rsp. */
static void report_panic(struct vcpu *vcpu)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry p[NR_CRASH_MSRS];
	} m = { .head.nmsrs = NR_CRASH_MSRS };

	for (int i = 0; i < NR_CRASH_MSRS; i++)
		m.p[i].index = MSR_CRASH_P0 + i;
	if (ioctl(vcpu->fd, KVM_GET_MSRS, &m) != NR_CRASH_MSRS) {
		log_info("the guest panicked");
		return;
	}
	log_info("the guest panicked: P0 %#llx P1 %#llx P2 (rip) %#llx P3 (rax) %#llx "
		 "P4 (rsp) %#llx",
		 m.p[0].data, m.p[1].data, m.p[2].data, m.p[3].data, m.p[4].data);
}

static int system_event(struct vcpu *vcpu)
{
	switch (vcpu->run->system_event.type) {
	case KVM_SYSTEM_EVENT_SHUTDOWN:
		return EXIT_POWER_OFF;
	case KVM_SYSTEM_EVENT_RESET:
		log_info("the guest reset itself");
		return EXIT_RESET;
	case KVM_SYSTEM_EVENT_CRASH:
		report_panic(vcpu);
		return EXIT_PANIC;
	}
	log_info("unknown system event %u", vcpu->run->system_event.type);
	return EXIT_HOST_ERROR;
}

static void hyperv_exit(struct vcpu *vcpu)
{
	struct kvm_hyperv_exit *e = &vcpu->run->hyperv;

	if (e->type == KVM_EXIT_HYPERV_SYNIC)
		synic_set(vcpu->vm, vcpu->id, e->u.synic.control, e->u.synic.evt_page,
			  e->u.synic.msg_page);
	else if (e->type == KVM_EXIT_HYPERV_HCALL)
		e->u.hcall.result = hypercall(vcpu->vm, e->u.hcall.input, e->u.hcall.params[0]);
}

/* There is no device in memory: reads are all ones, writes vanish. */
static void mmio_exit(struct kvm_run *run)
{
	log_debug("%s at unused address %#llx", run->mmio.is_write ? "write" : "read",
		  run->mmio.phys_addr);
	if (!run->mmio.is_write)
		memset(run->mmio.data, 0xff, sizeof(run->mmio.data));
}

static int internal_error(struct vcpu *vcpu)
{
	log_info("KVM gave up on vCPU %u: exit reason %u, detail %#x", vcpu->id,
		 vcpu->run->exit_reason, vcpu->run->internal.suberror);
	dump_registers(vcpu);
	return EXIT_HOST_ERROR;
}

static int triple_fault(struct vcpu *vcpu)
{
	log_info("triple fault on vCPU %u", vcpu->id);
	dump_registers(vcpu);
	return EXIT_RESET;
}

/* An exit code, or CONTINUE. */
#define CONTINUE	(-1)

static int handle_exit(struct vcpu *vcpu)
{
	switch (vcpu->run->exit_reason) {
	case KVM_EXIT_IO:
		pio_exit(vcpu->run);
		return CONTINUE;
	case KVM_EXIT_MMIO:
		mmio_exit(vcpu->run);
		return CONTINUE;
	case KVM_EXIT_HYPERV:
		hyperv_exit(vcpu);
		return CONTINUE;
	case KVM_EXIT_INTR:
	case KVM_EXIT_IRQ_WINDOW_OPEN:
		return CONTINUE;
	case KVM_EXIT_SYSTEM_EVENT:
		return system_event(vcpu);
	case KVM_EXIT_SHUTDOWN:
		return triple_fault(vcpu);
	default:
		return internal_error(vcpu);
	}
}

static int run_once(struct vcpu *vcpu)
{
	if (!ioctl(vcpu->fd, KVM_RUN, 0))
		return handle_exit(vcpu);
	if (errno == EINTR || errno == EAGAIN)
		return CONTINUE;
	fail("KVM_RUN");
	dump_registers(vcpu);
	return EXIT_HOST_ERROR;
}

static void *vcpu_main(void *arg)
{
	struct vcpu *vcpu = arg;
	int code = CONTINUE;

	while (code == CONTINUE && !atomic_load(&stopping))
		code = run_once(vcpu);
	if (code != CONTINUE)
		loop_stop(code);
	return NULL;
}

static void kicked(int sig)
{
	(void)sig;
}

bool vcpus_start(struct vm *vm)
{
	struct sigaction sa = { .sa_handler = kicked };

	sigaction(KICK_SIGNAL, &sa, NULL);
	for (unsigned int i = 0; i < vm->nr_vcpus; i++) {
		struct vcpu *vcpu = &vm->vcpus[i];

		errno = pthread_create(&vcpu->thread, NULL, vcpu_main, vcpu);
		if (errno) {
			fail("vCPU thread");
			vcpus_stop(vm);
			return false;
		}
		vcpu->started = true;
	}
	return true;
}

/* The signal ends a KVM_RUN under way, immediate_exit the one that is about to begin. */
void vcpus_stop(struct vm *vm)
{
	atomic_store(&stopping, true);
	for (unsigned int i = 0; i < vm->nr_vcpus; i++) {
		struct vcpu *vcpu = &vm->vcpus[i];

		if (!vcpu->started)
			continue;
		vcpu->run->immediate_exit = 1;
		pthread_kill(vcpu->thread, KICK_SIGNAL);
		pthread_join(vcpu->thread, NULL);
		vcpu->started = false;
	}
}
