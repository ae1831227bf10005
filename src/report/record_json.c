/* The ending record as JSON. The order of the keys is a promise; see docs/record.schema.json.
 *
 * There may be millions of records, so what has a bound is put straight into the writer's buffer; only text
 * from outside and the rare lists go through its functions. */
#include "report/record_json.h"

#include <string.h>

#include "base/decimal.h"
#include "report/json.h"
#include "report/told.h"

/* More than any of the pieces below needs that asks for room: a direction is the largest. */
#define PIECE_MAX 1024

/* A piece of JSON as it stands. */
#define LITERAL(p, text) put_literal((p), (text), sizeof(text) - 1)

static inline char *
put_literal(char *p, const char *text, size_t n)
{
        memcpy(p, text, n);
        return p + n;
}

/* One of the words, which need no escape; NULL is null. */
static inline char *
put_word(char *p, const char *word)
{
        size_t n;

        if (!word)
                return LITERAL(p, "null");
        n = strlen(word);
        *p++ = '"';
        memcpy(p, word, n);
        p += n;
        *p++ = '"';
        return p;
}

/* The comma before a key, and the key, which needs no escape. */
static inline char *
put_key(char *p, const char *key)
{
        size_t n = strlen(key);

        *p++ = ',';
        *p++ = '"';
        memcpy(p, key, n);
        p += n;
        *p++ = '"';
        *p++ = ':';
        return p;
}

static inline char *
put_bool(char *p, bool value)
{
        return value ? LITERAL(p, "true") : LITERAL(p, "false");
}

static inline char *
put_maybe_bool(char *p, struct maybe_bool value)
{
        return value.known ? put_bool(p, value.value) : LITERAL(p, "null");
}

static inline char *
put_maybe(char *p, struct maybe_u64 value)
{
        return value.known ? decimal_put(p, value.value) : LITERAL(p, "null");
}

static inline char *
put_maybe_time(char *p, struct maybe_i64 value)
{
        if (!value.known)
                return LITERAL(p, "null");
        *p++ = '"';
        p = json_put_time(p, value.value);
        *p++ = '"';
        return p;
}

static inline char *
put_maybe_seconds(char *p, struct maybe_i64 value)
{
        return value.known ? json_put_seconds(p, value.value) : LITERAL(p, "null");
}

static inline char *
put_side(char *p, enum side side)
{
        return put_word(p, side == SIDE_UNKNOWN ? NULL : side_name(side));
}

static void
write_end(struct json *j, const char *key, const struct record_end *end)
{
        char *p = json_room(j, PIECE_MAX);

        p = put_key(p, key);
        p = LITERAL(p, "{\"ip\":");
        p = put_word(p, end->ip); /* digits, letters, dots and colons */
        p = LITERAL(p, ",\"port\":");
        p = decimal_put(p, end->port);
        p = LITERAL(p, ",\"os\":");
        p = put_word(p, end->os == OS_UNKNOWN ? NULL : os_name(end->os));
        if (!end->pid.known && !end->comm && !end->cgroup && !end->netns.known) {
                p = LITERAL(p, ",\"pid\":null,\"comm\":null,\"cgroup\":null,\"netns\":null}");
                json_took(j, p, true);
                return;
        }
        json_took(j, p, true);
        json_maybe_uint(j, "pid", end->pid);
        json_text(j, "comm", end->comm);
        json_text(j, "cgroup", end->cgroup);
        json_maybe_uint(j, "netns", end->netns);
        json_object_end(j);
}

/* All of a direction, with the comma and the key before it. */
static char *
put_direction(char *p, const struct record_direction *d)
{
        p = LITERAL(p, "{\"bytes\":");
        p = put_maybe(p, d->bytes);
        p = LITERAL(p, ",\"acked\":");
        p = put_maybe(p, d->acked);
        p = LITERAL(p, ",\"acked_by_reset\":");
        p = put_maybe(p, d->acked_by_reset);
        p = LITERAL(p, ",\"uncertain\":");
        p = put_maybe(p, d->uncertain);
        p = LITERAL(p, ",\"unsent\":");
        p = put_maybe(p, d->unsent);
        p = LITERAL(p, ",\"unread\":");
        p = put_maybe(p, d->unread);
        p = LITERAL(p, ",\"closed\":");
        p = put_word(p, d->closed == CLOSED_UNKNOWN ? NULL : closed_name(d->closed));
        p = LITERAL(p, ",\"fin_acked\":");
        p = put_maybe_bool(p, d->fin_acked);
        p = LITERAL(p, ",\"retransmitted\":");
        p = put_maybe(p, d->retransmitted);
        p = LITERAL(p, ",\"missing\":");
        p = put_maybe(p, d->missing);
        p = LITERAL(p, ",\"packets\":");
        p = put_maybe(p, d->packets);
        p = LITERAL(p, ",\"fate\":");
        p = put_word(p, fate_name(d->fate));
        return LITERAL(p, "}");
}

