/*
 * The judge.
 *
 * The theory. A TCP connection is two pipelines of bytes that share one fate. Each pipeline ends by a FIN, which
 * says "all that I had to send is before this", and the FIN's acknowledgement says that the other kernel has it
 * all. When both FINs are acknowledged the connection ended in order, and nothing that comes later can change it.
 *
 * A RST ends both pipelines at once and takes back what lies in them. A kernel sends one for one of two reasons.
 * It gives a connection up of its own accord (active), because a program closed in a way that throws something
 * away: unread data, zero linger, disconnect; because somebody destroyed the socket; or because keepalive found
 * nobody. Or it answers a segment that it has no use for (reply): data for a socket that was closed, a segment for
 * a connection that it does not have, a SYN for a port where nobody listens. The shape tells the two apart; which
 * of the acts it was, only that kernel knows. So a capture can seldom be certain of a cause, and never is here
 * unless nothing else could have made what was seen. And something between the two can send in the name of either.
 *
 * Silence ends nothing by itself. Somebody asks (data, a FIN, a probe, a SYN), asks again, and gives up; it is over
 * when twice the last interval has passed without another try, or when his kernel says so.
 *
 * How it ended, and why, say nothing yet of the bytes. A byte is acknowledged, and then the other kernel has it,
 * though its program may never read it; or a kernel has told that it was never read or never sent, or it drew a
 * reply RST, and then it is lost; or neither, and it is uncertain.
 *
 * The order below is the order of thought: which RST counts and whose it is (judge_reset.c), how it ended and by
 * whom (judge_ending.c), when (judge_times.c), why (judge_cause.c with the table in cause_rules.c, judge_either.c if
 * each end may have reset it) and whether that is sure although not all is known (judge_sure.c), what became of the
 * bytes (fate.c), whether anybody needs to care (severity.c), and what the programs are told (told.c). What ended in
 * order needs none of it (judge_orderly.c), nor do attempts that came to nothing (judge_attempt.c) and connections
 * that one end reset, and nothing else (judge_active.c).
 */
#include "ending/judging.h"

#include "words/reset_reason.h"

/* A number that no segment can bear is none. */
static struct maybe_u64 within(struct fact_count count, uint64_t least, uint64_t most)
{
        return fact_known(count.how) && count.value >= least && count.value <= most ? known_u64(count.value)
                                                                                   : (struct maybe_u64){ 0 };
}

static bool resets_are_guessed(const struct facts *f)
{
        for (size_t i = 0; i < f->n_resets && i < FACTS_RESETS_MAX; i++)
                if (f->resets[i].by.how <= HOW_INFERRED)
                        return true;
        return false;
}

static void fill_reset(const struct judging *j)
{
        const struct facts *f = j->f;
        const struct facts_of_reset *shown = j->shown;
        struct record *r = j->r;

        if (shown) {
                r->reset.seen = true;
                r->reset.kind = j->shape;
                /* Where the capture lacks segments, one of them may have drawn it. */
                r->reset.unasked = fact_is(shown->unasked) && !j->f->seen.gaps;
                r->reset.by = !fact_known(shown->by.how) || j->by_either ? SIDE_UNKNOWN
                              : j->by_network                            ? SIDE_NETWORK
                                                                         : shown->by.value;
                r->reset.frame = within(shown->frame, 1, UINT64_MAX);
                if (fact_known(shown->validity.how))
                        r->reset.valid = shown->validity.value;
                if (fact_known(shown->obeyed.how))
                        r->reset.obeyed = known_bool(shown->obeyed.value);
                r->reset.window = within(shown->window, 0, UINT16_MAX);
                r->reset.ttl = within(shown->ttl, 0, UINT8_MAX);
        } else if (r->ending == ENDING_RESET) {
                /* Only its trace in a socket was seen. */
                r->reset.seen = true;
                r->reset.by = r->ended_by;
                r->reset.obeyed = known_bool(true);
        }
        if (r->reset.seen) {
                r->reset.count = f->n_resets_in_all > f->n_resets ? f->n_resets_in_all : f->n_resets;
                /* That both sent one is not known. */
                if (r->reset.count == 0 || (j->by_either && resets_are_guessed(f)))
                        r->reset.count = 1;
                if (j->reason != RESET_REASON_NOT_SPECIFIED)
                        r->reset.kernel_reason = reset_reason_name(j->reason);
        }
}

static void fill_end(const struct facts_of_end *end, struct record_end *r, struct record_act *act)
{
        if (fact_known(end->os.how))
                r->os = end->os.value;
        if (fact_known(end->act.how) && act_name(end->act.value)) {
                act->known = true;
                act->how = end->act.value;
        }
}

static void follow_rules(struct judging *j)
{
        judge_reset(j);
        judge_ending(j);
        judge_times(j);
        if (j->by_either && j->r->ending == ENDING_RESET)
                judge_either(j);
        else
                judge_cause(j);
        judge_fate(j);
        judge_severity(j);
        judge_retry(j);
        judge_told(j);
}

/* Where no rule needs to be asked, unless evidence is wanted of what did not end in order. */
static bool is_plain(struct judging *j, bool evidence)
{
        return judge_orderly(j) || (!evidence && (judge_attempt(j) || judge_active(j)));
}

static inline void judge_facts(const struct facts *f, struct record *r, struct evidence *ret_evidence, bool by_rules)
{
        struct judging j = { .f = f, .r = r, .named = SIDE_UNKNOWN, .asker = SIDE_UNKNOWN, .shape = RESET_KIND_UNKNOWN,
                             .reason = RESET_REASON_NOT_SPECIFIED };

        r->seen = (struct record_seen){ .roles = f->seen.roles, .sides = f->seen.sides, .gaps = f->seen.gaps,
                                        .cut = f->seen.cut, .both_ends = f->seen.both_ends };
        fill_end(&f->end[SIDE_CLIENT], &r->client, &r->client_act);
        fill_end(&f->end[SIDE_SERVER], &r->server, &r->server_act);
        if (by_rules || !is_plain(&j, ret_evidence))
                follow_rules(&j);
        fill_reset(&j);
        if (ret_evidence) {
                judge_evidence(&j, ret_evidence);
                r->evidence = ret_evidence->lines;
                r->n_evidence = ret_evidence->n;
        }
}

void judge(const struct facts *f, struct record *r, struct evidence *ret_evidence)
{
        judge_facts(f, r, ret_evidence, false);
}

void judge_by_rules(const struct facts *f, struct record *r, struct evidence *ret_evidence)
{
        judge_facts(f, r, ret_evidence, true);
}
