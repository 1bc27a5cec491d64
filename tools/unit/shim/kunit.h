/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the runner and what a case calls.
 */
#ifndef _SHIM_KUNIT_H
#define _SHIM_KUNIT_H

#include <setjmp.h>

/* Where a case goes that stops: set by the runner before each. */
extern jmp_buf kunit_case_end;

#endif /* _SHIM_KUNIT_H */