static void
write_directions(struct json *j, const struct record *r)
{
        char *p = json_room(j, 2 * PIECE_MAX);

        p = LITERAL(p, ",\"to_server\":");
        p = put_direction(p, &r->to_server);
        p = LITERAL(p, ",\"to_client\":");
        p = put_direction(p, &r->to_client);
        json_took(j, p, true);
}

static void
write_reset(struct json *j, const struct record_reset *reset)
{
        char *p = json_room(j, PIECE_MAX);

        if (!reset->seen) {
                json_took(j, LITERAL(p, ",\"reset\":null"), true);
                return;
        }
        p = LITERAL(p, ",\"reset\":{\"kind\":");
        p = put_word(p, reset->kind == RESET_KIND_UNKNOWN ? NULL : reset_kind_name(reset->kind));
        p = LITERAL(p, ",\"by\":");
        p = put_side(p, reset->by);
        p = LITERAL(p, ",\"frame\":");
        p = put_maybe(p, reset->frame);
        p = LITERAL(p, ",\"count\":");
        p = decimal_put(p, reset->count);
        p = LITERAL(p, ",\"valid\":");
        p = put_word(p, reset->valid == RESET_VALIDITY_UNKNOWN ? NULL : reset_validity_name(reset->valid));
        p = LITERAL(p, ",\"obeyed\":");
        p = put_maybe_bool(p, reset->obeyed);
        p = LITERAL(p, ",\"window\":");
        p = put_maybe(p, reset->window);
        p = LITERAL(p, ",\"ttl\":");
        p = put_maybe(p, reset->ttl);
        json_took(j, p, true);
        json_text(j, "kernel_reason", reset->kernel_reason);
        json_object_end(j);
}

static void
write_act(struct json *j, const char *key, const struct record_act *act)
{
        if (!act->known) {
                json_null(j, key);
                return;
        }
        json_object(j, key);
        json_text(j, "how", act_name(act->how));
        json_maybe_uint(j, "signal", act->signal);
        json_text(j, "call", act->call);
        json_maybe_uint(j, "pid", act->pid);
        json_text(j, "comm", act->comm);
        json_object_end(j);
}

static char *
put_told(char *p, const struct told *told)
{
        *p++ = '"';
        p = told_put(p, told);
        *p++ = '"';
        return p;
}

static void
write_next(struct json *j, const char *key, const struct record_next *next)
{
        char *p = put_key(json_room(j, PIECE_MAX), key);

        if (!next->known) {
                json_took(j, LITERAL(p, "null"), true);
                return;
        }
        p = LITERAL(p, "{\"if_recv\":[");
        for (size_t i = 0; i < next->n_if_recv; i++) {
                if (i > 0)
                        *p++ = ',';
                p = put_told(p, &next->if_recv[i]);
        }
        p = LITERAL(p, "],\"if_send\":[");
        for (size_t i = 0; i < next->n_if_send; i++) {
                if (i > 0)
                        *p++ = ',';
                p = put_told(p, &next->if_send[i]);
        }
        json_took(j, LITERAL(p, "]}"), true);
}

static void
write_saw(struct json *j, const char *key, const struct record_saw *saw)
{
        char *p;

        if (!saw->known) {
                p = put_key(json_room(j, PIECE_MAX), key);
                json_took(j, LITERAL(p, "null"), true);
                return;
        }
        json_array(j, key);
        for (size_t i = 0; i < saw->n_calls; i++) {
                json_object(j, NULL);
                json_text(j, "call", saw->calls[i].call);
                p = json_room(j, PIECE_MAX);
                p = LITERAL(p, ",\"result\":");
                json_took(j, put_told(p, &saw->calls[i].told), true);
                json_object_end(j);
        }
        json_array_end(j);
}

static void
write_verdict(struct json *j, const struct record *r)
{
        char *p = json_room(j, 2 * PIECE_MAX);

        p = LITERAL(p, ",\"started\":");
        p = put_maybe_time(p, r->started);
        p = LITERAL(p, ",\"ended\":");
        p = put_maybe_time(p, r->ended);
        p = LITERAL(p, ",\"duration\":");
        p = put_maybe_seconds(p, r->duration);
        p = LITERAL(p, ",\"idle_before\":");
        p = put_maybe_seconds(p, r->idle_before);
        p = LITERAL(p, ",\"ending\":");
        p = put_word(p, ending_name(r->ending));
        p = LITERAL(p, ",\"ongoing\":");
        p = put_bool(p, r->ongoing);
        p = LITERAL(p, ",\"ended_by\":");
        p = put_side(p, r->ended_by);
        p = LITERAL(p, ",\"silent\":");
        p = put_side(p, r->silent);
        p = LITERAL(p, ",\"severity\":");
        p = put_word(p, severity_name(r->severity));
        p = LITERAL(p, ",\"cause\":");
        p = put_word(p, cause_name(r->cause));
        p = LITERAL(p, ",\"causes\":[");
        for (size_t i = 0; i < r->n_causes; i++) {
                if (i > 0)
                        *p++ = ',';
                p = put_word(p, cause_name(r->causes[i]));
        }
        p = LITERAL(p, "],\"certainty\":");
        p = put_word(p, certainty_name(r->certainty));
        json_took(j, p, true);
}

