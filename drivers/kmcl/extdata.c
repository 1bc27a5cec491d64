// SPDX-License-Identifier: GPL-2.0-only
/*
 * External data of packets that are sent. In whatever form the driver gives it, it
 * becomes a scatterlist (the driver's own, or one in the packet's storage), is
 * mapped through the DMA API, and becomes GPA ranges (TLFS page frame numbers,
 * 4 KiB each) in the packet's storage. Nothing is allocated.
 */
#include <linux/bvec.h>
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/sched/task_stack.h>
#include <linux/scatterlist.h>

#include "packet.h"

#define PFN_SHIFT	12
#define IN_PAGE(addr)	((u32)((addr) & (KMCL_WIRE_PAGE_SIZE - 1)))

/**
 * struct gpa_builder - ranges under construction
 * @ext: where
 * @range: the last one, or NULL
 * @end: DMA address behind its last byte
 * @pfns: page frames in it
 * @limit: most ranges
 */
struct gpa_builder {
	struct kmcl_external *ext;
	struct kmcl_gpa_range *range;
	dma_addr_t end;
	u32 pfns;
	u32 limit;
};

/* Bytes for the largest GPA header that @config allows; 0 if it allows none. */
u32 kmcl_external_size(const struct kmcl_config *config)
{
	u32 pages = config->max_external / KMCL_WIRE_PAGE_SIZE + 2 * config->max_ranges;

	if (!config->max_external)
		return 0;
	return sizeof(struct kmcl_gpa_header) +
	       config->max_ranges * sizeof(struct kmcl_gpa_range) + pages * sizeof(u64);
}

/* Entries of the longest scatterlist that @config allows, one for each page touched. */
u32 kmcl_external_entries(const struct kmcl_config *config)
{
	return config->max_external ?
	       config->max_external / PAGE_SIZE + 2 * config->max_ranges : 0;
}

/**
 * kmcl_external_valid() - does a description make sense by itself
 * @data: the description
 *
 * Return: 0 or -EINVAL.
 */
int kmcl_external_valid(const struct kmcl_external_data *data)
{
	if (!data || !valid_dma_direction(data->direction) || data->direction == DMA_NONE)
		return -EINVAL;
	switch (data->form) {
	case KMCL_EXTERNAL_SG:
		return data->sgl && data->count ? 0 : -EINVAL;
	case KMCL_EXTERNAL_BVEC:
		return data->bvec && data->count ? 0 : -EINVAL;
	case KMCL_EXTERNAL_PFNS:
		return data->pfns && data->count ? 0 : -EINVAL;
	case KMCL_EXTERNAL_PAGES:
		return data->pages && data->bytes && data->offset < PAGE_SIZE ? 0 : -EINVAL;
	case KMCL_EXTERNAL_BUFFER:
		return data->buffer && data->bytes ? 0 : -EINVAL;
	case KMCL_EXTERNAL_PIECES:
		return data->piece ? 0 : -EINVAL;
	}
	return -EINVAL;
}

/* Bytes that go on inside the page where the last entry ends need no entry of their own. */
static bool own_joins(const struct kmcl_external *ext, struct page *page, u32 offset)
{
	struct scatterlist *last = ext->nents ? &ext->own[ext->nents - 1] : NULL;

	return last && offset &&
	       page_to_phys(sg_page(last)) + last->offset + last->length ==
	       page_to_phys(page) + offset;
}

static int own_add(struct kmcl_external *ext, struct page *page, u32 offset, u32 length)
{
	if (!page || !length)
		return -EINVAL;
	/* An offset may lead to a later page of a larger one. */
	page = pfn_to_page(page_to_pfn(page) + offset / PAGE_SIZE);
	offset %= PAGE_SIZE;
	if (own_joins(ext, page, offset)) {
		ext->own[ext->nents - 1].length += length;
		return 0;
	}
	if (ext->nents == ext->max_entries)
		return -E2BIG;
	sg_set_page(&ext->own[ext->nents++], page, length, offset);
	return 0;
}

static int own_from_sg(struct kmcl_external *ext, const struct kmcl_external_data *data)
{
	struct scatterlist *sg;
	int ret = 0;
	u32 i;

	for_each_sg(data->sgl, sg, data->count, i) {
		ret = sg ? own_add(ext, sg_page(sg), sg->offset, sg->length) : -EINVAL;
		if (ret)
			break;
	}
	return ret;
}

static int own_from_bvec(struct kmcl_external *ext, const struct kmcl_external_data *data)
{
	const struct bio_vec *bv = data->bvec;
	int ret = 0;

	for (; !ret && bv < data->bvec + data->count; bv++)
		ret = own_add(ext, bv->bv_page, bv->bv_offset, bv->bv_len);
	return ret;
}

static int own_from_pages(struct kmcl_external *ext, const struct kmcl_external_data *data)
{
	struct page *const *page = data->pages;
	u32 offset = data->offset, chunk;
	size_t left = data->bytes;
	int ret = 0;

	for (; !ret && left; left -= chunk, offset = 0) {
		chunk = min_t(size_t, left, PAGE_SIZE - offset);
		ret = own_add(ext, *page++, offset, chunk);
	}
	return ret;
}

