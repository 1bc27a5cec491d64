/* SPDX-License-Identifier: GPL-2.0-only */
/* What the cases, which speak Windows, ask Linux for: plain C, so that both can include it. */
#ifndef _WDK_CHECK_GLUE_H
#define _WDK_CHECK_GLUE_H

struct _DRIVER_OBJECT;
struct _UNICODE_STRING;

/* glue.c */
void check_print(const char *format, ...) __attribute__((__format__(__printf__, 1, 2)));
void check_begins(const char *group, const char *name);
int check_selected(const char *group, const char *name);
int check_channel_named(const char *name);

/*
 * A process's memory, all zero and not there yet. The caller is in that process, and so are the
 * other functions to be, until it leaves with the same arguments. NULL, or a number other than 0:
 * it could not be done.
 */
void *check_user_enter(unsigned long bytes);
void check_user_leave(void *address, unsigned long bytes);
int check_user_write(void *to, const void *from, unsigned long bytes);
int check_user_read(void *to, const void *from, unsigned long bytes);
/* A part of it is none any more. */
int check_user_lose(void *address, unsigned long bytes);

/* Another driver, as if its module were loaded. NULL, and an errno, if that fails. */
typedef int check_entry(struct _DRIVER_OBJECT *object, struct _UNICODE_STRING *registry_path);
void *check_load(const char *name, check_entry *entry, const char *parameters, int *error);
void check_unload(void *driver);

/* The n-th allocation of this thread from now on fails; 0: none. What is left of n. */
void check_fail(unsigned int n);
unsigned int check_fail_left(void);

/*
 * map.c: how the library translates errno and NTSTATUS; what a client's offer says; the line that
 * a driver has printed before the last ones.
 */
int check_status_of(int error);
int check_errno_of(int status);
int check_offer_flags(void *channel);
const char *check_printed(struct _DRIVER_OBJECT *object, unsigned int back);

#endif /* _WDK_CHECK_GLUE_H */
