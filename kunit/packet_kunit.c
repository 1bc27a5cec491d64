// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packet objects in memory of the driver's, which nobody may remember once the
 * routine runs; and channels that are pipes.
 */
#include <linux/bvec.h>
#include <linux/delay.h>
#include <linux/mm.h>

#include "bed.c"

/**
 * struct guest - a packet in memory of ours
 * @told: what its routine said; memory apart from it
 * @memory: the packet
 * @bytes: as kmcl_packet_size() says
 * @poisons: the routine writes over all of it
 */
struct guest {
	struct told told;
	u8 *memory;
	u32 bytes;
	bool poisons;
};

/* As soon as the routine runs the memory is the driver's, for whatever he likes. */
static void tells_and_poisons(struct kmcl_packet *packet, int status, const void *buffer,
			      u32 length)
{
	struct told *told = kmcl_packet_get_pointer(packet);
	struct guest *guest = container_of(told, struct guest, told);

	tells(packet, status, buffer, length);
	if (guest->poisons)
		memset(guest->memory, BAD, guest->bytes);
}

static void initialise(struct guest *guest)
{
	struct kunit *test = guest->told.bed->test;

	KUNIT_ASSERT_EQ(test, kmcl_packet_init(guest->told.bed->ch, guest->memory, guest->bytes,
					       GFP_KERNEL, &guest->told.packet), 0);
	KUNIT_ASSERT_PTR_EQ(test, (void *)guest->told.packet, (void *)guest->memory);
	kmcl_packet_set_pointer(guest->told.packet, &guest->told);
	kmcl_packet_set_completion(guest->told.packet, tells_and_poisons);
}

static struct guest *new_guest_of(struct bed *bed, u32 bytes)
{
	struct guest *guest = kunit_kzalloc(bed->test, sizeof(*guest), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(bed->test, guest);
	guest->told.bed = bed;
	guest->bytes = kmcl_packet_size(bed->ch);
	guest->memory = kunit_kmalloc(bed->test, bytes, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(bed->test, guest->memory);
	memset(guest->memory, BAD, bytes);
	guest->poisons = true;
	initialise(guest);
	return guest;
}

static struct guest *new_guest(struct bed *bed)
{
	return new_guest_of(bed, kmcl_packet_size(bed->ch));
}

static int sends(struct guest *guest, const char *text, u32 flags)
{
	return kmcl_packet_send(guest->told.packet, text, strlen(text), flags);
}

/* Nobody has written there since it was poisoned. */
static void expect_poisoned(struct guest *guest)
{
	u32 i;

	for (i = 0; i < guest->bytes; i++)
		KUNIT_ASSERT_EQ_MSG(guest->told.bed->test, guest->memory[i], BAD, "byte %u", i);
}

static u64 id_of(struct bed *bed, int i)
{
	return bed->sent[i].trans_id;
}

/* --- made of any memory --------------------------------------------------- */

static void says_how_much_memory_it_needs(struct kunit *test)
{
	struct bed *bed = test->priv;
	u32 plain = kmcl_packet_size(bed->ch), external;

	KUNIT_EXPECT_GE(test, plain, PACKET_SIZE);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_max_packet_size(bed->ch, PACKET_SIZE + 64), 0);
	KUNIT_EXPECT_EQ(test, kmcl_packet_size(bed->ch), plain + 64);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_max_external_data(bed->ch, 8192, 2), 0);
	external = kmcl_packet_size(bed->ch);
	KUNIT_EXPECT_GE(test, external,
			plain + 64 + (u32)sizeof(struct kmcl_gpa_header) +
			2 * (u32)sizeof(struct kmcl_gpa_range) + 6 * 8);
}

