/*
 * What speaks for the verdict, as sentences that can be pasted into a ticket: who did what, in which frame, with
 * which numbers. Made only on demand: it is the one part of the judge that formats.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "ending/judging.h"
#include "words/act.h"
#include "words/icmp_error.h"
#include "words/segment_kind.h"

static void __attribute__((format(printf, 2, 3))) say(struct evidence *e, const char *format, ...)
{
        size_t room = sizeof(e->text) - e->n_text;
        va_list arguments;
        int n;

        if (e->n == EVIDENCE_MAX)
                return;
        va_start(arguments, format);
        n = vsnprintf(e->text + e->n_text, room, format, arguments);
        va_end(arguments);
        if (n < 0 || (size_t)n >= room) {
                e->text[e->n_text < sizeof(e->text) ? e->n_text : sizeof(e->text) - 1] = '\0';
                return;
        }
        e->lines[e->n++] = e->text + e->n_text;
        e->n_text += (size_t)n + 1;
}

/* " (frame 7)", or nothing. */
struct at_frame {
        char text[40];
};

static struct at_frame at(struct fact_count frame)
{
        struct at_frame a = { "" };

        if (fact_known(frame.how))
                snprintf(a.text, sizeof(a.text), " (frame %" PRIu64 ")", frame.value);
        return a;
}

static double seconds(int64_t ns)
{
        return (double)ns / 1e9;
}

static const char *the(enum side side)
{
        return side == SIDE_CLIENT ? "the client" : "the server";
}

static const char *The(enum side side)
{
        return side == SIDE_CLIENT ? "The client" : "The server";
}

static void say_ttl(const struct judging *j, struct evidence *e)
{
        const struct facts_of_reset *reset = j->shown;
        const struct facts_of_end *end = &j->f->end[reset->by.value];

        if (!fact_known(reset->ttl.how) || !fact_known(end->ttl.how))
                say(e, "The RST has another TTL than %s's other segments.", the(reset->by.value));
        else
                say(e, "The RST has TTL %" PRIu64 "; %s's other segments have %" PRIu64 ".", reset->ttl.value,
                    the(reset->by.value), end->ttl.value);
}

static void say_doubts(const struct judging *j, struct evidence *e)
{
        const struct facts_of_reset *reset = j->shown;
        enum side by;

        if (!j->doubts)
                return;
        by = reset->by.value;
        if (j->doubts & DOUBT_NOT_SENT)
                say(e, "A capture at %s's own end does not hold that RST: %s never sent it.", the(by), the(by));
        if (j->doubts & DOUBT_TTL)
                say_ttl(j, e);
        if (j->doubts & DOUBT_EARLY)
                say(e, "The RST came %.6f s after the segment that it answers; %s takes at least %.6f s.",
                    seconds(reset->at.value - reset->answers_at.value), the(by),
                    (double)j->f->end[by].answers_in.value / 1e9);
        if (j->doubts & DOUBT_WENT_ON)
                say(e, "%s talked on after the RST that bears its address.", The(by));
        if (j->doubts & DOUBT_EARLIER)
                say(e, "%s talked on after another RST that bears its address.", The(by));
        if (j->doubts & DOUBT_MIRRORS)
                say(e, "TTL, IP ID and window of the RST are those of the segment that it answers.");
        if (j->doubts & DOUBT_ACK)
                say(e, "The RST acknowledges what was never sent.");
        if (j->doubts & DOUBT_CHANGES)
                say(e, "Several RSTs bear rising numbers, as of one who guesses.");
        if (j->doubts & DOUBT_BEHIND)
                say(e, "The RST's number lies below what %s had sent already.", the(by));
        if (j->doubts & DOUBT_IP_ID)
                say(e, "The RST's IP ID does not continue %s's others.", the(by));
        if (j->doubts & DOUBT_BOTH_NAMES)
                say(e, "A RST in the name of the other end came at the same moment: "
                    "the box that wrote both stands between.");
        if (j->doubts & DOUBT_SHAPE)
                say(e, "The RST has neither of the shapes that Linux gives it, and %s runs Linux.", the(by));
}

