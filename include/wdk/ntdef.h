/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The plain types of a Windows kernel driver. ULONG and LONG have 32 bits, as on
 * 64-bit Windows; pointers and SIZE_T have 64.
 *
 * Nothing in this directory but <wdk/glue.h> includes a Linux header. A Windows source
 * therefore meets none of Linux's names: not current, not min(), not PAGE_ALIGN().
 * What the kernel's build forces upon every source is keywords and CONFIG_ symbols.
 */
#ifndef _WDK_NTDEF_H
#define _WDK_NTDEF_H

#include <sal.h>
#include <guiddef.h>

_Static_assert(sizeof(void *) == 8, "only 64-bit machines");
#ifndef __CHECKER__	/* sparse does not know the option */
_Static_assert(sizeof(L' ') == 2, "wide characters are UTF-16: -fshort-wchar");
#endif

/* Keywords of Microsoft's compiler. */
#define FASTCALL
#define NTAPI
#define __cdecl
#define __fastcall
#define __stdcall
#define __declspec(what)
#define DECLSPEC_ALIGN(n)	__attribute__((__aligned__(n)))
#define DECLSPEC_NOINLINE	__attribute__((__noinline__))
#define DECLSPEC_NORETURN	__attribute__((__noreturn__))
#define DECLSPEC_SELECTANY	__attribute__((__weak__))
#define EXTERN_C
#define EXTERN_C_START
#define EXTERN_C_END
#define NTKERNELAPI
#define NTSYSAPI
#define CONST			const
#define UNALIGNED
#define __forceinline		__inline __attribute__((__always_inline__))
#define FORCEINLINE		static __forceinline
#define CFORCEINLINE		FORCEINLINE

/*
 * Structured exceptions do not exist in the Linux kernel. A function that raises one on
 * Windows says in drivers/wdk how it fails here.
 */
#define __try									\
	_Pragma("GCC error \"no structured exceptions on Linux: see the guarded function\"") \
	if (1)
#define __except(what)	else if (0)
#define __finally	if (1)
#define __leave		do { } while (0)

/* Plain types. */
#define VOID void

typedef char CHAR, CCHAR, *PCHAR, *PSTR;
typedef const char *PCSTR, *PCCHAR, *PCSZ;
typedef unsigned char UCHAR, BYTE, *PUCHAR, *PBYTE;
typedef const unsigned char *PCUCHAR;
typedef UCHAR BOOLEAN, *PBOOLEAN;
typedef short SHORT, CSHORT, *PSHORT;
typedef unsigned short USHORT, WORD, *PUSHORT;
typedef int INT, LONG, BOOL, *PINT, *PLONG;
typedef unsigned int UINT, ULONG, DWORD, LOGICAL, *PUINT, *PULONG;
typedef long long LONGLONG, LONG64, *PLONGLONG, *PLONG64;
typedef unsigned long long ULONGLONG, ULONG64, DWORD64, *PULONGLONG, *PULONG64;

typedef signed char INT8, *PINT8;
typedef short INT16, *PINT16;
typedef int INT32, LONG32, *PINT32;
typedef long long INT64, *PINT64;
typedef unsigned char UINT8, *PUINT8;
typedef unsigned short UINT16, *PUINT16;
typedef unsigned int UINT32, ULONG32, *PUINT32;
typedef unsigned long long UINT64, *PUINT64;

typedef long INT_PTR, LONG_PTR, SSIZE_T;
typedef unsigned long UINT_PTR, ULONG_PTR, DWORD_PTR, SIZE_T, *PULONG_PTR, *PSIZE_T;
typedef __SIZE_TYPE__ size_t;

typedef void *PVOID, *LPVOID, *HANDLE, **PHANDLE;
typedef const void *PCVOID;

typedef __WCHAR_TYPE__ wchar_t;
typedef wchar_t WCHAR, *PWCHAR, *PWCH, *PWSTR;
typedef const wchar_t *PCWCH, *PCWSTR;

typedef LONG NTSTATUS, *PNTSTATUS;
typedef UCHAR KIRQL, *PKIRQL;
typedef CCHAR KPROCESSOR_MODE;
typedef LONG KPRIORITY;
typedef ULONG ACCESS_MASK;
typedef ULONG_PTR PFN_NUMBER, *PPFN_NUMBER;

#include <ntstatus.h>

/* The sign bit is the upper bit of the severity, so information is success. */
#define NT_SUCCESS(status)	((NTSTATUS)(status) >= 0)
#define NT_INFORMATION(status)	((ULONG)(status) >> 30 == 1)
#define NT_WARNING(status)	((ULONG)(status) >> 30 == 2)
#define NT_ERROR(status)	((ULONG)(status) >> 30 == 3)

#ifndef NULL
#define NULL	((void *)0)
#endif
#ifndef TRUE
#define TRUE	1
#define FALSE	0
#endif

#define MAXUCHAR	0xff
#define MAXUSHORT	0xffff
#define MAXULONG	0xffffffffu
#define MAXLONG		0x7fffffff
#define MAXLONGLONG	0x7fffffffffffffffll
#define MAXULONG_PTR	(~(ULONG_PTR)0)
#define ANYSIZE_ARRAY	1

/* Distinct types, so that one handle is not taken for another. */
#define DECLARE_HANDLE(name)	struct name##__ { int unused; }; typedef struct name##__ *name

