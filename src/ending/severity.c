/*
 * How much an ending should trouble the reader (docs/severity.md). Bad is what lost data, left its fate open,
 * ran into silence or cut an exchange; but some of it happens all day long and means nothing, and that is fine.
 */
#include "ending/judging.h"

/* Last words are short: a TLS close_notify has 24 to 31 bytes, rarely more; QUIT, Terminate, unbind and GOAWAY not
 * more than that, nor "221 Bye". Those of a client have to be known by what they say: anything else, however short,
 * may be its next request. The longer ones (an alert that GnuTLS padded, an unbind in SASL's wrapping) may be all that
 * is lost. */
#define GOODBYE_MAX 64
/* … encrypted by SSH, or wrapped by SASL: 96 and 75 bytes were seen; or with the name of a mail server in it. */
#define LONG_GOODBYE_MAX 128

static bool troubled(enum fate fate)
{
        return fate == FATE_LOST || fate == FATE_UNCERTAIN;
}

static bool is_all_goodbye(const struct facts_of_direction *from, uint64_t n)
{
        return fact_is(from->last_is_goodbye) &&
               (n <= GOODBYE_MAX || (fact_known(from->goodbye_bytes.how) && n <= from->goodbye_bytes.value));
}

/* Bytes that are lost or uncertain, but are the last words of their sender: nobody waits for them. They met a socket
 * that had been closed, or their sender did not wait for an answer himself. */
static bool is_farewell(const struct judging *j, enum side sender)
{
        const struct facts_of_direction *from = &j->f->from[sender];
        const struct record_direction *d = record_from(j->r, sender);
        bool goodbye = fact_is(from->last_is_goodbye), all = is_all_goodbye(from, d->uncertain.value);

        if (j->by_network || !is_end(j->named) || !d->uncertain.known)
                return false;
        /* It lay unread when the other end closed, and nothing else did. */
        if (goodbye && j->named != sender && d->uncertain.value == 0 && d->unread.known &&
            fact_known(from->goodbye_bytes.how) && d->unread.value <= from->goodbye_bytes.value)
                return true;
        /* Its SSH_MSG_DISCONNECT, perhaps after the close of a channel. */
        if (fact_is(j->f->ssh) && j->named != sender && d->uncertain.value <= LONG_GOODBYE_MAX &&
            count_above(from->after_peer_fin, 0) && d->uncertain.value <= from->after_peer_fin.value)
                return true;
        if (!all && d->uncertain.value > (goodbye && sender == SIDE_SERVER ? LONG_GOODBYE_MAX : GOODBYE_MAX))
                return false;
        if (j->named == sender)
                return goodbye;
        if (!fact_is(j->f->from[other_side(sender)].fin))
                return false;
        /* It may cross the FIN on its way. */
        return goodbye || (sender == SIDE_SERVER && count_above(from->after_peer_fin, 0) &&
                           d->uncertain.value <= from->after_peer_fin.value);
}

/* Both had sent their FINs, and of who asked in vain only the FIN and a good-bye stayed unanswered: the other was gone
 * already. */
static bool nobody_was_left(const struct judging *j)
{
        const struct record_direction *d;

        if (!is_end(j->asker) || !fact_is(j->f->from[SIDE_CLIENT].fin) || !fact_is(j->f->from[SIDE_SERVER].fin))
                return false;
        d = record_from(j->r, j->asker);
        return d->uncertain.known &&
               (d->uncertain.value == 0 || is_all_goodbye(&j->f->from[j->asker], d->uncertain.value));
}

/* A server that repeated its SYN-ACK and then reset it: there never was a connection. */
static bool only_greeted(const struct judging *j)
{
        const struct facts *f = j->f;

        return fact_is_not(f->established) && j->r->to_server.fate == FATE_NONE && j->r->to_client.fate == FATE_NONE &&
               fact_is_not(f->from[SIDE_CLIENT].fin) && fact_is_not(f->from[SIDE_SERVER].fin);
}

/* The answer, too, may be among what was not seen. */
static bool answer_may_be_missing(const struct facts *f)
{
        const struct facts_of_direction *answer = &f->from[SIDE_SERVER];

        return f->seen.gaps && (count_above(answer->missing, 0) || !fact_known(answer->fin.how));
}

