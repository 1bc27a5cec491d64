/* SPDX-License-Identifier: GPL-2.0-only */
/* What the cases, which speak Windows, ask Linux for: plain C, so that both can include it. */
#ifndef _WDK_CHECK_GLUE_H
#define _WDK_CHECK_GLUE_H

/* glue.c */
void check_print(const char *format, ...) __attribute__((__format__(__printf__, 1, 2)));
void check_begins(const char *group, const char *name);
int check_selected(const char *group, const char *name);
int check_channel_named(const char *name);

/* map.c: how the library translates errno and NTSTATUS; what a client's offer says. */
int check_status_of(int error);
int check_errno_of(int status);
int check_offer_flags(void *channel);

#endif /* _WDK_CHECK_GLUE_H */
