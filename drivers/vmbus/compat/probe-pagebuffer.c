// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compiles if vmbus_sendpacket_pagebuffer() exists. The series that removed it
 * also made vmbus_sendpacket_mpb_desc() honour the caller's range count.
 */
#include <linux/hyperv.h>

void *probe = vmbus_sendpacket_pagebuffer;
