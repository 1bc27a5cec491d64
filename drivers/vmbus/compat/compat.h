/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences of hv_vmbus between kernels, behind words that Kbuild.probe sets.
 */
#ifndef _KMCL_VMBUS_COMPAT_H
#define _KMCL_VMBUS_COMPAT_H

#include <linux/hyperv.h>

#ifdef KMCL_REMOVE_RETURNS_VOID
#define KMCL_REMOVE_TYPE	void
#define KMCL_REMOVE_RETURN	return
#else
#define KMCL_REMOVE_TYPE	int
#define KMCL_REMOVE_RETURN	return 0
#endif

/* May a GPA-direct packet have several ranges: vmbus_sendpacket_mpb_desc() overwrote the count once. */
#ifdef KMCL_HAVE_PAGEBUFFER
#define KMCL_MULTIRANGE		false
#else
#define KMCL_MULTIRANGE		true
#endif

#endif /* _KMCL_VMBUS_COMPAT_H */