static void refuses_memory_that_is_too_small_or_not_aligned(struct kunit *test)
{
	struct bed *bed = test->priv;
	u32 bytes = kmcl_packet_size(bed->ch);
	u8 *memory = kunit_kzalloc(test, bytes + 8, GFP_KERNEL);
	struct kmcl_packet *packet = NULL;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, memory);
	KUNIT_EXPECT_EQ(test, kmcl_packet_init(bed->ch, memory, bytes - 1, GFP_KERNEL, &packet),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_packet_init(bed->ch, memory, 0, GFP_KERNEL, &packet), -EINVAL);
	for (i = 1; i < 8; i++)
		KUNIT_EXPECT_EQ(test, kmcl_packet_init(bed->ch, memory + i, bytes, GFP_KERNEL,
						       &packet), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_packet_init(NULL, memory, bytes, GFP_KERNEL, &packet), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_packet_init(bed->ch, NULL, bytes, GFP_KERNEL, &packet), -EINVAL);
	KUNIT_EXPECT_EQ(test, kmcl_packet_init(bed->ch, memory, bytes, GFP_KERNEL, NULL), -EINVAL);
	KUNIT_EXPECT_NULL(test, packet);
	KUNIT_EXPECT_EQ(test, kmcl_packet_init(bed->ch, memory + 8, bytes, GFP_KERNEL, &packet), 0);
	KUNIT_EXPECT_PTR_EQ(test, (void *)packet, (void *)memory + 8);
}

/* With everything a packet can have: the largest payload, all its bytes, all its ranges. */
static void uses_not_a_byte_more_than_it_says(struct kunit *test)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_NOFAIL);
	u8 *payload = kunit_kzalloc(test, PACKET_SIZE, GFP_KERNEL);
	struct bed *bed = test->priv;
	struct bio_vec bvec[5];
	struct kmcl_external_data data = kmcl_external_bvec(bvec, 5, DMA_TO_DEVICE);
	struct guest *guest;
	u32 i, bytes;

	bvec_set_page(&bvec[0], page, 1, PAGE_SIZE - 1);
	bvec_set_page(&bvec[1], page, 1, 0);
	bvec_set_page(&bvec[2], page, 1, PAGE_SIZE - 1);
	bvec_set_page(&bvec[3], page, PAGE_SIZE, 0);
	bvec_set_page(&bvec[4], page, PAGE_SIZE - 3, 0);
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_max_external_data(bed->ch, 2 * PAGE_SIZE, 2), 0);
	bytes = kmcl_packet_size(bed->ch);
	guest = new_guest_of(bed, bytes + 64);
	enable(bed);
	host_stops_reading(bed);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send_external(guest->told.packet, payload, PACKET_SIZE,
							&data, KMCL_SEND_COMPLETION), 0);
	host_drains(bed);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 1);
	host_completes(bed, id_of(bed, 0));
	KUNIT_EXPECT_EQ(test, guest->told.calls, 1);
	for (i = bytes; i < bytes + 64; i++)
		KUNIT_ASSERT_EQ_MSG(test, guest->memory[i], BAD, "byte %u of %u", i, bytes);
	__free_page(page);
}

static void is_not_sent_without_a_routine(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct guest *guest = new_guest(bed);

	enable(bed);
	kmcl_packet_set_completion(guest->told.packet, NULL);
	KUNIT_EXPECT_EQ(test, sends(guest, "x", 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, sends(guest, "x", KMCL_SEND_COMPLETION), -EINVAL);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
	kmcl_packet_set_completion(guest->told.packet, tells_and_poisons);
	KUNIT_EXPECT_EQ(test, sends(guest, "x", 0), 0);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 1);
}

static void the_channel_does_not_count_it(struct kunit *test)
{
	struct bed *bed = test->priv;

	new_guest(bed);
	KUNIT_EXPECT_EQ(test, atomic_read(&bed->ch->packets), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_max_packet_size(bed->ch, PACKET_SIZE), 0);
}

/* The channel has become smaller since it was made. */
/* Not counted, but made after the sizes all the same. */
static void sizes_stay_while_it_waits_for_the_channel(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct guest *guest = new_guest(bed);
	struct kmcl_packet *packet;

	guest->poisons = false;
	KUNIT_ASSERT_EQ(test, sends(guest, "early", 0), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_max_packet_size(bed->ch, 8), -EBUSY);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_max_external_data(bed->ch, 8, 1), -EBUSY);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_pipe(bed->ch, true), -EBUSY);
	/* The refusal is over: objects are made. */
	packet = kmcl_packet_alloc(bed->ch, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, packet);
	kmcl_packet_free(packet);
	enable(bed);
	KUNIT_EXPECT_EQ(test, guest->told.calls, 1);
	KUNIT_EXPECT_EQ(test, guest->told.status, 0);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_MEMEQ(test, bed->sent[0].payload, "early", 5);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_set_max_packet_size(bed->ch, 8), 0);
}

