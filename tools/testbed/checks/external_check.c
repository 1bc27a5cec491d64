// SPDX-License-Identifier: GPL-2.0-only
/*
 * External data of packets that are sent: every form, every limit. The device "echo"
 * reads them, "invert" turns every byte over as well.
 */
#include <linux/bvec.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "link.h"
#include "memory.h"
#include "shot.h"

#define BYTES	(16 * PAGE_SIZE)
#define RANGES	4u
#define SEED	77u

/* flip: what the device XORs each byte with. */
typedef void (*form_t)(struct link *l, u8 flip);

static void on_both(struct check *c, form_t form)
{
	static const struct link_setup reads = {
		.device = "echo", .max_external = BYTES, .ranges = RANGES,
	};
	static const struct link_setup writes = {
		.device = "invert", .max_external = BYTES, .ranges = RANGES,
	};
	struct link *l = link_up(c, &reads, NULL);

	if (l)
		form(l, 0);
	link_down(l);
	l = link_up(c, &writes, NULL);
	if (l)
		form(l, 0xff);
	link_down(l);
}

static int ask(struct link *l, const struct kmcl_external_data *data, __le32 reply[2])
{
	struct kmcl_request r = {
		.buffer = "external", .length = 8, .flags = KMCL_SEND_COMPLETION,
		.external = data, .answer = reply, .answer_size = HVHOST_ECHO_GPA_COMPLETION,
		.timeout = KMCL_WAIT_FOREVER,
	};

	return kmcl_channel_request(l->channel, &r);
}

/* Sends @data, which are the spans, and checks what the host made of them. */
static void transfer(struct link *l, const struct kmcl_external_data *data,
		     const struct span *spans, unsigned int count, u8 flip)
{
	struct check *c = l->check;
	__le32 reply[2] = { };
	u32 crc;

	spans_fill(spans, count, SEED);
	crc = spans_crc(spans, count);
	CHECK_EQ(c, ask(l, data, reply), 0);
	CHECK_EQ(c, le32_to_cpu(reply[0]), spans_length(spans, count));
	CHECK_EQ(c, le32_to_cpu(reply[1]), crc);
	CHECK(c, spans_hold(spans, count, SEED, flip));
}

static enum dma_data_direction direction(u8 flip)
{
	return flip ? DMA_BIDIRECTIONAL : DMA_TO_DEVICE;
}

/* Nothing beside the spans was touched. */
static void check_guards(struct check *c, const struct memory *m, const struct span *spans,
			 unsigned int count)
{
	for (; count--; spans++)
		memset(spans->at, MEMORY_GUARD, spans->length);
	CHECK(c, !memchr_inv(m->address, MEMORY_GUARD, m->count * PAGE_SIZE));
}

/*
 * Pieces within pages of @m, in three ranges: a byte; the end of a page and the
 * beginning of the next in the list; some bytes in the middle.
 */
#define PIECES	4u

static void spans_make(const struct memory *m, struct span spans[PIECES])
{
	spans[0] = (struct span){ m->address + 3 * PAGE_SIZE + 0x123, 1 };
	spans[1] = (struct span){ m->address + PAGE_SIZE + 77, PAGE_SIZE - 77 };
	spans[2] = (struct span){ m->address + 2 * PAGE_SIZE, 1001 };
	spans[3] = (struct span){ m->address + 5, 4001 };
}

static struct page *span_page(const struct memory *m, const struct span *span)
{
	return m->pages[((u8 *)span->at - m->address) / PAGE_SIZE];
}

static void sg_form(struct link *l, u8 flip)
{
	struct kmcl_external_data data;
	struct scatterlist sg[PIECES];
	struct span spans[PIECES];
	struct memory m;
	u32 i;

	if (!memory_get(&m, l->check, PIECES))
		return;
	spans_make(&m, spans);
	sg_init_table(sg, PIECES);
	for (i = 0; i < PIECES; i++)
		sg_set_page(&sg[i], span_page(&m, &spans[i]), spans[i].length,
			    offset_in_page(spans[i].at));
	data = kmcl_external_sg(sg, PIECES, direction(flip));
	transfer(l, &data, spans, PIECES, flip);
	check_guards(l->check, &m, spans, PIECES);
	memory_put(&m);
}

