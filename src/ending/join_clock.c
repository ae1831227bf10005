/*
 * How far two clocks are apart, as NTP finds it (RFC 5905): of all segments in a direction the fastest was
 * delayed least, so the least difference of its two stamps is the offset and little more. Half the sum of both
 * directions' is the doubt that remains: the two ways may be of different length.
 */
#include "ending/join.h"

/* A segment that one capture missed and whose repeat it saw would make time run backwards. */
static bool is_whole(const struct facts *f)
{
        return !f->seen.gaps && !f->seen.midstream && !f->seen.evicted;
}

static void take_least(bool *known, int64_t *least, struct fact_time sent, struct fact_time seen)
{
        int64_t delay;

        if (!fact_known(sent.how) || !fact_known(seen.how) ||
            __builtin_sub_overflow(seen.value, sent.value, &delay) || delay > INT64_MAX / 4 || delay < INT64_MIN / 4)
                return;
        if (!*known || delay < *least)
                *least = delay;
        *known = true;
}

void join_clock_add(struct join_clock *clock, const struct facts *at_client, const struct facts *at_server)
{
        const struct facts_of_direction *c = at_client->from, *s = at_server->from;

        if (!is_whole(at_client) || !is_whole(at_server))
                return;
        /* The same segment must be meant: a first one that was lost on the way makes the delay greater, never less. */
        if (fact_known(at_client->syns.how) && at_client->syns.value > 0 && fact_known(at_server->syns.how) &&
            at_server->syns.value > 0)
                take_least(&clock->forth_known, &clock->forth_ns, at_client->first, at_server->first);
        if (fact_known(at_server->syn_acks.how) && at_server->syn_acks.value == 1 &&
            fact_known(at_client->syn_acks.how) && at_client->syn_acks.value == 1)
                take_least(&clock->back_known, &clock->back_ns, at_server->last_syn_ack, at_client->last_syn_ack);
        take_least(&clock->forth_known, &clock->forth_ns, c[SIDE_CLIENT].first_payload, s[SIDE_CLIENT].first_payload);
        take_least(&clock->back_known, &clock->back_ns, s[SIDE_SERVER].first_payload, c[SIDE_SERVER].first_payload);
        take_least(&clock->forth_known, &clock->forth_ns, c[SIDE_CLIENT].fin_at, s[SIDE_CLIENT].fin_at);
        take_least(&clock->back_known, &clock->back_ns, s[SIDE_SERVER].fin_at, c[SIDE_SERVER].fin_at);
}

bool join_clock_read(const struct join_clock *clock, int64_t *ret_offset_ns, int64_t *ret_slack_ns)
{
        if (!clock->forth_known || !clock->back_known)
                return false;
        *ret_offset_ns = (clock->forth_ns - clock->back_ns) / 2;
        *ret_slack_ns = (clock->forth_ns + clock->back_ns) / 2;
        return true;
}
