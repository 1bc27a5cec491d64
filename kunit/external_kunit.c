// SPDX-License-Identifier: GPL-2.0-only
/*
 * External data of packets that are sent: six ways to describe the same bytes give
 * the same ranges, what is too much or makes no sense is refused, and a send that
 * fails leaves nothing behind. The maps and unmaps are counted at the tracepoints
 * of the DMA API, where the kernel has them (6.12).
 */
#include <linux/bvec.h>
#include <linux/mm.h>
#include <linux/swiotlb.h>
#include <linux/tracepoint.h>
#include <linux/vmalloc.h>

#include "bed.c"

#define PAGES		4u
#define LIMIT_BYTES	(3 * PAGE_SIZE)
#define LIMIT_RANGES	3u

/**
 * struct external - what a case has
 * @bed: the channel
 * @told: the packet, used for one send after the other
 * @page: memory to describe
 * @wire: the ranges of the last send
 * @wire_len: bytes of @wire
 */
struct external {
	struct bed *bed;
	struct told *told;
	struct page *page[PAGES];
	u8 wire[GPA_KEPT];
	u32 wire_len;
};

static void free_page_of(void *page)
{
	__free_page(page);
}

static struct page *new_page(struct kunit *test)
{
	struct page *page = alloc_page(GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_page_of, page), 0);
	return page;
}

/* Enabled, with a packet for @bytes in @ranges. */
static struct external *with_limits(struct kunit *test, u32 bytes, u32 ranges)
{
	struct external *e = kunit_kzalloc(test, sizeof(*e), GFP_KERNEL);
	struct bed *bed = test->priv;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, e);
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_max_external_data(bed->ch, bytes, ranges), 0);
	e->bed = bed;
	e->told = new_told(bed);
	for (i = 0; i < PAGES; i++)
		e->page[i] = new_page(test);
	enable(bed);
	return e;
}

static struct external *with_pages(struct kunit *test)
{
	return with_limits(test, LIMIT_BYTES, LIMIT_RANGES);
}

static int sends(struct external *e, const struct kmcl_external_data *data)
{
	return kmcl_packet_send_external(e->told->packet, "x", 1, data, KMCL_SEND_COMPLETION);
}

/* It arrives, is answered, and nothing of it is mapped then. */
static void goes_out(struct external *e, const struct kmcl_external_data *data)
{
	struct kunit *test = e->bed->test;
	int sent = nr_sent(e->bed), calls = e->told->calls;
	u32 skip = offsetof(struct kmcl_gpa_header, range_count);

	KUNIT_ASSERT_EQ(test, sends(e, data), 0);
	KUNIT_ASSERT_EQ(test, nr_sent(e->bed), sent + 1);
	KUNIT_ASSERT_LE(test, e->bed->gpa_len, GPA_KEPT);
	KUNIT_EXPECT_EQ(test, e->told->packet->external.direction, data->direction);
	e->wire_len = e->bed->gpa_len - skip;
	memcpy(e->wire, e->bed->gpa + skip, e->wire_len);
	host_completes(e->bed, e->bed->sent[sent].trans_id);
	KUNIT_EXPECT_EQ(test, e->told->calls, calls + 1);
	KUNIT_EXPECT_FALSE(test, e->told->mapped);
}

/* The packet is the driver's, and as good as new. */
static void is_refused(struct external *e, const struct kmcl_external_data *data, int why)
{
	struct kunit *test = e->bed->test;
	int sent = nr_sent(e->bed), calls = e->told->calls;

	KUNIT_EXPECT_EQ(test, sends(e, data), why);
	KUNIT_EXPECT_EQ(test, nr_sent(e->bed), sent);
	KUNIT_EXPECT_EQ(test, e->told->calls, calls);
	KUNIT_EXPECT_EQ(test, e->told->packet->external.direction, DMA_NONE);
	KUNIT_EXPECT_EQ(test, atomic_read(&e->told->packet->state), KMCL_PACKET_IDLE);
}

static u32 nr_ranges(struct external *e)
{
	return *(u32 *)e->wire;
}

static struct kmcl_gpa_range *first_range(struct external *e)
{
	return (void *)e->wire + sizeof(u32);
}

static void *next_range(const struct kmcl_gpa_range *r)
{
	return (void *)(r->pfn + DIV_ROUND_UP(r->offset + r->length, KMCL_WIRE_PAGE_SIZE));
}

/* Where the host finds byte number @n of all. */
static u64 host_finds(struct external *e, u32 n)
{
	struct kmcl_gpa_range *r = first_range(e);
	u32 i;

	for (i = 0; i < nr_ranges(e); i++, r = next_range(r)) {
		if (n < r->length)
			return r->pfn[(r->offset + n) / KMCL_WIRE_PAGE_SIZE] * KMCL_WIRE_PAGE_SIZE +
			       (r->offset + n) % KMCL_WIRE_PAGE_SIZE;
		n -= r->length;
	}
	return U64_MAX;
}