static void sg(struct check *c)
{
	on_both(c, sg_form);
}

static void bvec_form(struct link *l, u8 flip)
{
	struct kmcl_external_data data;
	struct bio_vec bvec[PIECES];
	struct span spans[PIECES];
	struct memory m;
	u32 i;

	if (!memory_get(&m, l->check, PIECES))
		return;
	spans_make(&m, spans);
	for (i = 0; i < PIECES; i++)
		bvec[i] = (struct bio_vec){
			.bv_page = span_page(&m, &spans[i]), .bv_len = spans[i].length,
			.bv_offset = offset_in_page(spans[i].at),
		};
	data = kmcl_external_bvec(bvec, PIECES, direction(flip));
	transfer(l, &data, spans, PIECES, flip);
	check_guards(l->check, &m, spans, PIECES);
	memory_put(&m);
}

static void bvec(struct check *c)
{
	on_both(c, bvec_form);
}

/* One entry over several pages that belong together. */
static void long_bvec_form(struct link *l, u8 flip)
{
	struct page *page = alloc_pages(GFP_KERNEL, 2);
	struct kmcl_external_data data;
	struct bio_vec bvec;
	struct span span;

	if (!CHECK(l->check, page))
		return;
	span = (struct span){ page_address(page) + 4000, 9001 };
	bvec = (struct bio_vec){ .bv_page = page, .bv_len = 9001, .bv_offset = 4000 };
	data = kmcl_external_bvec(&bvec, 1, direction(flip));
	transfer(l, &data, &span, 1, flip);
	__free_pages(page, 2);
}

static void bvec_over_pages(struct check *c)
{
	on_both(c, long_bvec_form);
}

/* struct kmcl_external_data.context of pieces_form() */
struct pieces {
	const struct memory *memory;
	const struct span *spans;
	struct check *check;
};

static bool give_piece(const struct kmcl_external_data *data, u32 index, unsigned long cursor[2],
		       struct kmcl_piece *piece)
{
	const struct pieces *p = data->context;

	/* Both words are ours, and zero at first. */
	CHECK_EQ(p->check, cursor[0], index);
	CHECK_EQ(p->check, cursor[1], index * 3);
	if (index == data->count)
		return false;
	cursor[0]++;
	cursor[1] += 3;
	piece->page = span_page(p->memory, &p->spans[index]);
	piece->offset = offset_in_page(p->spans[index].at);
	piece->length = p->spans[index].length;
	return true;
}

static void pieces_form(struct link *l, u8 flip)
{
	struct span spans[PIECES];
	struct memory m;
	struct pieces p = { .memory = &m, .spans = spans, .check = l->check };
	struct kmcl_external_data data = {
		.form = KMCL_EXTERNAL_PIECES, .direction = direction(flip), .count = PIECES,
		.context = &p, .piece = give_piece,
	};

	if (!memory_get(&m, l->check, PIECES))
		return;
	spans_make(&m, spans);
	transfer(l, &data, spans, PIECES, flip);
	check_guards(l->check, &m, spans, PIECES);
	memory_put(&m);
}

static void pieces(struct check *c)
{
	on_both(c, pieces_form);
}

static void pages_form(struct link *l, u8 flip)
{
	struct kmcl_external_data data;
	struct span span;
	struct memory m;

	if (!memory_get(&m, l->check, 4))
		return;
	span = (struct span){ m.address + 4095, 2 * PAGE_SIZE + 2 };	/* a byte at each end */
	data = kmcl_external_pages(m.pages, 4095, 2 * PAGE_SIZE + 2, direction(flip));
	transfer(l, &data, &span, 1, flip);
	check_guards(l->check, &m, &span, 1);
	span = (struct span){ m.address, 1 };
	data = kmcl_external_pages(m.pages, 0, 1, direction(flip));
	transfer(l, &data, &span, 1, flip);
	check_guards(l->check, &m, &span, 1);
	memory_put(&m);
}

