/*
 * Why it ended: the facts as conditions, the first rule of cause_rules.c that fits, what a fact rules out of its
 * list, and what a fact adds to it.
 *
 * Only what a kernel said, or what its program is known to have done, makes a cause certain. The wire makes it
 * likely at best: a packet filter can send whatever a host can.
 */
#include <errno.h>

#include "ending/cause_rules.h"
#include "ending/judging.h"

#define SECOND_NS INT64_C(1000000000)
/* tcp_fin_timeout as shipped: so long a closed socket waits for the other's FIN. */
#define FIN_TIMEOUT_NS (60 * SECOND_NS)
/* However it is set, it waits 3.5 times its retransmission time-out, of 200 ms at least (tcp_fin_time()). */
#define FIN_WAIT_LEAST_NS (7 * SECOND_NS / 10)
/* Shorter silences than this are forgotten by nothing between two hosts. */
#define IDLE_NS (25 * SECOND_NS)

static enum said said_by(const struct judging *j, enum side x)
{
        const struct facts_of_end *end = is_end(x) ? &j->f->end[x] : NULL;

        switch (j->reason) {
        case RESET_REASON_NO_SOCKET: return SAID_NO_SOCKET;
        case RESET_REASON_TCP_INVALID_ACK_SEQUENCE:
        case RESET_REASON_TCP_RFC7323_PAWS:
        case RESET_REASON_TCP_TOO_OLD_ACK:
        case RESET_REASON_TCP_ACK_UNSENT_DATA:
        case RESET_REASON_TCP_OLD_ACK: return SAID_BAD_ACK;
        case RESET_REASON_TCP_FLAGS: return SAID_LISTENS;
        case RESET_REASON_TCP_ABORT_ON_DATA: return SAID_ABORT_ON_DATA;
        case RESET_REASON_TCP_TIMEWAIT_SOCKET: return SAID_TIME_WAIT;
        case RESET_REASON_INVALID_SYN: return SAID_INVALID_SYN;
        case RESET_REASON_TCP_ABORT_ON_CLOSE: return SAID_ABORT_ON_CLOSE;
        case RESET_REASON_TCP_ABORT_ON_LINGER: return SAID_ABORT_ON_LINGER;
        case RESET_REASON_TCP_ABORT_ON_MEMORY: return SAID_ABORT_ON_MEMORY;
        case RESET_REASON_TCP_STATE:
        case RESET_REASON_TCP_DISCONNECT_WITH_DATA: return SAID_STATE;
        case RESET_REASON_TCP_KEEPALIVE_TIMEOUT: return SAID_KEEPALIVE;
        case RESET_REASON_MPTCP_RST_EUNSPEC:
        case RESET_REASON_MPTCP_RST_EMPTCP:
        case RESET_REASON_MPTCP_RST_ERESOURCE:
        case RESET_REASON_MPTCP_RST_EPROHIBIT:
        case RESET_REASON_MPTCP_RST_EWQ2BIG:
        case RESET_REASON_MPTCP_RST_EBADPERF:
        case RESET_REASON_MPTCP_RST_EMIDDLEBOX: return SAID_MPTCP;
        case RESET_REASON_NOT_SPECIFIED:
        case RESET_REASON_ERROR:
        case RESET_REASON_MAX:
        case N_RESET_REASONS:
        default: break;
        }
        /* TCPAbortOnData counts a close with zero linger, too, even one that sent nothing. */
        if (end && j->reset && !j->by_network) {
                if (fact_is(end->abort_on_close))
                        return SAID_ABORT_ON_CLOSE;
                if (fact_is(end->abort_on_linger))
                        return SAID_ABORT_ON_LINGER;
                if (fact_is(end->abort_on_memory))
                        return SAID_ABORT_ON_MEMORY;
                if (fact_is(end->abort_on_data) && fact_is_not(end->linger_on))
                        return SAID_ABORT_ON_DATA;
        }
        return SAID_NOTHING;
}

static uint64_t when(bool holds, uint64_t condition)
{
        return holds ? condition : 0;
}

/* A program held its socket when the RST was sent. */
static bool was_held(const struct facts_of_end *end, const struct facts_of_reset *reset)
{
        return fact_is_not(end->closed) || (reset && fact_known(end->closed_at.how) && fact_known(reset->at.how) &&
                                            end->closed_at.value > reset->at.value);
}

