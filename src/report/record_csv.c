/* The ending record as CSV: the keys of the JSON, flattened; lists have blanks between their words. */
#include "report/record_csv.h"

#include <string.h>

#include "base/decimal.h"
#include "report/json.h"
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
        "reset_ttl", "client_if_recv", "client_if_send", "server_if_recv", "server_if_send", "seen_roles",
        "seen_sides", "seen_gaps", "seen_cut", "seen_both_ends", "retry", "conn_state", "history", "file",
        "first_frame", "last_frame",
};

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

struct row {
        FILE *file;
        bool comma;
};

static void put_comma(struct row *row)
{
        if (row->comma)
                putc_unlocked(',', row->file);
        row->comma = true;
}

/* Quoted where it must be. */
static void put_text(struct row *row, const char *text)
{
        put_comma(row);
        if (!text)
                return;
        if (!strpbrk(text, ",\"\r\n")) {
                fputs_unlocked(text, row->file);
                return;
        }
        putc_unlocked('"', row->file);
        for (; *text; text++) {
                if (*text == '"')
                        putc_unlocked('"', row->file);
                putc_unlocked(*text, row->file);
        }
        putc_unlocked('"', row->file);
}

static void put_uint(struct row *row, uint64_t value)
{
        char digits[DECIMAL_ROOM];
        const char *end = decimal_put(digits, value);

        put_comma(row);
        fwrite_unlocked(digits, 1, (size_t)(end - digits), row->file);
}

static void put_maybe(struct row *row, struct maybe_u64 value)
{
        if (value.known)
                put_uint(row, value.value);
        else
                put_comma(row);
}

static void put_bool(struct row *row, bool value)
{
        put_text(row, value ? "true" : "false");
}

static void put_maybe_bool(struct row *row, struct maybe_bool value)
{
        put_text(row, !value.known ? NULL : value.value ? "true" : "false");
}

static void put_time(struct row *row, struct maybe_i64 value)
{
        char text[JSON_TIME_MAX] = "";

        if (value.known)
                *json_put_time(text, value.value) = '\0';
        put_text(row, text);
}

static void put_seconds(struct row *row, struct maybe_i64 value)
{
        char text[JSON_SECONDS_MAX] = "";

        if (value.known)
                *json_put_seconds(text, value.value) = '\0';
        put_text(row, text);
}

static void put_side(struct row *row, enum side side)
{
        put_text(row, side == SIDE_UNKNOWN ? NULL : side_name(side));
}

static void put_end(struct row *row, const struct record_end *end)
{
        put_text(row, end->ip);
        put_uint(row, end->port);
        put_text(row, end->os == OS_UNKNOWN ? NULL : os_name(end->os));
}

static void put_direction(struct row *row, const struct record_direction *d)
{
        put_maybe(row, d->bytes);
        put_maybe(row, d->acked);
        put_maybe(row, d->acked_by_reset);
        put_maybe(row, d->uncertain);
        put_maybe(row, d->unsent);
        put_maybe(row, d->unread);
        put_text(row, d->closed == CLOSED_UNKNOWN ? NULL : closed_name(d->closed));
        put_maybe_bool(row, d->fin_acked);
        put_maybe(row, d->retransmitted);
        put_maybe(row, d->missing);
        put_maybe(row, d->packets);
        put_text(row, fate_name(d->fate));
}

static void put_reset(struct row *row, const struct record_reset *reset)
{
        bool seen = reset->seen;

        put_text(row, !seen || reset->kind == RESET_KIND_UNKNOWN ? NULL : reset_kind_name(reset->kind));
        put_side(row, seen ? reset->by : SIDE_UNKNOWN);
        put_maybe(row, seen ? reset->frame : (struct maybe_u64){0});
        put_uint(row, seen ? reset->count : 0);
        put_text(row, !seen || reset->valid == RESET_VALIDITY_UNKNOWN ? NULL : reset_validity_name(reset->valid));
        put_maybe_bool(row, seen ? reset->obeyed : (struct maybe_bool){0});
        put_maybe(row, seen ? reset->window : (struct maybe_u64){0});
        put_maybe(row, seen ? reset->ttl : (struct maybe_u64){0});
}

static void put_told(struct row *row, const struct told *told, size_t n)
{
        char text[RECORD_NEXT_MAX * (TOLD_TEXT_MAX + 1) + 1], *to = text;

        for (size_t i = 0; i < n; i++) {
                if (i > 0)
                        *to++ = ' ';
                to = told_put(to, &told[i]);
        }
        *to = '\0';
        put_text(row, text);
}

static void put_next(struct row *row, const struct record_next *next)
{
        put_told(row, next->if_recv, next->known ? next->n_if_recv : 0);
        put_told(row, next->if_send, next->known ? next->n_if_send : 0);
}

static void put_causes(struct row *row, const struct record *r)
{
        put_comma(row);
        for (size_t i = 0; i < r->n_causes; i++) {
                if (i > 0)
                        putc_unlocked(' ', row->file);
                fputs_unlocked(cause_name(r->causes[i]), row->file);
        }
}

void record_csv_header(FILE *file)
{
        static const char *const prefixes[] = {"to_server_", "to_client_"};
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
        struct row row = {.file = file};

        put_text(&row, r->id);
        put_uint(&row, r->rev);
        put_end(&row, &r->client);
        put_end(&row, &r->server);
        put_time(&row, r->started);
        put_time(&row, r->ended);
        put_seconds(&row, r->duration);
        put_seconds(&row, r->idle_before);
        put_text(&row, ending_name(r->ending));
        put_bool(&row, r->ongoing);
        put_side(&row, r->ended_by);
        put_side(&row, r->silent);
        put_text(&row, severity_name(r->severity));
        put_text(&row, cause_name(r->cause));
        put_causes(&row, r);
        put_text(&row, certainty_name(r->certainty));
        put_direction(&row, &r->to_server);
        put_direction(&row, &r->to_client);
        put_reset(&row, &r->reset);
        put_next(&row, &r->client_next);
        put_next(&row, &r->server_next);
        put_text(&row, roles_name(r->seen.roles));
        put_text(&row, sides_seen_name(r->seen.sides));
        put_bool(&row, r->seen.gaps);
        put_bool(&row, r->seen.cut);
        put_bool(&row, r->seen.both_ends);
        put_text(&row, retry_name(r->retry));
        put_text(&row, r->conn_state_known ? conn_state_name(r->conn_state) : NULL);
        put_text(&row, r->history);
        put_maybe(&row, r->file);
        put_maybe(&row, r->first_frame);
        put_maybe(&row, r->last_frame);
        fputs_unlocked("\r\n", file);
}
