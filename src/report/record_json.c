/* The ending record as JSON. The order of the keys is a promise; see docs/record.schema.json.
 *
 * There may be millions of records, so what has a bound is put straight into the writer's buffer, keys and the nulls
 * between them as whole pieces; only text that is not plain and the rare lists go through the writer's functions. */
#include "report/record_json.h"

#include <string.h>

#include "base/decimal.h"
#include "report/json.h"
#include "report/record_json_kept.h"
#include "report/record_json_plain.h"
#include "report/record_json_put.h"
#include "report/record_json_words.h"

/* More than all of a record takes but texts and lists, which ask for room again when they are done. */
#define ROOM 4096

/* As many characters of a text are put at once; what is longer goes through the writer. */
#define SHORT_TEXT 128

_Static_assert(ROOM <= JSON_BUFFER_SIZE, "a record no longer fits into the writer's buffer");

#define TEXT_OF(number) #number
#define AS_TEXT(number) TEXT_OF(number)

static inline char *put_bool(char *p, bool value)
{
        return value ? LITERAL(p, "true") : LITERAL(p, "false");
}

static inline char *put_maybe_bool(char *p, struct maybe_bool value)
{
        return value.known ? put_bool(p, value.value) : LITERAL(p, "null");
}

static inline char *put_maybe(char *p, struct maybe_u64 value)
{
        return value.known ? decimal_put(p, value.value) : LITERAL(p, "null");
}

/* Without a branch on what is as often known as not. */
static inline char *put_either(char *p, struct maybe_u64 value)
{
        const char *end = decimal_put(p, value.value);
        size_t n = (size_t)(end - p);
        uint32_t text, null;

        memcpy(&text, p, sizeof(text));
        memcpy(&null, "null", sizeof(null));
        text = value.known ? text : null;
        memcpy(p, &text, sizeof(text));
        return p + (value.known ? n : sizeof(null));
}

static inline char *put_maybe_time(char *p, struct maybe_i64 value)
{
        if (!value.known)
                return LITERAL(p, "null");
        *p++ = '"';
        p = json_put_time(p, value.value);
        *p++ = '"';
        return p;
}

static inline char *put_maybe_seconds(char *p, struct maybe_i64 value)
{
        return value.known ? json_put_seconds(p, value.value) : LITERAL(p, "null");
}

/* The comma, and what the writer's functions put of a record's parts; then there is room again. */
#define THROUGH(j, p, call) (json_took((j), (p), true), (call), json_room((j), ROOM))

/* Text from anywhere behind its key, as a rule short and plain. */
static inline char *put_text(struct json *j, char *p, const char *text)
{
        char *to = p;

        if (!text)
                return LITERAL(p, "null");
        *to++ = '"';
        for (const char *from = text; from < text + SHORT_TEXT; from += 8) {
                unsigned n = 0;

#pragma GCC unroll 8
                for (; n < 8; n++) {
                        if (!json_plain[(unsigned char)from[n]])
                                break;
                        to[n] = from[n];
                }
                to += n;
                if (n < 8 && from[n] == '\0') {
                        *to++ = '"';
                        return to;
                }
                if (n < 8)
                        break;
        }
        json_took(j, p, false);
        json_text(j, NULL, text);
        return json_room(j, ROOM);
}

/* The same of an id or a history. */
static inline char *put_name(struct json *j, char *p, const char *text, bool roomy)
{
        if (__builtin_expect(roomy, 1)) {
                unsigned n = json_put_plain(p + 1, text);

                if (__builtin_expect(n < JSON_AT_ONCE && text[n] == '\0', 1)) {
                        p[0] = p[n + 1] = '"';
                        return p + n + 2;
                }
        }
        return put_text(j, p, text);
}

#define NO_PROGRAM ",\"pid\":null,\"comm\":null,\"cgroup\":null,\"netns\":null}"

