/*
 * Whether a RST could be taken is a matter of its number alone (RFC 5961 3.2, tcp_validate_incoming): the next
 * one expected, the right edge of the highest SACK block, or the one before in a state after the FIN came.
 * Within the window it draws a challenge ACK, outside it is dropped. In SYN_SENT it must acknowledge the SYN
 * (tcp_rcv_synsent_state_process).
 *
 * What was expected is known from both sides: from what the receiver acknowledged, and from what was sent to it
 * in order. Where a piece of that was not seen, it is not known.
 */
#include "connection/reset.h"

#include <sys/socket.h>

#include "connection/direction.h"
#include "connection/holes.h"

/* A counter of IP IDs that goes on by so much is the same row; it may count all that its host sends, so more with
 * each millisecond. */
#define IP_ID_AHEAD 64
#define MILLISECOND 1000000
#define SIZE_TCP 20
/* Who asked so often in vain may have given up. */
#define ASKED_ENOUGH 3

/* The capture ends before the options, or there were none: it is not known. */
static bool cut_before_options(const struct segment *s)
{
        return s->options & SEGMENT_HAS_BAD && s->n_header < SIZE_TCP;
}

static bool bare(const struct segment *s)
{
        return s->window == 0 && (!s->options || cut_before_options(s));
}

static enum reset_validity beyond(const struct step *step, int64_t distance)
{
        int64_t window = direction_window(step->c, !step->sender), least = step->o->window;

        if (!(step->o->flags & DIRECTION_WINDOW))
                return RESET_VALIDITY_UNKNOWN;
        if (distance <= (window < 0 ? least : window))
                return RESET_VALIDITY_IN_WINDOW;
        return window < 0 && distance <= least << 14 ? RESET_VALIDITY_UNKNOWN : RESET_VALIDITY_OUTSIDE;
}

static enum reset_validity validity(const struct step *step, const struct extra *extra, const struct reset *r)
{
        const struct direction *d = step->d, *o = step->o;
        bool holes = extra->n_holes[step->sender] > 0 || extra->lost[step->sender] > 0 || d->acked > direction_end(d);
        int64_t expected;

        if (o->flags & DIRECTION_SYN && o->acked < 0 && !(d->flags & DIRECTION_SYN))
                return r->has_ack && r->ack_known && r->ack_position >= 0 && r->ack_position <= o->next
                               ? RESET_VALIDITY_EXACT : RESET_VALIDITY_OUTSIDE;
        if (!r->position_known || o->packets == 0)
                return RESET_VALIDITY_UNKNOWN;
        expected = direction_contiguous(d, extra, step->sender);
        /* A block reported above what is acknowledged: a piece was lost behind the place of the capture. */
        if (extra->sack_edge[step->sender] > d->acked && d->acked >= 0) {
                if (r->position == extra->sack_edge[step->sender])
                        return RESET_VALIDITY_SACK_EDGE;
                if (r->position != expected)
                        expected = d->acked;
        }
        if (r->position == expected)
                return !holes || d->acked == expected ? RESET_VALIDITY_EXACT : RESET_VALIDITY_UNKNOWN;
        if (d->flags & DIRECTION_FIN && r->position == d->fin && expected == d->fin + 1)
                return RESET_VALIDITY_BEFORE_FIN;
        if (r->position < d->acked)
                return RESET_VALIDITY_OUTSIDE;
        if (holes && r->position <= direction_end(d))
                return RESET_VALIDITY_UNKNOWN;
        if (r->position < expected)
                return RESET_VALIDITY_IN_WINDOW;
        return beyond(step, r->position - expected);
}

/* What was acknowledged drew no RST, but what is left of it may: a network card cuts the large segments that a
 * capture on their host shows. A probe stands where all was acknowledged. */
static bool was_taken(const struct direction *d, const struct mark *mark)
{
        int64_t position = mark_position(d, mark->position);

        return mark->kind != SEGMENT_KIND_KEEPALIVE && mark->kind != SEGMENT_KIND_WINDOW_PROBE &&
               position < d->acked && position + mark->room <= d->acked;
}

/* After so long a silence of the other end nothing that was seen can have drawn it: so resets a box that forgets idle
 * connections. */