static void says_whose_packet_it_is(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct guest *guest = new_guest(bed);
	struct told *told = new_told(bed);

	KUNIT_EXPECT_PTR_EQ(test, kmcl_packet_get_channel(guest->told.packet), bed->ch);
	KUNIT_EXPECT_PTR_EQ(test, kmcl_packet_get_channel(told->packet), bed->ch);
	KUNIT_EXPECT_NULL(test, kmcl_packet_get_channel(NULL));
}

static void keeps_to_what_the_channel_is_configured_for_now(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct guest *guest = new_guest(bed);

	KUNIT_ASSERT_EQ(test, kmcl_channel_set_max_packet_size(bed->ch, 8), 0);
	enable(bed);
	KUNIT_EXPECT_EQ(test, sends(guest, "nine bytes", 0), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, sends(guest, "8 bytes.", 0), 0);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 1);
}

static void keeps_to_the_external_data_configured_for_now(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct page *page = alloc_page(GFP_KERNEL | __GFP_NOFAIL);
	struct kmcl_external_data data = kmcl_external_pages(&page, 0, 65, DMA_TO_DEVICE);
	struct guest *guest;

	KUNIT_ASSERT_EQ(test, kmcl_channel_set_max_external_data(bed->ch, 8192, 2), 0);
	guest = new_guest(bed);
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_max_external_data(bed->ch, 64, 1), 0);
	enable(bed);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send_external(guest->told.packet, NULL, 0, &data,
							KMCL_SEND_COMPLETION), -E2BIG);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	__free_page(page);
}

/* --- nobody remembers it -------------------------------------------------- */

static void nothing_of_it_is_touched_after_the_answer(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct guest *guest = new_guest(bed);

	enable(bed);
	KUNIT_EXPECT_EQ(test, sends(guest, "hello", KMCL_SEND_COMPLETION), 0);
	host_completes(bed, id_of(bed, 0));
	KUNIT_EXPECT_EQ(test, guest->told.calls, 1);
	KUNIT_EXPECT_EQ(test, guest->told.status, 0);
	host_completes(bed, id_of(bed, 0));
	settle(bed);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, guest->told.calls, 1);
	expect_poisoned(guest);
}

static void nothing_of_it_is_touched_after_it_was_placed(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct guest *guest = new_guest(bed);

	enable(bed);
	KUNIT_EXPECT_EQ(test, sends(guest, "hello", 0), 0);
	settle(bed);
	KUNIT_EXPECT_EQ(test, guest->told.calls, 1);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, guest->told.calls, 1);
	expect_poisoned(guest);
}

static void nothing_of_it_is_touched_after_it_waited_for_room(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct guest *asks = new_guest(bed), *does_not = new_guest(bed);

	enable(bed);
	host_stops_reading(bed);
	KUNIT_EXPECT_EQ(test, sends(asks, "asks", KMCL_SEND_COMPLETION), 0);
	KUNIT_EXPECT_EQ(test, sends(does_not, "does not", 0), 0);
	host_drains(bed);
	settle(bed);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 2);
	host_completes(bed, id_of(bed, 0));
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, asks->told.calls, 1);
	KUNIT_EXPECT_EQ(test, does_not->told.calls, 1);
	expect_poisoned(asks);
	expect_poisoned(does_not);
}

static void nothing_of_it_is_touched_after_the_close(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct guest *placed = new_guest(bed), *waits = new_guest(bed);

	enable(bed);
	KUNIT_EXPECT_EQ(test, sends(placed, "placed", KMCL_SEND_COMPLETION), 0);
	host_stops_reading(bed);
	KUNIT_EXPECT_EQ(test, sends(waits, "waits", KMCL_SEND_COMPLETION), 0);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, placed->told.calls, 1);
	KUNIT_EXPECT_EQ(test, placed->told.status, -ENODEV);
	KUNIT_EXPECT_EQ(test, waits->told.calls, 1);
	KUNIT_EXPECT_EQ(test, waits->told.status, -ENODEV);
	expect_poisoned(placed);
	expect_poisoned(waits);
}