/* The system, and what is known of a program on this host. */
static char *put_program(struct json *j, char *p, const struct record_end *end)
{
        p = LITERAL(p, ",\"os\":");
        p = json_put_os(p, end->os);
        p = LITERAL(p, ",\"pid\":");
        p = put_maybe(p, end->pid);
        p = LITERAL(p, ",\"comm\":");
        p = put_text(j, p, end->comm);
        p = LITERAL(p, ",\"cgroup\":");
        p = put_text(j, p, end->cgroup);
        p = LITERAL(p, ",\"netns\":");
        p = put_maybe(p, end->netns);
        return LITERAL(p, "}");
}

/* An end after its key. */
IN_PLACE char *put_end(struct json *j, char *p, const struct record_end *end)
{
        unsigned n_ip = json_address_length(end->ip);

        p = LITERAL(p, "{\"ip\":\"");
        memcpy(p, end->ip, sizeof(end->ip)); /* digits, letters, dots and colons; in one size */
        p = LITERAL(p + n_ip, "\",\"port\":");
        p = decimal_put(p, end->port);
        if (__builtin_expect(end->pid.known | (end->comm != NULL) | (end->cgroup != NULL) | end->netns.known, 0))
                return put_program(j, p, end);
        p = LITERAL(p, ",\"os\":");
        p = json_put_os(p, end->os);
        return LITERAL(p, NO_PROGRAM);
}

/* All of a direction after its key. */
static char *put_direction(char *p, const struct record_direction *d)
{
        p = LITERAL(p, "{\"bytes\":");
        p = put_maybe(p, d->bytes);
        p = LITERAL(p, ",\"acked\":");
        p = put_maybe(p, d->acked);
        p = LITERAL(p, ",\"acked_by_reset\":");
        p = put_either(p, d->acked_by_reset);
        p = LITERAL(p, ",\"uncertain\":");
        p = put_maybe(p, d->uncertain);
        if (!d->unsent.known && !d->unread.known) {
                p = LITERAL(p, ",\"unsent\":null,\"unread\":null,\"closed\":");
        } else {
                p = LITERAL(p, ",\"unsent\":");
                p = put_maybe(p, d->unsent);
                p = LITERAL(p, ",\"unread\":");
                p = put_maybe(p, d->unread);
                p = LITERAL(p, ",\"closed\":");
        }
        p = json_put_closed(p, d->closed);
        p = LITERAL(p, ",\"fin_acked\":");
        p = put_maybe_bool(p, d->fin_acked);
        if (d->retransmitted.known && d->missing.known && (d->retransmitted.value | d->missing.value) == 0) {
                p = LITERAL(p, ",\"retransmitted\":0,\"missing\":0,\"packets\":");
        } else {
                p = LITERAL(p, ",\"retransmitted\":");
                p = put_maybe(p, d->retransmitted);
                p = LITERAL(p, ",\"missing\":");
                p = put_maybe(p, d->missing);
                p = LITERAL(p, ",\"packets\":");
        }
        p = put_maybe(p, d->packets);
        p = LITERAL(p, ",\"fate\":");
        p = json_put_fate(p, d->fate);
        return LITERAL(p, "}");
}

static char *put_reset(struct json *j, char *p, const struct record_reset *reset)
{
        if (!reset->seen)
                return LITERAL(p, ",\"reset\":null");
        p = LITERAL(p, ",\"reset\":{\"kind\":");
        p = json_put_reset_kind(p, reset->kind);
        p = LITERAL(p, ",\"by\":");
        p = json_put_side(p, reset->by);
        p = LITERAL(p, ",\"frame\":");
        p = put_maybe(p, reset->frame);
        p = LITERAL(p, ",\"count\":");
        p = decimal_put(p, reset->count);
        p = LITERAL(p, ",\"valid\":");
        p = json_put_reset_validity(p, reset->valid);
        p = LITERAL(p, ",\"obeyed\":");
        p = put_maybe_bool(p, reset->obeyed);
        p = LITERAL(p, ",\"window\":");
        p = put_maybe(p, reset->window);
        p = LITERAL(p, ",\"ttl\":");
        p = put_maybe(p, reset->ttl);
        p = LITERAL(p, ",\"kernel_reason\":");
        p = put_text(j, p, reset->kernel_reason);
        return LITERAL(p, "}");
}

