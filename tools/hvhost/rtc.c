// SPDX-License-Identifier: GPL-2.0-only
/*
 * The time of day as a PC's CMOS clock tells it: host's UTC, read only, no alarm and no
 * interrupt. Linux asks early in its boot, ACPI's "no RTC" flag or not, and would wait
 * more than a second for a clock that is not there.
 */
#include <time.h>

#include "machine.h"
#include "pio.h"

#define REG_SECONDS	0x00
#define REG_MINUTES	0x02
#define REG_HOURS	0x04
#define REG_WEEKDAY	0x06
#define REG_DAY		0x07
#define REG_MONTH	0x08
#define REG_YEAR	0x09
#define REG_A		0x0a
#define REG_B		0x0b
#define REG_D		0x0d
#define A_RATE		0x26	/* 32 kHz, 1024 Hz, no update in progress */
#define B_24_HOURS	0x02	/* and BCD */
#define D_VALID		0x80

static _Atomic uint8_t selected;

static uint8_t bcd(int value)
{
	return value / 10 % 10 << 4 | value % 10;
}

static uint8_t read_register(uint8_t reg)
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	switch (reg) {
	case REG_SECONDS:
		return bcd(tm.tm_sec);
	case REG_MINUTES:
		return bcd(tm.tm_min);
	case REG_HOURS:
		return bcd(tm.tm_hour);
	case REG_WEEKDAY:
		return bcd(tm.tm_wday + 1);
	case REG_DAY:
		return bcd(tm.tm_mday);
	case REG_MONTH:
		return bcd(tm.tm_mon + 1);
	case REG_YEAR:
		return bcd(tm.tm_year % 100);
	case REG_A:
		return A_RATE;
	case REG_B:
		return B_24_HOURS;
	case REG_D:
		return D_VALID;
	default:
		return 0;
	}
}

static void rtc_access(void *ctx, const struct pio_access *a)
{
	(void)ctx;
	if (a->offset == 0 && a->write)
		selected = a->data[0] & 0x7f;	/* bit 7 masks NMIs */
	else if (a->offset == 1 && !a->write)
		a->data[0] = read_register(selected);
}

void rtc_register(void)
{
	pio_register(RTC_PORT, 2, rtc_access, NULL);
}