static void pages(struct check *c)
{
	on_both(c, pages_form);
}

static void pfns_form(struct link *l, u8 flip)
{
	struct kmcl_external_data data;
	unsigned long pfn[3];
	struct span spans[3];
	struct memory m;
	u32 i;

	if (!memory_get(&m, l->check, 4))
		return;
	for (i = 0; i < 3; i++) {
		spans[i] = (struct span){ m.address + (3 - i) * PAGE_SIZE, PAGE_SIZE };
		pfn[i] = page_to_pfn(m.pages[3 - i]);
	}
	data = kmcl_external_pfns(pfn, 3, direction(flip));
	transfer(l, &data, spans, 3, flip);
	check_guards(l->check, &m, spans, 3);
	memory_put(&m);
}

static void pfns(struct check *c)
{
	on_both(c, pfns_form);
}

static void buffer_at(struct link *l, u8 *at, u32 bytes, u8 flip)
{
	struct kmcl_external_data data = kmcl_external_buffer(at, bytes, direction(flip));
	struct span span = { at, bytes };

	if (CHECK(l->check, at))
		transfer(l, &data, &span, 1, flip);
}

static void kmalloc_form(struct link *l, u8 flip)
{
	u8 *small = kmalloc(100, GFP_KERNEL), *large = kmalloc(12000, GFP_KERNEL);

	if (CHECK(l->check, small && large)) {
		buffer_at(l, small, 100, flip);
		buffer_at(l, large + 3, 10001, flip);
	}
	kfree(small);
	kfree(large);
}

static void buffer_kmalloc(struct check *c)
{
	on_both(c, kmalloc_form);
}

static void vmalloc_form(struct link *l, u8 flip)
{
	u8 *buffer = vmalloc(5 * PAGE_SIZE);

	if (CHECK(l->check, buffer)) {
		buffer_at(l, buffer + 1021, 3 * PAGE_SIZE + 13, flip);
		buffer_at(l, buffer + PAGE_SIZE, PAGE_SIZE, flip);
	}
	vfree(buffer);
}

static void buffer_vmalloc(struct check *c)
{
	on_both(c, vmalloc_form);
}

static u8 module_data[5000];
static const u8 module_constant[] = "what a module has in its read-only data";

static void module_form(struct link *l, u8 flip)
{
	struct kmcl_external_data data;
	__le32 reply[2];

	buffer_at(l, module_data + 7, sizeof(module_data) - 7, flip);
	if (flip)
		return;
	data = kmcl_external_buffer((void *)module_constant, sizeof(module_constant),
				    DMA_TO_DEVICE);
	CHECK_EQ(l->check, ask(l, &data, reply), 0);
	CHECK_EQ(l->check, le32_to_cpu(reply[1]),
		 memory_crc(module_constant, sizeof(module_constant)));
}

static void buffer_in_module(struct check *c)
{
	on_both(c, module_form);
}

static void stack_form(struct link *l, u8 flip)
{
	u8 bytes[64] = { };
	struct kmcl_external_data data = kmcl_external_buffer(bytes, sizeof(bytes),
							      direction(flip));
	__le32 reply[2];

	CHECK_EQ(l->check, ask(l, &data, reply), -EINVAL);
	CHECK_EQ(l->check, link_count(l, "sent"), 0);
	CHECK_EQ(l->check, link_count(l, "packets"), 0);
}

static void buffer_on_stack(struct check *c)
{
	on_both(c, stack_form);
}

/* The largest, and a byte more; at an odd place. */
static void most_bytes_form(struct link *l, u8 flip)
{
	u8 *buffer = vmalloc(BYTES + 2 * PAGE_SIZE);
	struct kmcl_external_data data;
	__le32 reply[2];

	if (CHECK(l->check, buffer)) {
		buffer_at(l, buffer, BYTES, flip);
		buffer_at(l, buffer + 4095, BYTES, flip);
		data = kmcl_external_buffer(buffer + 4095, BYTES + 1, direction(flip));
		CHECK_EQ(l->check, ask(l, &data, reply), -E2BIG);
		data = kmcl_external_buffer(buffer, BYTES + 1, direction(flip));
		CHECK_EQ(l->check, ask(l, &data, reply), -E2BIG);
	}
	vfree(buffer);
}

