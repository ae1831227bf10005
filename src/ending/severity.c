/*
 * How much an ending should trouble the reader (docs/severity.md). Bad is what lost data, left its fate open,
 * ran into silence or cut an exchange; but some of it happens all day long and means nothing, and that is fine.
 */
#include "ending/judging.h"

/* A farewell: TLS close_notify is 24 to 31 bytes, with the TCP segment's record header; QUIT and BYE are short. */
#define FAREWELL_MAX 64

static bool
troubled(enum fate fate)
{
        return fate == FATE_LOST || fate == FATE_UNCERTAIN;
}

/* The last words of a sender, after the other had closed: nobody waits for them. */
static bool
is_farewell(const struct judging *j, enum side sender)
{
        const struct facts_of_direction *from = &j->f->from[sender];
        const struct record_direction *d = record_from(j->r, sender);

        if (j->by_network || j->named != other_side(sender) || !d->uncertain.known)
                return false;
        if (!fact_is(j->f->from[other_side(sender)].fin) || !count_above(from->after_peer_fin, 0) ||
            d->uncertain.value > from->after_peer_fin.value || d->uncertain.value > FAREWELL_MAX)
                return false;
        return fact_is(from->last_is_tls_alert) || (fact_is(from->fin) && sender == SIDE_SERVER);
}

/* The last payload was the client's and nothing came back: it waits for an answer that will not come. A TLS alert
 * waits for none. The server's last payload is itself the answer. */
static bool
cuts_an_exchange(const struct judging *j)
{
        const struct facts_of_direction *request = &j->f->from[SIDE_CLIENT];

        return count_above(request->payloads, 0) && fact_is_not(request->last_answered) &&
               !fact_is(request->last_is_tls_alert);
}

/* The side that reset had all that was sent to it, and had been spoken to last. */
static bool
owed_nothing(const struct judging *j)
{
        enum side by = j->named;
        const struct record_direction *received;

        if (!is_end(by) || j->by_network)
                return false;
        received = record_from(j->r, other_side(by));
        if (received->fate == FATE_ACKED)
                return by == SIDE_CLIENT && fact_is(j->f->from[SIDE_CLIENT].last_answered);
        return false;
}

static enum severity
of_reset(const struct judging *j)
{
        const struct record *r = j->r;
        bool silent = r->to_server.fate == FATE_NONE && r->to_client.fate == FATE_NONE;

        if (silent && j->named == SIDE_CLIENT && !j->by_network)
                return SEVERITY_FINE;
        if (cuts_an_exchange(j))
                return SEVERITY_BAD;
        return owed_nothing(j) ? SEVERITY_FINE : SEVERITY_NOTABLE;
}

void
judge_severity(struct judging *j)
{
        struct record *r = j->r;
        bool farewell = false;

        for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
                if (!troubled(record_from(r, (enum side)side)->fate))
                        continue;
                if (r->ending == ENDING_RESET && is_farewell(j, (enum side)side)) {
                        farewell = true;
                        continue;
                }
                r->severity = SEVERITY_BAD;
                return;
        }
        switch (r->ending) {
        case ENDING_TIMED_OUT:
                r->severity = SEVERITY_BAD;
                break;
        case ENDING_RESET:
                r->severity = farewell ? SEVERITY_FINE : of_reset(j);
                break;
        case ENDING_REFUSED:
        case ENDING_UNANSWERED:
        case ENDING_HALF_CLOSED:
                r->severity = SEVERITY_NOTABLE;
                break;
        case ENDING_ORDERLY:
        case ENDING_OPEN:
        case ENDING_UNSEEN:
        case N_ENDINGS:
        default:
                r->severity = SEVERITY_FINE;
                break;
        }
}
