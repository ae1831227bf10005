/*
 * A SYN with the number of the old one is that one again. With another number it begins a new connection
 * if the old one is over, or was never answered. On a living connection it is not yet known what it is: a
 * kernel that holds the connection answers with a challenge ACK (RFC 5961 4) and the connection goes on; one
 * that does not answers with a SYN-ACK or a RST for the new number. So the SYN waits for its answer.
 */
#include "connection/reuse.h"

#include "connection/direction.h"

/* A SYN so long after the end is no repeat on its way, though it bear the same number. */
#define REPEAT_AT_MOST 1000000000
#define SAME_PACKET 50000000
/* What lies so far from both ends of a connection that is over is another's. */
#define FAR ((int64_t)64 << 20)

/* Its FIN was seen, or one place more was acknowledged than was: that of a FIN, as far as can be told. */
static bool closed(const struct direction *d)
{
        return d->flags & DIRECTION_FIN || d->acked == direction_end(d) + 1;
}

static bool over(const struct connection *c)
{
        const struct direction *a = &c->side[0], *b = &c->side[1];

        return c->flags & CONNECTION_ENDED || ((a->flags | b->flags) & DIRECTION_FIN && closed(a) && closed(b));
}

/* The SYN just seen, with another number: captured on both sides of a firewall that changes them. */
static bool same_packet(const struct direction *d, const struct segment *s, int64_t time)
{
        const struct mark *last = &d->request[d->asked];

        return last->kind == SEGMENT_KIND_SYN && last->ip_id != 0 && last->ip_id == s->ip_id &&
               last->window == s->window && time - last->at >= 0 && time - last->at < SAME_PACKET;
}

static enum reuse decide_syn(const struct connection *c, unsigned sender, const struct segment *s, int64_t time)
{
        const struct direction *d = &c->side[sender], *o = &c->side[!sender];

        if (d->flags & DIRECTION_SYN && s->seq + 1 == d->base)
                return c->flags & CONNECTION_BOTH_ACKED && time - c->last > REPEAT_AT_MOST ? REUSE_NEW : REUSE_SAME;
        /* What was sent after it came first. */
        if (d->flags & DIRECTION_BASE && !(d->flags & DIRECTION_SYN) && (d->next == 0 || o->flags & DIRECTION_SYN)) {
                int64_t ahead = seq_distance(s->seq + 1, d->base);
                bool may_bear = d->flags & DIRECTION_SOFT || o->flags & DIRECTION_SYN;

                /* With data in the SYN it is behind them that what came first stands. */
                if (ahead == 0 || (may_bear && ahead > 0 && ahead <= (int64_t)s->n_payload))
                        return REUSE_SAME;
        }
        /* Both ends begin at once (RFC 9293 3.5): what the other sent acknowledges nothing yet, or was made by hand. */
        if (d->packets == 0 && (!(d->flags & DIRECTION_BASE) || o->ack == 0) && o->flags & DIRECTION_SYN &&
            o->acked < 0 && !(c->flags & CONNECTION_ENDED))
                return REUSE_SAME;
        /* A server that splits its SYN-ACK: first the ACK, then the SYN. */
        if (d->packets > 0 && d->payloads == 0 && !(d->flags & (DIRECTION_SYN | DIRECTION_FIN)) &&
            o->flags & DIRECTION_SYN && o->acked == 0 && o->payloads == 0 && !(c->flags & CONNECTION_ENDED))
                return REUSE_SAME;
        if (same_packet(d, s, time))
                return REUSE_SAME;
        /* Of the other end nothing was seen yet, but it was asked or acknowledged just now: its
         * segments may stand behind. */
        if (!over(c) && o->packets == 0 && (o->flags & DIRECTION_BASE || d->flags & DIRECTION_SYN) &&
            !(d->flags & DIRECTION_FIN) && time - c->last < REPEAT_AT_MOST)
                return REUSE_WAIT;
        return over(c) || o->packets == 0 ? REUSE_NEW : REUSE_WAIT;
}

static enum reuse decide_syn_ack(const struct connection *c, unsigned sender, const struct segment *s)
{
        const struct direction *d = &c->side[sender], *o = &c->side[!sender];

