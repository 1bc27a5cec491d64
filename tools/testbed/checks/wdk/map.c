// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmcl_wdk's translation of errno and NTSTATUS, from its own source: for codes that only a
 * broken host provokes.
 */
#include "glue.h"

#define wdk_status	check_status_of
#define wdk_errno	check_errno_of

#include "status.c"
