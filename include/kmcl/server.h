/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kmcl: the server's end of a channel. What a driver that offers channels includes.
 *
 * Linux' hv_vmbus offers nothing to anybody, so a server's offer is for clients in this
 * kernel: a loopback offer (kmcl_loopback.ko). All of <kmcl/kmcl.h> holds for both ends; what
 * is said there of "the host" is for a server its client.
 *
 * What differs: a server begins paused and is let go by kmcl_channel_start(); after closed it
 * is offered again, without being enabled anew; it sends no external data and creates no
 * GPADLs, but gets the client's.
 */
#ifndef _KMCL_SERVER_H
#define _KMCL_SERVER_H

#include <kmcl/kmcl.h>

/* kmcl_channel_set_server_flags(); values are KMCL's, kmcl_offer.flags has the wire's */
#define KMCL_SERVER_LOOPBACK_OFFER		0x01u
#define KMCL_SERVER_ENUMERATE_DEVICE_INTERFACE	0x02u
#define KMCL_SERVER_OFFER_AS_PIPE		0x04u
#define KMCL_SERVER_FORCE_NEW_CHANNEL		0x08u
#define KMCL_SERVER_TLNPI_PROVIDER_OFFER	0x10u
#define KMCL_SERVER_FLAGS			0x1fu

/**
 * struct kmcl_view - a client's GPADL, mapped
 * @pages: in the client's order, whole
 * @bytes: of them
 * @address: of all of it in the kernel
 *
 * kmcl's; valid until kmcl_gpadl_unmap(). The client may write to the memory meanwhile.
 */
struct kmcl_view {
	struct page *const *pages;
	u32 bytes;
	void *address;
};

/* The offer: server.c */
struct kmcl_channel *kmcl_channel_alloc_server(void);
int kmcl_channel_set_offer(struct kmcl_channel *channel, const guid_t *type,
			   const guid_t *instance);
int kmcl_channel_set_server_flags(struct kmcl_channel *channel, u32 flags);
int kmcl_channel_set_offer_data(struct kmcl_channel *channel, const void *data, u32 bytes);
int kmcl_channel_set_mmio(struct kmcl_channel *channel, u16 megabytes, u16 optional);

/* The client's memory: view.c */
int kmcl_gpadl_map(struct kmcl_channel *channel, u32 gpadl, u32 flags, struct kmcl_view *view);
int kmcl_gpadl_unmap(struct kmcl_channel *channel, u32 gpadl);

#endif /* _KMCL_SERVER_H */