static void most_bytes(struct check *c)
{
	on_both(c, most_bytes_form);
}

/* One byte in each of so many pages: as many ranges. */
static void most_ranges_form(struct link *l, u8 flip)
{
	struct scatterlist list[RANGES + 1];
	struct kmcl_external_data data;
	struct span spans[RANGES];
	__le32 reply[2];
	struct memory m;
	u32 i;

	if (!memory_get(&m, l->check, RANGES + 1))
		return;
	sg_init_table(list, RANGES + 1);
	for (i = 0; i < RANGES + 1; i++)
		sg_set_page(&list[i], m.pages[i], 1, 10 + i);
	for (i = 0; i < RANGES; i++)
		spans[i] = (struct span){ m.address + i * PAGE_SIZE + 10 + i, 1 };
	data = kmcl_external_sg(list, RANGES + 1, direction(flip));
	CHECK_EQ(l->check, ask(l, &data, reply), -E2BIG);
	sg_mark_end(&list[RANGES - 1]);
	data = kmcl_external_sg(list, RANGES, direction(flip));
	transfer(l, &data, spans, RANGES, flip);
	memory_put(&m);
}

static void most_ranges(struct check *c)
{
	on_both(c, most_ranges_form);
}

/* As much as kmcl allows at all. */
static void largest_of_all(struct check *c)
{
	static const struct link_setup huge = {
		.device = "invert", .max_external = KMCL_EXTERNAL_DATA_MAX, .ranges = 1,
	};
	u8 *buffer = vmalloc(KMCL_EXTERNAL_DATA_MAX + PAGE_SIZE);
	struct link *l = link_up(c, &huge, NULL);

	if (l && CHECK(c, buffer))
		buffer_at(l, buffer + 100, KMCL_EXTERNAL_DATA_MAX, 0xff);
	link_down(l);
	vfree(buffer);
}

static void limits_of_the_channel(struct check *c)
{
	static const struct link_setup none = { .device = "echo" };
	struct link *l = link_make(c, &none, NULL);
	struct kmcl_external_data data = kmcl_external_buffer(module_data, 1, DMA_TO_DEVICE);
	__le32 reply[2];

	if (!l)
		return;
	CHECK_EQ(c, kmcl_channel_set_max_external_data(l->channel, 0, 1), -EINVAL);
	CHECK_EQ(c, kmcl_channel_set_max_external_data(l->channel, 1, 0), -EINVAL);
	CHECK_EQ(c, kmcl_channel_set_max_external_data(l->channel, 1, 4097), -EINVAL);
	CHECK_EQ(c, kmcl_channel_set_max_external_data(l->channel, KMCL_EXTERNAL_DATA_MAX + 1, 1),
		 -EINVAL);
	CHECK_EQ(c, kmcl_channel_set_max_external_data(NULL, 1, 1), -EINVAL);
	/* By default a packet can carry none. */
	if (link_open(l))
		CHECK_EQ(c, ask(l, &data, reply), -E2BIG);
	link_down(l);
}

static const struct link_setup silent = {
	.device = "silent", .max_external = BYTES, .ranges = RANGES,
};

