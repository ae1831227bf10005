/*
 * Nobody is told of the end of an orphan. But its kernel counted the segments that it sent and received: what came and
 * went between the close and the end shows whose doing it can have been. Where two remain, both are left.
 */
#include "trace/orphan.h"

#include <stdio.h>

#include "trace/deduce.h"

#define MS INT64_C(1000000)
/* As shipped: tcp_orphan_retries() makes it of 0. */
#define RETRIES_USUAL 8
/* From then on its time-out may be as long as it gets, and other limits hold (TCP_RTO_MAX, tcp_probe_timer()). */
#define LONG_NS (100 * INT64_C(1000000000))

static bool is_orphan(const struct traced_socket *s)
{
        return s->established_ns && s->act.known && s->act.how != ACT_CONNECT_UNSPEC && !s->act.before.repair &&
               s->ended && s->end.info && s->act.before.state != TCP_STATE_CLOSE && !socket_is_disconnected(s) &&
               !socket_act_resets(s);
}

bool socket_died_as_orphan(const struct traced_socket *s)
{
        return is_orphan(s) && s->end.wqueue > 0;
}

/* It went after all that was written, unless a RST had come before it: what stands in the queue tells. */
bool socket_orphan_queued_a_fin(const struct traced_socket *s)
{
        const struct look *before = &s->act.before;

        if (s->end.unsent == 0)
                return socket_counted_a_fin(s);
        return s->shut.known || !before->info ||
               s->end.bytes_acked + s->end.wqueue > before->bytes_acked + before->outq;
}

/*
 * Segments without data that it sent since the close beside its FIN: ACKs, probes of a shut window, a RST. A FIN goes
 * with the last data that still waits, else alone (tcp_send_fin()).
 */
static uint32_t sent_beside(const struct traced_socket *s, struct segment_counts since)
{
        uint32_t waited = s->act.before.unsent, bare = since.out - since.data_out, fins = 0;

        if (s->end.unsent == 0 && waited == state_has_queued_fin(s->act.before.state))
                fins++;
        /* Where no data was left to be sent, what is no data of the repeats is a FIN. */
        if (waited == 0 && since.again > since.data_out)
                fins += since.again - since.data_out;
        return bare > fins ? bare - fins : 0;
}

static unsigned orphan_retries(void)
{
        FILE *file = fopen("/proc/sys/net/ipv4/tcp_orphan_retries", "re");
        unsigned n = 0;

        if (file && fscanf(file, "%u", &n) != 1)
                n = 0;
        if (file)
                fclose(file);
        return n ? n : RETRIES_USUAL;
}

/* Had its kernel asked as often, or waited as long, as it does (tcp_write_timeout(), tcp_probe_timer())? */
static bool may_have_given_up(const struct traced_socket *s)
{
        const struct look *before = &s->act.before;
        int64_t alone_ns = s->end.heard_ns - before->at_ns;
        bool asked_before = before->retransmits || before->probes || before->backoff;

        if (!before->whole || alone_ns >= LONG_NS)
                return true;
        if (before->user_timeout_ms > 0 && (asked_before || alone_ns >= before->user_timeout_ms * MS))
                return true;
        if (s->end.retransmits == 0 && s->end.probes == 0)
                return false;
        return s->end.retransmits >= orphan_retries() || s->end.probes >= orphan_retries();
}

/* Once its FIN is acknowledged, what is left of a closed socket takes nothing: unless TCP_LINGER2 is negative, which
 * makes it answer that ACK with a RST, be it with the other's FIN (tcp_rcv_state_process()). */
static bool reset_at_its_fin(const struct traced_socket *s)
{
        const struct look *before = &s->act.before;

        /* Where that had come before the close, the close itself resets. */
        return before->whole && before->linger2_negative && before->info && socket_counted_a_fin(s) &&
               before->state != TCP_STATE_FIN_WAIT2 &&
               s->end.bytes_received == before->bytes_received && !socket_had_peers_fin(s);
}

bool socket_may_have_met_data(const struct traced_socket *s)
{
        return s->shut_read && segment_counts_since(s->end.segments, s->act.before.segments).data_in > 0;
}

static enum orphan_end died_with_nothing_come(const struct traced_socket *s, uint32_t beside)
{
        const struct look *before = &s->act.before;
        uint32_t probes = s->end.probes > before->probes ? s->end.probes - before->probes : 0;

        if (beside > probes)
                return state_needs_reset(before->state) ? ORPHAN_DESTROYED : ORPHAN_UNKNOWN;
        return beside == probes && may_have_given_up(s) ? ORPHAN_GAVE_UP : ORPHAN_UNKNOWN;
}

enum orphan_end socket_orphan_end(const struct traced_socket *s)
{
        const struct look *before = &s->act.before;
        struct segment_counts since;
        uint32_t beside;

        if (!is_orphan(s))
                return ORPHAN_NONE;
        if (s->end.wqueue == 0)
                return reset_at_its_fin(s) ? ORPHAN_LINGER2 : ORPHAN_NONE;
        if (!before->info)
                return ORPHAN_UNKNOWN;
        since = segment_counts_since(s->end.segments, before->segments);
        beside = sent_beside(s, since);
        if (since.in == 0)
                return died_with_nothing_come(s, beside);
        /* It had neither taken nor acknowledged that. */
        if (since.data_in > 0 && beside == 0 && s->end.bytes_received == before->bytes_received &&
            !socket_had_peers_fin(s))
                return ORPHAN_MET_DATA;
        if (may_have_given_up(s))
                return ORPHAN_UNKNOWN;
        /* More came than its probes and its FIN can have drawn, and not for its data. */
        if (since.data_in == 0 &&
            (beside == 0 || (since.data_out == 0 && s->end.bytes_acked == before->bytes_acked && since.in > since.out)))
                return ORPHAN_RESET;
        return ORPHAN_RESET_BY_EITHER;
}