/* The act of the end, and what its socket held then. */
static uint64_t of_acts(const struct judging *j, enum side x)
{
        const struct facts *f = j->f;
        const struct facts_of_direction *peer = &f->from[other_side(x)];
        const struct facts_of_end *end = &f->end[x];
        bool no_linger2;
        uint64_t c = 0;

        if (fact_known(end->act.how)) {
                switch (end->act.value) {
                case ACT_CLOSE:
                case ACT_EXIT:
                case ACT_SIGNAL:
                case ACT_EXEC: c |= COND(CLOSES); break;
                case ACT_CONNECT_UNSPEC: c |= COND(UNSPEC); break;
                case ACT_SOCK_DESTROY: c |= COND(DESTROYED); break;
                case ACT_LISTENER_CLOSE: c |= COND(LISTENER_CLOSES); break;
                case ACT_TIMER: c |= COND(TIMER); break;
                case ACT_SHUTDOWN:
                case N_ACTS:
                default: break;
                }
        }
        c |= when(fact_is(end->linger_on) && count_is(end->linger_s, 0), COND(ZERO_LINGER));
        c |= when(count_above(end->unread, 0), COND(UNREAD));
        c |= when(count_is(end->unread, 0), COND(ALL_READ));
        c |= when(fact_is(end->closed) || (fact_is(end->shut_read) && fact_is(end->shut_write)),
                  COND(SHUT_BOTH_WAYS));
        /* That is asked only of a socket that nobody holds any more (tcp_rcv_state_process(): SOCK_DEAD). */
        no_linger2 = fact_is_not(end->linger2_negative) || was_held(end, j->reset);
        c |= when(fact_is(end->linger2_negative) && !no_linger2, COND(LINGER2_NEGATIVE));
        /* Behind the peer's own FIN there can be nothing: what goes over it draws the same word of the kernel. */
        c |= when(no_linger2 && (fact_is_not(peer->fin) || fact_is_not(peer->fin_acked)),
                  COND(TAKES_DATA));
        c |= when(error_is(end->error_set, ECONNABORTED), COND(ABORTED));
        c |= when(fact_is(end->counts_no_reset), COND(NO_RESET_COUNTED));
        c |= when(fact_known(end->os.how) && end->os.value == OS_LINUX, COND(LINUX));
        c |= when(fact_is(end->restarted), COND(RESTARTED));
        return c;
}

static uint64_t of_what_it_answers(const struct facts_of_reset *reset)
{
        if (!fact_known(reset->answers.how))
                return 0;
        switch (reset->answers.value) {
        case SEGMENT_KIND_SYN: return 0;
        case SEGMENT_KIND_SYN_ACK: return COND(TO_SYN_ACK) | COND(NOT_TO_SYN);
        case SEGMENT_KIND_DATA: return COND(TO_DATA) | COND(NOT_TO_SYN);
        case SEGMENT_KIND_FIN: return COND(TO_FIN) | COND(NOT_TO_SYN);
        case SEGMENT_KIND_ACK:
        case SEGMENT_KIND_KEEPALIVE:
        case SEGMENT_KIND_WINDOW_PROBE: return COND(TO_ACK) | COND(NOT_TO_SYN);
        case SEGMENT_KIND_RST:
        case N_SEGMENT_KINDS:
        default: return 0;
        }
}

static bool is_long_before(struct fact_time time, const struct facts_of_reset *reset)
{
        int64_t since;

        return fact_known(time.how) && fact_known(reset->at.how) &&
               !__builtin_sub_overflow(reset->at.value, time.value, &since) && since > FIN_TIMEOUT_NS;
}

