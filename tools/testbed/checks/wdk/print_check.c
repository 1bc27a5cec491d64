// SPDX-License-Identifier: GPL-2.0-only
/*
 * DbgPrint() reads its format as Windows does. What it has printed is looked at where readers of
 * the file log find it.
 */
#include "driver.h"

#define KEPT	191	/* characters of a line that the file log has */

/* The line before the last Back ones is Text. */
static BOOLEAN Printed(ULONG Back, PCSTR Text, PCSTR File, ULONG Line)
{
	PCSTR line = check_printed(CheckDriverObject, Back);
	ULONG i = 0;

	while (Text[i] && line[i] == Text[i])
		i++;
	if (line[i] != Text[i])
		check_print("# printed \"%s\", should be \"%s\"\n", line, Text);
	return CheckTrue(line[i] == Text[i], File, Line, "what was printed");
}

#define EXPECT_PRINTED(text)		Printed(0, text, __FILE__, __LINE__)
#define EXPECT_PRINTED_BEFORE(text)	Printed(1, text, __FILE__, __LINE__)

static VOID print_takes_numbers_as_wide_as_they_are(VOID)
{
	DbgPrint("%d %i %u %x %X %o", -5, 7, 4000000000u, 0xbeef, 0xBEEF, 8);
	EXPECT_PRINTED("-5 7 4000000000 beef BEEF 10");
	/* 32 bits: what follows is read rightly. */
	DbgPrint("%ld %lu %08lx %I32d %d", (LONG)-6, 4000000001u, 0xc000009a, (LONG)-7, 1);
	EXPECT_PRINTED("-6 4000000001 c000009a -7 1");
	DbgPrint("%hd %hu %hx %d", 0x1fffe, 0x1fffe, 0x1fffe, 2);
	EXPECT_PRINTED("-2 65534 fffe 2");
	DbgPrint("%lld %llu %I64d %I64u %I64x %d", -8ll, 1ull << 40, -(1ll << 40), ~0ull,
		 0x123456789abcull, 3);
	EXPECT_PRINTED("-8 1099511627776 -1099511627776 18446744073709551615 123456789abc 3");
	DbgPrint("%Id %Ix %zu %d", (LONG_PTR)-9, (ULONG_PTR)1 << 32, (SIZE_T)1 << 33, 4);
	EXPECT_PRINTED("-9 100000000 8589934592 4");
}

static VOID print_fills_to_width_and_precision(VOID)
{
	DbgPrint("[%5d|%-5d|%05d|%+d|% d|%#x]", 42, 42, 42, 42, 42, 42);
	EXPECT_PRINTED("[   42|42   |00042|+42| 42|0x2a]");
	DbgPrint("[%.3d|%6.3x|%.0u|%.d]", 7, 0xa, 1, 2);
	EXPECT_PRINTED("[007|   00a|1|2]");
	DbgPrint("[%5s|%-5s|%.2s|%5.1s]", "abc", "abc", "abc", "abc");
	EXPECT_PRINTED("[  abc|abc  |ab|    a]");
	DbgPrint("[%*d|%-*d|%.*d|%*.*s]", 4, 1, 4, 2, 3, 3, 5, 2, "abc");
	EXPECT_PRINTED("[   1|2   |003|   ab]");
	/* Below 0: to the left; and none. */
	DbgPrint("[%*d|%.*d|%.*s]", -4, 1, -4, 2, -1, "abc");
	EXPECT_PRINTED("[1   |2|abc]");
}

static VOID print_has_strings_of_each_kind(VOID)
{
	UNICODE_STRING wide = { 6, 6, (PWCH)L"countedXY" };
	ANSI_STRING narrow = { 5, 5, (PVOID)"fivesXY" };

	DbgPrint("%s %hs %ws %ls %S", "a", "b", L"c", L"d", L"e");
	EXPECT_PRINTED("a b c d e");
	DbgPrint("%wZ %lZ %Z %.2Z %.9Z|%8Z", &wide, &wide, &narrow, &narrow, &narrow, &narrow);
	EXPECT_PRINTED("cou cou fives fi fives|   fives");
	DbgPrint("%c%C%lc %.2ws %6ws", 'x', L'y', L'z', L"wide", L"wide");
	EXPECT_PRINTED("xyz wi   wide");
	DbgPrint("%ws %C %wc", L"\x20ac 1", 0x20ac, 0x20ac);
	EXPECT_PRINTED("? 1 ? ?");
	wide.Buffer = NULL;
	DbgPrint("%s %ws %wZ %wZ %Z", NULL, NULL, NULL, &wide, NULL);
	EXPECT_PRINTED("(null) (null) (null) (null) (null)");
}

