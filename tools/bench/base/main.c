// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_base: what all three drivers use. In debugfs:
 *
 *   bench_base/calibration  see calibrate.c
 *   bench_base/allocations  what the probes see of one allocation of each kind
 *   bench_base/trace        see trace.c
 */
#include <linux/debugfs.h>
#include <linux/module.h>

#include "base.h"

static struct dentry *dir;

DEFINE_SHOW_ATTRIBUTE(bench_calibration);
DEFINE_SHOW_ATTRIBUTE(bench_alloc);
DEFINE_SHOW_ATTRIBUTE(bench_trace);

static int __init bench_base_init(void)
{
	int ret = bench_alloc_init();

	if (ret)
		return ret;
	ret = bench_trace_init();
	if (ret) {
		bench_alloc_exit();
		return ret;
	}
	dir = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_file("calibration", 0444, dir, NULL, &bench_calibration_fops);
	debugfs_create_file("allocations", 0444, dir, NULL, &bench_alloc_fops);
	debugfs_create_file("trace", 0444, dir, NULL, &bench_trace_fops);
	return 0;
}

static void __exit bench_base_exit(void)
{
	debugfs_remove_recursive(dir);
	bench_trace_exit();
	bench_alloc_exit();
}

module_init(bench_base_init);
module_exit(bench_base_exit);

MODULE_DESCRIPTION("kmcl benchmark: counts allocations, notes instructions, and proves its clock");
MODULE_LICENSE("GPL");