static bool unasked(const struct step *step)
{
        const struct direction *o = step->o;
        const struct mark *marks[] = { &o->request[0], &o->request[1], &o->bare_ack };
        bool behind_a_reset = step->c->last_kind == SEGMENT_KIND_RST && step->c->last_sender != step->sender;
        int64_t last = behind_a_reset ? 0 : o->last, quiet;

        /* A RST draws none: what came before it counts. */
        for (unsigned i = 0; behind_a_reset && i < sizeof(marks) / sizeof(*marks); i++)
                if (marks[i]->at > last)
                        last = marks[i]->at;
        return bare(step->s) && !(step->s->flags & SEGMENT_ACK) && o->packets > 0 && last != 0 &&
               !__builtin_sub_overflow(step->time, last, &quiet) && quiet > RESET_ANSWERS_WITHIN;
}

/* The segment of the other end that a reply answers: its number is what that one acknowledged. Of several the
 * earliest that no RST has answered yet, and to which an answer is not long due. */
static struct mark *answered(const struct step *step)
{
        const struct segment *s = step->s;
        struct direction *o = step->o;
        struct mark *marks[] = { &o->request[!o->asked], &o->request[o->asked], &o->bare_ack }, *found = NULL;

        if (!bare(s) || o->packets == 0 || unasked(step))
                return NULL;
        if (s->flags & SEGMENT_ACK) {
                int64_t position = direction_position(o, s->ack);

                /* A scanner's segment without ACK: segment.c notes what a RST to it acknowledges. */
                if (s->seq == 0 && o->bare_ack.at != 0 && !o->bare_ack.has_ack && o->bare_ack.ack == s->ack)
                        return &o->bare_ack;
                return s->seq == 0 && marks[1]->kind == SEGMENT_KIND_SYN && position >= 0 && position <= o->next
                               ? marks[1] : NULL;
        }
        for (unsigned i = 0; i < sizeof(marks) / sizeof(*marks); i++)
                if (marks[i]->has_ack && marks[i]->ack == s->seq &&
                    (!found || found->answered || was_taken(o, found) ||
                     reset_answers_later(step->time, found->at, marks[i]->at, step->d->answers_in)))
                        found = marks[i];
        return found;
}

/* Of what it says a first copy may have arrived: the segment itself was sent again, or another that the RST may answer
 * as well. */
static bool answers_repeat(const struct step *step, const struct mark *mark)
{
        const struct direction *o = step->o;

        for (unsigned i = 0; i < sizeof(o->request) / sizeof(*o->request); i++)
                if (o->request[i].repeat && !o->request[i].answered && o->request[i].has_ack &&
                    o->request[i].ack == mark->ack && o->request[i].at >= mark->at)
                        return true;
        return mark->repeat;
}

static void compare(const struct step *step, struct reset *r)
{
        const struct segment *s = step->s;
        const struct direction *d = step->d;
        uint16_t ahead = (uint16_t)(s->ip_id - d->ip_id);
        int64_t quiet = step->time > d->last ? (step->time - d->last) / MILLISECOND : 0;

        r->ttl = s->ttl;
        r->ttl_known = d->ttl_most > 0;
        r->ttl_differs = r->ttl_known && (s->ttl < d->ttl_least || s->ttl > d->ttl_most);
        r->ip_id = s->ip_id;
        r->ip_id_known = d->ip_id_steps >= 2 && d->ip_id_jumps == 0;
        r->ip_id_jumps = r->ip_id_known && (ahead == 0 || ahead > IP_ID_AHEAD + quiet);
}

static bool same(const struct reset *r, const struct step *step)
{
        const struct segment *s = step->s;

        return r->by == step->sender && r->seq == s->seq && r->has_ack == !!(s->flags & SEGMENT_ACK) &&
               (!r->has_ack || r->ack == s->ack) && r->window == s->window && r->ttl == s->ttl &&
               r->payload == s->n_payload;
}

/* What would come of it if its receiver took it: nothing, when that end is gone or through with it. */
static bool leaves_no_trace(const struct step *step)
{
        const struct direction *d = step->d;

        return step->o->packets == 0 || step->c->flags & CONNECTION_BOTH_ACKED ||
               (!d->heard && d->repeats + d->keepalives + d->probes >= ASKED_ENOUGH);
}