static int own_from_pfns(struct kmcl_external *ext, const struct kmcl_external_data *data)
{
	int ret = 0;
	u32 i;

	for (i = 0; !ret && i < data->count; i++)
		ret = pfn_valid(data->pfns[i]) ?
		      own_add(ext, pfn_to_page(data->pfns[i]), 0, PAGE_SIZE) : -EINVAL;
	return ret;
}

/* NULL where nothing may be shared from: the stack, I/O memory, no memory at all. */
struct page *kmcl_address_page(const void *at)
{
	struct page *page;

	if (object_is_on_stack(at))
		return NULL;
	/* Else vmalloc() memory or a module's: both have page tables of their own. */
	page = virt_addr_valid(at) ? virt_to_page(at) : vmalloc_to_page(at);
	return page && pfn_valid(page_to_pfn(page)) ? page : NULL;
}

static int own_from_buffer(struct kmcl_external *ext, const struct kmcl_external_data *data)
{
	size_t left = data->bytes;
	void *at = data->buffer;
	int ret = 0;
	u32 chunk;

	for (; !ret && left; left -= chunk, at += chunk) {
		chunk = min_t(size_t, left, PAGE_SIZE - offset_in_page(at));
		ret = own_add(ext, kmcl_address_page(at), offset_in_page(at), chunk);
	}
	return ret;
}

static int own_from_pieces(struct kmcl_external *ext, const struct kmcl_external_data *data)
{
	unsigned long cursor[2] = {};
	struct kmcl_piece piece;
	int ret = 0;
	u32 i;

	for (i = 0; !ret && data->piece(data, i, cursor, &piece); i++)
		ret = own_add(ext, piece.page, piece.offset, piece.length);
	return ret ? ret : i ? 0 : -EINVAL;
}

static int own_fill(struct kmcl_external *ext, const struct kmcl_external_data *data)
{
	switch (data->form) {
	case KMCL_EXTERNAL_SG:
		return own_from_sg(ext, data);
	case KMCL_EXTERNAL_BVEC:
		return own_from_bvec(ext, data);
	case KMCL_EXTERNAL_PAGES:
		return own_from_pages(ext, data);
	case KMCL_EXTERNAL_PFNS:
		return own_from_pfns(ext, data);
	case KMCL_EXTERNAL_BUFFER:
		return own_from_buffer(ext, data);
	case KMCL_EXTERNAL_PIECES:
		return own_from_pieces(ext, data);
	}
	return -EINVAL;
}

/* The scatterlist of @data, or one made of it; a held one is always ours. */
static int external_list(struct kmcl_external *ext, const struct kmcl_external_data *data,
			 bool hold)
{
	int ret;

	if (data->form == KMCL_EXTERNAL_SG && !hold) {
		ext->sgl = data->sgl;
		ext->nents = data->count;
		return 0;
	}
	ext->sgl = ext->own;
	ext->nents = 0;
	ret = own_fill(ext, data);
	if (!ret)
		sg_mark_end(&ext->own[ext->nents - 1]);
	return ret;
}

static void external_unlist(struct kmcl_external *ext)
{
	if (ext->sgl == ext->own && ext->nents)
		sg_unmark_end(&ext->own[ext->nents - 1]);
}

static u32 entry_pages(const struct scatterlist *sg)
{
	return DIV_ROUND_UP(sg->offset + sg->length, PAGE_SIZE);
}

/* Does a reference keep the page from being used for something else. */
bool kmcl_page_holdable(struct page *page)
{
	return !PageSlab(compound_head(page)) && page_count(page) > 0;
}

static bool external_holdable(const struct kmcl_external *ext)
{
	u32 i, n;

	for (i = 0; i < ext->nents; i++) {
		for (n = 0; n < entry_pages(&ext->own[i]); n++) {
			if (!kmcl_page_holdable(pfn_to_page(page_to_pfn(sg_page(&ext->own[i])) + n)))
				return false;
		}
	}
	return true;
}

static void external_refs(const struct kmcl_external *ext, void (*change)(struct page *page))
{
	u32 i, n;

	for (i = 0; i < ext->nents; i++) {
		for (n = 0; n < entry_pages(&ext->own[i]); n++)
			change(pfn_to_page(page_to_pfn(sg_page(&ext->own[i])) + n));
	}
}

static void page_get(struct page *page)
{
	get_page(page);
}

static void page_put(struct page *page)
{
	put_page(page);
}

/* A piece that is too long for swiotlb could never be mapped. */
static int external_check(const struct kmcl_packet *pkt, struct device *dma)
{
	const struct kmcl_external *ext = &pkt->external;
	/* An object in the driver's memory may be older than the configuration. */
	u32 most = min(ext->max_bytes, READ_ONCE(pkt->channel->config.max_external));
	size_t longest = dma_max_mapping_size(dma);
	struct scatterlist *sg;
	u64 total = 0;
	unsigned int i;

	for_each_sg(ext->sgl, sg, ext->nents, i) {
		if (!sg || !sg->length)
			return -EINVAL;
		total += sg->length;
		if (total > most || sg->length > longest)
			return -E2BIG;
	}
	return 0;
}

