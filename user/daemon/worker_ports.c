/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The engine's ports, on top of maps, rings and injection. */
#include "daemon/worker.h"

static struct worker_interface *interface_of(void *context, unsigned port)
{
	return &((struct worker_thread *)context)->worker->interface[port];
}

static bool flow_get(void *context, unsigned port, const struct flow_key *key, struct flow *out)
{
	struct worker_interface *i = interface_of(context, port);

	return !xdp_flow_get(&i->attachment.maps, &i->shared, key, out);
}

static const struct hello_slot *hello_get(void *context, unsigned port, int32_t slot)
{
	const struct worker_interface *i = interface_of(context, port);

	return slot >= 0 && slot < ALPNXDP_SLOTS ? &i->shared.hellos[slot] : NULL;
}

static bool flow_set(void *context, unsigned port, const struct flow_key *key, const struct flow *flow)
{
	return !xdp_flow_set(&interface_of(context, port)->attachment.maps, key, flow);
}

static void flow_delete(void *context, unsigned port, const struct flow_key *key)
{
	struct worker_interface *i = interface_of(context, port);

	xdp_flow_delete(&i->attachment.maps, &i->shared, key);
}

/* From inside: of no queue. */
static void capture_inward(void *context, unsigned port, const uint8_t *frame, size_t len)
{
	if (worker_capturing(((struct worker_thread *)context)->worker))
		worker_capture_take(context, &(struct capture_packet){ .interface = port,
								       .direction = CAPTURE_INWARD,
								       .bytes = frame,
								       .len = len });
}

static bool transmit(void *context, unsigned port, unsigned queue, const uint8_t *frame, size_t len)
{
	struct worker_interface *i = interface_of(context, port);
	struct worker_thread *t = context;

	if (t->number == 0 && worker_check_takes(t->worker, port, frame, len))
		return true;
	if (queue >= i->attachment.queues || !i->rings[queue])
		return false;
	t->kick[port] |= UINT64_C(1) << queue;
	if (!xdp_rings_transmit(i->rings[queue], frame, len))
		return false;
	if (worker_capturing(t->worker))
		worker_capture_take(t, &(struct capture_packet){ .interface = port,
								 .queue = queue,
								 .direction = CAPTURE_OUT,
								 .bytes = frame,
								 .len = len });
	return true;
}

static const struct xdp_inject *inject_of(void *context)
{
	return &((struct worker_thread *)context)->worker->inject;
}

static int give_back(void *context, unsigned port, const uint8_t *frame, size_t len)
{
	capture_inward(context, port, frame, len);
	return xdp_inject_frame(inject_of(context), interface_of(context, port)->attachment.ifindex, frame,
				len);
}

static int silence(void *context, unsigned port, const uint8_t *frame, size_t len)
{
	capture_inward(context, port, frame, len);
	return xdp_inject_rst(inject_of(context), interface_of(context, port)->attachment.ifindex, frame,
			      len);
}

/* A question that could not be asked counts as "still there": it is asked again, and then shown. */
static enum probe_answer probe(void *context, unsigned port, const uint8_t *frame, size_t len)
{
	int answer =
		xdp_probe(inject_of(context), interface_of(context, port)->attachment.ifindex, frame, len);

	return answer < 0 ? PROBE_SOCKET : (enum probe_answer)answer;
}

static bool pass_on(void *context, const struct engine_frame *frame, unsigned queue)
{
	return worker_pass_on(context, frame, queue);
}

struct engine_ports worker_ports(struct worker_thread *t)
{
	return (struct engine_ports){
		.context = t,
		.flow_get = flow_get,
		.hello_get = hello_get,
		.flow_set = flow_set,
		.flow_delete = flow_delete,
		.transmit = transmit,
		.give_back = give_back,
		.silence = silence,
		.probe = probe,
		.ask = worker_harvest_ask,
		.pass_on = t->worker->threads > 1 ? pass_on : NULL,
		.ended = worker_ended,
		.wants_keys = worker_capture_wants_keys,
		.key = worker_capture_key,
	};
}