/* The last payload was the client's, and nothing came back: it waits for an answer that will not come. A good-bye
 * waits for none, nor does a client that was answered before and then sent its FIN: it is leaving. But what the RST
 * alone acknowledges may be requests, if it is more than an encrypted good-bye. The server's last payload is itself the
 * answer. */
static bool cuts_an_exchange(const struct judging *j)
{
        const struct facts_of_direction *request = &j->f->from[SIDE_CLIENT], *answer = &j->f->from[SIDE_SERVER];

        if (!count_above(request->payloads, 0) || !fact_is_not(request->last_answered) ||
            fact_is(request->last_is_goodbye) || answer_may_be_missing(j->f))
                return false;
        return !(fact_is(request->fin) && count_above(answer->payloads, 0) && j->r->to_server.fate == FATE_ACKED &&
                 j->r->to_server.acked.value + LONG_GOODBYE_MAX >= j->r->to_server.bytes.value);
}

/* The server resets while the client's window is shut: it was waiting to send more. */
static bool cuts_an_answer(const struct judging *j)
{
        return j->named == SIDE_SERVER && !j->by_network && fact_is(j->f->from[SIDE_SERVER].window_shut) &&
               count_above(j->f->from[SIDE_SERVER].payloads, 0) && !fact_is(j->f->from[SIDE_SERVER].fin);
}

/* Since the last answer the client has said good-bye and nothing else: it waits for nothing. */
static bool took_leave(const struct facts_of_direction *client)
{
        return fact_is(client->last_is_goodbye) && fact_known(client->last_run.how) &&
               is_all_goodbye(client, client->last_run.value);
}

/* The client that reset had all that was sent to it, and had been spoken to last; or the server that did had the
 * client's good-bye. A client whose window was shut had not read it all, and was to get more. */
static bool owed_nothing(const struct judging *j)
{
        const struct facts_of_direction *client = &j->f->from[SIDE_CLIENT];

        if (j->named == SIDE_SERVER && !j->by_network && took_leave(client))
                return j->r->to_server.fate == FATE_ACKED &&
                       (j->r->to_client.fate == FATE_ACKED || j->r->to_client.fate == FATE_NONE);
        return j->named == SIDE_CLIENT && !j->by_network && j->r->to_client.fate == FATE_ACKED &&
               !fact_is(j->f->from[SIDE_SERVER].window_shut) &&
               (fact_is(client->last_answered) || count_is(client->payloads, 0));
}

/* The server resets instead of sending a FIN, as Windows does: the client had sent its own after the last answer, which
 * it had acknowledged, and nothing came after that. */
static bool leaves_in_haste(const struct judging *j)
{
        const struct facts_of_direction *client = &j->f->from[SIDE_CLIENT], *server = &j->f->from[SIDE_SERVER];

        return j->named == SIDE_SERVER && !j->by_network && fact_is(client->fin) && fact_is(client->last_answered) &&
               count_is(server->after_peer_fin, 0) && j->r->to_client.fate == FATE_ACKED &&
               j->r->to_server.fate == FATE_ACKED;
}

static enum severity of_reset(const struct judging *j)
{
        const struct record *r = j->r;
        bool silent = r->to_server.fate == FATE_NONE && r->to_client.fate == FATE_NONE;

        if (silent && j->named == SIDE_CLIENT && !j->by_network)
                return SEVERITY_FINE;
        if (cuts_an_exchange(j) || cuts_an_answer(j))
                return SEVERITY_BAD;
        return owed_nothing(j) || leaves_in_haste(j) ? SEVERITY_FINE : SEVERITY_NOTABLE;
}

void judge_severity(struct judging *j)
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
                if (r->ending == ENDING_TIMED_OUT && (enum side)side == j->asker && nobody_was_left(j))
                        continue;
                r->severity = SEVERITY_BAD;
                return;
        }
        switch (r->ending) {
        case ENDING_TIMED_OUT:
                r->severity = nobody_was_left(j) || only_greeted(j) ? SEVERITY_NOTABLE : SEVERITY_BAD;
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
