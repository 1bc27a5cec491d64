// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is /dev/kvm there, may we use it, and can it run a Hyper-V guest? Every "no" comes
 * with what is missing and what to do. Claims are not enough: some paravirtual KVMs
 * open and then cannot emulate, so a few instructions are run as well.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "log.h"
#include "machine.h"

struct needed_cap {
	int cap;
	const char *name;
	const char *advice;
};

#define HYPERV_ADVICE \
	"use a host kernel 5.11 or newer with CONFIG_KVM_HYPERV=y, or an emulated host"
#define X86_ADVICE "use kvm-intel or kvm-amd of a current kernel"
#define CAP(name, advice) { name, #name, advice }

static const struct needed_cap needed_caps[] = {
	CAP(KVM_CAP_IRQCHIP, X86_ADVICE),
	CAP(KVM_CAP_PIT2, X86_ADVICE),
	CAP(KVM_CAP_IRQ_ROUTING, X86_ADVICE),
	CAP(KVM_CAP_IRQFD, X86_ADVICE),
	CAP(KVM_CAP_IRQFD_RESAMPLE, X86_ADVICE),
	CAP(KVM_CAP_ADJUST_CLOCK, X86_ADVICE),
	CAP(KVM_CAP_IMMEDIATE_EXIT, X86_ADVICE),
	CAP(KVM_CAP_HYPERV_SYNIC2, HYPERV_ADVICE),
	CAP(KVM_CAP_HYPERV_VP_INDEX, HYPERV_ADVICE),
	CAP(KVM_CAP_HYPERV_EVENTFD, HYPERV_ADVICE),
	CAP(KVM_CAP_SYS_HYPERV_CPUID, HYPERV_ADVICE),
};

static bool check_caps(int fd)
{
	int version = ioctl(fd, KVM_GET_API_VERSION, 0);

	if (version != KVM_API_VERSION) {
		log_info("/dev/kvm speaks API version %d instead of %d: %s", version,
			 KVM_API_VERSION, X86_ADVICE);
		return false;
	}
	for (size_t i = 0; i < sizeof(needed_caps) / sizeof(needed_caps[0]); i++) {
		const struct needed_cap *n = &needed_caps[i];

		if (ioctl(fd, KVM_CHECK_EXTENSION, n->cap) <= 0) {
			log_info("/dev/kvm lacks %s: %s", n->name, n->advice);
			return false;
		}
	}
	return true;
}

static void explain_open_error(int err)
{
	if (err == ENOENT)
		log_info("there is no /dev/kvm: load kvm-intel or kvm-amd, enable virtualisation "
			 "in the firmware, or run hvhost in an emulated machine");
	else if (err == EACCES || err == EPERM)
		log_info("no permission for /dev/kvm: join the group kvm or run as root");
	else
		log_info("/dev/kvm cannot be opened: %s", strerror(err));
}

/*
 * Real mode at 0x1000: read the SynIC's version register, MSR 0x40000081, send what
 * it says to a port. That exercises the emulator, MSRs, the SynIC and exits.
 */
#define TEST_ADDR	0x1000
#define TEST_PORT	0x80

static const uint8_t test_code[] = {
	0x66, 0xb9, 0x81, 0x00, 0x00, 0x40,	/* mov ecx, 0x40000081 */
	0x0f, 0x32,				/* rdmsr */
	0x66, 0xe7, TEST_PORT,			/* out TEST_PORT, eax */
	0xf4,					/* hlt */
};

static const char *run_test(struct vm *vm)
{
	struct vcpu *vcpu = &vm->vcpus[0];
	struct kvm_regs regs = { .rip = TEST_ADDR, .rflags = 2 };
	struct kvm_sregs sregs;
	uint32_t version;

	memcpy(vm_ram(vm, TEST_ADDR, sizeof(test_code)), test_code, sizeof(test_code));
	if (ioctl(vcpu->fd, KVM_GET_SREGS, &sregs))
		return "KVM_GET_SREGS failed";
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	if (ioctl(vcpu->fd, KVM_SET_SREGS, &sregs) || ioctl(vcpu->fd, KVM_SET_REGS, &regs))
		return "KVM_SET_REGS failed";
	if (ioctl(vcpu->fd, KVM_RUN, 0))
		return "KVM_RUN failed";
	if (vcpu->run->exit_reason == KVM_EXIT_INTERNAL_ERROR)
		return "it cannot emulate instructions";
	if (vcpu->run->exit_reason != KVM_EXIT_IO || vcpu->run->io.port != TEST_PORT)
		return "a port write did not come out as such";
	memcpy(&version, (uint8_t *)vcpu->run + vcpu->run->io.data_offset, sizeof(version));
	return version == 1 ? NULL : "the SynIC has an unknown version";
}

static bool self_test(int kvm_fd)
{
	struct options opt = { .cpus = 1, .memory_mib = 1 };
	struct vm vm;
	const char *trouble = "a virtual machine could not be made";

	if (vm_create(&vm, kvm_fd, &opt)) {
		trouble = run_test(&vm);
		vm_destroy(&vm);
	}
	if (trouble)
		log_info("/dev/kvm claims Hyper-V support but does not work (%s): "
			 "use another host or run hvhost in an emulated one", trouble);
	return !trouble;
}

int kvm_open(void)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		explain_open_error(errno);
		return -1;
	}
	if (check_caps(fd) && cpuid_check_hyperv(fd) && self_test(fd))
		return fd;
	close(fd);
	return -1;
}
