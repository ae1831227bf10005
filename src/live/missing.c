/*
 * Not every event that is missed is counted. Linux 6.18 was seen to run no BPF program, and to count none as missed,
 * while a timer or a segment was served on top of a certain task; what then ended was not heard of. So where one end
 * shows that the other was a socket of this host, and has met its end, its absence is a gap.
 */
#include "live/missing.h"

#include "live/address.h"
#include "live/facts.h"

enum { SYN = 2 };
/* So long an end that was told is kept for the other (pairs.c). */
#define KEPT_NS UINT64_C(60000000000)

/* A socket of its own spoke to it: who only was promised one, in the handshake, sends no byte. */
static bool has_heard(const struct live_end *end)
{
        return end->bytes_received > 0;
}

static bool is_young(const struct live_end *end, uint64_t at_ns)
{
        return at_ns - end->began_ns < KEPT_NS;
}

/* A RST was sent in the place of the other end, by this same network namespace: its socket was there and is gone. */
static bool its_place_answered(const struct live_connection *c, const struct live_reset *reset)
{
        const struct live_end *end = &c->ends[0];
        bool by_this = reset->local_port == end->local_port && reset->remote_port == end->remote_port;

        if (by_this || reset->netns == 0 || reset->netns != end->netns || reset->answers_flags & SYN)
                return false;
        /* What is left of a socket does not stay for long … */
        if (reset->state == TCP_STATE_TIME_WAIT || reset->state == TCP_STATE_CLOSE)
                return true;
        /* … but where nothing is left, it may have gone any time before. */
        return has_heard(end) && is_young(end, reset->at_ns);
}

/* A RST over loopback arrives at once; and whoever is reset is heard of, though his program holds him still. */
static bool was_reset_by(const struct live_end *end)
{
        return end->flags & LIVE_RST_OUT && has_heard(end) && is_young(end, end->over_ns) &&
               address_is_loopback(end->family, end->local) && address_is_loopback(end->family, end->remote);
}

bool live_misses_an_end(const struct live_connection *c)
{
        const struct live_end *end = &c->ends[0];

        if (c->n_ends != 1 || !(end->flags & LIVE_BEGAN) || !(end->flags & LIVE_ESTABLISHED))
                return false;
        for (unsigned i = 0; i < c->n_resets; i++)
                if (its_place_answered(c, &c->resets[i]))
                        return true;
        return was_reset_by(end);
}
