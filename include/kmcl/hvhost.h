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

/* gpadl: fae20227-5ec4-441d-bd90-faafe4a5ce37 */
#define HVHOST_GPADL_TYPE(G) \
	G(0xfae20227, 0x5ec4, 0x441d, 0xbd, 0x90, 0xfa, 0xaf, 0xe4, 0xa5, 0xce, 0x37)

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

/*
 * echo with the device option pipe=on, both ways. Packets are in-band and ask for
 * no completion.
 *
 *   0  u32 type     HVHOST_PIPE_DATA
 *   4  u32 length   of the message, without what the wire adds
 *   8  u8  data[length]
 */
#define HVHOST_PIPE_HEADER	8
#define HVHOST_PIPE_DATA	1

/*
 * gpadl, request from the guest: in-band, a completion requested, transaction id
 * not 0; others are not answered. Fields that an operation does not name are
 * ignored, but for `zero`.
 *
 *   0  u32 op       HVHOST_GPADL_NEGOTIATE and so on
 *   4  u32 gpadl    the handle that the GPADL was made with
 *   8  u32 offset   into the GPADL: its bytes, all ranges in order
 *  12  u32 length
 *  16  u32 seed
 *  20  u32 count
 *  24  u32 arg
 *  28  u32 zero
 *
 * Completion payload:
 *
 *   0  u32 status   HVHOST_GPADL_OK and so on
 *   4  u32 value    0 where the operation says nothing
 *   8  u32 crc      CRC-32 (as above), 0 where the operation says nothing
 *  12  u32 zero
 */
#define HVHOST_GPADL_REQUEST	32
#define HVHOST_GPADL_COMPLETION	16
#define HVHOST_GPADL_VERSION	1

/*
 * Operations.
 *
 * NEGOTIATE  arg: the version wanted. value: the version that the device speaks.
 *            Has to succeed before all others (they get BAD), once per opening of
 *            the channel; may be repeated.
 * MAP        gpadl; arg: milliseconds after which the device unmaps by itself,
 *            0: never. value: bytes of the GPADL. While it is mapped the device
 *            does not confirm its teardown and goes on touching its memory when
 *            asked to. Closing the channel unmaps all.
 * UNMAP      gpadl.
 * CHECK      gpadl, offset, length, seed: byte i from offset has to be
 *            HVHOST_PATTERN(seed, i). crc: of the length bytes. value, with
 *            MISMATCH: the first i that is wrong.
 * FILL       the same fields: writes that pattern. crc: of the length bytes.
 * SEND       gpadl, offset, length, seed, count; arg: page set id, 0 for the low
 *            16 bits of gpadl. Sends count transfer page packets as laid out
 *            below. Completed when the last of them was; value: how many of the
 *            completions were wrong. One SEND per GPADL at a time; until it is
 *            over, UNMAP, CHECK and FILL get BUSY. When the device unmaps by
 *            itself, it forgets the packets and SEND gets NOT_MAPPED.
 */
#define HVHOST_GPADL_NEGOTIATE	1
#define HVHOST_GPADL_MAP	2
#define HVHOST_GPADL_UNMAP	3
#define HVHOST_GPADL_CHECK	4
#define HVHOST_GPADL_FILL	5
#define HVHOST_GPADL_SEND	6

/* Status. */
#define HVHOST_GPADL_OK		0
#define HVHOST_GPADL_BAD	1	/* no such operation, not negotiated, a field out of bounds */
#define HVHOST_GPADL_UNKNOWN	2	/* no GPADL of that handle on this channel */
#define HVHOST_GPADL_RANGE	3	/* offset and length lead out of the GPADL */
#define HVHOST_GPADL_NOT_MAPPED	4	/* not mapped; for MAP: mapped already */
#define HVHOST_GPADL_MISMATCH	5	/* not the pattern */
#define HVHOST_GPADL_VERSION_REFUSED	6
#define HVHOST_GPADL_BUSY	7	/* SEND is under way; for MAP: too many are mapped */

/*
 * gpadl, the transfer page packets of SEND: VMBus packet type 7, a completion
 * requested. After the descriptor:
 *
 *   0  u16 set      page set id, see SEND
 *   2  u8  owns     0
 *   3  u8  zero
 *   4  u32 ranges   1 to HVHOST_GPADL_RANGES
 *   8  { u32 length; u32 offset; } range[ranges], offset into the GPADL
 *
 * then the payload:
 *
 *   0  u64 seq      counts up from 0 over all SENDs of an open channel
 *   8  u32 bytes    of all ranges
 *  12  u32 seed     byte i of the ranges, in order as if they were one, is
 *                   HVHOST_PATTERN(seed, i)
 *
 * SEND's length is at least HVHOST_GPADL_SEND_MIN, its count not 0, its arg not
 * above 0xffff. Ranges of packets in flight do not overlap. As soon as the guest
 * completes a packet, its ranges hold HVHOST_GPADL_USED, then the next packet's
 * data.
 */
#define HVHOST_GPADL_XFER	16
#define HVHOST_GPADL_RANGES	4
#define HVHOST_GPADL_SEND_MIN	64
#define HVHOST_GPADL_USED	0xee

/*
 * gpadl, completion payload from the guest for such a packet. The device checks
 * all of it. With the device option bad-xfer= the packets are malformed: then the
 * right answer is a completion without payload, and one with payload is counted
 * as wrong.
 *
 *   0  u64 seq      of the packet completed
 *   8  u32 crc      CRC-32 of the bytes of all ranges, in order as if they were one
 *  12  u32 zero
 */
#define HVHOST_GPADL_XFER_COMPLETION	16

#endif /* _KMCL_HVHOST_H */