static u32 host_gets(struct external *e)
{
	struct kmcl_gpa_range *r = first_range(e);
	u32 i, bytes = 0;

	for (i = 0; i < nr_ranges(e); i++, r = next_range(r))
		bytes += r->length;
	KUNIT_EXPECT_PTR_EQ(e->bed->test, (void *)r, (void *)(e->wire + e->wire_len));
	return bytes;
}

/* --- pieces anywhere ------------------------------------------------------ */

/**
 * struct layout - bytes to describe
 * @name: for people
 * @ranges: fewest on the wire, if no two pages are neighbours
 * @count: of @piece
 * @piece: page, offset, length
 */
struct layout {
	const char *name;
	u32 ranges;
	u32 count;
	struct {
		u32 page;
		u32 offset;
		u32 length;
	} piece[3];
};

static const struct layout layouts[] = {
	{ "a byte", 1, 1, { { 0, 5, 1 } } },
	{ "the first byte", 1, 1, { { 0, 0, 1 } } },
	{ "the last byte", 1, 1, { { 0, PAGE_SIZE - 1, 1 } } },
	{ "a page", 1, 1, { { 1, 0, PAGE_SIZE } } },
	{ "from page to page", 1, 2, { { 0, 4000, PAGE_SIZE - 4000 }, { 2, 0, 50 } } },
	{ "over a whole page", 1, 3,
	  { { 2, PAGE_SIZE - 1, 1 }, { 0, 0, PAGE_SIZE }, { 1, 0, 1 } } },
	{ "inside a page", 1, 3, { { 0, 8, 8 }, { 0, 16, 1 }, { 0, 17, 100 } } },
	{ "a gap in a page", 2, 2, { { 0, 8, 8 }, { 0, 64, 8 } } },
	{ "backwards", 2, 2, { { 0, 64, 8 }, { 0, 0, 8 } } },
	{ "three places", 3, 3, { { 0, 100, 10 }, { 1, 200, 20 }, { 2, 300, 30 } } },
	{ "to an end, not on", 2, 2, { { 0, 4000, PAGE_SIZE - 4000 }, { 1, 8, 50 } } },
	{ "short of an end", 2, 2, { { 0, 0, PAGE_SIZE - 8 }, { 1, 0, 50 } } },
};

