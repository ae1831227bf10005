/* Records in words. */
#include "report/sentence.h"

#include <string.h>

#include "report/totals.h"

#define IDLE_WORTH_TELLING_NS INT64_C(1000000000)

static const char *name_of(enum side side)
{
        return side == SIDE_CLIENT ? "client" : "server";
}

static const char *other_of(enum side side)
{
        return side == SIDE_CLIENT ? "server" : "client";
}

static bool is_end(enum side side)
{
        return side == SIDE_CLIENT || side == SIDE_SERVER;
}

static void add_idle_as(struct phrase *p, const struct record *r, const char *before)
{
        if (!r->idle_before.known || r->idle_before.value < IDLE_WORTH_TELLING_NS)
                return;
        phrase_add(p, "%s", before);
        phrase_span(p, r->idle_before.value);
        phrase_add(p, " of silence");
}

static void add_idle(struct phrase *p, const struct record *r)
{
        add_idle_as(p, r, ", after ");
}

static void refused(struct phrase *p, const struct record *r)
{
        if (is_end(r->ended_by))
                phrase_add(p, "the %s refused it", name_of(r->ended_by));
        else if (r->ended_by == SIDE_NETWORK)
                phrase_add(p, "a host on the way refused it");
        else
                phrase_add(p, "it was refused");
        /* A program is told ECONNREFUSED of either. */
        if (r->reset.seen || r->source == SOURCE_CAPTURE)
                phrase_add(p, r->reset.seen ? " with a reset" : " with an ICMP error");
}

static void unanswered(struct phrase *p, const struct record *r)
{
        bool silence = !r->to_client.packets.known || r->to_client.packets.value == 0;
        /* Where nobody answers, all RSTs are the client's own. */
        uint64_t n_resets = r->reset.seen && r->reset.by == SIDE_CLIENT ? r->reset.count : 0;

        if (!silence) {
                if (is_end(r->silent))
                        phrase_add(p, "the %s never completed the handshake", name_of(r->silent));
                else if (r->to_server.packets.known && r->to_server.packets.value > 1)
                        phrase_add(p, "the client repeated its SYN, though it was answered");
                else
                        phrase_add(p, "the handshake was never completed");
        } else {
                phrase_add(p, "nobody answered the SYN");
                if (r->to_server.packets.known && r->to_server.packets.value > n_resets + 1) {
                        phrase_add(p, ", sent ");
                        phrase_count(p, r->to_server.packets.value - n_resets);
                        phrase_add(p, " times");
                        if (r->duration.known) {
                                phrase_add(p, " in ");
                                phrase_span(p, r->duration.value);
                        }
                }
        }
        if (r->ongoing)
                phrase_add(p, "; it may be trying still");
}

static void reset(struct phrase *p, const struct record *r)
{
        bool client_closed = r->to_server.closed == CLOSED_FIN, server_closed = r->to_client.closed == CLOSED_FIN;
        bool by_closer = (r->ended_by == SIDE_CLIENT && client_closed) || (r->ended_by == SIDE_SERVER && server_closed);

        if (is_end(r->ended_by))
                phrase_add(p, "the %s%s reset it", name_of(r->ended_by), by_closer ? ", which had closed," : "");
        else if (r->ended_by == SIDE_NETWORK)
                phrase_add(p, "a reset that came from neither end ended it");
        else
                phrase_add(p, "a reset ended it");
        if (client_closed && server_closed)
                phrase_add(p, by_closer ? " after the %s had closed too" : " after both had closed",
                           other_of(r->ended_by));
        else if ((client_closed || server_closed) && !by_closer)
                phrase_add(p, " after the %s had closed", client_closed ? "client" : "server");
        /* What was silent before a FIN is not the silence before the reset. */
        if (client_closed || server_closed)
                add_idle_as(p, r, "; the closing began after ");
        else
                add_idle(p, r);
}

static void orderly(struct phrase *p, const struct record *r)
{
        if (is_end(r->ended_by))
                phrase_add(p, "closed in order, the %s first", name_of(r->ended_by));
        else
                phrase_add(p, "closed in order by both");
        add_idle(p, r);
        /* That it was not heeded is known only of one that something came after. */
        if (r->reset.seen)
                phrase_add(p, "; a reset %s that changed nothing",
                           r->reset.obeyed.known && !r->reset.obeyed.value ? "before" : "after");
}

static void timed_out(struct phrase *p, const struct record *r)
{
        if (!is_end(r->silent)) {
                phrase_add(p, "one side fell silent");
        } else {
                phrase_add(p, "the %s fell silent", name_of(r->silent));
                if (r->ongoing)
                        phrase_add(p, ", the %s repeats itself in vain", other_of(r->silent));
                else
                        phrase_add(p, ", the %s gave up", other_of(r->silent));
        }
        add_idle(p, r);
}