/* The FINs of both ends, held against the RST and the segment that it answers. */
static uint64_t of_fins(const struct judging *j, const struct facts_of_reset *reset, enum side x)
{
        const struct facts_of_direction *own = &j->f->from[x], *peer = &j->f->from[other_side(x)];
        uint64_t c = 0;
        int64_t since;

        if (fact_is(own->fin) && fact_known(own->fin_at.how) && fact_known(reset->at.how) &&
            !__builtin_sub_overflow(reset->at.value, own->fin_at.value, &since) && since >= 0)
                c |= COND(FIN_BEFORE) | (since > FIN_TIMEOUT_NS ? COND(FIN_LONG_AGO) : COND(FIN_RECENT)) |
                     when(since < FIN_WAIT_LEAST_NS, COND(FIN_JUST));
        if (fact_is(peer->fin) && fact_known(peer->fin_at.how) && fact_known(reset->answers_at.how))
                c |= when(peer->fin_at.value < reset->answers_at.value, COND(PEER_FIN_BEFORE)) |
                     when(peer->fin_at.value >= reset->answers_at.value || fact_is(reset->answers_repeat),
                          COND(DATA_IN_PLACE));
        else if (fact_is_not(peer->fin))
                c |= COND(DATA_IN_PLACE);
        c |= when(fact_is_not(own->fin), COND(NO_OWN_FIN));
        c |= when(is_long_before(j->f->end[x].closed_at, reset) && is_long_before(own->fin_acked_at, reset),
                  COND(GONE_LONG_AGO));
        /* What was acknowledged drew no RST, nor does a FIN behind it. */
        c |= when(count_above(peer->after_peer_fin, 0) && fact_known(peer->bytes.how) && fact_known(peer->acked.how) &&
                          peer->acked.value < peer->bytes.value, COND(LATE_DATA));
        c |= when(count_is(peer->after_peer_fin, 0), COND(NO_LATE_DATA));
        return c;
}

/* Keepalive gives up one interval after its last probe (tcp_keepalive_timer). */
static bool is_due(struct fact_time last, struct fact_count gap, const struct facts_of_reset *reset)
{
        int64_t since;

        if (!fact_known(gap.how) || !fact_known(last.how) || !fact_known(reset->at.how))
                return false;
        if (__builtin_sub_overflow(reset->at.value, last.value, &since) || since < 0 || gap.value > UINT64_MAX / 16)
                return false;
        return (uint64_t)since * 8 > gap.value * 7 && (uint64_t)since * 8 < gap.value * 10;
}

static uint64_t of_keepalive(const struct facts_of_end *end, const struct facts_of_reset *reset)
{
        return when(count_above(end->keepalives_unanswered, 1) &&
                            is_due(end->unanswered_last, end->unanswered_gap, reset), COND(KEEPALIVE_DUE)) |
               when(count_above(end->keepalives, 0), COND(PROBED)) |
               when(count_above(end->keepalives, 1) && is_due(end->last_keepalive, end->keepalive_gap, reset),
                    COND(PROBED_DUE));
}

/* With a FIN that is not known, or not when, the ending may have begun before that silence. */
static bool was_idle(const struct judging *j)
{
        for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
                const struct facts_of_direction *from = &j->f->from[side];

                if (!fact_known(from->fin.how) || (from->fin.value && !fact_known(from->fin_at.how)))
                        return false;
        }
        return j->r->idle_before.known && j->r->idle_before.value >= IDLE_NS;
}

static uint64_t of_reset(const struct judging *j, enum side x)
{
        const struct facts *f = j->f;
        const struct facts_of_reset *reset = j->reset;
        bool unseen = f->seen.source != SOURCE_CAPTURE && !fact_known(reset->has_ack.how) &&
                      !fact_known(reset->window.how) && !fact_known(reset->answers.how);
        uint64_t c = 0;

        c |= when(j->named == SIDE_CLIENT, COND(BY_CLIENT)) | when(j->named == SIDE_SERVER, COND(BY_SERVER));
        c |= when(j->by_network, COND(BY_NETWORK)) | when(j->doubts & DOUBT_NOT_SENT, COND(NOT_SENT));
        c |= when(j->shape == RESET_KIND_ACTIVE, COND(ACTIVE)) | when(j->shape == RESET_KIND_REPLY, COND(REPLY));
        c |= when(!j->by_network && (j->shape == RESET_KIND_ACTIVE || (j->shape == RESET_KIND_UNKNOWN && unseen)),
                  COND(OWN_ACCORD));
        c |= when(j->shape == RESET_KIND_UNKNOWN && fact_known(reset->has_ack.how) && fact_known(reset->window.how),
                  COND(FOREIGN));
        c |= when(count_above(reset->payload, 0), COND(WITH_TEXT));
        c |= of_what_it_answers(reset);
        c |= of_fins(j, reset, x);
        /* What rode on the SYN (TCP Fast Open) may have been acknowledged with it. */
        c |= when(fact_known(f->from[x].bytes.how) && count_above(reset->position, f->from[x].bytes.value),
                  COND(WRONG_NUMBER));
        c |= when(j->doubts & DOUBT_WENT_ON, COND(WENT_ON));
        c |= of_keepalive(&f->end[x], reset);
        c |= when(was_idle(j), COND(IDLE));
        return c;
}

