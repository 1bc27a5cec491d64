// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command line: a table of options, each with what to do about its value. What is
 * unknown, given twice or makes no sense together is refused with a sentence.
 */
#include "cmdline.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exitcode.h"
#include "log.h"
#include "machine.h"
#include "vmbus.h"

#define MIN_MEMORY_MIB		256
#define MAX_MEMORY_MIB		65536
#define DEFAULT_MEMORY_MIB	512
#define MAX_TIMEOUT_S		1000000

enum option_id {
	OPT_KERNEL, OPT_INITRD, OPT_APPEND, OPT_CPUS, OPT_MEMORY, OPT_CONSOLE, OPT_TIMEOUT,
	OPT_STATS, OPT_FILES, OPT_VERSION, OPT_DEVICE, OPT_ADD_AFTER, OPT_RESCIND_AFTER,
	OPT_DEBUG, OPT_PROBE, OPT_HELP,
	NR_OPTIONS
};

static const struct option long_options[] = {
	{ "kernel", required_argument, NULL, OPT_KERNEL },
	{ "initrd", required_argument, NULL, OPT_INITRD },
	{ "append", required_argument, NULL, OPT_APPEND },
	{ "cpus", required_argument, NULL, OPT_CPUS },
	{ "memory", required_argument, NULL, OPT_MEMORY },
	{ "console", required_argument, NULL, OPT_CONSOLE },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "stats", required_argument, NULL, OPT_STATS },
	{ "files", required_argument, NULL, OPT_FILES },
	{ "vmbus-version", required_argument, NULL, OPT_VERSION },
	{ "device", required_argument, NULL, OPT_DEVICE },
	{ "add-after", required_argument, NULL, OPT_ADD_AFTER },
	{ "rescind-after", required_argument, NULL, OPT_RESCIND_AFTER },
	{ "debug", no_argument, NULL, OPT_DEBUG },
	{ "probe", no_argument, NULL, OPT_PROBE },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static bool may_repeat(int id)
{
	return id == OPT_DEVICE || id == OPT_ADD_AFTER || id == OPT_RESCIND_AFTER;
}

static bool number(const char *name, const char *text, unsigned int min, unsigned int max,
		   unsigned int *to)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (!isdigit((unsigned char)text[0]) || *end || value < min || value > max) {
		log_info("--%s takes a number from %u to %u, not \"%s\"", name, min, max, text);
		return false;
	}
	*to = value;
	return true;
}

static bool text(const char *name, const char *value, const char **to)
{
	if (!*value) {
		log_info("--%s takes a name, not nothing", name);
		return false;
	}
	*to = value;
	return true;
}

static bool apply(struct options *opt, int id, const char *value)
{
	const char *name = long_options[id].name;

	switch (id) {
	case OPT_KERNEL:
		return text(name, value, &opt->kernel);
	case OPT_INITRD:
		return text(name, value, &opt->initrd);
	case OPT_APPEND:
		opt->append = value;
		return true;
	case OPT_CPUS:
		return number(name, value, 1, VM_MAX_VCPUS, &opt->cpus);
	case OPT_MEMORY:
		return number(name, value, MIN_MEMORY_MIB, MAX_MEMORY_MIB, &opt->memory_mib);
	case OPT_CONSOLE:
		return text(name, value, &opt->console);
	case OPT_TIMEOUT:
		return number(name, value, 1, MAX_TIMEOUT_S, &opt->timeout_s);
	case OPT_STATS:
		return text(name, value, &opt->stats);
	case OPT_FILES:
		return text(name, value, &opt->files);
	case OPT_VERSION:
		return vmbus_set_version(value);
	case OPT_DEVICE:
		return vmbus_device_option(value);
	case OPT_ADD_AFTER:
		return vmbus_add_after_option(value);
	case OPT_RESCIND_AFTER:
		return vmbus_rescind_after_option(value);
	case OPT_DEBUG:
		log_debug_enabled = true;
		return true;
	case OPT_PROBE:
		opt->probe = true;
		return true;
	case OPT_HELP:
		opt->help = true;
		return true;
	}
	log_info("unknown option, or one without its value; hvhost --help lists them");
	return false;
}

/* getopt_long() takes any unique beginning for the whole: that would tie us to today's names. */
static bool abbreviated(const char *arg, int id)
{
	size_t len = strcspn(arg, "=");

	return strncmp(arg, "--", 2) || len != strlen(long_options[id].name) + 2;
}

static bool parse_one(struct options *opt, int id, const char *arg, bool *seen)
{
	if (id >= 0 && id < NR_OPTIONS) {
		if (abbreviated(arg, id)) {
			log_info("\"%s\" is not spelled out: --%s", arg, long_options[id].name);
			return false;
		}
		if (seen[id] && !may_repeat(id)) {
			log_info("--%s is given twice", long_options[id].name);
			return false;
		}
		seen[id] = true;
	}
	return apply(opt, id, optarg);
}