static int answers_early(struct aside *aside)
{
	struct bed *bed = aside->bed;
	struct guest *guest = bed->own;
	u32 slot = guest->told.packet->slot;

	host_completes(bed, atomic64_read(&bed->ch->sent.chunks[0][slot].armed));
	return 0;
}

/* While it is being placed, on another CPU, by a host that guesses its id. */
static void is_answered_early(struct bed *bed, const void *payload)
{
	struct guest *guest = bed->own;
	int ms;

	queue_work(system_unbound_wq, &bed->asides[0]->work);
	for (ms = 0; ms < 20000 && !READ_ONCE(bed->ch->stats.rx.completions_received); ms++)
		mdelay(1);
	mdelay(5);
	bed->seen.again = READ_ONCE(guest->told.calls);
}

static void nothing_of_it_is_touched_after_an_answer_that_comes_too_early(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct guest *guest = new_guest(bed);

	if (num_online_cpus() < 2)
		kunit_skip(test, "needs two CPUs");
	enable(bed);
	bed->own = guest;
	bed->asides[bed->nr_asides++] = new_aside(bed, answers_early);
	bed->on_send = is_answered_early;
	KUNIT_EXPECT_EQ(test, sends(guest, "hello", KMCL_SEND_COMPLETION), 0);
	bed->own = NULL;
	KUNIT_ASSERT_TRUE(test, is_over(bed->asides[0]));
	KUNIT_EXPECT_EQ(test, bed->ch->stats.rx.completions_received, 1ull);
	KUNIT_EXPECT_EQ(test, bed->seen.again, 0);
	KUNIT_EXPECT_EQ(test, guest->told.calls, 1);
	expect_poisoned(guest);
}

static void its_slot_serves_others_after_the_answer(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct guest *guest = new_guest(bed);
	int i;

	enable(bed);
	guest->poisons = false;
	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_EQ(test, sends(guest, "x", KMCL_SEND_COMPLETION), 0);
		KUNIT_ASSERT_EQ(test, nr_sent(bed), i + 1);
		KUNIT_EXPECT_EQ(test, lower_32_bits(id_of(bed, i)), lower_32_bits(id_of(bed, 0)));
		host_completes(bed, id_of(bed, i));
		KUNIT_EXPECT_EQ(test, guest->told.calls, i + 1);
		KUNIT_EXPECT_EQ(test, guest->told.packet->slot, KMCL_XACT_MAX);
	}
	KUNIT_EXPECT_NE(test, id_of(bed, 0), id_of(bed, 1));
	host_completes(bed, id_of(bed, 0));
	KUNIT_EXPECT_EQ(test, bed->ch->stats.rx.rejected_id, 1ull);
}

static void notes_free_slot(struct bed *bed, const void *payload)
{
	bed->seen.outstanding = bed->ch->sent.free;
}

static void only_a_packet_that_asks_for_an_answer_takes_a_slot(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct guest *guest = new_guest(bed);
	int free = bed->ch->sent.free;

	enable(bed);
	guest->poisons = false;
	bed->on_send = notes_free_slot;
	KUNIT_EXPECT_EQ(test, sends(guest, "x", 0), 0);
	KUNIT_EXPECT_EQ(test, bed->seen.outstanding, free);
	KUNIT_EXPECT_EQ(test, sends(guest, "x", KMCL_SEND_COMPLETION), 0);
	KUNIT_EXPECT_NE(test, bed->seen.outstanding, free);
	host_completes(bed, id_of(bed, 1));
	KUNIT_EXPECT_EQ(test, (int)bed->ch->sent.free, free);
}

/* The same memory for the next packet, in the routine of this one. */
static void its_memory_is_a_new_packet_at_once(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct guest *guest = new_guest(bed);

	enable(bed);
	KUNIT_EXPECT_EQ(test, sends(guest, "one", KMCL_SEND_COMPLETION), 0);
	host_completes(bed, id_of(bed, 0));
	expect_poisoned(guest);
	initialise(guest);
	KUNIT_EXPECT_EQ(test, sends(guest, "two", KMCL_SEND_COMPLETION), 0);
	host_completes(bed, id_of(bed, 0));
	KUNIT_EXPECT_EQ(test, guest->told.calls, 1);
	host_completes(bed, id_of(bed, 1));
	KUNIT_EXPECT_EQ(test, guest->told.calls, 2);
	expect_poisoned(guest);
}