static void fill(const struct step *step, const struct extra *extra, struct reset *r)
{
        const struct segment *s = step->s;
        const struct direction *d = step->d, *o = step->o;
        struct mark *mark = answered(step);

        *r = (struct reset){
                .at = step->time, .before = step->before, .frame = step->input->frame, .seq = s->seq, .ack = s->ack,
                .payload = s->n_payload, .window = s->window, .by = (uint8_t)step->sender,
                .has_ack = s->flags & SEGMENT_ACK, .options = s->options && !cut_before_options(s),
                .answers = N_SEGMENT_KINDS,
        };
        r->no_window = s->options & SEGMENT_HAS_NO_WINDOW;
        r->no_options = cut_before_options(s);
        compare(step, r);
        if (d->flags & DIRECTION_BASE) {
                r->position = direction_position(d, s->seq);
                r->position_known = r->position <= direction_end(d) + PAST && r->position >= d->next - PAST;
                r->behind = r->position_known && r->position < direction_end(d);
        }
        if (r->has_ack && o->flags & DIRECTION_BASE) {
                r->ack_position = direction_position(o, s->ack);
                r->ack_impossible = o->packets > 0 && r->ack_position > direction_end(o) && r->ack_position > o->acked;
                r->ack_known = !r->ack_impossible && r->ack_position >= 0;
        }
        r->after_both_acked = step->c->flags & CONNECTION_BOTH_ACKED;
        r->may_stay_silent = leaves_no_trace(step);
        r->sent = d->flags & DIRECTION_BASE ? direction_end(d) : -1;
        r->mptcp_reason_known = s->options & SEGMENT_HAS_MPTCP && s->mptcp_subtype == 8;
        r->mptcp_reason = s->mptcp_reason;
        r->unasked = unasked(step);
        r->validity = (uint8_t)validity(step, extra, r);
        if (mark) {
                r->answered = *mark;
                r->answered.repeat = answers_repeat(step, mark);
                r->answers = mark->kind;
                r->drew_data = mark->kind == SEGMENT_KIND_DATA && !r->answered.repeat;
                mark->answered = true;
                r->mirrors = s->family == AF_INET && s->ip_id != 0 && s->ip_id == mark->ip_id &&
                             s->ttl == mark->ttl && s->window == mark->window;
        }
}

static bool may_be_taken(uint8_t validity)
{
        return validity != RESET_VALIDITY_IN_WINDOW && validity != RESET_VALIDITY_OUTSIDE;
}

/* A RST that Linux does not send, though it comes from where that end's other segments come from. */
static bool foreign(const struct step *step, const struct reset *r)
{
        if (r->ttl_differs || step->d->packets == 0)
                return false;
        if (r->payload > 0)
                return true;
        if (step->s->options & SEGMENT_HAS_NO_WINDOW || r->answers != N_SEGMENT_KINDS)
                return false;
        /* A shut window of its own would make it 0 as well. */
        return r->has_ack ? r->window == 0 && r->seq != 0 && step->d->window != 0 : r->window != 0;
}

/* It asked in vain, and all that it has to say to what comes at last is that it knows of no connection. But who closed
 * resets for data, too, while he still asks. */
static void had_given_up(const struct step *step, const struct reset *r)
{
        struct direction *d = step->d;

        if (d->heard && d->waits && d->repeats + d->keepalives + d->probes >= ASKED_ENOUGH &&
            d->last == d->request[d->asked].at && r->answers != N_SEGMENT_KINDS && r->answered.at >= d->last &&
            !(d->flags & DIRECTION_FIN && r->answers == SEGMENT_KIND_DATA))
                d->heard = false;
}

/* A SYN met what is left of an older connection, whose host acknowledged that one; this RST tells it that it is gone,
 * and the SYN waits on. What was acknowledged is nothing of this connection. */
static bool is_for_an_older(struct step *step)
{
        struct direction *d = step->d, *o = step->o;

        if (!bare(step->s) || step->s->flags & SEGMENT_ACK || !(d->flags & DIRECTION_SYN) || d->flags & DIRECTION_FIN ||
            d->payloads > 0 || o->flags & (DIRECTION_SYN | DIRECTION_FIN) || o->payloads > 0 || !o->bare_ack.has_ack ||
            o->bare_ack.ack != step->s->seq || direction_position(d, step->s->seq) <= d->next)
                return false;
        d->acked = -1;
        o->flags &= (uint16_t)~(DIRECTION_BASE | DIRECTION_SOFT);
        return true;
}

