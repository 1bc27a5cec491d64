// SPDX-License-Identifier: GPL-2.0-only
/* Compiles if a GPADL says whether its pages are decrypted. */
#include <linux/hyperv.h>

bool probe(struct vmbus_gpadl *gpadl)
{
	return gpadl->decrypted;
}
