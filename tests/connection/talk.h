/* Random talks of two ends, segment by segment: nearly all is in order, but for a fault here and there, and what may
 * stand at their end. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "connection/tracker.h"
#include "dice.h"

enum { PAYLOAD_MOST = 1460 };

struct talk {
        uint32_t next[2], acked[2];
        uint16_t ip_id[2];
        bool fin[2], timestamps, v6;
        unsigned fins, faults;          /* one segment in so many has a FIN (0: none), is not in order */
        uint32_t snaplen;
        int64_t time;
        unsigned n, frame;
};

/* MSS, SACK permitted, timestamps, NOP, window scale: as Linux does; and others. */
static const uint8_t HEADERS[3][64] = {
        { [20] = 2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7 },
        { [20] = 2, 4, 5, 180, 1, 3, 3, 7, 1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0 },
        { 0 },
};

/* Makes a RST of a segment: one that is surely taken, or nearly so. */
static void make_reset(const struct talk *t, unsigned who, struct tracker_input *input)
{
        struct segment *s = &input->packet.segment;

        s->flags = (uint16_t)(SEGMENT_RST | (below(2) ? SEGMENT_ACK : 0) | (below(20) ? 0 : SEGMENT_PSH));
        if (t->n < 2) {
                s->flags |= below(8) ? SEGMENT_ACK : 0;
                s->seq = below(3) ? 0 : below(UINT32_MAX);
                s->ack = t->next[!who] + (below(20) == 0);
        } else if (below(8) == 0) {
                s->seq += below(4) - 1;
        }
        if (below(10) == 0)
                s->ack += below(100);
        s->n_payload = s->n_captured = below(30) == 0;
        s->window = (uint16_t)(below(2) ? 0 : s->window);
        if (below(2)) {
                s->options = below(20) ? 0 : SEGMENT_HAS_OTHER;
                s->ts_value = s->ts_echo = 0;
        }
        s->n_header = 20;
}

/* The next segment of a talk. */
static void talk(struct talk *t, struct tracker_input *input, unsigned *ret_sender)
{
        static const uint8_t alert[PAYLOAD_MOST] = { 21, 3, 3, 0, 2 }, zeroes[PAYLOAD_MOST];
        struct segment *s = &input->packet.segment;
        bool again = t->n == 1 && below(4) == 0;
        unsigned who = again ? 0 : t->n < 2 ? t->n & 1 : t->n == 2 ? below(8) == 0 : below(2), header = below(3);

        memset(input, 0, sizeof(*input));
        t->time += below(4) ? below(2000000) : below(5) ? 0 : (int64_t)below(2000000000) * 5;
        input->kind = PACKET_TCP;
        input->file = 1;
        input->frame = ++t->frame * 3;
        input->time_ns = t->time;
        input->cut = below(40) == 0;
        s->family = t->v6 ? AF_INET6 : AF_INET;
        s->ttl = (uint8_t)((who ? 57 : 64) - (below(30) == 0));
        s->ip_id = below(3) ? ++t->ip_id[who] : (uint16_t)(below(2) ? below(UINT16_MAX) : 0);
        s->window = (uint16_t)(below(20) ? 1 + below(500) : UINT16_MAX - below(4));
        s->seq = t->next[who];
        s->ack = t->acked[!who] + below(t->next[!who] - t->acked[!who] + 1);
        if (below(3))
                s->ack = t->next[!who];
        s->flags = (uint16_t)(SEGMENT_ACK | (below(2) ? SEGMENT_PSH : 0));
        s->n_header = 20;
        if (t->timestamps) {
                s->options = SEGMENT_HAS_TIMESTAMPS;
                s->ts_value = (uint32_t)(t->time / 1000000);
                s->ts_echo = s->ts_value - 1;
        }
        if (again)
                s->seq = t->acked[0];
        if (t->n < 2) {
                s->flags = t->n && !again ? SEGMENT_SYN | SEGMENT_ACK : SEGMENT_SYN;
                s->n_header = header == 2 ? 20 : 40;
                s->payload = HEADERS[header] + s->n_header;
                s->window_scale = header == 2 ? 0 : below(4) ? 7 : (uint8_t)below(20);
                s->options |= header == 2 ? 0 : SEGMENT_HAS_MSS | SEGMENT_HAS_WINDOW_SCALE | SEGMENT_HAS_TIMESTAMPS;
                if (below(10) == 0)
                        s->options |= SEGMENT_HAS_MPTCP;
        } else if (!t->fin[who]) {
                if (below(2)) {
                        s->n_payload = s->n_captured = 1 + (below(3) ? below(80) : below(PAYLOAD_MOST));
                        s->payload = below(4) ? zeroes : alert;
                        if (t->snaplen > 0 && s->n_captured > t->snaplen)
                                s->n_captured = t->snaplen;
                }
                if (t->fins > 0 && below(t->fins) == 0)
                        s->flags |= SEGMENT_FIN;
        }
        if (t->n > 1 && below(t->faults) == 0) {
                uint32_t what = below(8);

                if (what == 0)
                        s->seq -= below(2000);
                else if (what == 1)
                        s->ack += below(3000);
                else if (what == 2)
                        s->window = 0;
                else if (what == 3)
                        s->flags |= SEGMENT_RST;
                else if (what == 4)
                        s->flags |= SEGMENT_SYN;
                else if (what == 5)
                        s->options |= SEGMENT_HAS_SACK;
                else if (what == 6)
                        input->time_ns -= 1 + below(1000);
                else
                        s->n_captured = 0;
        }
        if (t->n > 0 && below(t->n < 4 ? 20 : t->faults - 10) == 0)
                make_reset(t, who, input);
        t->next[who] = s->seq + segment_length(s);
        if (t->n < 2)
                t->acked[who] = s->seq;
        if ((s->flags & (SEGMENT_ACK | SEGMENT_RST)) == SEGMENT_ACK)
                t->acked[!who] = s->ack;
        t->fin[who] |= s->flags & SEGMENT_FIN;
        t->n += !again;
        *ret_sender = who;
}

