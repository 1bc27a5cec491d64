/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What hvhost's test devices and their guest drivers have to agree on: interface
 * type GUIDs and payload layouts. Included by kernel code and by hvhost, so it
 * holds macros over plain numbers and nothing else.
 *
 * A GUID is given as a macro that applies its argument to the eleven numbers:
 * HVHOST_ECHO_TYPE(GUID_INIT) in the kernel, the same with its own initialiser
 * in user space.
 */
#ifndef _KMCL_HVHOST_H
#define _KMCL_HVHOST_H

/* echo: 97683cbb-ecf6-4c20-bb86-35f8ba0e67f4 */
#define HVHOST_ECHO_TYPE(G) \
	G(0x97683cbb, 0xecf6, 0x4c20, 0xbb, 0x86, 0x35, 0xf8, 0xba, 0x0e, 0x67, 0xf4)

/* source: 16798a7e-856a-4dc7-b922-e7fb65e7d72d */
#define HVHOST_SOURCE_TYPE(G) \
	G(0x16798a7e, 0x856a, 0x4dc7, 0xb9, 0x22, 0xe7, 0xfb, 0x65, 0xe7, 0xd7, 0x2d)

/*
 * Integration components, as Windows hosts offer them (hyperv.h, HV_HEART_BEAT_GUID,
 * HV_TS_GUID, HV_SHUTDOWN_GUID).
 */
#define HVHOST_HEARTBEAT_TYPE(G) \
	G(0x57164f39, 0x9115, 0x4e78, 0xab, 0x55, 0x38, 0x2f, 0x3b, 0xd5, 0x42, 0x2d)
#define HVHOST_TIMESYNC_TYPE(G) \
	G(0x9527e630, 0xd0ae, 0x497b, 0xad, 0xce, 0xe8, 0x0a, 0xb0, 0x17, 0x5c, 0xaf)
#define HVHOST_SHUTDOWN_TYPE(G) \
	G(0x0e0b6031, 0x5213, 0x4934, 0x81, 0x8b, 0x38, 0xd9, 0x0c, 0xed, 0x39, 0xdb)

/*
 * source, host to guest. All fields little endian.
 *
 *   0  u64 seq      counts up from 0 for each packet of an open channel
 *   8  u32 length   of the whole payload, these 16 bytes included; what the wire
 *                   adds to reach a multiple of 8 is zero
 *  12  u32 seed     byte i of the rest is HVHOST_PATTERN(seed, i)
 *  16  u8  data[length - 16]
 */
#define HVHOST_SOURCE_HEADER	16
#define HVHOST_PATTERN(seed, i)	((unsigned char)((seed) + (i) * 7u + ((i) >> 8)))

/*
 * source, completion payload from the guest. The device checks all of it.
 *
 *   0  u64 seq      of the packet completed
 *   8  u32 crc      CRC-32 (zlib's: reflected 0xedb88320, preset and final
 *                   inversion) of the `length` payload bytes
 *  12  u32 zero
 */
#define HVHOST_SOURCE_COMPLETION	16

/*
 * echo, completion payload for a packet with external data.
 *
 *   0  u32 length   bytes of external data that the host read
 *   4  u32 crc      CRC-32 (as above) of them, before any write
 *
 * With the device option gpa-write=on every byte is then XORed with 0xff.
 */
#define HVHOST_ECHO_GPA_COMPLETION	8

#endif /* _KMCL_HVHOST_H */
