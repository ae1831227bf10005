/*
 * A record that judge_again() made is the same text as all others of its kind, but for its numbers, times and a few
 * words: record_json.c, with all that is known beforehand left out. A test holds the one against the other.
 */
#include "report/record_json_plain.h"

#include "base/decimal.h"
#include "report/json.h"
#include "report/record_json_kept.h"
#include "report/record_json_put.h"
#include "report/record_json_words.h"

#define NO_PROGRAM ",\"pid\":null,\"comm\":null,\"cgroup\":null,\"netns\":null}"

/* From the address to the system. */
IN_PLACE char *put_end(char *p, const struct record_end *end)
{
        unsigned n = json_address_length(end->ip);

        memcpy(p, end->ip, sizeof(end->ip));
        p = LITERAL(p + n, "\",\"port\":");
        p = decimal_put(p, end->port);
        p = LITERAL(p, ",\"os\":");
        return json_put_os(p, end->os);
}

/* From the number of bytes to the fate. */
IN_PLACE char *put_direction(char *p, const struct record_direction *d)
{
        /* Digits that were just put cannot be copied without waiting for them. */
        p = decimal_put(p, d->bytes.value);
        p = LITERAL(p, ",\"acked\":");
        p = decimal_put(p, d->bytes.value);
        p = LITERAL(p, ",\"acked_by_reset\":null,\"uncertain\":0,\"unsent\":null,\"unread\":null,"
                       "\"closed\":\"fin\",\"fin_acked\":true,\"retransmitted\":0,\"missing\":0,\"packets\":");
        p = decimal_put(p, d->packets.value);
        p = LITERAL(p, ",\"fate\":");
        return json_put_fate(p, d->fate);
}

IN_PLACE char *put_next(char *p, const struct record_next *next)
{
        return next->known ? LITERAL(p, "{\"if_recv\":[\"0\"],\"if_send\":[\"EPIPE+SIGPIPE\"]}") : LITERAL(p, "null");
}

char *record_json_put_plain(char *to, const struct record *r)
{
        unsigned n;
        char *p;

        p = LITERAL(to, "{\"finis\":1,\"source\":\"capture\",\"id\":\"");
        n = json_put_plain(p, r->id);
        if (__builtin_expect(n == JSON_AT_ONCE || r->id[n] != '\0', 0))
                return NULL;
        p = LITERAL(p + n, "\",\"rev\":");
        p = decimal_put_digit(p, r->rev);
        p = LITERAL(p, ",\"client\":{\"ip\":\"");
        p = put_end(p, &r->client);
        p = LITERAL(p, NO_PROGRAM ",\"server\":{\"ip\":\"");
        p = put_end(p, &r->server);
        p = LITERAL(p, NO_PROGRAM ",\"started\":\"");
        p = json_put_time(p, r->started.value);
        p = LITERAL(p, "\",\"ended\":\"");
        p = json_put_time(p, r->ended.value);
        p = LITERAL(p, "\",\"duration\":");
        p = json_put_seconds(p, r->duration.value);
        p = LITERAL(p, ",\"idle_before\":");
        p = json_put_seconds(p, r->idle_before.value);
        p = LITERAL(p, ",\"ending\":\"orderly\",\"ongoing\":false,\"ended_by\":");
        p = json_put_side(p, r->ended_by);
        p = LITERAL(p, ",\"silent\":null,\"severity\":\"fine\",\"cause\":null,\"causes\":[],"
                       "\"certainty\":\"certain\",\"to_server\":{\"bytes\":");
        p = put_direction(p, &r->to_server);
        p = LITERAL(p, "},\"to_client\":{\"bytes\":");
        p = put_direction(p, &r->to_client);
        p = LITERAL(p, "},\"reset\":null,\"acts\":{\"client\":null,\"server\":null},\"client_next\":");
        p = put_next(p, &r->client_next);
        p = LITERAL(p, ",\"client_saw\":null,\"server_next\":");
        p = put_next(p, &r->server_next);
        p = LITERAL(p, ",\"server_saw\":null,\"seen\":{\"roles\":\"syn\",\"sides\":\"both\",\"gaps\":false,\"cut\":");
        p = r->seen.cut ? LITERAL(p, "true") : LITERAL(p, "false");
        p = LITERAL(p, ",\"both_ends\":false},\"retry\":");
        p = json_put_retry(p, r->retry);
        p = LITERAL(p, ",\"conn_state\":");
        p = json_put_conn_state(p, r->conn_state);
        p = LITERAL(p, ",\"history\":\"");
        n = json_put_plain(p, r->history);
        if (__builtin_expect(n == JSON_AT_ONCE || r->history[n] != '\0', 0))
                return NULL;
        p = LITERAL(p + n, "\",\"file\":");
        p = decimal_put_digit(p, r->file.value);
        p = LITERAL(p, ",\"frames\":[");
        p = decimal_put(p, r->first_frame.value);
        *p++ = ',';
        p = decimal_put(p, r->last_frame.value);
        return LITERAL(p, "]}");
}