/* What comes behind the RST @reset of @by: another of its kind, or what the other end had sent before it knew. */
static void talk_late(struct talk *t, const struct tracker_input *reset, unsigned by, struct tracker_input *input,
                      unsigned *ret_sender)
{
        struct segment *s = &input->packet.segment;
        const struct talk before = *t;
        uint32_t ahead;

        t->fin[!by] &= below(10) > 0;
        talk(t, input, ret_sender);
        /* It may end where the RST says that it does. */
        ahead = reset->packet.segment.ack - s->seq;
        if (*ret_sender != by && s->n_payload > 0 && ahead - 1 < PAYLOAD_MOST && below(2)) {
                s->n_payload = s->n_captured = ahead;
                t->next[!by] = s->seq + segment_length(s);
        }
        if (below(20) == 0)
                s->window = 0;
        if (below(5) > 1 && !(s->flags & SEGMENT_RST) && (*ret_sender != by || below(10) == 0))
                return;
        /* A RST takes no room. */
        memcpy(t->next, before.next, sizeof(t->next));
        memcpy(t->acked, before.acked, sizeof(t->acked));
        memcpy(t->fin, before.fin, sizeof(t->fin));
        *ret_sender = below(20) ? by : !by;
        *s = reset->packet.segment;
        if (below(3) == 0) {
                s->flags = SEGMENT_RST;
                s->window = 0;
        }
        if (below(10)) {
                s->options = 0;
                s->ts_value = s->ts_echo = 0;
        }
        s->seq -= below(20) == 0;
        s->ack = below(3) ? s->ack : t->next[!by];
        s->ip_id = (uint16_t)(below(4) ? below(8) == 0 ? below(UINT16_MAX) : 0 : s->ip_id + below(3));
        s->ttl = (uint8_t)(s->ttl - (below(20) == 0));
}

/* Makes of a segment what an ICMP error quotes of one that was seen, or was not. */
static void make_icmp(const struct talk *t, struct tracker_input *input, unsigned *ret_sender)
{
        struct packet *packet = &input->packet;
        struct segment *s = &packet->segment;

        *ret_sender = below(8) == 0;
        input->kind = PACKET_ICMP_ERROR;
        input->frame++;
        input->cut = false;
        s->source[0] = 1;
        s->destination[0] = 2;
        s->seq = t->next[*ret_sender] - (below(8) != 0);
        s->flags = (uint16_t)below(256);
        s->n_payload = below(2) ? 0 : below(2000);
        packet->n_quoted = (uint8_t)(below(8) ? 8 + below(20) : 4);
        packet->icmp = (enum icmp_error)below(N_ICMP_ERRORS);
        packet->icmp_from[0] = (uint8_t)(1 + below(3));
}