static void
write_told(struct json *j, const struct record *r)
{
        bool all_unknown = !r->client_act.known && !r->server_act.known && !r->client_saw.known && !r->server_saw.known;

        if (all_unknown && !r->client_next.known && !r->server_next.known) {
                char *p = json_room(j, PIECE_MAX);

                p = LITERAL(p, ",\"acts\":{\"client\":null,\"server\":null},\"client_next\":null,"
                               "\"client_saw\":null,\"server_next\":null,\"server_saw\":null");
                json_took(j, p, true);
                return;
        }
        if (!r->client_act.known && !r->server_act.known) {
                char *p = json_room(j, PIECE_MAX);

                json_took(j, LITERAL(p, ",\"acts\":{\"client\":null,\"server\":null}"), true);
        } else {
                json_object(j, "acts");
                write_act(j, "client", &r->client_act);
                write_act(j, "server", &r->server_act);
                json_object_end(j);
        }
        write_next(j, "client_next", &r->client_next);
        write_saw(j, "client_saw", &r->client_saw);
        write_next(j, "server_next", &r->server_next);
        write_saw(j, "server_saw", &r->server_saw);
}

static void
write_seen(struct json *j, const struct record *r)
{
        const struct record_seen *seen = &r->seen;
        char *p = json_room(j, PIECE_MAX);

        p = LITERAL(p, ",\"seen\":{\"roles\":");
        p = put_word(p, roles_name(seen->roles));
        p = LITERAL(p, ",\"sides\":");
        p = put_word(p, sides_seen_name(seen->sides));
        p = LITERAL(p, ",\"gaps\":");
        p = put_bool(p, seen->gaps);
        p = LITERAL(p, ",\"cut\":");
        p = put_bool(p, seen->cut);
        p = LITERAL(p, ",\"both_ends\":");
        p = put_bool(p, seen->both_ends);
        p = LITERAL(p, "},\"retry\":");
        p = put_word(p, retry_name(r->retry));
        p = LITERAL(p, ",\"conn_state\":");
        p = put_word(p, r->conn_state_known ? conn_state_name(r->conn_state) : NULL);
        json_took(j, p, true);
}

static void
write_frames(struct json *j, const struct record *r)
{
        char *p = json_room(j, PIECE_MAX);

        p = LITERAL(p, ",\"file\":");
        p = put_maybe(p, r->file);
        p = LITERAL(p, ",\"frames\":");
        if (r->first_frame.known && r->last_frame.known) {
                *p++ = '[';
                p = decimal_put(p, r->first_frame.value);
                *p++ = ',';
                p = decimal_put(p, r->last_frame.value);
                *p++ = ']';
        } else {
                p = LITERAL(p, "null");
        }
        json_took(j, p, true);
}

void json_record(struct json *j, const char *key, const struct record *r, unsigned flags)
{
        char *p;

        json_object(j, key);
        p = json_room(j, PIECE_MAX);
        p = LITERAL(p, "\"finis\":");
        p = decimal_put(p, RECORD_VERSION);
        p = LITERAL(p, ",\"source\":");
        p = put_word(p, source_name(r->source));
        json_took(j, p, true);
        json_text(j, "id", r->id);
        json_uint(j, "rev", r->rev);
        write_end(j, "client", &r->client);
        write_end(j, "server", &r->server);
        write_verdict(j, r);
        write_directions(j, r);
        write_reset(j, &r->reset);
        write_told(j, r);
        write_seen(j, r);
        json_text(j, "history", r->history);
        write_frames(j, r);
        if (flags & RECORD_JSON_EVIDENCE) {
                json_array(j, "evidence");
                for (size_t i = 0; i < r->n_evidence; i++)
                        json_text(j, NULL, r->evidence[i]);
                json_array_end(j);
        }
        json_object_end(j);
}

int record_write_json(FILE *file, const struct record *r, unsigned flags)
{
        struct json j;

        json_begin(&j, file);
        json_record(&j, NULL, r, flags);
        return json_end(&j);
}