static void half_closed(struct phrase *p, const struct record *r)
{
        enum side side = r->to_server.closed == CLOSED_FIN   ? SIDE_CLIENT
                         : r->to_client.closed == CLOSED_FIN ? SIDE_SERVER
                                                             : r->ended_by;

        if ((side == SIDE_CLIENT && r->seen.sides == SIDES_SEEN_CLIENT) ||
            (side == SIDE_SERVER && r->seen.sides == SIDES_SEEN_SERVER))
                phrase_add(p, "the %s had closed; whether the %s had was not seen", name_of(side), other_of(side));
        else if (is_end(side))
                phrase_add(p, "the %s had closed, the %s had not yet", name_of(side), other_of(side));
        else
                phrase_add(p, "one side had closed, the other had not yet");
        add_idle(p, r);
}

void sentence_ending(struct phrase *p, const struct record *r)
{
        switch (r->ending) {
        case ENDING_REFUSED:
                refused(p, r);
                break;
        case ENDING_UNANSWERED:
                unanswered(p, r);
                break;
        case ENDING_RESET:
                reset(p, r);
                break;
        case ENDING_ORDERLY:
                orderly(p, r);
                break;
        case ENDING_TIMED_OUT:
                timed_out(p, r);
                break;
        case ENDING_HALF_CLOSED:
                half_closed(p, r);
                break;
        case ENDING_OPEN:
                phrase_add(p, r->source == SOURCE_CAPTURE ? "still open when the capture ends"
                                                          : "still open when the watching ended");
                break;
        case ENDING_UNSEEN:
        case N_ENDINGS:
                phrase_add(p, "too little was seen to say how it ended");
                break;
        }
}

/* Unread and unsent bytes are lost for certain; what nobody acknowledged may have arrived. */
static const char *how_exact_the_loss_is(const struct record_direction *d)
{
        if (d->uncertain.known && d->uncertain.value > 0)
                return "up to ";
        return d->uncertain.known && d->unsent.known && d->unread.known ? "" : "at least ";
}

static bool direction_loss(struct phrase *p, const struct record_direction *d, const char *sender, const char *before)
{
        uint64_t lost = totals_lost(d), uncertain = totals_uncertain(d);

        if (d->fate != FATE_LOST && d->fate != FATE_UNCERTAIN)
                return false;
        phrase_add(p, "%s", before);
        if (d->fate == FATE_LOST) {
                if (lost > 1)
                        phrase_add(p, "%s", how_exact_the_loss_is(d));
                if (lost > 0)
                        phrase_bytes(p, lost);
                else
                        phrase_add(p, "bytes");
                phrase_add(p, " from the %s lost", sender);
        } else {
                if (uncertain > 0)
                        phrase_bytes(p, uncertain);
                else
                        phrase_add(p, "bytes");
                phrase_add(p, " from the %s unacknowledged", sender);
        }
        return true;
}

bool sentence_loss(struct phrase *p, const struct record *r)
{
        bool any = direction_loss(p, &r->to_server, "client", "");

        any |= direction_loss(p, &r->to_client, "server", any ? " and " : "");
        if (!any && r->severity == SEVERITY_BAD && r->ending == ENDING_RESET) {
                phrase_add(p, "the last data had no answer");
                any = true;
        } else if (any && r->severity == SEVERITY_FINE) {
                /* docs/severity.md: a TLS alert, a last word after the other side had closed. */
                phrase_add(p, ", which is everyday");
        }
        return any;
}

bool sentence_causes(struct phrase *p, const struct record *r, size_t max_causes)
{
        size_t n = r->n_causes < max_causes ? r->n_causes : max_causes;

        if (r->n_causes == 0)
                return false;
        if (r->cause != CAUSE_NONE) {
                phrase_add(p, "%s%s", r->certainty == CERTAINTY_CERTAIN ? "cause: " : "likely cause: ",
                           cause_name(r->cause));
                return true;
        }
        if (r->n_causes == 1) {
                phrase_add(p, r->causes[0] == CAUSE_UNKNOWN ? "cause unknown" : "possible cause: %s",
                           cause_name(r->causes[0]));
                return true;
        }
        /* "or 1 other" would save nothing. */
        if (r->n_causes == n + 1)
                n++;
        phrase_add(p, "possible causes: ");
        for (size_t i = 0; i < n; i++)
                phrase_add(p, "%s%s", i == 0 ? "" : i + 1 == r->n_causes ? " or " : ", ", cause_name(r->causes[i]));
        if (r->n_causes > n)
                phrase_add(p, " or %zu others", r->n_causes - n);
        return true;
}

void sentence_record(struct phrase *p, const struct record *r)
{
        struct phrase loss = { 0 }, causes = { 0 };

        sentence_ending(p, r);
        if (sentence_loss(&loss, r))
                phrase_add(p, "; %s", loss.text);
        if (sentence_causes(&causes, r, 3))
                phrase_add(p, "; %s", causes.text);
}

void sentence_end(struct phrase *p, const struct record_end *end)
{
        phrase_add(p, strchr(end->ip, ':') ? "[%s]:%u" : "%s:%u", end->ip, end->port);
}