static void gpa_begin(struct gpa_builder *b, dma_addr_t addr)
{
	struct kmcl_external *ext = b->ext;

	b->range = (void *)ext->gpa + ext->gpa_len;
	b->range->length = 0;
	b->range->offset = IN_PAGE(addr);
	b->pfns = 0;
	b->end = 0;
	ext->gpa->range_count++;
	ext->gpa_len += sizeof(*b->range);
}

/* May a piece at @addr go on where the range ends: in that very place, or from page to page. */
static bool gpa_joins(const struct gpa_builder *b, dma_addr_t addr)
{
	if (!b->range)
		return false;
	return addr == b->end || (!IN_PAGE(addr) && !IN_PAGE(b->end));
}

static void gpa_append(struct gpa_builder *b, dma_addr_t addr, u32 len)
{
	dma_addr_t page = addr - IN_PAGE(addr);

	/* A piece that goes on inside a page shares the frame that is there already. */
	if (b->pfns && IN_PAGE(addr))
		page += KMCL_WIRE_PAGE_SIZE;
	for (; page < addr + len; page += KMCL_WIRE_PAGE_SIZE) {
		b->range->pfn[b->pfns++] = page >> PFN_SHIFT;
		b->ext->gpa_len += sizeof(u64);
	}
	b->range->length += len;
	b->end = addr + len;
}

static int gpa_build(struct gpa_builder *b, struct scatterlist *sgl, unsigned int mapped)
{
	struct scatterlist *sg;
	unsigned int i;

	b->ext->gpa->range_count = 0;
	b->ext->gpa_len = sizeof(struct kmcl_gpa_header);
	for_each_sg(sgl, sg, mapped, i) {
		if (!gpa_joins(b, sg_dma_address(sg))) {
			if (b->ext->gpa->range_count == b->limit)
				return -E2BIG;
			gpa_begin(b, sg_dma_address(sg));
		}
		gpa_append(b, sg_dma_address(sg), sg_dma_len(sg));
	}
	return 0;
}

/*
 * On failure nothing is mapped. The builder cannot run over the storage: bytes and
 * ranges are bounded, and a range of n bytes touches at most n / 4096 + 2 pages.
 */
static int external_dma(struct kmcl_packet *pkt, struct device *dma,
			enum dma_data_direction direction)
{
	struct kmcl_external *ext = &pkt->external;
	bool multirange = pkt->channel->tx.multirange;
	u32 most = min(ext->max_ranges, READ_ONCE(pkt->channel->config.max_ranges));
	struct gpa_builder b = { .ext = ext, .limit = multirange ? most : 1 };
	int mapped, ret;

	mapped = dma_map_sg(dma, ext->sgl, ext->nents, direction);
	if (!mapped) {
		kmcl_count(pkt->channel, unmappable);
		return -ENOSPC;
	}
	ret = gpa_build(&b, ext->sgl, mapped);
	if (!ret)
		return 0;
	dma_unmap_sg(dma, ext->sgl, ext->nents, direction);
	return !multirange && ext->max_ranges > 1 ? -EOPNOTSUPP : ret;
}

/**
 * kmcl_external_map() - make external data of a description
 * @pkt: busy
 * @dma: device that it is for
 * @data: valid
 * @hold: take references on the pages until they are unmapped
 *
 * Return: 0, pkt->external filled in; -EINVAL, -E2BIG, -EOPNOTSUPP, -ENOSPC as in
 * kmcl_packet_send_external(), and nothing is mapped; -EINVAL also for pages that cannot
 * be held.
 */
int kmcl_external_map(struct kmcl_packet *pkt, struct device *dma,
		      const struct kmcl_external_data *data, bool hold)
{
	struct kmcl_external *ext = &pkt->external;
	int ret = ext->max_bytes ? external_list(ext, data, hold) : -E2BIG;

	if (ret)
		return ret;
	ret = external_check(pkt, dma);
	if (!ret && hold && !external_holdable(ext))
		ret = -EINVAL;
	if (!ret)
		ret = external_dma(pkt, dma, data->direction);
	if (ret) {
		external_unlist(ext);
		return ret;
	}
	ext->dma = dma;
	ext->held = hold;
	ext->direction = data->direction;
	if (hold)
		external_refs(ext, page_get);
	return 0;
}

void kmcl_external_unmap(struct kmcl_packet *pkt)
{
	struct kmcl_external *ext = &pkt->external;

	if (ext->direction == DMA_NONE)
		return;
	dma_unmap_sg(ext->dma, ext->sgl, ext->nents, ext->direction);
	if (ext->held)
		external_refs(ext, page_put);
	external_unlist(ext);
	ext->direction = DMA_NONE;
}
