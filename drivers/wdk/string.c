// SPDX-License-Identifier: GPL-2.0-only
/*
 * Strings and memory.
 */
#include "wdk.h"

/* What is not ASCII becomes one '?' a character; ends with 0; cut to @size. */
void wdk_utf16_to_ascii(PCUNICODE_STRING from, char *to, size_t size)
{
	size_t i, n = 0;
	WCHAR c;

	for (i = 0; i < from->Length / sizeof(WCHAR) && n < size - 1; i++) {
		c = from->Buffer[i];
		/* The second half of a character was written with the first. */
		if ((c & 0xfc00) != 0xdc00)
			to[n++] = c && c < 0x80 ? c : '?';
	}
	to[n] = 0;
}

/**
 * RtlInitUnicodeString() - count a string
 * @DestinationString: out: refers to @SourceString
 * @SourceString: ends with 0; NULL gives an empty string
 *
 * Context: DISPATCH_LEVEL or lower.
 * Ownership: the characters stay the caller's.
 */
VOID RtlInitUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString)
{
	size_t n = 0;

	/* The largest even number of bytes that still leaves room for the final 0. */
	while (SourceString && SourceString[n] && n < (MAXUSHORT - 3) / sizeof(WCHAR))
		n++;
	DestinationString->Buffer = (PWCH)SourceString;
	DestinationString->Length = n * sizeof(WCHAR);
	DestinationString->MaximumLength = SourceString ? (n + 1) * sizeof(WCHAR) : 0;
}
EXPORT_SYMBOL_GPL(RtlInitUnicodeString);

static WCHAR fold(WCHAR c, bool ignore_case)
{
	return ignore_case && c < 0x80 ? tolower(c) : c;
}

/**
 * RtlEqualUnicodeString() - compare two strings
 * @String1: one
 * @String2: the other
 * @CaseInSensitive: TRUE: 'a' is 'A'; of ASCII letters only
 *
 * Context: any.
 * Return: TRUE if they are equal.
 */
BOOLEAN RtlEqualUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
			      BOOLEAN CaseInSensitive)
{
	size_t i;

	if (String1->Length != String2->Length)
		return FALSE;
	for (i = 0; i < String1->Length / sizeof(WCHAR); i++) {
		if (fold(String1->Buffer[i], CaseInSensitive) !=
		    fold(String2->Buffer[i], CaseInSensitive))
			return FALSE;
	}
	return TRUE;
}
EXPORT_SYMBOL_GPL(RtlEqualUnicodeString);

/**
 * RtlCompareMemory() - how far are two blocks equal
 * @Source1: one
 * @Source2: the other
 * @Length: bytes
 *
 * Context: any.
 * Return: number of bytes before the first that differs.
 */
SIZE_T RtlCompareMemory(const VOID *Source1, const VOID *Source2, SIZE_T Length)
{
	const u8 *a = Source1, *b = Source2;
	SIZE_T n = 0;

	while (n < Length && a[n] == b[n])
		n++;
	return n;
}
EXPORT_SYMBOL_GPL(RtlCompareMemory);