static void layout_desc(const struct layout *layout, char *desc)
{
	strscpy(desc, layout->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(layout, layouts, layout_desc);

static void as_sg(struct external *e, const struct layout *l, struct scatterlist *sg)
{
	u32 i;

	sg_init_table(sg, l->count);
	for (i = 0; i < l->count; i++)
		sg_set_page(&sg[i], e->page[l->piece[i].page], l->piece[i].length,
			    l->piece[i].offset);
}

static void as_bvec(struct external *e, const struct layout *l, struct bio_vec *bvec)
{
	u32 i;

	for (i = 0; i < l->count; i++)
		bvec_set_page(&bvec[i], e->page[l->piece[i].page], l->piece[i].length,
			      l->piece[i].offset);
}

/* For KMCL_EXTERNAL_PIECES: keeps its place in the cursor, as far as it can. */
struct pieces {
	struct external *e;
	const struct layout *layout;
	u32 calls;
	bool lost;
};

static bool piece_of(const struct kmcl_external_data *data, u32 index, unsigned long cursor[2],
		     struct kmcl_piece *piece)
{
	struct pieces *p = (void *)data->context;

	if (cursor[0] != p->calls || cursor[1] != p->calls * 3 || index != p->calls)
		p->lost = true;
	cursor[0] = ++p->calls;
	cursor[1] = p->calls * 3;
	if (index >= p->layout->count)
		return false;
	piece->page = p->e->page[p->layout->piece[index].page];
	piece->offset = p->layout->piece[index].offset;
	piece->length = p->layout->piece[index].length;
	return true;
}

static struct kmcl_external_data external_pieces(struct pieces *p)
{
	return (struct kmcl_external_data){
		.form = KMCL_EXTERNAL_PIECES, .direction = DMA_TO_DEVICE, .context = p,
		.piece = piece_of,
	};
}

static void the_host_finds_every_byte_of_a_scatterlist(struct kunit *test)
{
	const struct layout *l = test->param_value;
	struct external *e = with_pages(test);
	struct scatterlist sg[3];
	struct kmcl_external_data data = kmcl_external_sg(sg, l->count, DMA_TO_DEVICE);
	u32 i, n, byte = 0;

	as_sg(e, l, sg);
	goes_out(e, &data);
	for (i = 0; i < l->count; i++) {
		for (n = 0; n < l->piece[i].length; n++, byte++)
			KUNIT_ASSERT_EQ_MSG(test, host_finds(e, byte),
					    page_to_phys(e->page[l->piece[i].page]) +
					    l->piece[i].offset + n, "byte %u", byte);
	}
	KUNIT_EXPECT_EQ(test, host_gets(e), byte);
	KUNIT_EXPECT_LE(test, nr_ranges(e), l->ranges);
	KUNIT_EXPECT_EQ(test, first_range(e)->offset, l->piece[0].offset);
}

/* As the scatterlist, that is. */
static void expect_same(struct external *e, const struct kmcl_external_data *data,
			const struct kmcl_external_data *sg)
{
	struct kunit *test = e->bed->test;
	u8 *expected = kunit_kzalloc(test, GPA_KEPT, GFP_KERNEL);
	u32 len;

	KUNIT_ASSERT_NOT_NULL(test, expected);
	goes_out(e, sg);
	len = e->wire_len;
	memcpy(expected, e->wire, len);
	goes_out(e, data);
	KUNIT_ASSERT_EQ(test, e->wire_len, len);
	KUNIT_EXPECT_MEMEQ(test, e->wire, expected, len);
}

static void pieces_of_every_form_give_the_same_ranges(struct kunit *test)
{
	const struct layout *l = test->param_value;
	struct external *e = with_pages(test);
	struct pieces p = { .e = e, .layout = l };
	struct scatterlist sg[3];
	struct bio_vec bvec[3];
	struct kmcl_external_data as[] = {
		kmcl_external_sg(sg, l->count, DMA_TO_DEVICE),
		kmcl_external_bvec(bvec, l->count, DMA_TO_DEVICE),
		external_pieces(&p),
	};

	as_sg(e, l, sg);
	as_bvec(e, l, bvec);
	expect_same(e, &as[1], &as[0]);
	expect_same(e, &as[2], &as[0]);
	KUNIT_EXPECT_EQ(test, p.calls, l->count + 1);
	KUNIT_EXPECT_FALSE(test, p.lost);
}

/* --- bytes that follow each other ----------------------------------------- */

/**
 * struct extent - part of consecutive pages
 * @offset: of its first byte in the first page
 * @bytes: its length
 */
struct extent {
	u32 offset;
	u32 bytes;
};

static const struct extent extents[] = {
	{ 0, 1 }, { 7, 1 }, { PAGE_SIZE - 1, 1 }, { PAGE_SIZE - 1, 2 }, { 0, PAGE_SIZE },
	{ 1, PAGE_SIZE - 1 }, { 1, PAGE_SIZE }, { PAGE_SIZE - 1, PAGE_SIZE + 2 },
	{ 0, PAGE_SIZE - 1 }, { 0, PAGE_SIZE + 1 }, { 100, 2 * PAGE_SIZE }, { 0, 3 * PAGE_SIZE },
	{ 1, 3 * PAGE_SIZE },
};

static void extent_desc(const struct extent *x, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u bytes at %u", x->bytes, x->offset);
}

KUNIT_ARRAY_PARAM(extent, extents, extent_desc);

/* The same as a scatterlist with one entry for each page. */
static u32 extent_as_sg(struct page *const *pages, const struct extent *x, struct scatterlist *sg)
{
	u32 offset = x->offset, left = x->bytes, n, chunk;

	sg_init_table(sg, PAGES);
	for (n = 0; left; n++, left -= chunk, offset = 0) {
		chunk = min_t(u32, left, PAGE_SIZE - offset);
		sg_set_page(&sg[n], pages[n], chunk, offset);
	}
	sg_mark_end(&sg[n - 1]);
	return n;
}

static void pages_give_the_same_ranges(struct kunit *test)
{
	const struct extent *x = test->param_value;
	struct external *e = with_pages(test);
	struct scatterlist sg[PAGES];
	struct kmcl_external_data list = kmcl_external_sg(sg, extent_as_sg(e->page, x, sg),
							  DMA_TO_DEVICE);
	struct kmcl_external_data data = kmcl_external_pages(e->page, x->offset, x->bytes,
							     DMA_TO_DEVICE);

	expect_same(e, &data, &list);
	KUNIT_EXPECT_EQ(test, host_gets(e), x->bytes);
}

static void page_frames_give_the_same_ranges(struct kunit *test)
{
	struct external *e = with_pages(test);
	unsigned long pfns[] = {
		page_to_pfn(e->page[2]), page_to_pfn(e->page[0]), page_to_pfn(e->page[1]),
	};
	struct page *pages[] = { e->page[2], e->page[0], e->page[1], NULL };
	struct kmcl_external_data data, list;
	struct scatterlist sg[PAGES];
	u32 n;

	for (n = 1; n <= ARRAY_SIZE(pfns); n++) {
		const struct extent x = { 0, n * PAGE_SIZE };

		list = kmcl_external_sg(sg, extent_as_sg(pages, &x, sg), DMA_TO_DEVICE);
		data = kmcl_external_pfns(pfns, n, DMA_TO_DEVICE);
		expect_same(e, &data, &list);
		KUNIT_EXPECT_EQ(test, host_gets(e), n * PAGE_SIZE);
	}
}

static void free_vmalloc(void *memory)
{
	vfree(memory);
}

static void buffers_of_vmalloc_give_the_same_ranges(struct kunit *test)
{
	const struct extent *x = test->param_value;
	void *memory = vmalloc(PAGES * PAGE_SIZE);
	struct external *e = with_pages(test);
	struct kmcl_external_data data, list;
	struct scatterlist sg[PAGES];
	struct page *pages[PAGES];
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, memory);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_vmalloc, memory), 0);
	for (i = 0; i < PAGES; i++)
		pages[i] = vmalloc_to_page(memory + i * PAGE_SIZE);
	list = kmcl_external_sg(sg, extent_as_sg(pages, x, sg), DMA_TO_DEVICE);
	data = kmcl_external_buffer(memory + x->offset, x->bytes, DMA_TO_DEVICE);
	expect_same(e, &data, &list);
}

