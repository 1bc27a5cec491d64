// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvhost: the ladder from options to a running guest, and down again. What the guest
 * does happens on the vCPU threads and on the loop, see vcpu.c and loop.h.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "console.h"
#include "exitcode.h"
#include "fileport.h"
#include "log.h"
#include "loop.h"
#include "machine.h"
#include "cmdline.h"
#include "pio.h"
#include "synic_priv.h"
#include "uart.h"
#include "vmbus.h"

static struct options opt;
static struct vm vm;
static int signal_fd;

/* Complete or not at all: whoever polls the file never reads half of it. */
static void write_stats(void)
{
	char name[4096];
	FILE *f;

	if (!opt.stats)
		return;
	snprintf(name, sizeof(name), "%s.tmp", opt.stats);
	f = fopen(name, "w");
	if (!f)
		goto err;
	vmbus_write_stats(f);
	if (fclose(f) || rename(name, opt.stats))
		goto err;
	return;

err:
	log_info("--stats %s: %s", opt.stats, strerror(errno));
}

static void signal_ready(void *ctx)
{
	struct signalfd_siginfo info;

	(void)ctx;
	if (read(signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGUSR1)
		write_stats();
	else
		loop_stop(EXIT_SIGNAL_BASE + info.ssi_signo);
}

/* Before any thread starts, so that all of them have these blocked. */
static bool signals_init(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return signal_fd >= 0 && !loop_add_fd(signal_fd, signal_ready, NULL);
}

static void timed_out(void *ctx)
{
	(void)ctx;
	log_info("time is up after %u s", opt.timeout_s);
	loop_stop(EXIT_TIMEOUT);
}

static bool start_timeout(void)
{
	struct loop_timer *t;

	if (!opt.timeout_s)
		return true;
	t = loop_timer_new(timed_out, NULL);
	if (t)
		loop_timer_arm(t, opt.timeout_s * 1000000000ull, 0);
	return t;
}

static bool devices_init(void)
{
	pio_register_chipset();
	rtc_register();
	pci_register();
	uart_init(&vm);
	return fileport_init(&vm, opt.files);
}

/* From a machine that is set up to its end. */
static int run(void)
{
	int code = EXIT_HOST_ERROR;

	if (!boot_load(&vm, &opt) || !devices_init() || !synic_init(&vm) || !start_timeout())
		return code;
	if (!console_init(opt.console))
		return code;
	if (vmbus_start(&vm) && vcpus_start(&vm)) {
		code = loop_run();
		vcpus_stop(&vm);
		write_stats();
		vmbus_reset();
	}
	console_finish();
	synic_finish(&vm);
	fileport_finish();
	return code;
}

static int probe(void)
{
	if (kvm_open() < 0)
		return EXIT_NO_KVM;
	printf("/dev/kvm can run Hyper-V guests\n");
	return EXIT_POWER_OFF;
}

int main(int argc, char **argv)
{
	int kvm_fd, code;

	if (!cmdline_parse(&opt, argc, argv))
		return EXIT_USAGE;
	if (opt.help) {
		cmdline_help();
		return 0;
	}
	if (opt.probe)
		return probe();
	kvm_fd = kvm_open();
	if (kvm_fd < 0)
		return EXIT_NO_KVM;
	if (loop_init() || !signals_init() || !vm_create(&vm, kvm_fd, &opt)) {
		log_info("cannot start: %s", strerror(errno));
		return EXIT_HOST_ERROR;
	}
	code = run();
	vm_destroy(&vm);
	return code;
}
