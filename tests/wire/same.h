/* Whether two ways of reading a frame found the same, in all that a packet says. */
#pragma once

#include <stdbool.h>
#include <string.h>

#include "wire/packet.h"

static inline bool same_segment(const struct segment *a, const struct segment *b)
{
        return a->payload == b->payload && a->n_captured == b->n_captured && a->n_payload == b->n_payload &&
               a->source_port == b->source_port && a->destination_port == b->destination_port && a->seq == b->seq &&
               a->ack == b->ack && a->ts_value == b->ts_value && a->ts_echo == b->ts_echo && a->window == b->window &&
               a->flags == b->flags && a->ip_id == b->ip_id && a->ttl == b->ttl && a->tos == b->tos &&
               a->options == b->options && a->family == b->family && a->n_header == b->n_header &&
               a->n_sack == b->n_sack && a->window_scale == b->window_scale && a->mss == b->mss &&
               a->mptcp_subtype == b->mptcp_subtype && a->mptcp_reason == b->mptcp_reason &&
               a->flow_label == b->flow_label && a->offset == b->offset && a->urgent == b->urgent &&
               a->dont_fragment == b->dont_fragment && memcmp(a->source, b->source, sizeof(a->source)) == 0 &&
               memcmp(a->destination, b->destination, sizeof(a->destination)) == 0 &&
               memcmp(a->sack, b->sack, a->n_sack * sizeof(a->sack[0])) == 0;
}

/* Of two TCP segments; what is there for ICMP errors alone does not count. */
static inline bool same_packet(const struct packet *a, const struct packet *b)
{
        return same_segment(&a->segment, &b->segment) && a->vlan == b->vlan && a->depth == b->depth &&
               a->checksum_known == b->checksum_known && a->checksum_good == b->checksum_good;
}