static void write_act(struct json *j, const char *key, const struct record_act *act)
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

static void write_acts(struct json *j, const struct record *r)
{
        json_object(j, "acts");
        write_act(j, "client", &r->client_act);
        write_act(j, "server", &r->server_act);
        json_object_end(j);
}

static void write_saw(struct json *j, const char *key, const struct record_saw *saw)
{
        json_array(j, key);
        for (size_t i = 0; i < saw->n_calls; i++) {
                char *p;

                json_object(j, NULL);
                json_text(j, "call", saw->calls[i].call);
                p = json_room(j, ROOM);
                p = LITERAL(p, ",\"result\":");
                json_took(j, record_json_put_told(p, &saw->calls[i].told), true);
                json_object_end(j);
        }
        json_array_end(j);
}

/* Most endings are like this. */
static inline bool is_plainly_over(const struct record *r)
{
        return (r->ending == ENDING_ORDERLY) & (r->severity == SEVERITY_FINE) & (r->certainty == CERTAINTY_CERTAIN) &
               (r->cause == CAUSE_NONE) & (r->n_causes == 0) & (r->silent == SIDE_UNKNOWN) & !r->ongoing;
}

static char *put_verdict(char *p, const struct record *r)
{
        p = LITERAL(p, ",\"started\":");
        p = put_maybe_time(p, r->started);
        p = LITERAL(p, ",\"ended\":");
        p = put_maybe_time(p, r->ended);
        p = LITERAL(p, ",\"duration\":");
        p = put_maybe_seconds(p, r->duration);
        p = LITERAL(p, ",\"idle_before\":");
        p = put_maybe_seconds(p, r->idle_before);
        if (is_plainly_over(r)) {
                p = LITERAL(p, ",\"ending\":\"orderly\",\"ongoing\":false,\"ended_by\":");
                p = json_put_side(p, r->ended_by);
                return LITERAL(p, ",\"silent\":null,\"severity\":\"fine\",\"cause\":null,\"causes\":[],"
                                  "\"certainty\":\"certain\"");
        }
        p = LITERAL(p, ",\"ending\":");
        return record_json_put_verdict(p, r);
}

static char *put_acts_and_calls(struct json *j, char *p, const struct record *r)
{
        bool acts = r->client_act.known | r->server_act.known;

        if (!acts) {
                p = LITERAL(p, ",\"acts\":{\"client\":null,\"server\":null},\"client_next\":");
        } else {
                p = THROUGH(j, p, write_acts(j, r));
                p = LITERAL(p, ",\"client_next\":");
        }
        p = record_json_put_next(p, &r->client_next);
        if (!r->client_saw.known) {
                p = LITERAL(p, ",\"client_saw\":null,\"server_next\":");
        } else {
                p = THROUGH(j, p, write_saw(j, "client_saw", &r->client_saw));
                p = LITERAL(p, ",\"server_next\":");
        }
        p = record_json_put_next(p, &r->server_next);
        if (!r->server_saw.known)
                return LITERAL(p, ",\"server_saw\":null");
        return THROUGH(j, p, write_saw(j, "server_saw", &r->server_saw));
}

