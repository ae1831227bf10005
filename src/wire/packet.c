/* A frame -> the TCP segment in it: straight away (packet_plain.h), or layer by layer (walk.h). */
#include "wire/packet.h"

#include <errno.h>
#include <stdlib.h>

#include "wire/packet_plain.h"
#include "wire/segment_fill.h"
#include "wire/walk.h"

enum {
        SIZE_PADDING_MAX = 6,            /* the shortest frame less Ethernet, IPv4 and TCP headers */
};

struct packet_reader {
        struct fragments *fragments;
};

const char *packet_kind_name(enum packet_kind kind)
{
        static const char *const names[N_PACKET_KINDS] = {
                [PACKET_TCP] = "TCP",
                [PACKET_ICMP_ERROR] = "ICMP error about TCP",
                [PACKET_FRAGMENT] = "piece of a packet",
                [PACKET_UDP] = "UDP",
                [PACKET_QUIC] = "QUIC",
                [PACKET_SCTP] = "SCTP",
                [PACKET_ICMP] = "other ICMP",
                [PACKET_ENCRYPTED] = "encrypted",
                [PACKET_OTHER_IP] = "another protocol over IP",
                [PACKET_NOT_IP] = "not IP",
                [PACKET_LINK_UNKNOWN] = "of an unknown link type",
                [PACKET_CUT] = "cut within the headers",
                [PACKET_BROKEN] = "broken",
        };

        return kind < N_PACKET_KINDS ? names[kind] : NULL;
}

int packet_reader_new(struct packet_reader **ret_reader)
{
        struct packet_reader *reader;

        reader = calloc(1, sizeof(*reader));
        if (!reader)
                return -ENOMEM;
        if (fragments_new(&reader->fragments) < 0) {
                free(reader);
                return -ENOMEM;
        }
        *ret_reader = reader;
        return 0;
}

struct packet_reader *packet_reader_free(struct packet_reader *reader)
{
        if (reader)
                fragments_free(reader->fragments);
        free(reader);
        return NULL;
}

static enum layer (*const steps[N_LAYERS])(struct walk *walk) = {
        [LAYER_ETHERNET] = walk_ethernet,
        [LAYER_ETHERTYPE] = walk_ethertype,
        [LAYER_LLC] = walk_llc,
        [LAYER_MPLS] = walk_mpls,
        [LAYER_PPPOE] = walk_pppoe,
        [LAYER_PPP] = walk_ppp,
        [LAYER_HDLC] = walk_hdlc,
        [LAYER_FRAME_RELAY] = walk_frame_relay,
        [LAYER_WIFI] = walk_wifi,
        [LAYER_IP] = walk_ip,
        [LAYER_IPV4] = walk_ipv4,
        [LAYER_IPV6] = walk_ipv6,
        [LAYER_PROTOCOL] = walk_protocol,
        [LAYER_EXTENSION] = walk_extension,
        [LAYER_GRE] = walk_gre,
        [LAYER_UDP] = walk_udp,
        [LAYER_ICMP] = walk_icmp,
        [LAYER_TCP] = walk_tcp,
};

/* What the last layer said, in the light of those before it. */
static enum packet_kind judge_kind(const struct walk *walk, enum packet_kind kind)
{
        if (kind == PACKET_TCP || kind == PACKET_ICMP_ERROR)
                return kind;
        if (walk->icmp)
                return PACKET_ICMP;
        if (walk->in_doubt)
                return kind == PACKET_QUIC ? kind : PACKET_UDP;
        return kind == PACKET_NOT_IP && walk->n_ip > 0 ? PACKET_OTHER_IP : kind;
}

enum packet_kind packet_walk(struct packet_reader *reader, uint32_t link_type, const uint8_t *bytes, uint32_t n_bytes,
                             uint32_t n_frame, int64_t time_ns, struct packet *ret_packet)
{
        struct walk walk = {
                .at = bytes, .n_held = n_bytes, .n_wire = n_frame > n_bytes ? n_frame : n_bytes,
                .kind = PACKET_BROKEN, .time_ns = time_ns, .fragments = reader->fragments, .packet = ret_packet,
        };
        enum layer layer;

        fragments_forget_done(reader->fragments);
        layer = walk_link(&walk, link_type);
        for (unsigned i = 0; layer != LAYER_END && i < WALK_STEPS_MAX; ++i)
                layer = steps[layer](&walk);
        return judge_kind(&walk, layer == LAYER_END ? walk.kind : PACKET_BROKEN);
}

void walk_fill_ip(struct walk *walk)
{
        struct packet *packet = walk->packet;
        struct segment *segment = &packet->segment;

        if (walk->ip[0] >> 4 == 6) {
                segment_fill_ipv6(walk->ip, segment);
                memcpy(segment->source, walk->source, 16);
                memcpy(segment->destination, walk->destination, 16);
        } else {
                segment_fill_ipv4(walk->ip, segment);
                memcpy(segment->source, walk->source, 4);
                memcpy(segment->destination, walk->destination, 4);
        }
        segment->offset = walk->put_together ? 0 : (uint32_t)(walk->at - walk->ip);
        packet->ip = NULL;
        packet->vlan = walk->vlan;
        packet->depth = (uint8_t)(walk->n_ip - 1 - (walk->icmp != NULL));
        packet->checksum_known = false;
        packet->checksum_good = false;
}

/* Where IP gives no length, what fills a short frame up to the least that Ethernet sends is no payload. */
static void take_padding_off(struct segment *segment, uint32_t n_after)
{
        if (n_after > SIZE_PADDING_MAX || segment->n_captured != n_after)
                return;
        for (uint32_t i = 0; i < n_after; ++i)
                if (segment->payload[i] != 0)
                        return;
        segment->n_payload = 0;
        segment->n_captured = 0;
}

enum layer walk_tcp(struct walk *walk)
{
        struct segment *segment = &walk->packet->segment;
        int r;

        r = segment_check_tcp(walk->at, walk->n_held, walk->n_wire, SEGMENT_SIZE_TCP_LEAST);
        if (r)
                return walk_end(walk, r == SEGMENT_CUT ? PACKET_CUT : PACKET_BROKEN);
        walk_fill_ip(walk);
        segment_fill_tcp(walk->at, walk->n_held, walk->n_wire, segment);
        if (walk->length_from_frame)
                take_padding_off(segment, segment->n_payload);
        return walk_end(walk, PACKET_TCP);
}

enum packet_kind packet_read(struct packet_reader *reader, uint32_t link_type, const uint8_t *bytes, uint32_t n_bytes,
                             uint32_t n_frame, int64_t time_ns, struct packet *ret_packet)
{
        if (plain_read(link_type, bytes, n_bytes, n_frame, ret_packet))
                return PACKET_TCP;
        return packet_walk(reader, link_type, bytes, n_bytes, n_frame, time_ns, ret_packet);
}
