// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_raw: the least that a driver on the bare bus has to write: vmbus_open(),
 * vmbus_sendpacket(), the packet iterator, the bus's request ids, and the batched
 * callback mode, which is the bus's default. It does not wait for room in the ring,
 * cancel anything, or survive the removal of its device.
 *
 * Bound by driver_override.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/hyperv.h>
#include <linux/module.h>

static struct vmbus_channel *raw;

#include "hot.h"

#define RING_BYTES	((BENCH_RING_PAGES + 1) * HV_HYP_PAGE_SIZE)

static unsigned int device = BENCH_ECHO;
module_param(device, uint, 0444);
MODULE_PARM_DESC(device, "which of the benchmark's devices");

static inline int bench_send(struct bench_packet *p, unsigned int bytes, int answer)
{
	int ret;

	if (answer)
		return vmbus_sendpacket(raw, p->payload, bytes, (unsigned long)p,
					VM_PKT_DATA_INBAND,
					VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED);
	ret = vmbus_sendpacket(raw, p->payload, bytes, 0, VM_PKT_DATA_INBAND, 0);
	if (!ret)
		bench.placed++;
	return ret;
}

int bench_prepare(struct bench_packet *p, int answer)
{
	return 0;
}

void bench_release(struct bench_packet *p)
{
}

static void on_answer(struct vmbus_channel *channel, const struct vmpacket_descriptor *desc)
{
	u64 address = vmbus_request_addr(channel, desc->trans_id);

	if (address == VMBUS_RQST_ERROR) {
		bench.bad++;
		return;
	}
	bench_answered((struct bench_packet *)(unsigned long)address, 0, hv_pkt_data(desc),
		       hv_pkt_datalen(desc));
}

static void on_packet(struct vmbus_channel *channel, const struct vmpacket_descriptor *desc)
{
	struct bench_answer answer;

	bench_received(hv_pkt_data(desc), hv_pkt_datalen(desc), &answer);
	if (vmbus_sendpacket(channel, &answer, sizeof(answer), desc->trans_id, VM_PKT_COMP, 0))
		bench.errors++;
}

static void on_channel_callback(void *context)
{
	struct vmbus_channel *channel = context;
	struct vmpacket_descriptor *desc;

	foreach_vmbus_pkt(desc, channel) {
		switch (desc->type) {
		case VM_PKT_COMP:
			on_answer(channel, desc);
			break;
		case VM_PKT_DATA_INBAND:
			on_packet(channel, desc);
			break;
		default:
			bench.bad++;
		}
	}
}

static int raw_probe(struct hv_device *dev, const struct hv_vmbus_device_id *id)
{
	struct vmbus_channel *channel = dev->channel;
	int ret;

	channel->max_pkt_size = BENCH_BYTES_MAX + sizeof(struct vmpacket_descriptor);
	channel->rqstor_size = BENCH_DEPTH_MAX;
	channel->next_request_id_callback = vmbus_next_request_id;
	channel->request_addr_callback = vmbus_request_addr;
	raw = channel;
	ret = vmbus_open(channel, RING_BYTES, RING_BYTES, NULL, 0, on_channel_callback, channel);
	if (ret)
		raw = NULL;
	return ret;
}

static const struct hv_vmbus_device_id no_ids[] = {
	{ },
};

static struct hv_driver raw_driver = {
	.name = KBUILD_MODNAME,
	.id_table = no_ids,
	.probe = raw_probe,
	.driver = {
		.probe_type = PROBE_FORCE_SYNCHRONOUS,
	},
};

static int __init bench_raw_init(void)
{
	int ret = vmbus_driver_register(&raw_driver);

	if (ret)
		return ret;
	ret = -ENODEV;
	if (raw)
		ret = bench_start(device);
	if (!ret)
		return 0;
	if (raw)
		vmbus_close(raw);
	vmbus_driver_unregister(&raw_driver);
	return ret;
}

static void __exit bench_raw_exit(void)
{
	bench_stop();
	vmbus_close(raw);
	vmbus_driver_unregister(&raw_driver);
}

module_init(bench_raw_init);
module_exit(bench_raw_exit);

MODULE_DESCRIPTION("kmcl benchmark: a client of the bare bus");
MODULE_LICENSE("GPL");