#define FIELD_OFFSET(type, field)	((LONG)__builtin_offsetof(type, field))
#define UFIELD_OFFSET(type, field)	((ULONG)__builtin_offsetof(type, field))
#define CONTAINING_RECORD(address, type, field)						\
	((type *)((PCHAR)(address) - __builtin_offsetof(type, field)))
#define RTL_FIELD_SIZE(type, field)	(sizeof(((type *)0)->field))
#define RTL_SIZEOF_THROUGH_FIELD(type, field)						\
	(__builtin_offsetof(type, field) + RTL_FIELD_SIZE(type, field))
#define RTL_NUMBER_OF(array)		(sizeof(array) / sizeof((array)[0]))
#define ARRAYSIZE(array)		RTL_NUMBER_OF(array)
#ifndef offsetof
#define offsetof(type, field)		__builtin_offsetof(type, field)
#endif

#define UNREFERENCED_PARAMETER(p)	((void)(p))
#define UNREFERENCED_LOCAL_VARIABLE(p)	((void)(p))
#define DBG_UNREFERENCED_PARAMETER(p)	((void)(p))

#define C_ASSERT(e)			_Static_assert(e, #e)
#ifndef static_assert
#define static_assert			_Static_assert
#endif

/* The implementation defines NOMINMAX: it lives among Linux's own. */
#ifndef NOMINMAX
#ifndef min
#define min(a, b)	(((a) < (b)) ? (a) : (b))
#endif
#ifndef max
#define max(a, b)	(((a) > (b)) ? (a) : (b))
#endif
#endif

/* A signed 64-bit number, and its halves. */
typedef union _LARGE_INTEGER {
	struct {
		ULONG LowPart;
		LONG HighPart;
	};
	struct {
		ULONG LowPart;
		LONG HighPart;
	} u;
	LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef union _ULARGE_INTEGER {
	struct {
		ULONG LowPart;
		ULONG HighPart;
	};
	struct {
		ULONG LowPart;
		ULONG HighPart;
	} u;
	ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

typedef LARGE_INTEGER PHYSICAL_ADDRESS, *PPHYSICAL_ADDRESS;

/* Counted strings. Both lengths are in bytes; the last character need not be 0. */
typedef struct _UNICODE_STRING {
	USHORT Length;
	USHORT MaximumLength;
	PWCH Buffer;
} UNICODE_STRING, *PUNICODE_STRING;

typedef const UNICODE_STRING *PCUNICODE_STRING;

typedef struct _STRING {
	USHORT Length;
	USHORT MaximumLength;
	PCHAR Buffer;
} STRING, ANSI_STRING, *PSTRING, *PANSI_STRING;

#define UNICODE_NULL	((WCHAR)0)
#define RTL_CONSTANT_STRING(s)	{ sizeof(s) - sizeof((s)[0]), sizeof(s), (void *)(s) }

#define DECLARE_CONST_UNICODE_STRING(name, text)					\
	const WCHAR name##_buffer[] = text;						\
	const UNICODE_STRING name = {							\
		sizeof(text) - sizeof(WCHAR), sizeof(text), (PWCH)name##_buffer		\
	}

#define DECLARE_UNICODE_STRING_SIZE(name, characters)					\
	WCHAR name##_buffer[characters];						\
	UNICODE_STRING name = { 0, (characters) * sizeof(WCHAR), name##_buffer }

/* Doubly linked lists; a head is an entry that is no element. */
typedef struct _LIST_ENTRY {
	struct _LIST_ENTRY *Flink;
	struct _LIST_ENTRY *Blink;
} LIST_ENTRY, *PLIST_ENTRY;

FORCEINLINE VOID InitializeListHead(PLIST_ENTRY ListHead)
{
	ListHead->Flink = ListHead;
	ListHead->Blink = ListHead;
}

FORCEINLINE BOOLEAN IsListEmpty(const LIST_ENTRY *ListHead)
{
	return ListHead->Flink == ListHead;
}

FORCEINLINE VOID InsertHeadList(PLIST_ENTRY ListHead, PLIST_ENTRY Entry)
{
	Entry->Flink = ListHead->Flink;
	Entry->Blink = ListHead;
	ListHead->Flink->Blink = Entry;
	ListHead->Flink = Entry;
}

FORCEINLINE VOID InsertTailList(PLIST_ENTRY ListHead, PLIST_ENTRY Entry)
{
	InsertHeadList(ListHead->Blink, Entry);
}

/* TRUE if the list is empty now. */
FORCEINLINE BOOLEAN RemoveEntryList(PLIST_ENTRY Entry)
{
	Entry->Flink->Blink = Entry->Blink;
	Entry->Blink->Flink = Entry->Flink;
	return Entry->Flink == Entry->Blink;
}

/* The head itself if the list is empty. */
FORCEINLINE PLIST_ENTRY RemoveHeadList(PLIST_ENTRY ListHead)
{
	PLIST_ENTRY Entry = ListHead->Flink;

	RemoveEntryList(Entry);
	return Entry;
}

FORCEINLINE PLIST_ENTRY RemoveTailList(PLIST_ENTRY ListHead)
{
	PLIST_ENTRY Entry = ListHead->Blink;

	RemoveEntryList(Entry);
	return Entry;
}

#endif /* _WDK_NTDEF_H */