/* None was sent, or none reached the client; or a bare RST that answers nothing came before it. */
static bool before_syn_ack(const struct judging *j)
{
        if (!fact_is_not(j->f->established))
                return false;
        if (j->r->ending == ENDING_UNANSWERED && count_above(j->f->answered_syns, 0) && j->r->silent == SIDE_UNKNOWN)
                return true;
        return count_is(j->f->syn_acks, 0) ||
               (j->reset && j->shape == RESET_KIND_REPLY && fact_is_not(j->reset->has_ack) &&
                !fact_known(j->reset->answers.how) && !fact_known(j->reset->validity.how));
}

static uint64_t of_connection(const struct judging *j)
{
        const struct facts *f = j->f;
        const struct facts_of_direction *server = &f->from[SIDE_SERVER];
        const struct facts_of_end *client = &f->end[SIDE_CLIENT];
        bool spoke = count_above(server->payloads, 0) || count_above(server->bytes, 0) || fact_is(server->fin);
        uint64_t c = 0;

        c |= when(fact_is(f->mptcp), COND(MPTCP)) | when(fact_is_not(f->mptcp), COND(NO_MPTCP));
        c |= when(fact_is(f->end[SIDE_SERVER].accept_queue_full), COND(QUEUE_FULL));
        c |= when(count_above(f->syn_acks, 0) && count_is(server->payloads, 0) && fact_is_not(server->fin) &&
                          count_is(f->from[SIDE_CLIENT].acked, 0), COND(ONLY_SYN_ACKED));
        c |= when(spoke, COND(TALKED)) | when(before_syn_ack(j), COND(NO_SYN_ACK));
        c |= when(fact_is(f->siblings_reset), COND(SIBLINGS)) | when(fact_is(f->filter_answers), COND(FILTERED));
        c |= when(fact_known(f->icmp.how), COND(ICMP));
        c |= when(fact_known(f->icmp.how) && (f->icmp.value == ICMP_ERROR_ADMIN_PROHIBITED ||
                                              f->icmp.value == ICMP_ERROR_PORT_UNREACHABLE), COND(ICMP_FILTER));
        c |= when(j->r->ending == ENDING_UNANSWERED &&
                          (error_is(client->error_set, EHOSTUNREACH) || error_is(client->error_set, ENETUNREACH)),
                  COND(ICMP));
        c |= when(never_asked(f), COND(NO_SYN));
        c |= when(error_is(client->error_set, EPERM) || error_is(client->error_set, EACCES), COND(FORBIDDEN));
        return c;
}

static uint64_t of_questions(const struct judging *j)
{
        const struct facts_of_end *end = &j->f->end[j->asker];
        bool fin = fact_known(end->repeated.how) && end->repeated.value == SEGMENT_KIND_FIN;
        uint64_t c = 0;

        c |= when(fact_is(end->closed), SILENCE(ORPHAN)) | when(fact_is_not(end->closed), SILENCE(HELD));
        c |= when(count_above(end->user_timeout_ms, 0), SILENCE(USER_TIMEOUT_ON));
        c |= when(count_is(end->user_timeout_ms, 0), SILENCE(USER_TIMEOUT_OFF));
        c |= when(j->told_timeout, SILENCE(TOLD)) | when(j->r->silent == SIDE_CLIENT, SILENCE(SILENT_CLIENT));
        c |= when(count_above(end->probes_unanswered, 0), SILENCE(PROBES));
        c |= when(count_above(end->repeats_unanswered, 0), fin ? SILENCE(ASKS_FIN) : SILENCE(ASKS_DATA));
        return c;
}

/* Whose doing is asked for: the end that the RST names, or that gave up. */
static enum side end_in_question(const struct judging *j)
{
        if (j->r->ending == ENDING_TIMED_OUT || j->r->ending == ENDING_UNANSWERED)
                return j->asker;
        if (j->reset)
                return j->named;
        return j->r->ending == ENDING_REFUSED ? SIDE_SERVER : j->r->ended_by;
}

_Static_assert(N_CAUSES < 63, "a set of causes is a 64-bit number, of which the last bit is no cause");

/* Of a set of causes. */
static inline uint64_t cause_bit(enum cause cause)
{
        return UINT64_C(1) << ((unsigned)cause & 63);
}

