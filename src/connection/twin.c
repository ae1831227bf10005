/*
 * A twin has every number of the TCP header and the IP ID in common with a packet seen a moment ago; its TTL may
 * be less by the hops between. A segment that TCP sends again is another packet: it has another IP ID, and
 * another timestamp. Without either of them nobody repeats data, SYN or FIN that soon, and a SYN not for a much longer
 * time (RFC 6298 section 2); but two RSTs for two segments are alike to the last bit, and so may ACKs be: they are
 * twins only where the connection has shown others. Where it has, a copy may be later than that: it came by way of a
 * router.
 */
#include "connection/twin.h"

/* Microseconds. */
enum {
        WITH_IP_ID = 100000,
        OF_A_SYN = 100000,
        WITH_TIMESTAMP = 20000,
        WITH_NEITHER = 500,
};

/* A SYN that comes again so soon after it was acknowledged, behind all that was sent since; but each SYN may draw a
 * SYN-ACK of its own. */
static bool is_late_syn(const struct connection *c, unsigned sender, const struct segment *s, int64_t time_ns)
{
        const struct direction *d = &c->side[sender];
        int64_t since = time_ns - (s->flags & SEGMENT_ACK ? c->last_syn_ack : c->last_syn);

        return (s->flags & (SEGMENT_SYN | SEGMENT_RST)) == SEGMENT_SYN && d->flags & DIRECTION_SYN &&
               s->seq + 1 == d->base && d->acked >= 0 && since >= 0 && since < OF_A_SYN * 1000 &&
               !(s->flags & SEGMENT_ACK && c->n_syns[!sender] > c->n_syn_acks[sender]) &&
               (s->ip_id == 0 || (uint16_t)(d->ip_id - s->ip_id) <= TWIN_COUNTER_BACK);
}

bool twin_seen(struct connection *c, unsigned sender, const struct segment *s, int64_t time_ns)
{
        struct direction *d = &c->side[sender];
        uint32_t what, when = (uint32_t)(time_ns / 1000), within;
        unsigned n = d->packets < FINGERPRINTS ? (unsigned)d->packets : FINGERPRINTS;

        if (twin_unlike(d, s, time_ns))
                return false;
        what = twin_digest(s);
        within = s->ip_id                                ? WITH_IP_ID
                 : s->flags & SEGMENT_SYN                 ? OF_A_SYN
                 : s->options & SEGMENT_HAS_TIMESTAMPS    ? WITH_TIMESTAMP
                 : c->flags & CONNECTION_TWINS            ? WITH_TIMESTAMP
                                                          : WITH_NEITHER;
        if ((s->flags & SEGMENT_RST ? s->ip_id == 0 : within == WITH_NEITHER && segment_length(s) == 0) &&
            !(c->flags & CONNECTION_TWINS))
                n = 0;
        /* An ACK once more, after the other end sent something, is an answer to that: a challenge, say. */
        if (s->ip_id == 0 && s->n_payload == 0 && c->last_sender != sender &&
            !(s->flags & (SEGMENT_SYN | SEGMENT_FIN | SEGMENT_RST)))
                n = 0;
        for (unsigned i = 0; i < n; i++)
                if (d->fingerprint.what[i] == what && (when - d->fingerprint.when[i] <= within ||
                                                       d->fingerprint.when[i] - when <= within)) {
                        c->flags |= CONNECTION_TWINS;
                        /* What comes a third time, and not at once, was sent again: nothing else tells. */
                        if (s->ip_id == 0 && !(s->options & SEGMENT_HAS_TIMESTAMPS) && within > WITH_NEITHER)
                                d->fingerprint.when[i] = when - (within - WITH_NEITHER);
                        return true;
                }
        twin_remember(d, what, time_ns);
        return false;
}

/* A counter of IP IDs does not go back for what is sent again, and nobody repeats that soon. An acknowledgement is
 * looked at as well: taken for the next of its sender it would turn the counter back. */
bool twin_late(const struct connection *c, const struct extra *extra, unsigned sender, const struct segment *s,
               int64_t time_ns)
{
        const struct direction *d = &c->side[sender];

        if (s->flags & SEGMENT_SYN)
                return is_late_syn(c, sender, s, time_ns);
        return twin_may_be_late(c, d, s) && d->flags & DIRECTION_BASE &&
               !(s->flags & SEGMENT_RST) && (!(s->flags & SEGMENT_FIN) || d->flags & DIRECTION_FIN) &&
               d->ip_id_steps >= 2 && d->ip_id_steps > d->ip_id_jumps && time_ns - d->last < WITH_IP_ID * 1000 &&
               (!extra || extra->n_holes[sender] == 0) && direction_position(d, s->seq) + s->n_payload <= d->next;
}