static void in_flight_it_cannot_be_sent_again(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct guest *guest = new_guest(bed);

	enable(bed);
	KUNIT_EXPECT_EQ(test, sends(guest, "one", KMCL_SEND_COMPLETION), 0);
	KUNIT_EXPECT_EQ(test, sends(guest, "two", KMCL_SEND_COMPLETION), -EBUSY);
	host_completes(bed, id_of(bed, 0));
	KUNIT_EXPECT_EQ(test, guest->told.calls, 1);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 1);
}

/* --- no slot is free ------------------------------------------------------ */

/* Packet objects that keep their slots, linked by their pointers; packet_exit() frees them. */
static void fill_table(struct bed *bed, u32 count)
{
	struct kmcl_packet *packet, *last = NULL;
	u32 i;

	for (i = 0; i < count; i++) {
		packet = kmcl_packet_alloc(bed->ch, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(bed->test, packet);
		kmcl_packet_set_pointer(packet, last);
		last = packet;
		WRITE_ONCE(bed->own, packet);
	}
}

static void empty_table(struct bed *bed)
{
	struct kmcl_packet *packet = bed->own, *next;

	for (; packet; packet = next) {
		next = kmcl_packet_get_pointer(packet);
		kmcl_packet_free(packet);
	}
	bed->own = NULL;
}

static void a_packet_without_a_slot_waits_for_one(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct guest *first, *second;

	KUNIT_ASSERT_EQ(test, kmcl_channel_set_max_packet_size(bed->ch, 16), 0);
	first = new_guest(bed);
	second = new_guest(bed);
	fill_table(bed, KMCL_XACT_MAX - 1);
	enable(bed);
	KUNIT_EXPECT_EQ(test, sends(first, "first", KMCL_SEND_COMPLETION), 0);
	KUNIT_EXPECT_EQ(test, sends(second, "second", KMCL_SEND_COMPLETION), 0);
	settle(bed);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_EQ(test, second->told.calls, 0);
	host_completes(bed, id_of(bed, 0));
	KUNIT_EXPECT_EQ(test, first->told.calls, 1);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 2);
	host_completes(bed, id_of(bed, 1));
	KUNIT_EXPECT_EQ(test, second->told.calls, 1);
}

/* In order: also what needs no slot. */
static void what_is_behind_a_packet_without_a_slot_waits_too(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct guest *first, *second, *third;

	KUNIT_ASSERT_EQ(test, kmcl_channel_set_max_packet_size(bed->ch, 16), 0);
	first = new_guest(bed);
	second = new_guest(bed);
	third = new_guest(bed);
	fill_table(bed, KMCL_XACT_MAX - 1);
	enable(bed);
	KUNIT_EXPECT_EQ(test, sends(first, "first", KMCL_SEND_COMPLETION), 0);
	KUNIT_EXPECT_EQ(test, sends(second, "second", KMCL_SEND_COMPLETION), 0);
	KUNIT_EXPECT_EQ(test, sends(third, "third", 0), 0);
	settle(bed);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 1);
	host_completes(bed, id_of(bed, 0));
	settle(bed);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 3);
	KUNIT_EXPECT_MEMEQ(test, bed->sent[1].payload, "second", 6);
	KUNIT_EXPECT_MEMEQ(test, bed->sent[2].payload, "third", 5);
	KUNIT_EXPECT_EQ(test, kmcl_channel_disable(bed->ch), 0);
	KUNIT_EXPECT_EQ(test, second->told.calls, 1);
	expect_poisoned(second);
}