static bool check_readable(const char *option, const char *file)
{
	if (!access(file, R_OK))
		return true;
	log_info("--%s %s: %s", option, file, strerror(errno));
	return false;
}

static bool check_together(const struct options *opt, int argc)
{
	if (opt->help || (opt->probe && argc == 2))
		return true;
	if (opt->probe) {
		log_info("--probe starts no guest and goes with no other option");
		return false;
	}
	if (!opt->kernel || !opt->initrd) {
		log_info("--%s is missing; hvhost --help tells more",
			 opt->kernel ? "initrd" : "kernel");
		return false;
	}
	if (opt->console && opt->stats && !strcmp(opt->console, opt->stats)) {
		log_info("--console and --stats name the same file");
		return false;
	}
	return check_readable("kernel", opt->kernel) && check_readable("initrd", opt->initrd) &&
	       vmbus_options_check();
}

bool cmdline_parse(struct options *opt, int argc, char **argv)
{
	bool seen[NR_OPTIONS] = {0};
	int id;

	*opt = (struct options){ .cpus = 1, .memory_mib = DEFAULT_MEMORY_MIB };
	opterr = 0;
	for (;;) {
		const char *arg = optind < argc ? argv[optind] : "";

		id = getopt_long(argc, argv, "+", long_options, NULL);
		if (id < 0)
			break;
		if (id == '?' || id == ':') {
			log_info("\"%s\" is no option, or its value is missing or one too many; "
				 "hvhost --help lists all", arg);
			return false;
		}
		if (!parse_one(opt, id, arg, seen))
			return false;
	}
	if (optind < argc) {
		log_info("\"%s\" is no option; hvhost --help lists all", argv[optind]);
		return false;
	}
	return check_together(opt, argc);
}

void cmdline_help(void)
{
	printf("usage: hvhost --kernel FILE --initrd FILE [OPTION]...\n"
	       "Runs a Linux guest on /dev/kvm that finds itself on Microsoft Hyper-V, and is\n"
	       "the VMBus host for it.\n"
	       "\n"
	       "  --kernel FILE          bzImage with a 64-bit entry, or vmlinux\n"
	       "  --initrd FILE          initramfs\n"
	       "  --append STRING        added to the command line \"console=ttyS0 panic=-1\"\n"
	       "  --cpus N               vCPUs, 1 (default) to %d\n"
	       "  --memory MIB           RAM, %d to %d, default %d\n"
	       "  --console FILE         ttyS0's output; default: stdout, with input from stdin\n"
	       "  --timeout SECONDS      end after that long\n"
	       "  --stats FILE           counters, one JSON object, at exit and on SIGUSR1\n"
	       "  --files DIR            where files go that the guest sends with hvput\n"
	       "  --vmbus-version V      highest VMBus protocol version to accept\n"
	       "  --device TYPE[,KEY=VALUE...]\n"
	       "                         offer a device; any number of them\n"
	       "  --add-after SECONDS,TYPE[,KEY=VALUE...]\n"
	       "                         the same, that long after the guest asked for offers\n"
	       "  --rescind-after SECONDS,INSTANCE[,reoffer=SECONDS][,count=N][,period=SECONDS]\n"
	       "                         take a device away, and perhaps offer it again\n"
	       "  --debug                say more\n"
	       "  --probe                only tell whether /dev/kvm can run such a guest\n"
	       "  --help                 this\n",
	       VM_MAX_VCPUS, MIN_MEMORY_MIB, MAX_MEMORY_MIB, DEFAULT_MEMORY_MIB);
	printf("\nVMBus versions: ");
	vmbus_versions_help(stdout);
	printf("\n\nDevices:\n");
	vmbus_devices_help(stdout);
	printf("\nOn a terminal, Ctrl-A x ends hvhost and Ctrl-A Ctrl-A sends one Ctrl-A.\n"
	       "\nExit status:\n"
	       "  %-3d  the guest powered off, or ran \"hvput exit 0\"\n"
	       "  %-3d  wrong options\n"
	       "  %-3d  no usable KVM (--probe: the same)\n"
	       "  %-3d  the guest panicked\n"
	       "  %-3d  --timeout\n"
	       "  %-3d  the guest reset itself, or a triple fault\n"
	       "  %-3d  trouble on the host\n"
	       "  32+N the guest ran \"hvput exit N\", N from 1 to %d\n"
	       "  %-3d  Ctrl-A x or SIGINT; 143 SIGTERM\n",
	       EXIT_POWER_OFF, EXIT_USAGE, EXIT_NO_KVM, EXIT_PANIC, EXIT_TIMEOUT, EXIT_RESET,
	       EXIT_HOST_ERROR, EXIT_GUEST_MAX, EXIT_SIGNAL_BASE + 2);
}