/* There is room for so many: one that its receiver may take goes before one that it drops. Who is gone answers each of
 * the acknowledgements that are under way to it, and the last of these answers alone has the right number. */
static struct reset *make_room(struct extra *extra)
{
        for (unsigned i = extra->n_resets; i-- > 0;) {
                struct reset *r = extra->reset[i];

                if (may_be_taken(r->validity))
                        continue;
                for (; i + 1 < extra->n_resets; i++)
                        extra->reset[i] = extra->reset[i + 1];
                return extra->reset[i] = r;
        }
        return NULL;
}

bool reset_take(struct step *step)
{
        struct extra *extra = step_extra(step);
        bool older = is_for_an_older(step);
        struct reset *r, *ignored = NULL;

        step->c->flags |= CONNECTION_RESET;
        if (!extra)
                return true;
        extra->n_resets_in_all++;
        for (unsigned i = 0; i < extra->n_resets; i++)
                if (same(extra->reset[i], step) && extra->reset[i]->ignored) {
                        ignored = extra->reset[i];      /* lost on the way, say: this one may be taken */
                } else if (same(extra->reset[i], step)) {
                        struct mark *mark = answered(step);

                        extra->reset[i]->repeats++;
                        if (mark) {
                                extra->reset[i]->drew_data |= mark->kind == SEGMENT_KIND_DATA &&
                                                              !answers_repeat(step, mark);
                                mark->answered = true;
                        }
                        step->repeated = true;
                        step->position = extra->reset[i]->position;
                        return may_be_taken(extra->reset[i]->validity);
                }
        r = extra->n_resets < FACTS_RESETS_MAX ? table_new_reset(step->table) : NULL;
        if (r)
                extra->reset[extra->n_resets++] = r;
        else if (ignored && ignored == extra->reset[extra->n_resets - 1])
                r = ignored;
        if (!r) {
                struct reset other;

                fill(step, extra, &other);
                r = may_be_taken(other.validity) ? make_room(extra) : NULL;
                if (!r) {
                        step->position = other.position;
                        return may_be_taken(other.validity);
                }
                *r = other;
        } else {
                fill(step, extra, r);
        }
        had_given_up(step, r);
        if (foreign(step, r))
                step->d->flags |= DIRECTION_OTHER_OS;
        step->position = r->position;
        step->ack_position = r->ack_position;
        return may_be_taken(r->validity) && !older;
}

/* Its sender had acknowledged more already: it is older than what did. */
static bool is_outdated(const struct step *step)
{
        return step->has_ack && step->ack_position < step->o->acked;
}

/* However late it is seen, it may have been sent before the RST: before what drew that was got, or it reaches no
 * further and is either new and ends just there, or acknowledges less. */
static bool may_be_older(const struct step *step, const struct reset *r)
{
        int64_t end = step->position + (int64_t)step->s->n_payload + !!(step->s->flags & SEGMENT_FIN);

        if (is_outdated(step))
                return true;
        if (!r->has_ack && r->answers == SEGMENT_KIND_DATA && step->has_ack &&
            (int32_t)((uint32_t)step->ack_position - r->answered.position) <= 0)
                return true;
        if (!r->position_known || end > r->position)
                return false;
        if (end == r->position && end > direction_end(step->d))
                return true;
        return r->has_ack && (int32_t)(step->s->ack - r->ack) < 0;
}

/* It acknowledges all of what the RST is said to answer, which had been sent just once: who took that did not reset for
 * it. */
static bool takes_what_it_answers(const struct step *step, const struct reset *r)
{
        if (!step->has_ack || r->answered.repeat)
                return false;
        if (r->answers == SEGMENT_KIND_SYN_ACK)
                return step->ack_position >= 0;
        return r->answers == SEGMENT_KIND_DATA && r->answered.room < UINT16_MAX &&
               (int32_t)((uint32_t)step->ack_position - r->answered.position - r->answered.room) >= 0;
}

/* Its sender goes on: only what a RST just overtook on the way may come behind it, and then the RST stands at
 * the end of it. What was seen before it stands behind it in the file alone. */
static bool goes_on(const struct step *step, const struct reset *r)
{
        if (step->time < r->at || may_be_older(step, r))
                return false;
        return !r->position_known || step->time - r->at > RESET_MARGIN / 2 || takes_what_it_answers(step, r) ||
               step->position + (int64_t)step->s->n_payload > r->position || r->position > direction_end(step->d);
}