static void errors(struct check *c)
{
	struct kmcl_external_data data = kmcl_external_buffer(module_data, 1, DMA_TO_DEVICE);
	static u8 large[KMCL_DEFAULT_PACKET_SIZE + 1];
	struct link *l = link_up(c, &silent, NULL);
	struct shot s;

	if (!l)
		return;
	if (shot_init(&s, l)) {
		CHECK_EQ(c, kmcl_packet_send_external(NULL, NULL, 0, &data, KMCL_SEND_COMPLETION),
			 -EINVAL);
		CHECK_EQ(c, kmcl_packet_send_external(s.packet, NULL, 8, &data,
						      KMCL_SEND_COMPLETION), -EINVAL);
		CHECK_EQ(c, kmcl_packet_send_external(s.packet, NULL, 0, &data, 0), -EINVAL);
		CHECK_EQ(c, kmcl_packet_send_external(s.packet, NULL, 0, &data, 0x3), -EINVAL);
		CHECK_EQ(c, kmcl_packet_send_external(s.packet, large, sizeof(large), &data,
						      KMCL_SEND_COMPLETION), -EMSGSIZE);
		CHECK_EQ(c, shot_send_external(&s, NULL), -EINVAL);
		CHECK_EQ(c, shot_send_external(&s, &data), 0);
		CHECK_EQ(c, shot_send_external(&s, &data), -EBUSY);
		link_disable(l);
		shot_await(&s, -ENODEV);
		CHECK_EQ(c, link_count(l, "sent_external"), 1);
		shot_free(&s);
	}
	link_down(l);
}

/* What makes no sense by itself; the packet stays the caller's. */
static void refuses(struct shot *s, const char *what, const struct kmcl_external_data *data)
{
	int ret = shot_send_external(s, data);

	if (ret != -EINVAL)
		check_note(s->link->check, __FILE__, __LINE__, "%s gives %d", what, ret);
	if (!ret)
		link_disable(s->link);
}

static bool no_piece(const struct kmcl_external_data *data, u32 index, unsigned long cursor[2],
		     struct kmcl_piece *piece)
{
	return false;
}

static bool empty_piece(const struct kmcl_external_data *data, u32 index, unsigned long cursor[2],
			struct kmcl_piece *piece)
{
	*piece = (struct kmcl_piece){ .page = virt_to_page(data->context) };
	return true;
}

static void bad_lists(struct shot *s, struct page *page)
{
	struct page *hole[2] = { page, NULL };
	struct bio_vec empty = { .bv_page = page };
	unsigned long nowhere = 1ul << 40;
	struct kmcl_external_data data;
	struct scatterlist list[2];

	sg_init_table(list, 2);
	sg_set_page(&list[0], page, 10, 0);
	sg_set_page(&list[1], page, 0, 20);
	data = kmcl_external_sg(list, 2, DMA_TO_DEVICE);
	refuses(s, "an empty entry", &data);
	sg_set_page(&list[1], page, 1, 20);
	data = kmcl_external_sg(list, 3, DMA_TO_DEVICE);
	refuses(s, "more entries than there are", &data);
	data = kmcl_external_bvec(&empty, 1, DMA_TO_DEVICE);
	refuses(s, "an empty bvec", &data);
	data = kmcl_external_pages(hole, 0, 2 * PAGE_SIZE, DMA_TO_DEVICE);
	refuses(s, "a missing page", &data);
	data = kmcl_external_pages(hole, PAGE_SIZE, 1, DMA_TO_DEVICE);
	refuses(s, "an offset of a page", &data);
	data = kmcl_external_pfns(&nowhere, 1, DMA_TO_DEVICE);
	refuses(s, "a page frame that is none", &data);
}

static void bad_forms(struct shot *s, void *memory)
{
	struct kmcl_external_data data = kmcl_external_buffer(memory, 0, DMA_TO_DEVICE);

	refuses(s, "no bytes", &data);
	data = kmcl_external_buffer(NULL, 1, DMA_TO_DEVICE);
	refuses(s, "no buffer", &data);
	data = kmcl_external_buffer((void *)PAGE_SIZE, 1, DMA_TO_DEVICE);
	refuses(s, "an address of user space", &data);
	data = kmcl_external_buffer(memory, 1, DMA_NONE);
	refuses(s, "no direction", &data);
	data = kmcl_external_buffer(memory, 1, 99);
	refuses(s, "a direction that is none", &data);
	data = kmcl_external_buffer(memory, 1, DMA_TO_DEVICE);
	data.form = 99;
	refuses(s, "a form that is none", &data);
	data = (struct kmcl_external_data){ .form = KMCL_EXTERNAL_PIECES, .context = memory };
	refuses(s, "pieces without a callback", &data);
	data.direction = DMA_TO_DEVICE;
	data.piece = no_piece;
	refuses(s, "no piece", &data);
	data.piece = empty_piece;
	refuses(s, "an empty piece", &data);
}

