/*
 * What judge_orderly.c says, into a record that it was said into before: of connections that ended in order most of it
 * never changes. Whatever may differ from one to the next is written here, known or not; a test holds the record
 * against one that is made anew.
 */
#include <errno.h>

#include "ending/judging.h"

/* Of a direction, what else has to be known, and 0. */
static inline bool is_whole(const struct facts_of_direction *from)
{
        return fact_is(from->fin_acked) && fact_known(from->packets.how) && fact_known(from->retransmitted.how) &&
               fact_known(from->missing.how) && (from->retransmitted.value | from->missing.value) == 0;
}

/* What a record of judge_again() cannot say. */
static inline bool is_seen_whole(const struct facts_seen *seen)
{
        return seen->source == SOURCE_CAPTURE && seen->roles == ROLES_SYN && seen->sides == SIDES_SEEN_BOTH &&
               !(seen->gaps | seen->both_ends | seen->midstream);
}

/* What is the same of all of them. */
static __attribute__((noinline)) void fill_constant(struct record *r)
{
        struct record_direction *directions[] = { &r->to_server, &r->to_client };
        struct record_next *next[] = { &r->client_next, &r->server_next };

        r->ending = ENDING_ORDERLY;
        r->certainty = CERTAINTY_CERTAIN;
        r->severity = SEVERITY_FINE;
        r->seen = (struct record_seen){ .roles = ROLES_SYN, .sides = SIDES_SEEN_BOTH };
        for (size_t i = 0; i < 2; i++) {
                directions[i]->uncertain = directions[i]->retransmitted = directions[i]->missing = known_u64(0);
                directions[i]->closed = CLOSED_FIN;
                directions[i]->fin_acked = known_bool(true);
                next[i]->if_recv[0] = (struct told){ .kind = TOLD_BYTES };
                next[i]->if_send[0] = (struct told){ .kind = TOLD_ERROR, .error = EPIPE, .sigpipe = true };
        }
        r->plain = true;
}

static inline void fill_direction(const struct facts_of_direction *from, struct record_direction *d)
{
        /* Each by itself: to copy the one, the other would have to be waited for. */
        d->bytes = known_u64(from->bytes.value);
        d->acked = known_u64(from->bytes.value);
        d->packets = known_u64(from->packets.value);
        d->fate = from->bytes.value > 0 ? FATE_ACKED : FATE_NONE;
}

static inline void fill_end(const struct fact_os *os, struct record_end *end, struct record_next *next)
{
        bool known = fact_known(os->how);

        end->os = known ? os->value : OS_UNKNOWN;
        next->known = known && os->value == OS_LINUX;
        next->n_if_recv = next->n_if_send = next->known;
}

bool judge_is_plain(const struct facts *f)
{
        return is_seen_whole(&f->seen) && judge_is_orderly(f) && is_whole(&f->from[SIDE_CLIENT]) &&
               is_whole(&f->from[SIDE_SERVER]);
}

bool judge_again(const struct facts *f, struct record *r)
{
        const struct facts_of_direction *client = &f->from[SIDE_CLIENT], *server = &f->from[SIDE_SERVER];

        if ((!f->seen.over && !judge_is_plain(f)) || !judge_orderly_times(f, r))
                return false;
        if (!r->plain)
                fill_constant(r);
        r->ended_by = first_to_close(f);
        r->seen.cut = f->seen.cut;
        fill_direction(client, &r->to_server);
        fill_direction(server, &r->to_client);
        fill_end(&f->end[SIDE_CLIENT].os, &r->client, &r->client_next);
        fill_end(&f->end[SIDE_SERVER].os, &r->server, &r->server_next);
        r->retry = r->to_server.bytes.value > 0 ? RETRY_MAYBE_PROCESSED : RETRY_SAFE;
        return true;
}