static void buffers_of_kmalloc_give_the_same_ranges(struct kunit *test)
{
	const struct extent *x = test->param_value;
	u8 *memory = kunit_kzalloc(test, (PAGES + 1) * PAGE_SIZE, GFP_KERNEL);
	struct external *e = with_pages(test);
	struct kmcl_external_data data, list;
	struct scatterlist sg;

	KUNIT_ASSERT_NOT_NULL(test, memory);
	memory = PTR_ALIGN(memory, PAGE_SIZE);
	sg_init_one(&sg, memory + x->offset, x->bytes);
	list = kmcl_external_sg(&sg, 1, DMA_TO_DEVICE);
	data = kmcl_external_buffer(memory + x->offset, x->bytes, DMA_TO_DEVICE);
	expect_same(e, &data, &list);
	KUNIT_EXPECT_EQ(test, host_finds(e, 0), virt_to_phys(memory) + x->offset);
}

/* --- what a description may be -------------------------------------------- */

/* While it waits for room; only a scatterlist is used in place. */
static void a_description_is_the_callers_again_at_once(struct kunit *test)
{
	struct external *e = with_pages(test);
	struct bio_vec bvec[2];
	struct kmcl_external_data data = kmcl_external_bvec(bvec, 2, DMA_TO_DEVICE);

	bvec_set_page(&bvec[0], e->page[0], 10, 20);
	bvec_set_page(&bvec[1], e->page[1], 30, 40);
	host_stops_reading(e->bed);
	KUNIT_ASSERT_EQ(test, sends(e, &data), 0);
	memset(bvec, BAD, sizeof(bvec));
	memset(&data, BAD, sizeof(data));
	host_drains(e->bed);
	KUNIT_ASSERT_EQ(test, nr_sent(e->bed), 1);
	e->wire_len = e->bed->gpa_len - offsetof(struct kmcl_gpa_header, range_count);
	memcpy(e->wire, e->bed->gpa + offsetof(struct kmcl_gpa_header, range_count), e->wire_len);
	KUNIT_EXPECT_EQ(test, host_finds(e, 0), page_to_phys(e->page[0]) + 20);
	KUNIT_EXPECT_EQ(test, host_finds(e, 10), page_to_phys(e->page[1]) + 40);
	host_completes(e->bed, e->bed->sent[0].trans_id);
	KUNIT_EXPECT_EQ(test, e->told->calls, 1);
}

/* Also where pages are large: the place is one behind the other, whatever the page is called. */
static void small_pieces_in_a_large_page_are_one_range(struct kunit *test)
{
	struct external *e = with_limits(test, 256, 1);
	struct page *large = alloc_pages(GFP_KERNEL | __GFP_COMP, 1);
	struct bio_vec bvec[16];
	struct kmcl_external_data data = kmcl_external_bvec(bvec, 16, DMA_TO_DEVICE);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, large);
	for (i = 0; i < 16; i++)
		bvec_set_page(&bvec[i], large, 16, PAGE_SIZE + 16 * i);
	goes_out(e, &data);
	KUNIT_EXPECT_EQ(test, nr_ranges(e), 1u);
	KUNIT_EXPECT_EQ(test, host_finds(e, 255), page_to_phys(large) + PAGE_SIZE + 255);
	__free_pages(large, 1);
}

static void refuses_the_stack(struct kunit *test)
{
	struct external *e = with_pages(test);
	u8 here[64];
	struct kmcl_external_data data = kmcl_external_buffer(here, sizeof(here), DMA_TO_DEVICE);

	is_refused(e, &data, -EINVAL);
}

static void refuses_addresses_that_are_no_memory(struct kunit *test)
{
	struct external *e = with_pages(test);
	void *memory = vmalloc(PAGE_SIZE);
	struct kmcl_external_data behind;

	KUNIT_ASSERT_NOT_NULL(test, memory);
	/* The page behind it is vmalloc()'s guard. */
	behind = kmcl_external_buffer(memory, PAGE_SIZE + 1, DMA_TO_DEVICE);
	is_refused(e, &behind, -EINVAL);
	vfree(memory);
}

static const u32 places[] = { 0, 1, 2 };

static void place_desc(const u32 *place, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "piece %u", *place);
}

KUNIT_ARRAY_PARAM(place, places, place_desc);