static void bad_descriptions(struct check *c)
{
	unsigned long memory = get_zeroed_page(GFP_KERNEL);
	struct link *l = link_up(c, &silent, NULL);
	struct shot s;

	if (l && CHECK(c, memory) && shot_init(&s, l)) {
		bad_lists(&s, virt_to_page((void *)memory));
		bad_forms(&s, (void *)memory);
		CHECK_EQ(c, link_count(l, "sent"), 0);
		/* It was the caller's all the time. */
		CHECK_EQ(c, shot_send(&s, "in band", 8, 0), 0);
		shot_await(&s, 0);
		shot_free(&s);
	}
	link_down(l);
	free_page(memory);
}

static void not_open(struct check *c)
{
	static const struct link_setup nobody = { .max_external = BYTES, .ranges = 1 };
	struct kmcl_external_data data = kmcl_external_buffer(module_data, 1, DMA_TO_DEVICE);
	struct link *l = link_make(c, &nobody, NULL);
	struct shot s;

	if (!l)
		return;
	if (shot_init(&s, l)) {
		CHECK_EQ(c, shot_send_external(&s, &data), -ENOTCONN);
		CHECK_EQ(c, kmcl_channel_enable(l->channel), 0);
		CHECK_EQ(c, shot_send_external(&s, &data), -ENOTCONN);
		shot_free(&s);
	}
	link_down(l);
}

/* What the callbacks of a channel that is being disabled get. */
struct refusal {
	struct kmcl_external_data data;
	struct shot shot;
	int opened;
	int suspend;
	int suspend_external;
	int closed;
	int closed_external;
};

static int send_in_opened(struct link *l)
{
	struct refusal *r = l->data;

	if (!shot_init(&r->shot, l))
		return -ENOMEM;
	r->opened = shot_send_external(&r->shot, &r->data);
	return 0;
}

static void send_in_suspend(struct link *l)
{
	struct refusal *r = l->data;

	r->suspend = kmcl_packet_send(r->shot.packet, "late", 5, 0);
	r->suspend_external = kmcl_packet_send_external(r->shot.packet, "late", 5, &r->data,
							KMCL_SEND_COMPLETION);
}

static void send_in_closed(struct link *l)
{
	struct refusal *r = l->data;

	r->closed = kmcl_packet_send(r->shot.packet, "late", 5, 0);
	r->closed_external = kmcl_packet_send_external(r->shot.packet, "late", 5, &r->data,
						       KMCL_SEND_COMPLETION);
}

/* In opened it is taken and waits; while the channel is being disabled nothing is. */
static void in_state_callbacks(struct check *c)
{
	static const struct link_setup sending = {
		.device = "echo", .max_external = BYTES, .ranges = 1, .opened = send_in_opened,
		.suspend = send_in_suspend, .closed = send_in_closed,
	};
	struct refusal r = { .data = kmcl_external_buffer(module_data, 9, DMA_TO_DEVICE) };
	struct link *l = link_up(c, &sending, &r);

	if (!l)
		return;
	CHECK_EQ(c, r.opened, 0);
	shot_await(&r.shot, 0);
	link_disable(l);
	CHECK_EQ(c, r.suspend, -ENODEV);
	CHECK_EQ(c, r.suspend_external, -ENODEV);
	CHECK_EQ(c, r.closed, -ENODEV);
	CHECK_EQ(c, r.closed_external, -ENOTCONN);
	CHECK_EQ(c, shot_send_external(&r.shot, &r.data), -ENOTCONN);
	shot_free(&r.shot);
	link_down(l);
}

/* Many at once, answered in any order; unmapped before the routine runs. */
#define STORM		32u
#define STORM_PAGES	2u

struct storm {
	struct shot shot;		/* first */
	struct memory memory;
	struct span span;
	u32 crc;
};

