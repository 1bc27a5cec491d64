// SPDX-License-Identifier: GPL-2.0-only
/*
 * Strings, memory, lists; and how wide the types are.
 */
#include "harness.h"

static VOID types_have_their_widths(VOID)
{
	LARGE_INTEGER number;
	GUID guid = { 0x01020304, 0x0506, 0x0708, { 9, 10, 11, 12, 13, 14, 15, 16 } };
	static const UCHAR bytes[16] = {
		4, 3, 2, 1, 6, 5, 8, 7, 9, 10, 11, 12, 13, 14, 15, 16,
	};

	EXPECT_EQ(sizeof(ULONG), 4);
	EXPECT_EQ(sizeof(LONG), 4);
	EXPECT_EQ(sizeof(USHORT), 2);
	EXPECT_EQ(sizeof(BOOLEAN), 1);
	EXPECT_EQ(sizeof(WCHAR), 2);
	EXPECT_EQ(sizeof(ULONG_PTR), 8);
	EXPECT_EQ(sizeof(SIZE_T), 8);
	EXPECT_EQ(sizeof(PFN_NUMBER), 8);
	EXPECT_EQ(sizeof(LARGE_INTEGER), 8);
	EXPECT_EQ(sizeof(UNICODE_STRING), 16);
	EXPECT_EQ(sizeof(INTERFACE), 0x20);
	number.QuadPart = -2;
	EXPECT_EQ(number.LowPart, 0xfffffffeu);
	EXPECT_EQ(number.HighPart, -1);
	EXPECT_EQ(number.u.HighPart, -1);
	EXPECT(RtlEqualMemory(&guid, bytes, sizeof(bytes)));
}

static VOID unicode_string_counts_bytes(VOID)
{
	DECLARE_CONST_UNICODE_STRING(constant, L"abc");
	UNICODE_STRING string;

	RtlInitUnicodeString(&string, L"ab\x20ac");
	EXPECT_EQ(string.Length, 6);
	EXPECT_EQ(string.MaximumLength, 8);
	EXPECT_EQ(string.Buffer[2], 0x20ac);
	RtlInitUnicodeString(&string, L"");
	EXPECT_EQ(string.Length, 0);
	EXPECT_EQ(string.MaximumLength, 2);
	RtlInitUnicodeString(&string, NULL);
	EXPECT_EQ(string.Length, 0);
	EXPECT_EQ(string.MaximumLength, 0);
	EXPECT(!string.Buffer);
	EXPECT_EQ(constant.Length, 6);
	EXPECT_EQ(constant.MaximumLength, 8);
}

static VOID unicode_strings_are_compared_by_their_count(VOID)
{
	UNICODE_STRING one, other, counted = { 4, 4, (PWCH)L"abXY" };

	RtlInitUnicodeString(&one, L"ab");
	RtlInitUnicodeString(&other, L"aB");
	EXPECT(RtlEqualUnicodeString(&one, &one, FALSE));
	EXPECT(RtlEqualUnicodeString(&one, &counted, FALSE));
	EXPECT(!RtlEqualUnicodeString(&one, &other, FALSE));
	EXPECT(RtlEqualUnicodeString(&one, &other, TRUE));
	RtlInitUnicodeString(&other, L"abc");
	EXPECT(!RtlEqualUnicodeString(&one, &other, TRUE));
}

static VOID memory_is_filled_moved_and_compared(VOID)
{
	UCHAR one[8], other[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

	RtlFillMemory(one, sizeof(one), 0xa5);
	EXPECT_EQ(one[7], 0xa5);
	RtlZeroMemory(one, sizeof(one));
	EXPECT_EQ(one[7], 0);
	RtlCopyMemory(one, other, sizeof(one));
	EXPECT(RtlEqualMemory(one, other, sizeof(one)));
	RtlMoveMemory(one + 1, one, 4);
	EXPECT_EQ(one[0], 1);
	EXPECT_EQ(one[1], 1);
	EXPECT_EQ(one[4], 4);
	EXPECT_EQ(RtlCompareMemory(one, other, sizeof(one)), 1);
	EXPECT_EQ(RtlCompareMemory(other, other, sizeof(one)), 8);
}

typedef struct _ITEM {
	ULONG Number;
	LIST_ENTRY Entry;
} ITEM;

static VOID list_keeps_its_order(VOID)
{
	ITEM items[3] = { { .Number = 1 }, { .Number = 2 }, { .Number = 3 } };
	LIST_ENTRY head;

	InitializeListHead(&head);
	EXPECT(IsListEmpty(&head));
	InsertTailList(&head, &items[1].Entry);
	InsertTailList(&head, &items[2].Entry);
	InsertHeadList(&head, &items[0].Entry);
	EXPECT(!IsListEmpty(&head));
	EXPECT_EQ(CONTAINING_RECORD(RemoveHeadList(&head), ITEM, Entry)->Number, 1);
	EXPECT_EQ(CONTAINING_RECORD(RemoveTailList(&head), ITEM, Entry)->Number, 3);
	EXPECT(RemoveEntryList(&items[1].Entry));
	EXPECT(IsListEmpty(&head));
}

static const TEST_CASE Cases[] = {
	CASE(types_have_their_widths),
	CASE(unicode_string_counts_bytes),
	CASE(unicode_strings_are_compared_by_their_count),
	CASE(memory_is_filled_moved_and_compared),
	CASE(list_keeps_its_order),
};

TEST_GROUP_DEFINE(rtl, Cases);
