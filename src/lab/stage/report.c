/* Writes what a stage did. */
#include "lab/stage/report.h"

#include <inttypes.h>
#include <string.h>

#include "lab/stage/told.h"
#include "report/json.h"
#include "words/errno_name.h"
#include "words/tcp_state.h"

static const char *const client_words[] = {
        [STAGE_CLIENT_OPEN] = "open",
        [STAGE_CLIENT_CLOSED] = "closed",
        [STAGE_CLIENT_RESET] = "gone",
};

static const char *cause_of(const struct stage_result *r)
{
        if (r->step->ending->act == STAGE_LATE_DATA && !r->late_reset)
                return NULL;
        return cause_name(r->step->ending->cause);
}

static void write_wire(FILE *file, const struct stage_result *r)
{
        static const char *const confirmed[] = {
                [STAGE_UNCONFIRMED] = "", [STAGE_CONFIRMED] = " (confirmed)", [STAGE_CONTRADICTED] = " (NOT CONFIRMED)",
        };

        if (!r->wire)
                return;
        fprintf(file, ": sent %s%s", r->wire, confirmed[r->confirmed]);
        if (r->late_reset)
                fputs(", then RST to late data", file);
}

static void write_ignored(FILE *file, const struct stage_result *r)
{
        if (r->step->ending->act >= STAGE_SILENCE && r->step->ending->act != STAGE_REFUSE)
                fprintf(file, "; %" PRIu64 " segment%s not taken", r->ignored, r->ignored == 1 ? "" : "s");
}

static void write_bytes(FILE *file, const struct stage_result *r)
{
        fprintf(file, "; received %" PRIu64 ", sent %" PRIu64, r->received, r->sent);
        if (r->acked < r->sent)
                fprintf(file, " (%" PRIu64 " acknowledged)", r->acked);
        if (r->unread)
                fprintf(file, ", %" PRIu64 " unread", r->unread);
        if (r->client_did != STAGE_CLIENT_OPEN)
                fprintf(file, "; client %s", client_words[r->client_did]);
        if (r->error)
                fprintf(file, " (%s)", errno_name(r->error) ?: "?");
}

void stage_write_line(FILE *file, const struct stage_result *r)
{
        char text[STAGE_ADDRESS_TEXT_MAX], trigger[TRIGGER_TEXT_MAX];
        const char *cause = cause_of(r);

        fprintf(file, "%" PRIu64 " %s %s", r->number, r->client.length ? stage_address_text(&r->client, text) : "-",
                r->step->ending->name);
        if (cause && strcmp(cause, r->step->ending->name) != 0)
                fprintf(file, " (%s)", cause);
        if (r->due && r->staged)
                fprintf(file, " after %s", trigger_text(r->due, trigger));
        if (!r->staged)
                fputs(r->step->ending->act == STAGE_SERVE ? " carried" : " NOT STAGED", file);
        if (r->staged || r->wire)
                write_wire(file, r);
        if (r->client.length && r->step->ending->act != STAGE_REFUSE)
                write_bytes(file, r);
        write_ignored(file, r);
        if (r->note)
                fprintf(file, "; %s", r->note);
        fputc('\n', file);
}

static void put_address(struct json *j, const char *key, const struct stage_address *address)
{
        char text[STAGE_ADDRESS_TEXT_MAX];

        if (!address->length) {
                json_null(j, key);
                return;
        }
        json_object(j, key);
        json_text(j, "ip", stage_address_host(address, text));
        json_uint(j, "port", stage_address_port(address));
        json_object_end(j);
}

static void put_look(struct json *j, const struct stage_result *r)
{
        if (!r->looked) {
                json_null(j, "before");
                return;
        }
        json_object(j, "before");
        json_text(j, "state", tcp_state_name(r->look.state));
        json_uint(j, "inq", r->look.inq);
        json_uint(j, "outq", r->look.outq);
        json_uint(j, "outq_unsent", r->look.outq_unsent);
        json_object_end(j);
}