static void storm_done(struct shot *s)
{
	struct storm *storm = container_of(s, struct storm, shot);
	const __le32 *reply = (const __le32 *)s->answer;
	struct check *c = s->link->check;

	CHECK_EQ(c, s->status, 0);
	CHECK_EQ(c, le32_to_cpu(reply[0]), storm->span.length);
	CHECK_EQ(c, le32_to_cpu(reply[1]), storm->crc);
	CHECK(c, spans_hold(&storm->span, 1, SEED + storm->span.length, 0xff));
}

static bool storm_send(struct storm *storm, struct link *l, u32 i)
{
	struct kmcl_external_data data;
	u32 offset = i * 127, length = PAGE_SIZE - i * 31;

	if (!memory_get(&storm->memory, l->check, STORM_PAGES))
		return false;
	if (!shot_init(&storm->shot, l)) {
		memory_put(&storm->memory);
		return false;
	}
	storm->shot.done = storm_done;
	storm->span = (struct span){ storm->memory.address + offset, length };
	spans_fill(&storm->span, 1, SEED + length);
	storm->crc = spans_crc(&storm->span, 1);
	data = kmcl_external_pages(storm->memory.pages, offset, length, DMA_BIDIRECTIONAL);
	return CHECK_EQ(l->check, shot_send_external(&storm->shot, &data), 0);
}

static void storm(struct check *c)
{
	static const struct link_setup shuffled = {
		.device = "storm", .max_external = BYTES, .ranges = 1,
	};
	struct storm *all = kvcalloc(STORM, sizeof(*all), GFP_KERNEL);
	struct link *l = link_up(c, &shuffled, NULL);
	u32 n, i;

	if (l && CHECK(c, all)) {
		for (n = 0; n < STORM && storm_send(&all[n], l, n); n++)
			;
		CHECK_EQ(c, n, STORM);
		for (i = 0; i < n; i++) {
			if (!shot_await(&all[i].shot, 0))
				break;
			shot_free(&all[i].shot);
			CHECK(c, memory_unshared(&all[i].memory));
			check_guards(c, &all[i].memory, &all[i].span, 1);
			memory_put(&all[i].memory);
		}
	}
	link_down(l);
	kvfree(all);
}

/* The channel ends with data out: every packet ends, and the pages are free. */
static void closed_in_flight(struct check *c)
{
	struct kmcl_external_data data;
	struct link *l = link_up(c, &silent, NULL);
	struct shot *shots = l ? shots_new(l, 8) : NULL;
	struct memory m;
	u32 i;

	/* Each its own: the DMA API does not know memory that is mapped twice. */
	if (shots && memory_get(&m, c, 8 * 4)) {
		for (i = 0; i < 8; i++) {
			data = kmcl_external_pages(m.pages + 4 * i, 1, 3 * PAGE_SIZE,
						   DMA_BIDIRECTIONAL);
			CHECK_EQ(c, shot_send_external(&shots[i], &data), 0);
		}
		link_disable(l);
		shots_await(shots, 8, -ENODEV);
		CHECK(c, memory_unshared(&m));
		shots_free(shots, 8);
		memory_put(&m);
	}
	link_down(l);
}

static const struct check_case cases[] = {
	CHECK_CASE(sg),
	CHECK_CASE(bvec),
	CHECK_CASE(bvec_over_pages),
	CHECK_CASE(pieces),
	CHECK_CASE(pages),
	CHECK_CASE(pfns),
	CHECK_CASE(buffer_kmalloc),
	CHECK_CASE(buffer_vmalloc),
	CHECK_CASE(buffer_in_module),
	CHECK_CASE(buffer_on_stack),
	CHECK_CASE(most_bytes),
	CHECK_CASE(most_ranges),
	CHECK_CASE(largest_of_all),
	CHECK_CASE(limits_of_the_channel),
	CHECK_CASE(errors),
	CHECK_CASE(bad_descriptions),
	CHECK_CASE(not_open),
	CHECK_CASE(in_state_callbacks),
	CHECK_CASE(storm),
	CHECK_CASE(closed_in_flight),
	{ }
};

const struct check_group external_checks = { "external", cases };
