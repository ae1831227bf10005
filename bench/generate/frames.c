/* Frames of steps; see frames.h. */
#include "generate/frames.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "wire/bytes.h"
#include "wire/checksum.h"
#include "wire/icmp.h"
#include "wire/segment.h"

enum {
        SIZE_MIN = 60,               /* of an Ethernet frame without its check sequence */
        SIZE_PAYLOADS = 1 << 16,
        MSS = 1460,
        WINDOW_SCALE = 7,
        TTL_FORGED_ID = 0x4321,
};

static const struct {
        const char *name;
        uint32_t type;
} links[] = {
        [LINK_ETHERNET] = { "ethernet", 1 },
        [LINK_VLAN] = { "vlan", 1 },
        [LINK_QINQ] = { "qinq", 1 },
        [LINK_MPLS] = { "mpls", 1 },
        [LINK_PPPOE] = { "pppoe", 1 },
        [LINK_GRE] = { "gre", 1 },
        [LINK_VXLAN] = { "vxlan", 1 },
        [LINK_SLL] = { "sll", 113 },
        [LINK_SLL2] = { "sll2", 276 },
        [LINK_RAW] = { "raw", 101 },
        [LINK_NULL] = { "null", 0 },
        [LINK_LOOP] = { "loop", 108 },
        [LINK_PPP] = { "ppp", 9 },
};

int link_find(const char *name)
{
        for (int i = 0; i < N_LINKS; ++i)
                if (strcmp(links[i].name, name) == 0)
                        return i;
        return -1;
}

uint32_t link_type(enum link link)
{
        return links[link].type;
}

/* The byte at a place of a stream is the same whenever it is sent. */
static const uint8_t *payload_at(uint32_t place)
{
        static uint8_t payloads[SIZE_PAYLOADS + FRAME_MAX];
        static bool filled;

        if (!filled) {
                struct dice dice = { .state = 4 };

                for (size_t i = 0; i < SIZE_PAYLOADS; ++i)
                        payloads[i] = (uint8_t)dice_below(&dice, 256);
                memcpy(payloads + SIZE_PAYLOADS, payloads, FRAME_MAX);
                filled = true;
        }
        return payloads + place % SIZE_PAYLOADS;
}

static void put_options(struct segment *segment, struct plan *plan, const struct step *step, enum side from)
{
        if (step->kind & STEP_BARE)
                return;
        if (step->flags & SEGMENT_SYN) {
                segment->options |= SEGMENT_HAS_MSS | SEGMENT_HAS_SACK_PERMITTED | SEGMENT_HAS_WINDOW_SCALE;
                segment->mss = MSS;
                segment->window_scale = WINDOW_SCALE;
        }
        if (plan->timestamps) {
                segment->options |= SEGMENT_HAS_TIMESTAMPS;
                segment->ts_value = plan->ts_base[from] + (uint32_t)(step->at / 1000000);
                segment->ts_echo = plan->ts_heard[from];
                plan->ts_heard[other(from)] = segment->ts_value;
        }
        if (step->kind & STEP_SACK) {
                uint32_t isn = plan->isn[other(from)][step->part];

                segment->options |= SEGMENT_HAS_SACK;
                segment->n_sack = 1;
                segment->sack[0].start = isn + step->sack_start;
                segment->sack[0].end = isn + step->sack_end;
        }
}

/* A record of 19 bytes that says close_notify to who can decrypt it. */
static const uint8_t alert[24] = { 0x15, 0x03, 0x03, 0, 19, 0x8b, 0x11 };

static size_t put_packet(uint8_t *packet, struct plan *plan, const struct step *step, enum side from)
{
        struct segment segment = {
                .family = plan->family,
                .ttl = step->ttl ? step->ttl : plan->ttl[from],
                .dont_fragment = true,
                .flags = step->flags,
                .source_port = plan->port[from],
                .destination_port = plan->port[other(from)],
                .window = step->window,
                .seq = step->kind & STEP_RAW_SEQ ? step->seq : plan->isn[from][step->part] + step->seq,
                .flow_label = plan->flow_label[from],
                .n_payload = step->n,
                .payload = step->kind & STEP_ALERT ? alert : payload_at(step->seq),
        };
        int n;

        if (step->flags & SEGMENT_ACK)
                segment.ack = plan->isn[other(from)][step->part] + step->ack;
        if (step->kind & STEP_FORGED)
                segment.ip_id = (uint16_t)(plan->ip_id[from] + TTL_FORGED_ID);
        else if (!(step->kind & STEP_BARE))
                segment.ip_id = plan->ip_id[from]++;
        memcpy(segment.source, plan->address[from], 16);
        memcpy(segment.destination, plan->address[other(from)], 16);
        put_options(&segment, plan, step, from);
        n = segment_write(packet, FRAME_MAX - 128, &segment);
        return n < 0 ? 0 : (size_t)n;
}

/* From another host than the one that the packet was for. */
static void put_router(uint8_t *packet, size_t n, uint8_t family)
{
        if (family == AF_INET) {
                packet[12 + 1] ^= 0x40;
                bytes_put16(packet + 10, 0);
                bytes_put16(packet + 10, checksum_fold(checksum_add(0, packet, 20)));
        } else {
                packet[8 + 9] ^= 0x40;
                bytes_put16(packet + 42, 0);
                bytes_put16(packet + 42, checksum_fold(checksum_add(
                        checksum_pseudo(AF_INET6, packet + 8, packet + 24, IPPROTO_ICMPV6, n - 40),
                        packet + 40, n - 40)));
        }
}

