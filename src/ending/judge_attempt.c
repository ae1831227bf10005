/*
 * Attempts, without the tables: SYNs that nobody answered, or that a RST refused, and nothing else was seen, nor told
 * by any kernel or program. What the rules would conclude stands here at once; a test judges facts both ways. Scans are
 * made of millions of these.
 */
#include <errno.h>
#include <string.h>

#include "ending/cause_rules.h"
#include "ending/judging.h"

/* Of a direction: no byte and no FIN. */
static bool said_nothing(const struct facts_of_direction *from)
{
        return count_is(from->bytes, 0) && !count_above(from->payloads, 0) && fact_is_not(from->fin);
}

/* Seen whole from the first SYN on, and no more than a handshake that failed. */
static bool is_attempt(const struct facts *f)
{
        bool whole = (f->seen.sides == SIDES_SEEN_BOTH) && !(f->seen.gaps || f->seen.midstream);
        bool failed = fact_is_not(f->established) && count_above(f->syns, 0) && !count_above(f->syn_acks, 0);

        return whole && failed && said_nothing(&f->from[SIDE_CLIENT]) && said_nothing(&f->from[SIDE_SERVER]) &&
               !(fact_known(f->icmp.how) || told_of_end(&f->end[SIDE_CLIENT]) || told_of_end(&f->end[SIDE_SERVER]));
}

/* Nothing says that its kernel gave up, or that the other end's could not take it. */
static bool is_silent(const struct facts *f)
{
        const struct facts_of_end *client = &f->end[SIDE_CLIENT];

        return f->n_resets == 0 &&
               !(fact_is(client->gave_up) || fact_is(client->abort_on_timeout) ||
                 fact_is(f->end[SIDE_SERVER].accept_queue_full));
}

/* The server's own answer to a SYN, and it was taken. */
static bool is_plain_answer(const struct facts_of_reset *reset)
{
        bool by_server = fact_known(reset->by.how) && (reset->by.value == SIDE_SERVER);
        bool bare = fact_known(reset->has_ack.how) && count_is(reset->window, 0) && fact_is_not(reset->options) &&
                    !count_above(reset->payload, 0);
        bool doubtful = fact_is(reset->not_sent) || fact_is(reset->went_on) || fact_is(reset->ack_impossible) ||
                        fact_is(reset->ttl_differs);

        return by_server && bare && !doubtful && reset_answers_syn(reset) && fact_is(reset->obeyed) &&
               !fact_is(reset->after_both_acked);
}

/* Nothing else is known of the server, or of what lies before it, that could send such a RST. */
static bool is_refused(const struct facts *f)
{
        const struct facts_of_end *server = &f->end[SIDE_SERVER];

        return f->n_resets == 1 && is_plain_answer(&f->resets[0]) &&
               !(fact_known(f->resets[0].reason.how) || fact_known(server->reason.how) ||
                 fact_is(server->counts_no_reset) || fact_is(server->went_on) || fact_is(f->filter_answers) ||
                 fact_is(f->mptcp) || fact_is(f->both_acked));
}

/* The last rule of each list needs nothing. */
static void fill_causes(struct record *r)
{
        const struct cause_rules *list = &causes_of_ending[r->ending];
        const struct cause_rule *rule = &list->rules[list->n - 1];

        memcpy(r->causes, rule->causes, sizeof(rule->causes));
        r->n_causes = rule->n_causes;
}

/* What is known to be acknowledged is nothing, whatever number a RST bears. */
static void fill_direction(const struct facts_of_direction *from, enum closed closed, struct record_direction *d)
{
        d->bytes = known_u64(0);
        d->acked.known = d->uncertain.known = fact_known(from->acked.how);
        d->acked_by_reset.known = fact_known(from->acked_by_reset.how);
        d->closed = closed;
        d->fin_acked.known = fact_known(from->fin_acked.how);
        d->retransmitted = counted(from->retransmitted);
        d->missing = counted(from->missing);
        d->packets = counted(from->packets);
        d->fate = FATE_NONE;
}

/* A client that goes on asking waits; who was refused is told so. */
static void fill_next(const struct judging *j, struct record_next *next)
{
        const struct fact_os os = j->f->end[SIDE_CLIENT].os;

        if (!fact_known(os.how) || os.value != OS_LINUX)
                return;
        if (j->reset)
                tell_error(ECONNREFUSED, next);
        else if (j->r->ongoing)
                tell_waiting(next);
}

bool judge_attempt(struct judging *j)
{
        const struct facts *f = j->f;
        struct record *r = j->r;

        if (!is_attempt(f))
                return false;
        if (is_silent(f)) {
                r->ending = ENDING_UNANSWERED;
                r->silent = SIDE_SERVER;
                j->asker = SIDE_CLIENT;
                r->ongoing = attempt_goes_on(f, SIDE_CLIENT);
                r->ended_by = r->ongoing ? SIDE_UNKNOWN : SIDE_CLIENT;
        } else if (is_refused(f)) {
                r->ending = ENDING_REFUSED;
                r->ended_by = j->named = SIDE_SERVER;
                j->reset = j->shown = &f->resets[0];
                j->shape = RESET_KIND_REPLY;
        } else {
                return false;
        }
        judge_times(j);
        fill_causes(r);
        fill_direction(&f->from[SIDE_CLIENT], CLOSED_NO, &r->to_server);
        fill_direction(&f->from[SIDE_SERVER], j->reset ? CLOSED_RESET : CLOSED_NO, &r->to_client);
        r->severity = SEVERITY_NOTABLE;
        r->retry = f->seen.evicted && r->ongoing ? RETRY_UNKNOWN : RETRY_SAFE;
        fill_next(j, &r->client_next);
        return true;
}