        if (d->flags & DIRECTION_BASE && s->seq + 1 == d->base)
                return REUSE_SAME;
        /* The first that is seen of its sender answers something. */
        if (d->packets == 0)
                return REUSE_SAME;
        /* The answer to the SYN at hand, be it the second. */
        if (o->flags & DIRECTION_SYN && direction_position(o, s->ack) >= 0 && direction_position(o, s->ack) <= o->next)
                return REUSE_SAME;
        /* So is one that acknowledges what the one before did, where the SYN was not seen. */
        if (d->flags & DIRECTION_SYN && d->ack == s->ack && !(c->flags & CONNECTION_ENDED))
                return REUSE_SAME;
        /* Its own SYN was not seen, and it fits nothing: the old one is over, or only one side is seen. */
        return over(c) || o->packets == 0 ? REUSE_NEW : REUSE_SAME;
}

bool reuse_unseen(const struct connection *c, unsigned sender, const struct segment *s, int64_t time)
{
        const struct direction *d = &c->side[sender], *o = &c->side[!sender];
        int64_t at, acks;

        if (!(c->flags & CONNECTION_ENDED) || time - c->last < REPEAT_AT_MOST ||
            (s->flags & (SEGMENT_SYN | SEGMENT_RST | SEGMENT_ACK)) != SEGMENT_ACK ||
            !(d->flags & o->flags & DIRECTION_BASE))
                return false;
        at = direction_position(d, s->seq) - direction_end(d);
        acks = direction_position(o, s->ack) - direction_end(o);
        /* Behind a FIN nothing stands, and both were acknowledged. */
        if (c->flags & CONNECTION_BOTH_ACKED && at > 0 && acks > 0)
                return true;
        return s->n_payload > 0 && (at > FAR || at < -FAR) && (acks > FAR || acks < -FAR);
}

bool reuse_of_resets(const struct connection *c, const struct extra *extra, unsigned sender, const struct segment *s)
{
        if ((s->flags & (SEGMENT_SYN | SEGMENT_ACK | SEGMENT_RST | SEGMENT_FIN)) != SEGMENT_SYN || !extra ||
            extra->n_resets == 0 || extra->n_resets_in_all != c->side[sender].packets || c->side[!sender].packets > 0)
                return false;
        return seq_distance(s->seq, extra->reset[0]->seq) >= 0 && seq_distance(s->seq, extra->reset[0]->seq) < REACH;
}

enum reuse reuse_decide(const struct connection *c, const struct connection *pending, unsigned pending_sender,
                        unsigned sender, const struct segment *s, int64_t time)
{
        if (pending && pending_sender != sender && s->flags & SEGMENT_ACK) {
                const struct direction *d = &pending->side[0], *old = &c->side[!sender];
                int64_t acked = direction_position(old, s->ack);

                /* Its SYN-ACK may have been missed; but what the old one can have been sent may be for that one. */
                if (direction_position(d, s->ack) >= 0 && direction_position(d, s->ack) <= d->next &&
                    (s->flags & (SEGMENT_SYN | SEGMENT_RST) || (acked > direction_end(old) && acked > old->acked)))
                        return REUSE_PENDING;
        }
        if (pending && pending_sender == sender && !(s->flags & (SEGMENT_SYN | SEGMENT_RST))) {
                int64_t end = direction_end(&c->side[sender]), old = direction_position(&c->side[sender], s->seq);
                int64_t new = direction_position(&pending->side[0], s->seq);
                bool fits_old = old >= -1 && old <= end + REACH;
                bool fits_new = new >= 0 && new <= REACH;

                /* The old one would go on where it was; where it would leave out a piece, the new one
                 * may leave out less. */
                if (fits_new && (!fits_old || (old > end && new < old - end)))
                        return REUSE_PENDING;
                if (fits_old && !fits_new)
                        return REUSE_REFUTED;
        }
        /* With FIN it begins nothing: even a listener drops it (tcp_rcv_state_process). */
        if ((s->flags & (SEGMENT_SYN | SEGMENT_RST | SEGMENT_FIN)) == SEGMENT_SYN) {
                if (s->flags & SEGMENT_ACK)
                        return decide_syn_ack(c, sender, s);
                if (pending && pending_sender == sender && pending->isn[0] == s->seq)
                        return over(c) ? REUSE_PENDING : REUSE_WAIT;
                return decide_syn(c, sender, s, time);
        }
        return REUSE_SAME;
}