static void refuses_an_empty_piece_in_every_form(struct kunit *test)
{
	struct layout l = { .count = 3, .piece = { { 0, 0, 8 }, { 1, 0, 8 }, { 2, 0, 8 } } };
	struct external *e = with_pages(test);
	struct pieces p = { .e = e, .layout = &l };
	struct scatterlist sg[3];
	struct bio_vec bvec[3];
	struct kmcl_external_data as[] = {
		kmcl_external_sg(sg, 3, DMA_TO_DEVICE),
		kmcl_external_bvec(bvec, 3, DMA_TO_DEVICE),
		external_pieces(&p),
	};
	u32 i;

	l.piece[*(u32 *)test->param_value].length = 0;
	as_sg(e, &l, sg);
	as_bvec(e, &l, bvec);
	for (i = 0; i < ARRAY_SIZE(as); i++)
		is_refused(e, &as[i], -EINVAL);
}

static void refuses_a_missing_page(struct kunit *test)
{
	struct external *e = with_pages(test);
	struct page *pages[3] = { e->page[0], e->page[1], e->page[2] };
	struct kmcl_external_data data = kmcl_external_pages(pages, 0, 3 * PAGE_SIZE,
							     DMA_TO_DEVICE);

	pages[*(u32 *)test->param_value] = NULL;
	is_refused(e, &data, -EINVAL);
}

static void refuses_a_bad_page_frame(struct kunit *test)
{
	struct external *e = with_pages(test);
	unsigned long pfns[3] = {
		page_to_pfn(e->page[0]), page_to_pfn(e->page[1]), page_to_pfn(e->page[2]),
	};
	struct kmcl_external_data data = kmcl_external_pfns(pfns, 3, DMA_TO_DEVICE);

	pfns[*(u32 *)test->param_value] = ULONG_MAX >> PAGE_SHIFT;
	is_refused(e, &data, -EINVAL);
	pfns[*(u32 *)test->param_value] = ULONG_MAX;
	is_refused(e, &data, -EINVAL);
}

static void refuses_no_pieces(struct kunit *test)
{
	const struct layout none = { .count = 0 };
	struct external *e = with_pages(test);
	struct pieces p = { .e = e, .layout = &none };
	struct kmcl_external_data data = external_pieces(&p);

	is_refused(e, &data, -EINVAL);
	KUNIT_EXPECT_EQ(test, p.calls, 1u);
}

static void refuses_a_scatterlist_that_is_shorter_than_said(struct kunit *test)
{
	struct external *e = with_pages(test);
	struct scatterlist sg[2];
	struct kmcl_external_data data = kmcl_external_sg(sg, 3, DMA_TO_DEVICE);

	sg_init_table(sg, 2);
	sg_set_page(&sg[0], e->page[0], 8, 0);
	sg_set_page(&sg[1], e->page[1], 8, 0);
	is_refused(e, &data, -EINVAL);
}

/* --- limits --------------------------------------------------------------- */

static void takes_as_many_bytes_as_configured_and_no_more(struct kunit *test)
{
	struct external *e = with_limits(test, PAGE_SIZE + 100, 1);
	struct page *pages[] = { e->page[0], e->page[1] };
	struct kmcl_external_data data = kmcl_external_pages(pages, 0, 0, DMA_TO_DEVICE);
	u32 bytes;

	for (bytes = PAGE_SIZE + 99; bytes <= PAGE_SIZE + 100; bytes++) {
		data.bytes = bytes;
		goes_out(e, &data);
		KUNIT_EXPECT_EQ(test, host_gets(e), bytes);
	}
	data.bytes = PAGE_SIZE + 101;
	is_refused(e, &data, -E2BIG);
	data.bytes = PAGE_SIZE + 100;
	data.offset = PAGE_SIZE - 100;
	goes_out(e, &data);
}

/* In each form that can say it. */
static void takes_no_byte_too_many_in_any_form(struct kunit *test)
{
	const struct layout l = { .count = 2, .piece = { { 0, 0, PAGE_SIZE }, { 1, 0, 1 } } };
	struct external *e = with_limits(test, PAGE_SIZE, 2);
	unsigned long pfns[] = { page_to_pfn(e->page[0]), page_to_pfn(e->page[1]) };
	struct page *pages[8] = { [0 ... 7] = e->page[0] };
	struct pieces p = { .e = e, .layout = &l };
	struct scatterlist sg[3];
	struct bio_vec bvec[3];
	struct kmcl_external_data as[] = {
		kmcl_external_sg(sg, 2, DMA_TO_DEVICE),
		kmcl_external_bvec(bvec, 2, DMA_TO_DEVICE),
		kmcl_external_pages(e->page, 0, PAGE_SIZE + 1, DMA_TO_DEVICE),
		kmcl_external_pages(pages, 0, (1ull << 32) + 1, DMA_TO_DEVICE),
		kmcl_external_pfns(pfns, 2, DMA_TO_DEVICE),
		kmcl_external_buffer(kunit_kzalloc(test, 2 * PAGE_SIZE, GFP_KERNEL),
				     PAGE_SIZE + 1, DMA_TO_DEVICE),
		external_pieces(&p),
	};
	u32 i;

	as_sg(e, &l, sg);
	as_bvec(e, &l, bvec);
	for (i = 0; i < ARRAY_SIZE(as); i++)
		is_refused(e, &as[i], -E2BIG);
}