/* The causes that facts rule out. All are asked for at once: which of them a list holds is different each time. */
static uint64_t ruled_out(const struct judging *j, enum side x)
{
        const struct facts *f = j->f;
        const struct facts_of_end *end = &f->end[x];
        const struct facts_of_direction *own = &f->from[x], *peer = &f->from[other_side(x)];
        bool spoke = count_above(own->payloads, 0) || fact_is(own->fin), client = x == SIDE_CLIENT;
        uint64_t causes = 0;

        causes |= when(count_is(end->unread, 0), cause_bit(CAUSE_UNREAD_DATA));
        causes |= when(count_is(peer->bytes, 0), cause_bit(CAUSE_UNREAD_DATA));
        causes |= when(client | spoke | fact_is(end->accepted), cause_bit(CAUSE_LISTENER_CLOSED));
        causes |= when((j->r->ending == ENDING_RESET) & (client | spoke), cause_bit(CAUSE_BACKLOG_FULL));
        causes |= when(fact_is_not(end->keepalive_on), cause_bit(CAUSE_KEEPALIVE));
        causes |= when(count_is(end->user_timeout_ms, 0), cause_bit(CAUSE_USER_TIMEOUT));
        causes |= when(fact_is_not(end->linger2_negative), cause_bit(CAUSE_LINGER2));
        causes |= when(fact_is_not(end->closed), cause_bit(CAUSE_ORPHAN_TIMEOUT));
        causes |= when(fact_is_not(end->linger_on) && fact_is(end->closed), cause_bit(CAUSE_ZERO_LINGER));
        return causes;
}

static bool has_cause(const struct record *r, enum cause cause)
{
        for (size_t i = 0; i < r->n_causes; i++)
                if (r->causes[i] == cause)
                        return true;
        return false;
}

/* Of several that all are possible. */
static void put_first(struct record *r, enum cause cause)
{
        size_t i = 0;

        while (i < r->n_causes && r->causes[i] != cause)
                i++;
        if (i == r->n_causes)
                return;
        for (; i > 0; i--)
                r->causes[i] = r->causes[i - 1];
        r->causes[0] = cause;
}

/* The network told who asked that his questions do not arrive: the timers that gave up then are what came of it. */
static bool says_why_none_answers(const struct judging *j)
{
        const struct facts *f = j->f;

        return f->icmp.value != ICMP_ERROR_TOO_BIG && f->icmp.value != ICMP_ERROR_OTHER && is_end(j->asker) &&
               fact_known(f->icmp_to.how) && f->icmp_to.value == j->asker;
}

/* Its program closed before it was told anything. Before the SYN was repeated once, that is the likeliest. */
static void add_abandoned(struct judging *j, uint64_t conditions)
{
        const struct facts_of_end *client = &j->f->end[SIDE_CLIENT];
        int64_t waited;

        if (j->asker != SIDE_CLIENT || !(conditions & COND(CLOSES)) || !error_is(client->error_set, 0))
                return;
        record_add_cause(j->r, CAUSE_ABANDONED);
        if (fact_known(client->closed_at.how) && fact_known(j->f->first.how) &&
            !__builtin_sub_overflow(client->closed_at.value, j->f->first.value, &waited) && waited < SECOND_NS)
                put_first(j->r, CAUSE_ABANDONED);
}

static bool all_acked(const struct facts_of_direction *from)
{
        return fact_known(from->bytes.how) && fact_known(from->acked.how) && from->acked.value >= from->bytes.value;
}

