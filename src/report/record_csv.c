/* The ending record as CSV: the keys of the JSON, flattened; lists have blanks between their words. */
#include "report/record_csv.h"

#include <string.h>

#include "base/decimal.h"
#include "report/json.h"
#include "report/record_json_words.h"
#include "report/told.h"

static const char *const columns[] = {
        "id", "rev", "client_ip", "client_port", "client_os", "server_ip", "server_port", "server_os", "started",
        "ended", "duration", "idle_before", "ending", "ongoing", "ended_by", "silent", "severity", "cause", "causes",
        "certainty",
};
static const char *const direction_columns[] = {
        "bytes", "acked", "acked_by_reset", "uncertain", "unsent", "unread", "closed", "fin_acked", "retransmitted",
        "missing", "packets", "fate",
};
static const char *const more_columns[] = {
        "reset_kind", "reset_by", "reset_frame", "reset_count", "reset_valid", "reset_obeyed", "reset_window",
        "reset_ttl", "client_next_if_recv", "client_next_if_send", "server_next_if_recv", "server_next_if_send",
        "seen_roles", "seen_sides", "seen_gaps", "seen_cut", "seen_both_ends", "retry", "conn_state", "history", "file",
        "first_frame", "last_frame",
};

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

/* More than all fields of a record take but its id and history, which are looked at first. */
enum { ROOM = 4096, SHORT_TEXT = 256 };

/* Each puts one field and the comma before it. */
static inline char *put_comma(char *p)
{
        *p = ',';
        return p + 1;
}

/* Text that is quoted where it must be. */
static char *put_text(FILE *file, char *line, char *p, const char *text)
{
        size_t n = text ? strlen(text) : 0;

        if (n <= SHORT_TEXT && (n == 0 || !strpbrk(text, ",\"\r\n"))) {
                memcpy(p, text ? text : "", n);
                return p + n;
        }
        fwrite_unlocked(line, 1, (size_t)(p - line), file);
        putc_unlocked('"', file);
        for (; *text; text++) {
                if (*text == '"')
                        putc_unlocked('"', file);
                putc_unlocked(*text, file);
        }
        putc_unlocked('"', file);
        return line;
}

static inline char *put_uint(char *p, uint64_t value)
{
        return decimal_put(put_comma(p), value);
}

static inline char *put_maybe(char *p, struct maybe_u64 value)
{
        p = put_comma(p);
        return value.known ? decimal_put(p, value.value) : p;
}

static inline char *put_bool(char *p, bool value)
{
        memcpy(p, value ? ",true " : ",false", 6);
        return p + (value ? 5 : 6);
}

static inline char *put_maybe_bool(char *p, struct maybe_bool value)
{
        return value.known ? put_bool(p, value.value) : put_comma(p);
}

static inline char *put_time(char *p, struct maybe_i64 value)
{
        p = put_comma(p);
        return value.known ? json_put_time(p, value.value) : p;
}

static inline char *put_seconds(char *p, struct maybe_i64 value)
{
        p = put_comma(p);
        return value.known ? json_put_seconds(p, value.value) : p;
}

#define WORD(set, p, value) json_put_bare_##set(put_comma(p), (value))

static char *put_end(char *p, const struct record_end *end)
{
        size_t n_ip = strlen(end->ip);

        p = put_comma(p);
        memcpy(p, end->ip, sizeof(end->ip)); /* digits, letters, dots and colons; in one size */
        p = put_uint(p + n_ip, end->port);
        return WORD(os, p, end->os);
}

static char *put_direction(char *p, const struct record_direction *d)
{
        p = put_maybe(p, d->bytes);
        p = put_maybe(p, d->acked);
        p = put_maybe(p, d->acked_by_reset);
        p = put_maybe(p, d->uncertain);
        p = put_maybe(p, d->unsent);
        p = put_maybe(p, d->unread);
        p = WORD(closed, p, d->closed);
        p = put_maybe_bool(p, d->fin_acked);
        p = put_maybe(p, d->retransmitted);
        p = put_maybe(p, d->missing);
        p = put_maybe(p, d->packets);
        return WORD(fate, p, d->fate);
}