/* Or its packets could never go out at all. */
static void objects_do_not_take_the_last_slot_of_who_keeps_none(struct kunit *test)
{
	struct bed *bed = test->priv;
	struct guest *guest;
	struct kmcl_packet *packet;

	KUNIT_ASSERT_EQ(test, kmcl_channel_set_max_packet_size(bed->ch, 16), 0);
	guest = new_guest(bed);
	fill_table(bed, KMCL_XACT_MAX - 1);
	packet = kmcl_packet_alloc(bed->ch, GFP_KERNEL);
	KUNIT_EXPECT_NULL(test, packet);
	kmcl_packet_free(packet);
	enable(bed);
	KUNIT_EXPECT_EQ(test, sends(guest, "x", KMCL_SEND_COMPLETION), 0);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 1);
}

/* --- pipes ---------------------------------------------------------------- */

static struct bed *with_pipe(struct kunit *test)
{
	struct bed *bed = test->priv;

	KUNIT_ASSERT_EQ(test, kmcl_channel_set_pipe(bed->ch, true), 0);
	return bed;
}

static void expect_message(struct bed *bed, int i, const char *text)
{
	const struct kmcl_pipe_header header = { .type = KMCL_PIPE_DATA, .length = strlen(text) };

	KUNIT_EXPECT_EQ(bed->test, bed->sent[i].type, KMCL_PKT_DATA_INBAND);
	KUNIT_EXPECT_EQ(bed->test, bed->sent[i].flags, 0);
	KUNIT_EXPECT_EQ(bed->test, bed->sent[i].length, 8 + header.length);
	KUNIT_EXPECT_MEMEQ(bed->test, bed->sent[i].payload, (const u8 *)&header, 8);
	KUNIT_EXPECT_MEMEQ(bed->test, bed->sent[i].payload + 8, (const u8 *)text, header.length);
}

static void a_message_has_a_header_on_the_wire(struct kunit *test)
{
	struct bed *bed = with_pipe(test);
	struct told *told = new_told(bed);

	enable(bed);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(told->packet, "message", 7, 0), 0);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 1);
	expect_message(bed, 0, "message");
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(told->packet, NULL, 0, 0), 0);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 2);
	expect_message(bed, 1, "");
}

static void a_message_that_waited_has_its_header(struct kunit *test)
{
	struct bed *bed = with_pipe(test);
	struct told *told = new_told(bed);
	struct kmcl_request request = { .buffer = "request", .length = 7 };

	enable(bed);
	host_stops_reading(bed);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(told->packet, "message", 7, 0), 0);
	host_drains(bed);
	KUNIT_EXPECT_EQ(test, kmcl_channel_request(bed->ch, &request), 0);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 2);
	expect_message(bed, 0, "message");
	expect_message(bed, 1, "request");
	settle(bed);
	KUNIT_EXPECT_EQ(test, told->calls, 1);
}

static void a_message_of_the_largest_size_is_sent(struct kunit *test)
{
	struct bed *bed = with_pipe(test);
	u8 *text = kunit_kzalloc(test, PACKET_SIZE + 1, GFP_KERNEL);
	struct told *told = new_told(bed);

	KUNIT_ASSERT_NOT_NULL(test, text);
	enable(bed);
	host_stops_reading(bed);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(told->packet, text, PACKET_SIZE + 1, 0), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(told->packet, text, PACKET_SIZE, 0), 0);
	host_drains(bed);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_EQ(test, bed->sent[0].length, 8 + PACKET_SIZE);
}

static void a_pipe_has_no_completions_and_no_external_data(struct kunit *test)
{
	struct bed *bed = with_pipe(test);
	struct page *page = alloc_page(GFP_KERNEL | __GFP_NOFAIL);
	struct kmcl_external_data data = kmcl_external_pages(&page, 0, 8, DMA_TO_DEVICE);
	struct kmcl_request request = { .flags = KMCL_SEND_COMPLETION, .timeout = 1 };
	struct told *told;

	KUNIT_ASSERT_EQ(test, kmcl_channel_set_max_external_data(bed->ch, 64, 1), 0);
	told = new_told(bed);
	enable(bed);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(told->packet, "x", 1, KMCL_SEND_COMPLETION),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send_external(told->packet, "x", 1, &data,
							KMCL_SEND_COMPLETION), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, kmcl_channel_request(bed->ch, &request), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 0);
	KUNIT_EXPECT_EQ(test, kmcl_packet_send(told->packet, "x", 1, 0), 0);
	__free_page(page);
}

