// SPDX-License-Identifier: GPL-2.0-only
/*
 * DbgPrint. Windows' formats differ from Linux's where it hurts: %ld is 32 bits wide, wide
 * strings are %ws, counted ones %wZ. So each conversion is read here, its argument taken as
 * the wide type that it is, and printed with a format of Linux's.
 */
#include <linux/ctype.h>
#include <linux/printk.h>
#include <linux/stdarg.h>

#include "driver.h"
#include "wdk.h"

#define TEXT_MAX	512	/* of one call, as on Windows */

/**
 * struct conversion - one of a format
 * @flags: as they stand there
 * @width: least characters; -1: not given
 * @precision: digits, or most characters; -1: not given
 * @length: 'h', 'l' (32 bits), 'L' (64 bits: ll, I64), 'z' (a pointer's), 'w' (wide), or 0
 * @type: the letter that ends it
 */
struct conversion {
	char flags[8];
	int width;
	int precision;
	char length;
	char type;
};

struct text {
	char *at;
	char *end;	/* of the room, for the final 0 */
};

struct arguments {
	va_list list;
};

static void put(struct text *text, char c)
{
	if (text->at < text->end)
		*text->at++ = c;
}

static const char *parse_flags(const char *f, struct conversion *c)
{
	size_t n = strspn(f, "-+ 0#");

	scnprintf(c->flags, sizeof(c->flags), "%.*s", (int)min(n, sizeof(c->flags) - 1), f);
	return f + n;
}

static const char *parse_number(const char *f, struct arguments *args, int *number)
{
	if (*f == '*') {
		*number = clamp(va_arg(args->list, int), -TEXT_MAX, TEXT_MAX);
		return f + 1;
	}
	for (*number = 0; isdigit(*f); f++)
		*number = min(*number * 10 + (*f - '0'), TEXT_MAX);
	return f;
}

/* Below 0 it is a width that is filled on the right; a precision below 0 is none. */
static const char *parse_width(const char *f, struct arguments *args, struct conversion *c)
{
	f = parse_number(f, args, &c->width);
	if (c->width >= 0)
		return f;
	strlcat(c->flags, "-", sizeof(c->flags));
	c->width = -c->width;
	return f;
}

static const char *parse_length(const char *f, struct conversion *c)
{
	static const struct {
		const char *text;
		char length;
	} lengths[] = {
		{ "I64", 'L' }, { "I32", 'l' }, { "ll", 'L' }, { "I", 'z' }, { "z", 'z' },
		{ "h", 'h' }, { "l", 'l' }, { "w", 'w' },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		if (!strncmp(f, lengths[i].text, strlen(lengths[i].text))) {
			c->length = lengths[i].length;
			return f + strlen(lengths[i].text);
		}
	}
	c->length = 0;
	return f;
}

/* From behind the '%' to behind the letter. */
static const char *parse(const char *f, struct arguments *args, struct conversion *c)
{
	c->width = -1;
	c->precision = -1;
	f = parse_flags(f, c);
	if (*f == '*' || isdigit(*f))
		f = parse_width(f, args, c);
	if (*f == '.')
		f = parse_number(f + 1, args, &c->precision);
	f = parse_length(f, c);
	c->type = *f;
	return *f ? f + 1 : f;
}

/* "%", flags, width, precision, and how Linux calls the rest. */
static void linux_format(char format[40], const struct conversion *c, const char *rest)
{
	int n = scnprintf(format, 40, "%%%s", c->flags);

	if (c->width >= 0)
		n += scnprintf(format + n, 40 - n, "%d", c->width);
	if (c->precision >= 0)
		n += scnprintf(format + n, 40 - n, ".%d", c->precision);
	scnprintf(format + n, 40 - n, "%s", rest);
}

static s64 take_signed(struct arguments *args, const struct conversion *c)
{
	if (c->length == 'L' || c->length == 'z')
		return va_arg(args->list, s64);
	return c->length == 'h' ? (s16)va_arg(args->list, int) : va_arg(args->list, int);
}

static u64 take_unsigned(struct arguments *args, const struct conversion *c)
{
	if (c->length == 'L' || c->length == 'z')
		return va_arg(args->list, u64);
	return c->length == 'h' ? (u16)va_arg(args->list, int) : va_arg(args->list, u32);
}

static void print_number(struct text *text, struct arguments *args, const struct conversion *c)
{
	bool is_signed = c->type == 'd' || c->type == 'i';
	const char rest[] = { 'l', 'l', c->type, 0 };
	u64 number = is_signed ? take_signed(args, c) : take_unsigned(args, c);
	char format[40];

	linux_format(format, c, rest);
	text->at += scnprintf(text->at, text->end - text->at + 1, format, number);
}

static void print_string(struct text *text, const struct conversion *c, const char *string)
{
	char format[40];

	linux_format(format, c, "s");
	text->at += scnprintf(text->at, text->end - text->at + 1, format,
			      string ? string : "(null)");
}

