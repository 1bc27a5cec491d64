/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CRC-32 as zlib computes it: reflected 0xedb88320, preset and final inversion.
 * Start with 0; a result may be carried on.
 */
#ifndef HVHOST_CRC32_H
#define HVHOST_CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32_update(uint32_t crc, const void *data, size_t len);

#endif