/* It was sent before its sender's last, and may have been held up: an ACK bears its sender's next number, and a piece
 * that was passed over may be seen here for the first time. So may what the RST itself acknowledges. */
static bool may_be_held_up(const struct step *step, const struct reset *r)
{
        const struct extra *extra = table_extra_of(step->table, step->c);
        int64_t end = step->position + (int64_t)step->s->n_payload;

        if (is_outdated(step))
                return true;
        if (step->kind == SEGMENT_KIND_ACK && !(step->s->flags & SEGMENT_FIN))
                return step->position < direction_end(step->d);
        if (step->s->n_payload == 0)
                return false;
        if (r->has_ack && end > step->d->next && (int32_t)(step->s->seq + step->s->n_payload - r->ack) <= 0)
                return true;
        return extra && holes_at(extra, step->sender, step->position, end);
}

/* Its receiver goes on: it takes what was sent after the RST. */
static bool takes_what_followed(const struct step *step, const struct reset *r)
{
        return step->has_ack && step->ack_position > r->sent && step->d->packets > 0;
}

/* Up to the RST's number all was sent before it, if it is no guess, though some of that may not have been seen yet. */
static bool takes_more_than_its_number(const struct step *step, const struct reset *r)
{
        return takes_what_followed(step, r) && (!r->position_known || step->ack_position > r->position);
}

/* It talks when it must have got the RST, as far as times tell. */
static bool talks_later(const struct step *step, const struct reset *r)
{
        return !r->confirmed && step->time - r->at > reset_margin(step->c->rtt) && !may_be_held_up(step, r);
}

/* What it acknowledges had been sent after all, and is seen only now: it ends just there. */
static bool brings_what_it_acknowledges(const struct step *step, const struct reset *r)
{
        int64_t end = step->position + (int64_t)step->s->n_payload + !!(step->s->flags & SEGMENT_FIN);

        return r->ack_impossible && r->by != step->sender && end > direction_end(step->d) && end == r->ack_position;
}

bool reset_after(struct step *step)
{
        struct extra *extra = table_extra_of(step->table, step->c);
        bool lives = true;

        if (!extra)
                return false;
        for (unsigned i = 0; i < extra->n_resets; i++) {
                struct reset *r = extra->reset[i];

                if (brings_what_it_acknowledges(step, r)) {
                        r->ack_impossible = false;
                        r->ack_known = true;
                }
                if (step->kind == SEGMENT_KIND_SYN_ACK && r->by != step->sender && r->sent < 0 && r->may_stay_silent) {
                        r->ignored = r->ignored_surely = true;  /* it came before the SYN, which is answered */
                } else if (step->kind == SEGMENT_KIND_SYN || step->kind == SEGMENT_KIND_SYN_ACK || step->stray) {
                        lives = false;
                } else if (r->by == step->sender) {
                        /* One that came before everything else ended nothing that could go on. */
                        if (step->kind != SEGMENT_KIND_RST && !(r->sent < 0 && r->may_stay_silent) &&
                            goes_on(step, r)) {
                                step->d->flags |= DIRECTION_WENT_ON;
                                r->went_on = true;
                        }
                } else if (step->kind == SEGMENT_KIND_RST) {
                        if (bare(step->s) && !r->ignored && step->time > r->at)
                                r->confirmed = true;
                } else if (takes_what_followed(step, r) || talks_later(step, r)) {
                        r->ignored_surely |= takes_more_than_its_number(step, r);
                        r->ignored = true;
                        r->confirmed = false;
                }
                if (may_be_taken(r->validity) && !r->ignored)
                        lives = false;
        }
        if (step->kind == SEGMENT_KIND_ACK && !step->acks_new && step->c->last_sender != step->sender &&
            step->c->last_kind == SEGMENT_KIND_RST)
                extra->challenge_acks[step->sender]++;
        return lives;
}

bool reset_stands(const struct step *step, unsigned side)
{
        const struct extra *extra = table_extra_of(step->table, step->c);

        for (unsigned i = 0; extra && i < extra->n_resets; i++)
                if (extra->reset[i]->by == side && !extra->reset[i]->went_on)
                        return true;
        return false;
}