/* @said bytes in a packet with room for @room, header included. */
static void host_says(struct bed *bed, u32 type, u32 said, const char *text, u32 room, bool asks)
{
	u8 packet[64] = {};
	const struct kmcl_pipe_header header = { .type = type, .length = said };

	memcpy(packet, &header, sizeof(header));
	memcpy(packet + 8, text, strlen(text));
	host_puts(bed, KMCL_PKT_DATA_INBAND, asks ? KMCL_PKT_FLAG_COMPLETION_REQUESTED : 0, 3,
		  packet, room);
	signal_guest(bed);
}

static void a_received_message_has_its_exact_length(struct kunit *test)
{
	struct bed *bed = with_pipe(test);

	enable(bed);
	host_says(bed, KMCL_PIPE_DATA, 5, "hello", 16, false);
	host_says(bed, KMCL_PIPE_DATA, 0, "", 8, false);
	host_says(bed, KMCL_PIPE_DATA, 8, "8 bytes.", 16, false);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 3);
	KUNIT_EXPECT_EQ(test, bed->got[0].length, 5u);
	KUNIT_EXPECT_MEMEQ(test, (const u8 *)bed->got[0].buffer, "hello", 5);
	KUNIT_EXPECT_EQ(test, bed->got[1].length, 0u);
	KUNIT_EXPECT_EQ(test, bed->got[2].length, 8u);
	KUNIT_EXPECT_MEMEQ(test, (const u8 *)bed->got[2].buffer, "8 bytes.", 8);
	KUNIT_EXPECT_EQ(test, bed->ch->stats.rx.received_bytes, 13ull);
}

static void expect_refused_answered_and_alive(struct bed *bed, u64 of_type, u64 of_offset)
{
	struct kunit *test = bed->test;

	KUNIT_EXPECT_EQ(test, nr_got(bed), 0);
	KUNIT_EXPECT_EQ(test, bed->ch->stats.rx.rejected_type, of_type);
	KUNIT_EXPECT_EQ(test, bed->ch->stats.rx.rejected_offset, of_offset);
	KUNIT_ASSERT_EQ(test, nr_sent(bed), 1);
	KUNIT_EXPECT_EQ(test, bed->sent[0].type, KMCL_PKT_COMPLETION);
	KUNIT_EXPECT_EQ(test, bed->sent[0].length, 0u);
	host_says(bed, KMCL_PIPE_DATA, 4, "good", 16, false);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 1);
}

static void what_is_no_data_message_is_refused(struct kunit *test)
{
	struct bed *bed = with_pipe(test);

	enable(bed);
	host_says(bed, KMCL_PIPE_DATA + 1, 4, "mode", 16, true);
	expect_refused_answered_and_alive(bed, 1, 0);
}

static void a_message_longer_than_its_packet_is_refused(struct kunit *test)
{
	struct bed *bed = with_pipe(test);

	enable(bed);
	host_says(bed, KMCL_PIPE_DATA, 9, "nine byt", 16, true);
	expect_refused_answered_and_alive(bed, 0, 1);
}

static void a_packet_without_a_header_is_refused(struct kunit *test)
{
	struct bed *bed = with_pipe(test);

	enable(bed);
	host_puts(bed, KMCL_PKT_DATA_INBAND, KMCL_PKT_FLAG_COMPLETION_REQUESTED, 3, NULL, 0);
	signal_guest(bed);
	expect_refused_answered_and_alive(bed, 0, 1);
}

static void transfer_pages_are_no_message(struct kunit *test)
{
	struct bed *bed = with_pipe(test);
	void *memory = kunit_kzalloc(test, 2 * PAGE_SIZE, GFP_KERNEL);
	const u64 range = 8;
	u32 number;

	KUNIT_ASSERT_NOT_NULL(test, memory);
	KUNIT_ASSERT_EQ(test, kmcl_channel_set_max_external_data(bed->ch, 64, 1), 0);
	bed->on_packet = completes_at_once;
	enable(bed);
	KUNIT_ASSERT_EQ(test, kmcl_gpadl_create(bed->ch, PTR_ALIGN(memory, PAGE_SIZE), PAGE_SIZE, 0,
						&number), 0);
	host_transfers(bed, 3, (u16)number, &range, 1);
	KUNIT_EXPECT_EQ(test, kmcl_gpadl_delete(bed->ch, number), 0);
	expect_refused_answered_and_alive(bed, 1, 0);
}