static void takes_as_many_ranges_as_configured_and_no_more(struct kunit *test)
{
	const struct layout l = { .count = 3, .piece = { { 0, 8, 8 }, { 1, 8, 8 }, { 2, 8, 8 } } };
	struct external *e = with_limits(test, LIMIT_BYTES, 2);
	struct scatterlist sg[3];
	struct bio_vec bvec[3];
	struct kmcl_external_data list = kmcl_external_sg(sg, 2, DMA_TO_DEVICE);
	struct kmcl_external_data vec = kmcl_external_bvec(bvec, 2, DMA_TO_DEVICE);

	as_sg(e, &l, sg);
	as_bvec(e, &l, bvec);
	goes_out(e, &vec);
	KUNIT_EXPECT_EQ(test, nr_ranges(e), 2u);
	goes_out(e, &list);
	KUNIT_EXPECT_EQ(test, nr_ranges(e), 2u);
	vec.count = 3;
	list.count = 3;
	is_refused(e, &vec, -E2BIG);
	is_refused(e, &list, -E2BIG);
	vec.count = 1;
	goes_out(e, &vec);
	KUNIT_EXPECT_EQ(test, nr_ranges(e), 1u);
}

static void refuses_external_data_by_default(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct told *told = new_told(bed);
	struct page *page = new_page(test);
	struct kmcl_external_data data = kmcl_external_pages(&page, 0, 1, DMA_TO_DEVICE);

	enable(bed);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send_external(told->packet, NULL, 0, &data,
							KMCL_SEND_COMPLETION), -E2BIG);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
}

static void sends_one_range_only_where_the_bus_can_do_no_more(struct kunit *test)
{
	const struct layout l = { .count = 2, .piece = { { 0, 8, 8 }, { 1, 8, 8 } } };
	struct bed *bed = test->priv;
	struct scatterlist sg[2];
	struct kmcl_external_data apart = kmcl_external_sg(sg, 2, DMA_TO_DEVICE), joined;
	struct external *e;

	bed->ep.multirange = false;
	e = with_pages(test);
	as_sg(e, &l, sg);
	is_refused(e, &apart, -EOPNOTSUPP);
	joined = kmcl_external_pages(e->page, 100, 2 * PAGE_SIZE, DMA_TO_DEVICE);
	goes_out(e, &joined);
	KUNIT_EXPECT_EQ(test, nr_ranges(e), 1u);
}

/* --- nothing stays mapped ------------------------------------------------- */

/**
 * struct dma_watch - maps and unmaps of one device
 * @map: tracepoint of dma_map_sg()
 * @unmap: tracepoint of dma_unmap_sg()
 * @dev: whose
 * @maps: done so far
 * @mapped: that are not undone
 * @direction: of the last
 */
static struct dma_watch {
	struct tracepoint *map;
	struct tracepoint *unmap;
	struct device *dev;
	atomic_t maps;
	atomic_t mapped;
	enum dma_data_direction direction;
} watch;

static void sees_map(void *data, struct device *dev, struct scatterlist *sgl, int nents, int ents,
		     enum dma_data_direction dir, unsigned long attrs)
{
	if (dev != watch.dev)
		return;
	watch.direction = dir;
	atomic_inc(&watch.maps);
	atomic_inc(&watch.mapped);
}

static void sees_unmap(void *data, struct device *dev, struct scatterlist *sgl, int nents,
		       enum dma_data_direction dir, unsigned long attrs)
{
	if (dev == watch.dev)
		atomic_dec(&watch.mapped);
}

static void find_tracepoint(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, "dma_map_sg"))
		watch.map = tp;
	if (!strcmp(tp->name, "dma_unmap_sg"))
		watch.unmap = tp;
}

static void watch_no_more(void *data)
{
	tracepoint_probe_unregister(watch.map, sees_map, NULL);
	tracepoint_probe_unregister(watch.unmap, sees_unmap, NULL);
	tracepoint_synchronize_unregister();
}

static void watch_dma(struct external *e)
{
	struct kunit *test = e->bed->test;

	for_each_kernel_tracepoint(find_tracepoint, NULL);
	if (!watch.map || !watch.unmap)
		kunit_skip(test, "this kernel does not trace the DMA API");
	watch.dev = e->bed->ep.dma;
	atomic_set(&watch.maps, 0);
	atomic_set(&watch.mapped, 0);
	KUNIT_ASSERT_EQ(test, tracepoint_probe_register(watch.map, sees_map, NULL), 0);
	KUNIT_ASSERT_EQ(test, tracepoint_probe_register(watch.unmap, sees_unmap, NULL), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, watch_no_more, NULL), 0);
}