static size_t put_icmp(uint8_t *packet, struct plan *plan, const struct step *step)
{
        bool router = step->kind & STEP_ROUTER;
        struct step about = *step;
        uint8_t quoted[FRAME_MAX];
        size_t n_quoted;
        int n;

        about.kind = 0;
        n_quoted = put_packet(quoted, plan, &about, SIDE_CLIENT);
        n = icmp_write(packet, FRAME_MAX - 128, router ? ICMP_ERROR_HOST_UNREACHABLE : ICMP_ERROR_PORT_UNREACHABLE,
                       quoted, n_quoted);
        if (n < 0)
                return 0;
        if (router)
                put_router(packet, (size_t)n, plan->family);
        return (size_t)n;
}

static uint8_t *put16(uint8_t *at, uint16_t value)
{
        bytes_put16(at, value);
        return at + 2;
}

static uint8_t *put32(uint8_t *at, uint32_t value)
{
        bytes_put32(at, value);
        return at + 4;
}

static uint8_t *put_macs(uint8_t *at, enum side from)
{
        memset(at, 0, 12);
        at[0] = at[6] = 2;
        at[5] = from == SIDE_CLIENT ? 2 : 1;
        at[11] = from == SIDE_CLIENT ? 1 : 2;
        return at + 12;
}

/* The IPv4 header of a tunnel's end; @n bytes follow. */
static uint8_t *put_outer(uint8_t *at, uint8_t protocol, size_t n, enum side from)
{
        uint8_t *ip = at;

        at = put32(at, 0x45000000u | (uint32_t)(20 + n));
        at = put32(at, 0x00004000);
        at = put32(at, 0x40000000u | (uint32_t)protocol << 16);
        at = put32(at, from == SIDE_CLIENT ? 0xac100001 : 0xac100002);
        at = put32(at, from == SIDE_CLIENT ? 0xac100002 : 0xac100001);
        bytes_put16(ip + 10, checksum_fold(checksum_add(0, ip, 20)));
        return at;
}

/* Everything before the IP packet of @n bytes. */
static uint8_t *put_link(uint8_t *at, enum link link, uint8_t family, size_t n, enum side from)
{
        uint16_t ether = family == AF_INET6 ? 0x86dd : 0x0800, ppp = family == AF_INET6 ? 0x0057 : 0x0021;

        switch (link) {
        case LINK_ETHERNET:
                return put16(put_macs(at, from), ether);
        case LINK_VLAN:
                return put16(put32(put_macs(at, from), 0x8100002a), ether);
        case LINK_QINQ:
                return put16(put32(put32(put_macs(at, from), 0x88a80007), 0x8100002a), ether);
        case LINK_MPLS:
                return put32(put32(put16(put_macs(at, from), 0x8847), 17u << 12 | 64), 18u << 12 | 1 << 8 | 64);
        case LINK_PPPOE:
                at = put16(put32(put16(put_macs(at, from), 0x8864), 0x11000005), (uint16_t)(n + 2));
                return put16(at, ppp);
        case LINK_GRE:
                at = put_outer(put16(put_macs(at, from), 0x0800), IPPROTO_GRE, n + 4, from);
                return put16(put16(at, 0), ether);
        case LINK_VXLAN:
                at = put_outer(put16(put_macs(at, from), 0x0800), IPPROTO_UDP, n + 8 + 8 + 14, from);
                at = put16(put16(put16(put16(at, 50000), 4789), (uint16_t)(n + 8 + 8 + 14)), 0);
                at = put32(put32(at, 0x08000000), 99 << 8);
                return put16(put_macs(at, from), ether);
        case LINK_SLL:
                at = put32(put16(put16(put16(at, from == SIDE_CLIENT ? 4 : 0), 1), 6), 0x02000000);
                return put16(put16(put16(at, 1), 0), ether);
        case LINK_SLL2:
                at = put16(put32(put16(put16(at, ether), 0), 2), 1);
                at[0] = from == SIDE_CLIENT ? 4 : 0;
                at[1] = 6;
                memset(at + 2, 1, 8);
                return at + 10;
        case LINK_RAW:
                return at;
        case LINK_NULL:
                memcpy(at, &(uint32_t) { family == AF_INET6 ? 30 : 2 }, 4);
                return at + 4;
        case LINK_LOOP:
                return put32(at, family == AF_INET6 ? 24 : 2);
        case LINK_PPP:
                return put16(put16(at, 0xff03), ppp);
        case N_LINKS:
                break;
        }
        return at;
}

size_t frame_write(uint8_t frame[static FRAME_MAX], enum link link, struct plan *plan, const struct step *step)
{
        enum side from = step->from;
        uint8_t head[128];
        size_t n_head, n;

        /* The longest head is that of VXLAN; where the packet goes is known before its length is. */
        n_head = (size_t)(put_link(head, link, plan->family, 0, from) - head);
        if (step->kind & STEP_ICMP)
                n = put_icmp(frame + n_head, plan, step);
        else
                n = put_packet(frame + n_head, plan, step, from);
        put_link(frame, link, plan->family, n, from);
        n += n_head;
        if (link_type(link) == 1 && n < SIZE_MIN) {
                memset(frame + n, 0, SIZE_MIN - n);
                n = SIZE_MIN;
        }
        return n;
}
