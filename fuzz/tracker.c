/* Bytes -> segments of a few connections -> the tracker: nothing that is given out may contradict itself. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "../tests/connection/sane.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { SIZE = 16, SEGMENTS_MAX = 4096 };

static void give(void *context, const struct tracked *t)
{
        size_t *n = context;

        sane(t);
        *n += t->rev == 1;
}

static void segment(void *context, const struct tracked_segment *s)
{
        (void)context;
        SANE(s->kind < N_SEGMENT_KINDS && s->from < 2);
}

/* Numbers move in small steps and great ones, so that sense and nonsense both come often. */
static uint32_t number(const uint8_t *p)
{
        uint32_t step = (uint32_t)p[0] << 8 | p[1];

        return p[0] & 0x80 ? step << 17 : p[0] & 0x40 ? step - 0x4000 : step % 3000;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
        struct tracker_options options = { .max_connections = n > 0 ? 1u + bytes[0] % 64u : 0, .max_awake = 1,
                                           .awake_ns = 1 };
        size_t given = 0;
        struct tracker_hooks hooks = { .give = give, .segment = segment, .context = &given };
        struct tracker *tracker;
        int64_t time = 0;

        if (tracker_new(&options, &hooks, &tracker) < 0)
                return 0;
        for (size_t i = 0; i + SIZE <= n && i / SIZE < SEGMENTS_MAX; i += SIZE) {
                static const uint8_t rows[] = { 2, 4, 5, 180, 4, 2, 8,
                                                10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7, 0x15, 3, 3 };
                const uint8_t *p = bytes + i;
                struct tracker_input input = { .kind = p[0] & 0x40 ? PACKET_ICMP_ERROR : PACKET_TCP, .file = 1,
                                               .frame = i / SIZE + 1, .cut = p[0] & 0x20 };
                struct segment *s = &input.packet.segment;
                bool back = p[0] & 1;

                time += (int64_t)(int8_t)p[1] * (p[0] & 2 ? 100000000 : 100000);
                input.time_ns = time;
                s->family = p[0] & 4 ? AF_INET6 : AF_INET;
                s->source[0] = back ? 2 : 1;
                s->destination[0] = back ? 1 : 2;
                s->source_port = (uint16_t)(back ? 80 : 1000 + (p[0] >> 3 & 3));
                s->destination_port = (uint16_t)(back ? 1000 + (p[0] >> 3 & 3) : 80);
                s->flags = p[2];
                s->seq = number(p + 3) + 1000;
                s->ack = number(p + 5) + 1000;
                s->n_payload = p[7] & 0x80 ? p[7] * 700u : p[7];
                s->window = (uint16_t)(p[8] << 2);
                s->window_scale = p[8] & 15;
                s->options = (uint16_t)(p[9] << 8 | p[10]) & 0x3ff;
                s->n_sack = s->options & SEGMENT_HAS_SACK ? p[11] % (SEGMENT_N_SACK + 1) : 0;
                for (unsigned k = 0; k < s->n_sack; k++) {
                        s->sack[k].start = s->ack + p[12] * (k + 1u);
                        s->sack[k].end = s->sack[k].start + p[13];
                }
                s->ttl = p[14];
                s->ip_id = p[15];
                s->n_header = p[11] & 0x80 ? 40 : 20;
                s->payload = rows + 20;
                s->n_captured = s->n_payload < 3 ? s->n_payload : 3;
                s->mptcp_subtype = p[12];
                s->mptcp_reason = p[13];
                input.packet.n_quoted = p[13] % 61;
                input.packet.icmp = (enum icmp_error)(p[14] % N_ICMP_ERRORS);
                if (tracker_add(tracker, &input, 1) < 0)
                        break;
        }
        tracker_finish(tracker, false);
        SANE(given == tracker_connections(tracker));
        tracker_free(tracker);
        return 0;
}