/* What fits beside the rule's own list. */
static void add_others(struct judging *j, enum side x, uint64_t conditions)
{
        const struct facts *f = j->f;
        const struct facts_of_direction *peer = &f->from[other_side(x)];
        struct record *r = j->r;
        bool by_rst = j->reset && (r->ending == ENDING_RESET || r->ending == ENDING_REFUSED);

        /* After a request alone there is no state to lose, nor to a SYN. */
        if (by_rst && r->ending == ENDING_RESET && (conditions & COND(REPLY)) &&
            !(conditions & COND(TO_SYN_ACK)) && !reset_answers_syn(j->reset) &&
            (fact_is(j->reset->ttl_differs) || fact_is(j->reset->unasked) || !fact_known(j->reset->ttl_differs.how) ||
             fact_is(f->translated)))
                record_add_cause(r, CAUSE_STATE_LOST);
        /* After a long silence, and from another distance: likelier from the box that forgot than from the host. */
        if ((j->doubts & DOUBT_TTL) && (conditions & COND(IDLE)) && r->certainty == CERTAINTY_POSSIBLE)
                put_first(r, CAUSE_STATE_LOST);
        /* A FIN may have been among what was not seen; or it was lost on its way to where the capture stood. Then it is
         * repeated, so a long silence rules that out. */
        if (by_rst && r->ending == ENDING_RESET && (conditions & COND(REPLY)) && (conditions & COND(TO_DATA)) &&
            !(conditions & COND(FIN_BEFORE)) && !j->by_network &&
            (!(conditions & COND(IDLE)) || f->seen.gaps || !fact_known(f->from[x].fin.how)))
                record_add_cause(r, CAUSE_DATA_AFTER_CLOSE);
        /* Of an end that was not looked at in time it is not known whether a FIN had come. And the FIN of who had
         * closed may not have left, behind data that a shut window held back. */
        if (by_rst && r->ending == ENDING_RESET && !(conditions & (COND(REPLY) | COND(ACTIVE) | COND(FOREIGN))) &&
            (!fact_known(f->from[x].fin.how) || !all_acked(peer)) && count_above(peer->bytes, 0) &&
            r->certainty == CERTAINTY_POSSIBLE)
                record_add_cause(r, CAUSE_DATA_AFTER_CLOSE);
        /* Nothing can stand behind a FIN: whoever gets such bytes may reset. */
        if (by_rst && (conditions & COND(REPLY)) && fact_is(peer->fin) && fact_known(peer->fin_position.how) &&
            count_above(peer->bytes, peer->fin_position.value))
                record_add_cause(r, CAUSE_BAD_SEGMENT);
        /* Speed alone says too little; so does a number of which many systems make nothing (RFC 6864). */
        if (by_rst && (j->doubts & ~(unsigned)DOUBT_EARLY) && !has_cause(r, CAUSE_FORGED)) {
                record_add_cause(r, CAUSE_FORGED);
                if (j->doubts & ~(unsigned)(DOUBT_EARLY | DOUBT_IP_ID))
                        r->certainty = CERTAINTY_POSSIBLE;
        }
        if (r->ending == ENDING_UNANSWERED && !(conditions & COND(NO_SYN)))
                add_abandoned(j, conditions);
        if (by_rst && (conditions & COND(MPTCP)))
                record_add_cause(r, CAUSE_MPTCP);
        if (r->ending == ENDING_TIMED_OUT && fact_known(f->icmp.how)) {
                record_add_cause(r, CAUSE_UNREACHABLE);
                if (r->certainty == CERTAINTY_POSSIBLE && says_why_none_answers(j))
                        put_first(r, CAUSE_UNREACHABLE);
        }
        if (r->ending == ENDING_RESET && r->certainty == CERTAINTY_POSSIBLE && !(conditions & COND(LINUX)))
                record_add_cause(r, CAUSE_UNKNOWN);
}

/* What was not seen could speak for another cause; who is not heard himself is believed a step less. */
static bool seen_too_little(const struct facts *f)
{
        return f->seen.gaps || f->seen.sides != SIDES_SEEN_BOTH;
}

/* A weaker rule that stands before it, or one of another cause, might have held. */
static bool another_may_come_first(const struct judging *j, enum side x, uint64_t conditions,
                                   const struct cause_rule *rule)
{
        uint64_t may_hold = conditions | conditions_that_may_hold(j, x);

        for (const struct cause_rule *before = causes_of_ending[j->r->ending].rules; before < rule; before++)
                if (!(before->needs & ~may_hold) && before->said == SAID_NOTHING &&
                    (before->certainty < rule->certainty || before->causes[0] != rule->causes[0]))
                        return true;
        return false;
}

static bool capture_is_sure(const struct judging *j, enum side x, uint64_t conditions, const struct cause_rule *rule)
{
        return rule->said != SAID_NOTHING ||
               (reset_is_plain(j) && !may_have_ended_otherwise(j) && !another_may_come_first(j, x, conditions, rule));
}

/* Its act is known, and that no RST of the other's came before it is not. */
static bool is_guessed(const struct judging *j, enum side x)
{
        return j->reset && is_end(x) && j->named == x && j->reset->by.how <= HOW_INFERRED;
}

