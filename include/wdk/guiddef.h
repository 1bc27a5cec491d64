/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * GUIDs. DEFINE_GUID() declares one, or defines it in a source that has included
 * <initguid.h> before: so its part of this file is read anew each time.
 */
#ifndef _WDK_GUIDDEF_H
#define _WDK_GUIDDEF_H

/* In memory: 32, 16 and 16 bits in the machine's order, then eight bytes. */
typedef struct _GUID {
	unsigned int Data1;
	unsigned short Data2;
	unsigned short Data3;
	unsigned char Data4[8];
} GUID, *LPGUID;

_Static_assert(sizeof(GUID) == 16, "the wire and guid_t have 16 bytes");

typedef const GUID *LPCGUID;
typedef const GUID *REFGUID;

#define IsEqualGUID(a, b)	(!__builtin_memcmp((a), (b), sizeof(GUID)))
#define InlineIsEqualGUID(a, b)	IsEqualGUID(a, b)

#endif /* _WDK_GUIDDEF_H */

#undef DEFINE_GUID
#ifdef INITGUID
/* Weak: several sources of a driver may define the same one. */
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8)			\
	extern const GUID name;								\
	const GUID name __attribute__((__weak__)) = {					\
		l, w1, w2, { b1, b2, b3, b4, b5, b6, b7, b8 }				\
	}
#else
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8)			\
	extern const GUID name
#endif