static void say_reset(const struct judging *j, struct evidence *e)
{
        static const char *const shapes[] = { [RESET_KIND_ACTIVE] = "of its own accord (RST and ACK, a window)",
                                              [RESET_KIND_REPLY] = "as an answer (window 0, no options)",
                                              [RESET_KIND_UNKNOWN] = "of a shape that Linux does not make" };
        const struct facts_of_reset *reset = j->shown;
        bool seen, unasked;

        if (!reset || !fact_known(reset->by.how) || !is_end(reset->by.value))
                return;
        unasked = j->shape == RESET_KIND_REPLY && j->r->reset.unasked;
        seen = fact_known(reset->has_ack.how) || j->shape != RESET_KIND_UNKNOWN;
        say(e, "A RST in the name of %s%s%s%s.", the(reset->by.value), seen ? " " : "",
            !seen ? "" : unasked ? "in the shape of an answer (window 0, no options)" : shapes[j->shape],
            at(reset->frame).text);
        if (j->shape == RESET_KIND_REPLY && fact_known(reset->answers.how) && reset->answers.value < N_SEGMENT_KINDS)
                say(e, "It answers a segment of %s's: %s%s.", the(other_side(reset->by.value)),
                    segment_kind_name(reset->answers.value), at(reset->answers_frame).text);
        if (unasked)
                say(e, "%s had sent nothing for so long that nothing can have drawn it.",
                    The(other_side(reset->by.value)));
        if (j->r->reset.kernel_reason)
                say(e, "The sending kernel's reason: %s.", j->r->reset.kernel_reason);
        if (fact_is(reset->not_arrived))
                say(e, "It never reached %s: a capture at that end does not hold it.",
                    the(other_side(reset->by.value)));
        if (fact_is(reset->after_both_acked))
                say(e, "Both FINs had been acknowledged before it: it changes nothing.");
        else if (!j->reset && fact_is_not(reset->obeyed))
                say(e, "It did not end the connection: %s went on as before.", the(other_side(reset->by.value)));
        else if (!j->reset && fact_known(reset->validity.how) && reset->validity.value == RESET_VALIDITY_OUTSIDE)
                say(e, "Its number is outside of what %s would take: it ends nothing.",
                    the(other_side(reset->by.value)));
        else if (!j->reset)
                say(e, "It did not end the connection.");
        if (j->f->n_resets_in_all > 1)
                say(e, "%" PRIu64 " RSTs were seen in all.", j->f->n_resets_in_all);
        say_doubts(j, e);
}

static void say_fins(const struct judging *j, struct evidence *e)
{
        for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
                const struct facts_of_direction *from = &j->f->from[side];

                if (!fact_is(from->fin))
                        continue;
                say(e, "%s sent a FIN%s%s.", The((enum side)side), at(from->fin_frame).text,
                    fact_is(from->fin_acked)       ? ", and it was acknowledged"
                    : fact_is_not(from->fin_acked) ? ", and it was never acknowledged"
                                                   : "");
        }
        if (fact_is(j->f->crossed))
                say(e, "The two FINs crossed.");
}

static void say_handshake(const struct facts *f, struct evidence *e)
{
        uint64_t syns = f->syns.value, syn_acks = fact_known(f->syn_acks.how) ? f->syn_acks.value : 0;

        say(e, "%" PRIu64 " SYN%s and %" PRIu64 " SYN-ACK%s were sent, and nobody completed the handshake.",
            syns, syns == 1 ? "" : "s", syn_acks, syn_acks == 1 ? "" : "s");
}

static void say_silence(const struct judging *j, struct evidence *e)
{
        const struct facts_of_end *end;

        if (!is_end(j->asker))
                return;
        end = &j->f->end[j->asker];
        if (count_above(end->repeats_unanswered, 0))
                say(e, "%s repeated its last %s %" PRIu64 " times without an answer%s.", The(j->asker),
                    fact_known(end->repeated.how) && end->repeated.value < N_SEGMENT_KINDS
                            ? segment_kind_name(end->repeated.value) : "segment",
                    end->repeats_unanswered.value, at(end->unanswered_frame).text);
        if (count_above(end->keepalives_unanswered, 0))
                say(e, "%s sent %" PRIu64 " keepalive probes without an answer%s.", The(j->asker),
                    end->keepalives_unanswered.value, at(end->unanswered_frame).text);
        if (count_above(end->probes_unanswered, 0))
                say(e, "%s sent %" PRIu64 " window probes without an answer%s.", The(j->asker),
                    end->probes_unanswered.value, at(end->unanswered_frame).text);
        if (j->r->ending == ENDING_UNANSWERED && count_above(j->f->syns, 0))
                say_handshake(j->f, e);
        if (j->r->ending == ENDING_UNANSWERED && j->reset)
                say(e, "The RST bears the number of the SYN itself: no answer had come to that.");
        if (j->told_timeout)
                say(e, "%s's kernel or program gave up.", The(j->asker));
        else if (j->r->ongoing)
                say(e, "The evidence ends before the next repeat was due, so it may have gone on.");
}

/* It seems to go on, but what an end waited for was not seen. */
static void say_waiting(const struct judging *j, struct evidence *e)
{
        if (j->r->ending != ENDING_OPEN && j->r->ending != ENDING_HALF_CLOSED)
                return;
        for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++)
                if (stopped_asking(j->f, (enum side)side))
                        say(e, "%s waited for an answer%s, and did not ask again when that was due.",
                            The((enum side)side), at(j->f->end[side].unanswered_frame).text);
}