static VOID print_shows_what_it_does_not_know(VOID)
{
	DbgPrint("100%% %q %d %", 5);
	EXPECT_PRINTED("100% q 5 %");
}

/* The same for the same address, and not the address. */
static VOID print_hashes_pointers(VOID)
{
	CHAR first[32] = { 0 }, address[] = "0000000000000000";
	ULONG_PTR bits = (ULONG_PTR)&Printed;
	PCSTR line;
	ULONG i;

	for (i = 0; i < 16; i++)
		address[i] = "0123456789abcdef"[bits >> (60 - 4 * i) & 15];
	DbgPrint("%p", &Printed);
	line = check_printed(CheckDriverObject, 0);
	for (i = 0; line[i] && i < sizeof(first) - 1; i++)
		first[i] = line[i];
	EXPECT_EQ(i, 16);
	EXPECT(!RtlEqualMemory(first, address, 16));
	DbgPrint("%s and more", "no pointer");
	DbgPrint("%p", &Printed);
	EXPECT_PRINTED(first);
}

static VOID print_makes_a_line_of_each_line(VOID)
{
	DbgPrint("one %d\n\ntwo\n", 1);
	EXPECT_PRINTED("two");
	EXPECT_PRINTED_BEFORE("one 1");
	DbgPrint("");
	EXPECT_PRINTED("two");
	KdPrint(("three %s\n", "four"));
	EXPECT_PRINTED("three four");
}

/* 511 characters; a reader of the file log sees fewer of a line. */
static VOID print_cuts_what_is_too_long(VOID)
{
	PCHAR many = CaseAlloc(1000);
	CHAR kept[KEPT + 1];

	REQUIRE(many);
	RtlFillMemory(many, 500, 'a');
	RtlFillMemory(kept, sizeof(kept), 'a');
	kept[KEPT] = 0;
	DbgPrint("%s\n0123456789tail", many);
	EXPECT_PRINTED("0123456789");
	EXPECT_PRINTED_BEFORE(kept);
	DbgPrint("%*d", MAXLONG, 1);
	EXPECT_EQ(check_printed(CheckDriverObject, 0)[0], ' ');
	EXPECT_EQ(check_printed(CheckDriverObject, 0)[KEPT - 1], ' ');
	EXPECT_EQ(check_printed(CheckDriverObject, 0)[KEPT], 0);
}

/* Whatever becomes of it in the kernel's log, which the test looks at. */
static VOID print_at_each_level_is_seen_by_readers(VOID)
{
	DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "an error %d\n", 1);
	EXPECT_PRINTED("an error 1");
	DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_WARNING_LEVEL, "a warning %d\n", 2);
	EXPECT_PRINTED("a warning 2");
	DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_TRACE_LEVEL, "a trace %d\n", 3);
	EXPECT_PRINTED("a trace 3");
	KdPrintEx((DPFLTR_IHVDRIVER_ID, DPFLTR_INFO_LEVEL, "information %d\n", 4));
	EXPECT_PRINTED("information 4");
}

static const TEST_CASE Cases[] = {
	CASE(print_takes_numbers_as_wide_as_they_are),
	CASE(print_fills_to_width_and_precision),
	CASE(print_has_strings_of_each_kind),
	CASE(print_shows_what_it_does_not_know),
	CASE(print_hashes_pointers),
	CASE(print_makes_a_line_of_each_line),
	CASE(print_cuts_what_is_too_long),
	CASE(print_at_each_level_is_seen_by_readers),
};

TEST_GROUP_DEFINE(print, Cases);