static void a_message_above_the_packet_size_is_refused(struct kunit *test)
{
	struct bed *bed = with_pipe(test);

	KUNIT_ASSERT_EQ(test, kmcl_channel_set_max_packet_size(bed->ch, 13), 0);
	enable(bed);
	host_says(bed, KMCL_PIPE_DATA, 14, "fourteen bytes", 24, true);
	KUNIT_EXPECT_EQ(test, nr_got(bed), 0);
	KUNIT_EXPECT_EQ(test, bed->ch->stats.rx.rejected_size, 1ull);
	KUNIT_EXPECT_EQ(test, nr_sent(bed), 1);
	host_says(bed, KMCL_PIPE_DATA, 13, "thirteen byte", 24, true);
	KUNIT_ASSERT_EQ(test, nr_got(bed), 1);
	KUNIT_EXPECT_EQ(test, bed->got[0].length, 13u);
}

static struct kunit_case kmcl_packet_cases[] = {
	KUNIT_CASE(says_how_much_memory_it_needs),
	KUNIT_CASE(refuses_memory_that_is_too_small_or_not_aligned),
	KUNIT_CASE(uses_not_a_byte_more_than_it_says),
	KUNIT_CASE(is_not_sent_without_a_routine),
	KUNIT_CASE(the_channel_does_not_count_it),
	KUNIT_CASE(sizes_stay_while_it_waits_for_the_channel),
	KUNIT_CASE(says_whose_packet_it_is),
	KUNIT_CASE(keeps_to_what_the_channel_is_configured_for_now),
	KUNIT_CASE(keeps_to_the_external_data_configured_for_now),
	KUNIT_CASE(nothing_of_it_is_touched_after_the_answer),
	KUNIT_CASE(nothing_of_it_is_touched_after_it_was_placed),
	KUNIT_CASE(nothing_of_it_is_touched_after_it_waited_for_room),
	KUNIT_CASE(nothing_of_it_is_touched_after_the_close),
	KUNIT_CASE(nothing_of_it_is_touched_after_an_answer_that_comes_too_early),
	KUNIT_CASE(its_slot_serves_others_after_the_answer),
	KUNIT_CASE(only_a_packet_that_asks_for_an_answer_takes_a_slot),
	KUNIT_CASE(its_memory_is_a_new_packet_at_once),
	KUNIT_CASE(in_flight_it_cannot_be_sent_again),
	KUNIT_CASE(a_packet_without_a_slot_waits_for_one),
	KUNIT_CASE(what_is_behind_a_packet_without_a_slot_waits_too),
	KUNIT_CASE(objects_do_not_take_the_last_slot_of_who_keeps_none),
	KUNIT_CASE(a_message_has_a_header_on_the_wire),
	KUNIT_CASE(a_message_that_waited_has_its_header),
	KUNIT_CASE(a_message_of_the_largest_size_is_sent),
	KUNIT_CASE(a_pipe_has_no_completions_and_no_external_data),
	KUNIT_CASE(a_received_message_has_its_exact_length),
	KUNIT_CASE(what_is_no_data_message_is_refused),
	KUNIT_CASE(a_message_longer_than_its_packet_is_refused),
	KUNIT_CASE(a_packet_without_a_header_is_refused),
	KUNIT_CASE(transfer_pages_are_no_message),
	KUNIT_CASE(a_message_above_the_packet_size_is_refused),
	{}
};

static void packet_exit(struct kunit *test)
{
	if (test->priv)
		empty_table(test->priv);
	bed_exit(test);
}

static struct kunit_suite kmcl_packet_suite = {
	.name = "kmcl_packet",
	.init = bed_init,
	.exit = packet_exit,
	.test_cases = kmcl_packet_cases,
};
kunit_test_suite(kmcl_packet_suite);

MODULE_DESCRIPTION("KUnit suite: packets in memory of the driver's, and pipes");
MODULE_LICENSE("GPL");
