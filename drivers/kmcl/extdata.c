// SPDX-License-Identifier: GPL-2.0-only
/*
 * External data: a scatterlist, mapped through the DMA API, becomes GPA ranges
 * (TLFS page frame numbers, 4 KiB each) in the packet's own storage.
 */
#include <linux/dma-mapping.h>
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

/* A piece that is too long for swiotlb could never be mapped. */
static int external_check(const struct kmcl_external *ext, struct device *dma,
			  struct scatterlist *sgl, unsigned int nents)
{
	size_t longest = dma_max_mapping_size(dma);
	struct scatterlist *sg;
	u64 total = 0;
	unsigned int i;

	for_each_sg(sgl, sg, nents, i) {
		if (!sg || !sg->length)
			return -EINVAL;
		total += sg->length;
		if (total > ext->max_bytes || sg->length > longest)
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
 * Fills in pkt->external. On failure nothing is mapped. The builder cannot run
 * over the storage: bytes and ranges are bounded, and a range of n bytes touches
 * at most n / 4096 + 2 pages.
 */
int kmcl_external_map(struct kmcl_packet *pkt, struct device *dma, struct scatterlist *sgl,
		      unsigned int nents, enum dma_data_direction direction)
{
	struct kmcl_external *ext = &pkt->external;
	bool multirange = pkt->channel->tx.multirange;
	struct gpa_builder b = { .ext = ext, .limit = multirange ? ext->max_ranges : 1 };
	int mapped, ret = external_check(ext, dma, sgl, nents);

	if (ret)
		return ret;
	mapped = dma_map_sg(dma, sgl, nents, direction);
	if (!mapped)
		return -ENOSPC;
	ext->dma = dma;
	ext->sgl = sgl;
	ext->nents = nents;
	ext->direction = direction;
	ret = gpa_build(&b, sgl, mapped);
	if (ret)
		kmcl_external_unmap(pkt);
	return ret && !multirange && ext->max_ranges > 1 ? -EOPNOTSUPP : ret;
}

void kmcl_external_unmap(struct kmcl_packet *pkt)
{
	struct kmcl_external *ext = &pkt->external;

	if (ext->direction == DMA_NONE)
		return;
	dma_unmap_sg(ext->dma, ext->sgl, ext->nents, ext->direction);
	ext->direction = DMA_NONE;
}