static void a_packet_is_mapped_once_and_unmapped_once(struct kunit *test)
{
	struct external *e = with_pages(test);
	struct kmcl_external_data data = kmcl_external_pages(e->page, 9, 5000, DMA_TO_DEVICE);

	watch_dma(e);
	KUNIT_ASSERT_EQ(test, sends(e, &data), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&watch.mapped), 1);
	host_completes(e->bed, e->bed->sent[0].trans_id);
	KUNIT_EXPECT_EQ(test, atomic_read(&watch.mapped), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&watch.maps), 1);
}

static void a_packet_is_mapped_in_the_direction_asked_for(struct kunit *test)
{
	const enum dma_data_direction directions[] = {
		DMA_FROM_DEVICE, DMA_TO_DEVICE, DMA_BIDIRECTIONAL,
	};
	struct external *e = with_pages(test);
	struct kmcl_external_data data;
	u32 i;

	watch_dma(e);
	for (i = 0; i < ARRAY_SIZE(directions); i++) {
		data = kmcl_external_pages(e->page, 9, 5000, directions[i]);
		goes_out(e, &data);
		KUNIT_EXPECT_EQ(test, watch.direction, directions[i]);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&watch.mapped), 0);
}

/* That they are too many is known when they are mapped: only then do they join or not. */
static void too_many_ranges_are_unmapped_again(struct kunit *test)
{
	const struct layout l = { .count = 2, .piece = { { 0, 8, 8 }, { 1, 8, 8 } } };
	struct external *e = with_limits(test, LIMIT_BYTES, 1);
	struct scatterlist sg[2];
	struct kmcl_external_data data = kmcl_external_sg(sg, 2, DMA_TO_DEVICE);

	watch_dma(e);
	as_sg(e, &l, sg);
	is_refused(e, &data, -E2BIG);
	KUNIT_EXPECT_EQ(test, atomic_read(&watch.mapped), 0);
	data.count = 1;
	goes_out(e, &data);
	KUNIT_EXPECT_EQ(test, atomic_read(&watch.mapped), 0);
}

static void what_does_not_fit_now_is_unmapped_again(struct kunit *test)
{
	struct external *e = with_pages(test);
	struct kmcl_external_data data = kmcl_external_pages(e->page, 9, 5000, DMA_TO_DEVICE);
	struct kmcl_request request = { .flags = KMCL_SEND_COMPLETION, .external = &data };

	watch_dma(e);
	host_stops_reading(e->bed);
	KUNIT_EXPECT_EQ(test, kmcl_channel_request(e->bed->ch, &request), -EAGAIN);
	KUNIT_EXPECT_EQ(test, atomic_read(&watch.maps), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&watch.mapped), 0);
}

/* The disabling channel takes no more, though it still has its device. */
static int sends_while_suspended(struct bed *bed)
{
	struct external *e = bed->own;
	struct kmcl_external_data data = kmcl_external_pages(e->page, 9, 5000, DMA_TO_DEVICE);

	return sends(e, &data);
}

static void what_comes_too_late_is_unmapped_again(struct kunit *test)
{
	struct external *e = with_pages(test);
	struct bed *bed = e->bed;

	watch_dma(e);
	bed->own = e;
	bed->on[SUSPENDED] = sends_while_suspended;
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, bed->said[SUSPENDED], -ENODEV);
	KUNIT_EXPECT_EQ(test, atomic_read(&watch.maps), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&watch.mapped), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&e->told->packet->state), KMCL_PACKET_IDLE);
	KUNIT_EXPECT_EQ(test, e->told->calls, 0);
}

static void host_still_reads(struct bed *bed)
{
	bed->seen.outstanding = atomic_read(&watch.mapped);
}

static void what_is_cancelled_is_unmapped_after_the_host_let_go(struct kunit *test)
{
	struct external *e = with_pages(test);
	struct kmcl_external_data data = kmcl_external_pages(e->page, 9, 5000, DMA_TO_DEVICE);

	watch_dma(e);
	e->bed->on_close = host_still_reads;
	KUNIT_ASSERT_EQ(test, sends(e, &data), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(e->bed->ch), 0);
	KUNIT_EXPECT_EQ(test, e->bed->seen.outstanding, 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&watch.mapped), 0);
	KUNIT_EXPECT_EQ(test, e->told->calls, 1);
	KUNIT_EXPECT_EQ(test, e->told->status, -ENODEV);
	KUNIT_EXPECT_FALSE(test, e->told->mapped);
}

#ifdef CONFIG_SWIOTLB
/* A device that must bounce, and nothing to bounce with: says so in the log. */
static struct io_tlb_mem nothing_to_bounce_with = { .force_bounce = true };