static void apply(struct judging *j, enum side x, uint64_t conditions, const struct cause_rule *rule)
{
        struct record *r = j->r;
        bool capture = j->f->seen.source == SOURCE_CAPTURE;

        r->n_causes = 0;
        r->certainty = rule->certainty;
        j->why = rule->why;
        if (rule->certainty == CERTAINTY_CERTAIN) {
                record_add_cause(r, rule->causes[0]);
                if (is_guessed(j, x)) {
                        record_add_cause(r, CAUSE_UNKNOWN);
                        r->certainty = CERTAINTY_LIKELY;
                } else if (capture && !capture_is_sure(j, x, conditions, rule)) {
                        record_add_cause(r, CAUSE_UNKNOWN);
                        r->certainty = CERTAINTY_POSSIBLE;
                }
        } else {
                uint64_t out = is_end(x) ? ruled_out(j, x) : 0;

                if (rule->n_causes > 0 && out & cause_bit(rule->causes[0]))
                        r->certainty = CERTAINTY_POSSIBLE;
                out |= cause_bit(CAUSE_NONE);
                /* Each is put but once. */
                for (unsigned i = 0; i < rule->n_causes; i++) {
                        r->causes[r->n_causes] = rule->causes[i];
                        r->n_causes += !(out & cause_bit(rule->causes[i]));
                        out |= cause_bit(rule->causes[i]);
                }
                if (rule->said == SAID_NOTHING && is_end(x))
                        add_others(j, x, conditions);
                if (r->certainty == CERTAINTY_LIKELY && capture &&
                    (seen_too_little(j->f) || !capture_is_sure(j, x, conditions, rule)))
                        r->certainty = CERTAINTY_POSSIBLE;
        }
        if (r->n_causes == 0) {
                record_add_cause(r, CAUSE_UNKNOWN);
                r->certainty = CERTAINTY_POSSIBLE;
        }
        if (r->certainty != CERTAINTY_POSSIBLE)
                r->cause = r->causes[0];
}

/* What captures seldom show. Most rules of a reset that stand first need some of it, and are passed over at once. */
#define SELDOM (COND(CLOSES) | COND(UNSPEC) | COND(DESTROYED) | COND(ABORTED) | COND(LISTENER_CLOSES) | \
                COND(NO_RESET_COUNTED) | COND(BY_NETWORK))

static size_t n_seldom;

/* Before main(), so that no thread can find it half made. */
static void __attribute__((constructor)) count_seldom(void)
{
        const struct cause_rules *list = &causes_of_ending[ENDING_RESET];

        while (n_seldom < list->n && list->rules[n_seldom].needs & SELDOM)
                n_seldom++;
}

static const struct cause_rule *first_that_fits(const struct cause_rules *list, enum said said, uint64_t conditions)
{
        bool seldom = list != &causes_of_ending[ENDING_RESET] || conditions & SELDOM;

        for (const struct cause_rule *rule = list->rules + (seldom ? 0 : n_seldom); rule < list->rules + list->n;
             rule++)
                if (!(rule->needs & ~conditions) && (rule->said == SAID_NOTHING || rule->said == said))
                        return rule;
        return NULL;
}

void judge_cause(struct judging *j)
{
        enum ending ending = j->r->ending;
        const struct cause_rule *rule = NULL;
        uint64_t conditions;
        enum said said;
        enum side x;

        if (causes_of_ending[ending].n == 0)
                return;
        x = end_in_question(j);
        said = said_by(j, x);
        conditions = of_connection(j);
        if (is_end(x)) {
                conditions |= of_acts(j, x);
                conditions |= when(count_above(j->f->end[x].keepalives_unanswered, 0), COND(KEEPALIVES));
        }
        if (j->reset && is_end(x) && j->named == x)
                conditions |= of_reset(j, x);
        conditions |= when(ending == ENDING_RESET && !j->reset && !is_end(x), COND(BY_EITHER));
        if (ending == ENDING_TIMED_OUT || ending == ENDING_UNANSWERED)
                conditions = (conditions & COMMON_CONDITIONS) | (is_end(j->asker) ? of_questions(j) : 0);
        if (ending == ENDING_RESET && said != SAID_NOTHING)
                rule = first_that_fits(&causes_told_of_reset, said, conditions);
        if (!rule)
                rule = first_that_fits(&causes_of_ending[ending], said, conditions);
        /* The last rule of each list needs nothing. */
        if (rule)
                apply(j, x, conditions, rule);
}