/* At most @count characters, to a 0 if it is not counted. */
static void print_wide(struct text *text, const struct conversion *c, const WCHAR *wide,
		       size_t count)
{
	char ascii[128];
	UNICODE_STRING string = { .Buffer = (PWCH)wide };
	size_t n = 0;

	while (wide && n < min(count, sizeof(ascii) - 1) && wide[n])
		n++;
	string.Length = n * sizeof(WCHAR);
	wdk_utf16_to_ascii(&string, ascii, sizeof(ascii));
	print_string(text, c, wide ? ascii : NULL);
}

static void print_unicode(struct text *text, const struct conversion *c, PCUNICODE_STRING string)
{
	print_wide(text, c, string ? string->Buffer : NULL,
		   string ? string->Length / sizeof(WCHAR) : 0);
}

static void print_ansi(struct text *text, struct conversion *c, const ANSI_STRING *string)
{
	if (string && (c->precision < 0 || c->precision > string->Length))
		c->precision = string->Length;
	print_string(text, c, string ? string->Buffer : NULL);
}

static bool is_wide(const struct conversion *c)
{
	return c->length == 'w' || c->length == 'l';
}

static void print_character(struct text *text, struct arguments *args, const struct conversion *c)
{
	int character = va_arg(args->list, int);
	bool wide = c->type == 'C' || is_wide(c);

	put(text, wide && !isascii((u16)character) ? '?' : character);
}

static void print_pointer(struct text *text, struct arguments *args)
{
	text->at += scnprintf(text->at, text->end - text->at + 1, "%p",
			      va_arg(args->list, void *));
}

static void print_one(struct text *text, struct arguments *args, struct conversion *c)
{
	switch (c->type) {
	case 'd': case 'i': case 'u': case 'x': case 'X': case 'o':
		print_number(text, args, c);
		break;
	case 'p':
		print_pointer(text, args);
		break;
	case 'c': case 'C':
		print_character(text, args, c);
		break;
	case 's':
		if (is_wide(c))
			print_wide(text, c, va_arg(args->list, const WCHAR *), SIZE_MAX);
		else
			print_string(text, c, va_arg(args->list, const char *));
		break;
	case 'S':
		print_wide(text, c, va_arg(args->list, const WCHAR *), SIZE_MAX);
		break;
	case 'Z':
		if (is_wide(c))
			print_unicode(text, c, va_arg(args->list, PCUNICODE_STRING));
		else
			print_ansi(text, c, va_arg(args->list, const ANSI_STRING *));
		break;
	default:	/* "%%"; what is unknown takes no argument and shows itself */
		put(text, c->type ? c->type : '%');
	}
}

static void format_text(struct text *text, const char *format, struct arguments *args)
{
	struct conversion c;

	while (*format) {
		if (*format != '%') {
			put(text, *format++);
			continue;
		}
		format = parse(format + 1, args, &c);
		print_one(text, args, &c);
	}
	*text->at = 0;
}

static void log_line(const char *driver, ULONG level, const char *line)
{
	if (level == DPFLTR_ERROR_LEVEL)
		pr_err("%s: %s\n", driver, line);
	else if (level == DPFLTR_WARNING_LEVEL)
		pr_warn("%s: %s\n", driver, line);
	else if (level == DPFLTR_TRACE_LEVEL)
		pr_debug("%s: %s\n", driver, line);
	else
		pr_info("%s: %s\n", driver, line);
	wdk_driver_log(driver, line);
}

/**
 * WdkPrint() - DbgPrint() and DbgPrintEx()
 * @Driver: the module
 * @Level: DPFLTR_*_LEVEL: error, warning, trace (dynamic debug) or information
 * @Format: as Windows has it: d i u x X o with h, l (32 bits), ll, I, I32, I64; c, s, ws, S, wZ, Z,
 *	p (hashed); no floating point
 *
 * Each line of the text becomes a line in the kernel's log, with the module in front, and
 * goes to debugfs (<wdk/glue.h>). At most 511 characters are printed, 127 of one wide string.
 *
 * Context: DISPATCH_LEVEL or lower.
 * Return: STATUS_SUCCESS.
 */
ULONG WdkPrint(PCSTR Driver, ULONG Level, PCSTR Format, ...)
{
	char buffer[TEXT_MAX], *rest = buffer, *line;
	struct text text = { .at = buffer, .end = buffer + sizeof(buffer) - 1 };
	struct arguments args;

	va_start(args.list, Format);
	format_text(&text, Format, &args);
	va_end(args.list);
	while ((line = strsep(&rest, "\n"))) {
		if (*line)
			log_line(Driver, Level, line);
	}
	return STATUS_SUCCESS;
}
EXPORT_SYMBOL_GPL(WdkPrint);

/**
 * RtlAssert() - an assertion does not hold
 * @FailedAssertion: its text
 * @FileName: where
 * @LineNumber: where
 * @Message: more text, or NULL
 *
 * Warns with a backtrace and goes on.
 *
 * Context: any.
 */
VOID RtlAssert(PVOID FailedAssertion, PVOID FileName, ULONG LineNumber, PSTR Message)
{
	WARN(1, "%s:%u: assertion failed: %s %s\n", (char *)FileName, LineNumber,
	     (char *)FailedAssertion, Message ? Message : "");
}
EXPORT_SYMBOL_GPL(RtlAssert);