static void what_cannot_be_mapped_now_is_refused_and_counted(struct kunit *test)
{
	struct external *e = with_pages(test);
	struct kmcl_external_data data = kmcl_external_pages(e->page, 9, 5000, DMA_TO_DEVICE);
	struct device *dev = e->bed->ep.dma;
	struct io_tlb_mem *mem = dev->dma_io_tlb_mem;

	watch_dma(e);
	nothing_to_bounce_with.nslabs = 0;
	dev->dma_io_tlb_mem = &nothing_to_bounce_with;
	is_refused(e, &data, -ENOSPC);
	dev->dma_io_tlb_mem = mem;
	KUNIT_EXPECT_EQ(test, counted(e->bed, unmappable), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&watch.mapped), 0);
	goes_out(e, &data);
}

/* Nothing is mapped, for it never could be: the driver hears that it asks for too much. */
static void a_piece_that_can_never_be_mapped_is_too_big(struct kunit *test)
{
	u32 order = get_order((IO_TLB_SEGSIZE << IO_TLB_SHIFT) + 1);
	struct external *e = with_limits(test, PAGE_SIZE << order, 1);
	struct page *large = alloc_pages(GFP_KERNEL | __GFP_COMP, order);
	struct device *dev = e->bed->ep.dma;
	struct io_tlb_mem *mem = dev->dma_io_tlb_mem;
	struct kmcl_external_data data;
	struct bio_vec bvec;

	KUNIT_ASSERT_NOT_NULL(test, large);
	bvec_set_page(&bvec, large, (IO_TLB_SEGSIZE << IO_TLB_SHIFT) + 1, 0);
	data = kmcl_external_bvec(&bvec, 1, DMA_TO_DEVICE);
	goes_out(e, &data);
	nothing_to_bounce_with.nslabs = 1;
	dev->dma_io_tlb_mem = &nothing_to_bounce_with;
	is_refused(e, &data, -E2BIG);
	dev->dma_io_tlb_mem = mem;
	KUNIT_EXPECT_EQ(test, counted(e->bed, unmappable), 0);
	__free_pages(large, order);
}
#else
static void what_cannot_be_mapped_now_is_refused_and_counted(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_SWIOTLB");
}

static void a_piece_that_can_never_be_mapped_is_too_big(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_SWIOTLB");
}
#endif

static struct kunit_case kmcl_external_cases[] = {
	KUNIT_CASE_PARAM(the_host_finds_every_byte_of_a_scatterlist, layout_gen_params),
	KUNIT_CASE_PARAM(pieces_of_every_form_give_the_same_ranges, layout_gen_params),
	KUNIT_CASE_PARAM(pages_give_the_same_ranges, extent_gen_params),
	KUNIT_CASE(page_frames_give_the_same_ranges),
	KUNIT_CASE_PARAM(buffers_of_vmalloc_give_the_same_ranges, extent_gen_params),
	KUNIT_CASE_PARAM(buffers_of_kmalloc_give_the_same_ranges, extent_gen_params),
	KUNIT_CASE(a_description_is_the_callers_again_at_once),
	KUNIT_CASE(small_pieces_in_a_large_page_are_one_range),
	KUNIT_CASE(refuses_the_stack),
	KUNIT_CASE(refuses_addresses_that_are_no_memory),
	KUNIT_CASE_PARAM(refuses_an_empty_piece_in_every_form, place_gen_params),
	KUNIT_CASE_PARAM(refuses_a_missing_page, place_gen_params),
	KUNIT_CASE_PARAM(refuses_a_bad_page_frame, place_gen_params),
	KUNIT_CASE(refuses_no_pieces),
	KUNIT_CASE(refuses_a_scatterlist_that_is_shorter_than_said),
	KUNIT_CASE(takes_as_many_bytes_as_configured_and_no_more),
	KUNIT_CASE(takes_no_byte_too_many_in_any_form),
	KUNIT_CASE(takes_as_many_ranges_as_configured_and_no_more),
	KUNIT_CASE(refuses_external_data_by_default),
	KUNIT_CASE(sends_one_range_only_where_the_bus_can_do_no_more),
	KUNIT_CASE(a_packet_is_mapped_once_and_unmapped_once),
	KUNIT_CASE(a_packet_is_mapped_in_the_direction_asked_for),
	KUNIT_CASE(too_many_ranges_are_unmapped_again),
	KUNIT_CASE(what_does_not_fit_now_is_unmapped_again),
	KUNIT_CASE(what_comes_too_late_is_unmapped_again),
	KUNIT_CASE(what_is_cancelled_is_unmapped_after_the_host_let_go),
	KUNIT_CASE(what_cannot_be_mapped_now_is_refused_and_counted),
	KUNIT_CASE(a_piece_that_can_never_be_mapped_is_too_big),
	{}
};

static struct kunit_suite kmcl_external_suite = {
	.name = "kmcl_external",
	.init = bed_init,
	.exit = bed_exit,
	.test_cases = kmcl_external_cases,
};
kunit_test_suite(kmcl_external_suite);

MODULE_DESCRIPTION("KUnit suite: external data of packets that are sent");
MODULE_LICENSE("GPL");