/* A window that stays shut is full of what nobody reads. */
static void say_window(const struct judging *j, struct evidence *e)
{
        for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
                const struct facts_of_direction *to = &j->f->from[other_side((enum side)side)];
                int64_t span;

                if (!fact_is(to->window_shut) || !count_above(to->acked, 0) || fact_is(j->f->both_acked) ||
                    !fact_known(to->window_shut_at.how) || !fact_known(j->f->last.how) ||
                    __builtin_sub_overflow(j->f->last.value, to->window_shut_at.value, &span) || span < 0)
                        continue;
                say(e, "%s's window was shut for the last %.6f s: it took nothing more.", The((enum side)side),
                    seconds(span));
        }
}

/* "1 byte", "12 bytes" */
struct counted {
        char text[32];
};

static struct counted bytes(uint64_t n)
{
        struct counted c;

        snprintf(c.text, sizeof(c.text), "%" PRIu64 " byte%s", n, n == 1 ? "" : "s");
        return c;
}

static const char *were(uint64_t n)
{
        return n == 1 ? "was" : "were";
}

/* Told by the kernel that took the rest, or seen in a capture at that end. */
static void say_never_arrived(const struct judging *j, struct evidence *e, enum side sender)
{
        const struct fact_count *arrived = &j->f->from[sender].arrived;
        uint64_t n = never_arrived(j, sender);

        if (n == 0)
                return;
        if (arrived->how == HOW_TOLD)
                say(e, "%s from %s never arrived: the other kernel took %" PRIu64 ".", bytes(n).text, the(sender),
                    arrived->value);
        else
                say(e, "%s from %s never arrived: a capture at the other end ends at byte %" PRIu64 ".", bytes(n).text,
                    the(sender), arrived->value);
}

static void say_fate(const struct judging *j, struct evidence *e, enum side sender)
{
        const struct record_direction *d = record_from(j->r, sender);
        bool lost = d->fate == FATE_LOST && d->uncertain.known && d->uncertain.value > 0;
        bool lost_on_its_way = lost && !j->reset && never_arrived(j, sender) >= d->uncertain.value;

        if (d->unread.known && d->unread.value > 0)
                say(e, "%s from %s arrived and %s never read.", bytes(d->unread.value).text, the(sender),
                    were(d->unread.value));
        if (d->unsent.known && d->unsent.value > 0)
                say(e, "%s %s written by %s and never sent.", bytes(d->unsent.value).text, were(d->unsent.value),
                    the(sender));
        if (lost && !lost_on_its_way)
                say(e, "%s from %s reached no program: %s drew a RST, or %s refused.", bytes(d->uncertain.value).text,
                    the(sender), d->uncertain.value == 1 ? "it" : "they", were(d->uncertain.value));
        else if (d->fate == FATE_UNCERTAIN || lost_on_its_way)
                say(e, "%s from %s %s never acknowledged.", bytes(d->uncertain.value).text, the(sender),
                    were(d->uncertain.value));
        else if (d->acked_by_reset.known && d->acked.known && d->acked_by_reset.value > d->acked.value)
                say(e, "The RST acknowledges %s from %s, %" PRIu64 " more than had been before.",
                    bytes(d->acked_by_reset.value).text, the(sender), d->acked_by_reset.value - d->acked.value);
        say_never_arrived(j, e, sender);
        if (d->missing.known && d->missing.value > 0)
                say(e, "%s from %s %s acknowledged or passed over, and not seen.", bytes(d->missing.value).text,
                    the(sender), were(d->missing.value));
}

void judge_evidence(const struct judging *j, struct evidence *ret_evidence)
{
        struct evidence *e = ret_evidence;
        const struct facts *f = j->f;

        e->n = e->n_text = 0;
        for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++)
                if (fact_known(f->end[side].act.how) && act_sentence(f->end[side].act.value))
                        say(e, "%s: %s", The((enum side)side), act_sentence(f->end[side].act.value));
        say_fins(j, e);
        say_reset(j, e);
        if (fact_known(f->icmp.how) && icmp_error_name(f->icmp.value))
                say(e, "An ICMP error came: %s%s.", icmp_error_name(f->icmp.value), at(f->icmp_frame).text);
        say_silence(j, e);
        say_waiting(j, e);
        say_window(j, e);
        if (j->r->idle_before.known && j->r->idle_before.value >= INT64_C(1000000000))
                say(e, "Before the ending began nothing was said for %.6f s.", seconds(j->r->idle_before.value));
        if (j->why)
                say(e, "%s", j->why);
        say_fate(j, e, SIDE_CLIENT);
        say_fate(j, e, SIDE_SERVER);
        if (f->seen.gaps)
                say(e, "Segments are missing from the evidence.");
        else if (f->seen.losses && (j->r->ending == ENDING_OPEN || j->r->ending == ENDING_HALF_CLOSED))
                say(e, "Elsewhere in the capture segments are missing: what ended this one may be, too.");
        else if (f->seen.disorder && (j->r->ending == ENDING_OPEN || j->r->ending == ENDING_HALF_CLOSED))
                say(e, "The capture is not in the order of its times: what ended this one may stand before it.");
        if (f->seen.evicted)
                say(e, "It was given out before its time, for want of memory.");
}
