/* SPDX-License-Identifier: GPL-2.0-only */
/* Little endian to little endian: the bus exists nowhere else. */
#ifndef _SHIM_ASM_BYTEORDER_H
#define _SHIM_ASM_BYTEORDER_H

#include <linux/types.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "little endian");

#define cpu_to_le16(n)	((__le16)(n))
#define cpu_to_le32(n)	((__le32)(n))
#define cpu_to_le64(n)	((__le64)(n))
#define le16_to_cpu(n)	((u16)(n))
#define le32_to_cpu(n)	((u32)(n))
#define le64_to_cpu(n)	((u64)(n))

#endif /* _SHIM_ASM_BYTEORDER_H */