static char *put_seen(char *p, const struct record_seen *seen)
{
        if (seen->roles == ROLES_SYN && seen->sides == SIDES_SEEN_BOTH && !(seen->gaps | seen->cut | seen->both_ends))
                return LITERAL(p, ",\"seen\":{\"roles\":\"syn\",\"sides\":\"both\",\"gaps\":false,\"cut\":false,"
                                  "\"both_ends\":false}");
        p = LITERAL(p, ",\"seen\":{\"roles\":");
        p = json_put_roles(p, seen->roles);
        p = LITERAL(p, ",\"sides\":");
        p = json_put_sides_seen(p, seen->sides);
        p = LITERAL(p, ",\"gaps\":");
        p = put_bool(p, seen->gaps);
        p = LITERAL(p, ",\"cut\":");
        p = put_bool(p, seen->cut);
        p = LITERAL(p, ",\"both_ends\":");
        p = put_bool(p, seen->both_ends);
        return LITERAL(p, "}");
}

/* Whether to try again, and Zeek's state, up to the value of the next key. */
IN_PLACE char *put_state(char *p, const struct record *r)
{
        p = LITERAL(p, ",\"retry\":");
        p = json_put_retry(p, r->retry);
        p = LITERAL(p, ",\"conn_state\":");
        p = r->conn_state_known ? json_put_conn_state(p, r->conn_state) : LITERAL(p, "null");
        return LITERAL(p, ",\"history\":");
}

static char *put_frames(char *p, const struct record *r)
{
        p = LITERAL(p, ",\"file\":");
        p = put_maybe(p, r->file);
        p = LITERAL(p, ",\"frames\":");
        if (!r->first_frame.known || !r->last_frame.known)
                return LITERAL(p, "null");
        *p++ = '[';
        p = decimal_put(p, r->first_frame.value);
        *p++ = ',';
        p = decimal_put(p, r->last_frame.value);
        *p++ = ']';
        return p;
}

static void write_evidence(struct json *j, const struct record *r)
{
        json_array(j, "evidence");
        for (size_t i = 0; i < r->n_evidence; i++)
                json_text(j, NULL, r->evidence[i]);
        json_array_end(j);
}

void json_record(struct json *j, const char *key, const struct record *r, unsigned flags)
{
        bool alone = !key && !j->comma;
        char *p;

        if (!alone)
                json_object(j, key);
        p = json_room(j, ROOM);
        if (r->plain && alone && !(flags & RECORD_JSON_EVIDENCE)) {
                char *end = record_json_put_plain(p, r);

                if (end) {
                        json_took(j, end, true);
                        return;
                }
        }
        if (alone)
                *p++ = '{';
        if (r->source == SOURCE_CAPTURE) {
                p = LITERAL(p, "\"finis\":" AS_TEXT(RECORD_VERSION) ",\"source\":\"capture\",\"id\":");
        } else {
                p = LITERAL(p, "\"finis\":" AS_TEXT(RECORD_VERSION) ",\"source\":");
                p = json_put_source(p, r->source);
                p = LITERAL(p, ",\"id\":");
        }
        p = put_name(j, p, r->id, r->roomy);
        p = LITERAL(p, ",\"rev\":");
        p = decimal_put_digit(p, r->rev);
        p = LITERAL(p, ",\"client\":");
        p = put_end(j, p, &r->client);
        p = LITERAL(p, ",\"server\":");
        p = put_end(j, p, &r->server);
        p = put_verdict(p, r);
        p = LITERAL(p, ",\"to_server\":");
        p = put_direction(p, &r->to_server);
        p = LITERAL(p, ",\"to_client\":");
        p = put_direction(p, &r->to_client);
        p = put_reset(j, p, &r->reset);
        p = put_acts_and_calls(j, p, r);
        p = put_seen(p, &r->seen);
        p = put_state(p, r);
        p = put_name(j, p, r->history, r->roomy);
        p = put_frames(p, r);
        if (flags & RECORD_JSON_EVIDENCE)
                p = THROUGH(j, p, write_evidence(j, r));
        *p++ = '}';
        json_took(j, p, true);
}

int record_write_json(FILE *file, const struct record *r, unsigned flags)
{
        struct json j;

        json_begin(&j, file);
        json_record(&j, NULL, r, flags);
        return json_end(&j);
}
