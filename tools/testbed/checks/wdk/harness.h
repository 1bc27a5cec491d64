/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wdk_check: a Windows driver whose work is to try the Windows face. A case is a function
 * that is named after what it proves; it runs at PASSIVE_LEVEL, alone, and fails by an
 * EXPECT() or REQUIRE() that does not hold, in whatever callback of its. What it takes with
 * Case*() and Bed*() is given back when it has returned.
 *
 * In debugfs, in wdk_check/: results, KTAP as far as it has come: the plan, then a line
 * "ok N - group.case" or "not ok N - group.case", before which "# " lines say what was wrong;
 * and wait (<wdk/glue.h>).
 */
#ifndef _WDK_CHECK_HARNESS_H
#define _WDK_CHECK_HARNESS_H

#include <ntddk.h>
#include <wdf.h>
#include <vmbuskernelmodeclientlibapi.h>

#include "glue.h"

typedef VOID TEST_ROUTINE(VOID);

typedef struct _TEST_CASE {
	PCSTR Name;
	TEST_ROUTINE *Run;
} TEST_CASE;

typedef struct _TEST_GROUP {
	PCSTR Name;
	const TEST_CASE *Cases;
	ULONG Count;
} TEST_GROUP;

#define CASE(name)	{ #name, name }

#define TEST_GROUP_DEFINE(group, cases)							\
	const TEST_GROUP group_##group = { #group, cases, ARRAYSIZE(cases) }

extern const TEST_GROUP group_interface, group_table, group_channel, group_init;
extern const TEST_GROUP group_callback, group_state, group_packet, group_send, group_request;
extern const TEST_GROUP group_receive, group_gpadl, group_constant, group_status, group_ke;
extern const TEST_GROUP group_mdl, group_user, group_rtl, group_print, group_wdf, group_load;

/*
 * These run only if asked for: without a bus; in a guest where memory for DMA is short; with
 * kmcl_loopback, and no host; where allocations can be made to fail.
 */
extern const TEST_GROUP group_nobus, group_scarce, group_server, group_save, group_fault;

/* Verdicts; any level. The value is whether it holds. */
BOOLEAN CheckTrue(BOOLEAN Holds, PCSTR File, ULONG Line, PCSTR Text);
BOOLEAN CheckEqual(LONGLONG Actual, LONGLONG Expected, PCSTR File, ULONG Line, PCSTR Text);
BOOLEAN CheckStatus(NTSTATUS Actual, NTSTATUS Expected, PCSTR File, ULONG Line, PCSTR Text);

#define EXPECT(e)		CheckTrue(!!(e), __FILE__, __LINE__, #e)
#define EXPECT_EQ(actual, expected)							\
	CheckEqual((LONGLONG)(actual), (LONGLONG)(expected), __FILE__, __LINE__, #actual)
#define EXPECT_STATUS(actual, expected)							\
	CheckStatus((actual), (expected), __FILE__, __LINE__, #actual)

/* These end the function if it does not hold; for cases, and what else returns nothing. */
#define REQUIRE(e)		do { if (!EXPECT(e)) return; } while (0)
#define REQUIRE_EQ(a, e)	do { if (!EXPECT_EQ(a, e)) return; } while (0)
#define REQUIRE_STATUS(a, e)	do { if (!EXPECT_STATUS(a, e)) return; } while (0)

/* Time in units of 100 ns, as Windows has it. */
#define MILLISECONDS(n)		((n) * 10000ll)

/* Waiting; PASSIVE_LEVEL. WaitFor(): it came, within 30 s. StaysAway(): not for 100 ms. */
BOOLEAN WaitFor(PKEVENT Event);
BOOLEAN StaysAway(PKEVENT Event);

#define AWAIT(event)		REQUIRE(WaitFor(event))

/* What is the case's is released in the reverse order when it is over. NULL is refused. */
typedef VOID CASE_RELEASE(PVOID Object);
BOOLEAN CaseOwn(CASE_RELEASE *Release, PVOID Object);
BOOLEAN CaseDisown(PVOID Object);

/* Memory, zero at first; an MDL of pool memory; a channel. NULL has failed the case already. */
PVOID CaseAlloc(SIZE_T Bytes);
PMDL CaseMdl(PVOID Address, ULONG Bytes);
/*
 * Two MDLs over whole pages, an even number of them, which are not one piece of physical
 * memory: who wants an address for all of it needs a mapping.
 */
PMDL CaseScattered(PVOID Address, ULONG Bytes);
VMBCHANNEL CaseChannel(VOID);

/* Work beside the case, at PASSIVE_LEVEL; the case waits for it at its end. */
typedef VOID CASE_WORK(PVOID Context);
BOOLEAN CaseWork(CASE_WORK *Routine, PVOID Context);

/* driver.c */
extern PDRIVER_OBJECT CheckDriverObject;
extern WDFDRIVER CheckDriver;
extern WDFDEVICE CheckDevice;
PDEVICE_OBJECT CheckDeviceObject(VOID);

/* For driver.c: all that are selected, one after the other. */
VOID CheckRunAll(VOID);

#endif /* _WDK_CHECK_HARNESS_H */