static char *put_reset(char *p, const struct record_reset *reset)
{
        if (!reset->seen) {
                memcpy(p, ",,,,0,,,,", 9);
                return p + 9;
        }
        p = WORD(reset_kind, p, reset->kind);
        p = WORD(side, p, reset->by);
        p = put_maybe(p, reset->frame);
        p = put_uint(p, reset->count);
        p = WORD(reset_validity, p, reset->valid);
        p = put_maybe_bool(p, reset->obeyed);
        p = put_maybe(p, reset->window);
        return put_maybe(p, reset->ttl);
}

static char *put_told(char *p, const struct told *told, size_t n)
{
        p = put_comma(p);
        for (size_t i = 0; i < n; i++) {
                if (i > 0)
                        *p++ = ' ';
                p = told_put(p, &told[i]);
        }
        return p;
}

static char *put_next(char *p, const struct record_next *next)
{
        p = put_told(p, next->if_recv, next->known ? next->n_if_recv : 0);
        return put_told(p, next->if_send, next->known ? next->n_if_send : 0);
}

static char *put_causes(char *p, const struct record *r)
{
        p = put_comma(p);
        for (size_t i = 0; i < r->n_causes; i++) {
                if (i > 0)
                        *p++ = ' ';
                p = json_put_bare_cause(p, r->causes[i]);
        }
        return p;
}

void record_csv_header(FILE *file)
{
        static const char *const prefixes[] = { "to_server_", "to_client_" };
        const char *comma = "";

        for (size_t i = 0; i < N_OF(columns); i++, comma = ",")
                fprintf(file, "%s%s", comma, columns[i]);
        for (size_t d = 0; d < N_OF(prefixes); d++)
                for (size_t i = 0; i < N_OF(direction_columns); i++)
                        fprintf(file, ",%s%s", prefixes[d], direction_columns[i]);
        for (size_t i = 0; i < N_OF(more_columns); i++)
                fprintf(file, ",%s", more_columns[i]);
        fputs("\r\n", file);
}

void record_csv_write(FILE *file, const struct record *r)
{
        char line[ROOM], *p = line;

        p = put_text(file, line, p, r->id);
        p = put_uint(p, r->rev);
        p = put_end(p, &r->client);
        p = put_end(p, &r->server);
        p = put_time(p, r->started);
        p = put_time(p, r->ended);
        p = put_seconds(p, r->duration);
        p = put_seconds(p, r->idle_before);
        p = WORD(ending, p, r->ending);
        p = put_bool(p, r->ongoing);
        p = WORD(side, p, r->ended_by);
        p = WORD(side, p, r->silent);
        p = WORD(severity, p, r->severity);
        p = WORD(cause, p, r->cause);
        p = put_causes(p, r);
        p = WORD(certainty, p, r->certainty);
        p = put_direction(p, &r->to_server);
        p = put_direction(p, &r->to_client);
        p = put_reset(p, &r->reset);
        p = put_next(p, &r->client_next);
        p = put_next(p, &r->server_next);
        p = WORD(roles, p, r->seen.roles);
        p = WORD(sides_seen, p, r->seen.sides);
        p = put_bool(p, r->seen.gaps);
        p = put_bool(p, r->seen.cut);
        p = put_bool(p, r->seen.both_ends);
        p = WORD(retry, p, r->retry);
        p = r->conn_state_known ? WORD(conn_state, p, r->conn_state) : put_comma(p);
        p = put_text(file, line, put_comma(p), r->history);
        p = put_maybe(p, r->file);
        p = put_maybe(p, r->first_frame);
        p = put_maybe(p, r->last_frame);
        *p++ = '\r';
        *p++ = '\n';
        fwrite_unlocked(line, 1, (size_t)(p - line), file);
}