void stage_write_json(FILE *file, const struct stage_result *r)
{
        char trigger[TRIGGER_TEXT_MAX];
        struct json j;

        json_begin(&j, file);
        json_object(&j, NULL);
        json_uint(&j, "stage", 1);
        json_uint(&j, "n", r->number);
        put_address(&j, "client", &r->client);
        put_address(&j, "server", &r->server);
        json_time(&j, "started", r->started_ns);
        json_seconds(&j, "duration", r->duration_ns);
        json_text(&j, "name", r->step->ending->name);
        json_text(&j, "ending", ending_name(r->step->ending->ending));
        json_text(&j, "cause", cause_of(r));
        json_bool(&j, "staged", r->staged);
        json_text(&j, "after", r->due ? trigger_text(r->due, trigger) : NULL);
        json_text(&j, "wire", r->wire);
        json_bool(&j, "late_reset", r->late_reset);
        if (r->confirmed == STAGE_UNCONFIRMED)
                json_null(&j, "confirmed");
        else
                json_bool(&j, "confirmed", r->confirmed == STAGE_CONFIRMED);
        put_look(&j, r);
        json_text(&j, "state_after", r->asked_after ? r->state_after ?: "none" : NULL);
        json_uint(&j, "received", r->received);
        json_uint(&j, "unread", r->unread);
        json_uint(&j, "sent", r->sent);
        json_uint(&j, "acked", r->acked);
        json_uint(&j, "not_taken", r->ignored);
        json_text(&j, "client_did", r->client.length ? client_words[r->client_did] : NULL);
        json_text(&j, "error", r->error ? errno_name(r->error) : NULL);
        json_text(&j, "note", r->note);
        json_object_end(&j);
        json_end(&j);
}

static void write_calls(FILE *file, const char *what, const struct stage_calls *calls)
{
        if (!calls->n)
                return;
        fprintf(file, "    %-10s", what);
        for (size_t i = 0; i < calls->n; i++)
                fprintf(file, "%s%s", i ? ", then " : "", calls->items[i]);
        fputc('\n', file);
}

void stage_list_text(FILE *file)
{
        const struct stage_ending *e;

        for (size_t i = 0; (e = stage_ending_at(i)); i++) {
                struct stage_told told;

                stage_tell(e, &told);
                fprintf(file, "%s%s", i ? "\n" : "", e->name);
                for (size_t k = 0; k < 3 && e->aliases[k]; k++)
                        fprintf(file, ", %s", e->aliases[k]);
                fprintf(file, "\n    %s\n", e->mechanism);
                if (e->needs)
                        fprintf(file, "    %-10s%s\n", "needs", e->needs);
                fprintf(file, "    %-10s%s%s%s\n", "record", ending_name(e->ending),
                        e->cause == CAUSE_NONE ? "" : ", cause ", cause_name(e->cause) ?: "");
                write_calls(file, "wire", &told.wire);
                write_calls(file, "connect()", &told.connect);
                write_calls(file, "recv()", &told.recv);
                write_calls(file, "send()", &told.send);
        }
}

static void put_calls(struct json *j, const char *key, const struct stage_calls *calls)
{
        json_array(j, key);
        for (size_t i = 0; i < calls->n; i++)
                json_text(j, NULL, calls->items[i]);
        json_array_end(j);
}

void stage_list_json(FILE *file)
{
        const struct stage_ending *e;

        for (size_t i = 0; (e = stage_ending_at(i)); i++) {
                struct stage_told told;
                struct json j;

                stage_tell(e, &told);
                json_begin(&j, file);
                json_object(&j, NULL);
                json_text(&j, "name", e->name);
                json_array(&j, "aliases");
                for (size_t k = 0; k < 3 && e->aliases[k]; k++)
                        json_text(&j, NULL, e->aliases[k]);
                json_array_end(&j);
                json_text(&j, "ending", ending_name(e->ending));
                json_text(&j, "cause", cause_name(e->cause));
                json_text(&j, "mechanism", e->mechanism);
                json_text(&j, "needs", e->needs);
                put_calls(&j, "wire", &told.wire);
                put_calls(&j, "connect", &told.connect);
                put_calls(&j, "recv", &told.recv);
                put_calls(&j, "send", &told.send);
                json_object_end(&j);
                json_end(&j);
        }
}
