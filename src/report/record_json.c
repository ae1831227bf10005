/* The ending record as JSON. The order of the keys is a promise; see docs/record.schema.json. */
#include "report/record_json.h"

#include "report/json.h"
#include "words/errno_name.h"

/* Longest: "EPROTONOSUPPORT+SIGPIPE", or the digits of a count. */
#define TOLD_TEXT_MAX 32

static void
write_end(struct json *j, const char *key, const struct record_end *end)
{
        json_object(j, key);
        json_text(j, "ip", end->ip);
        json_uint(j, "port", end->port);
        json_text(j, "os", end->os == OS_UNKNOWN ? NULL : os_name(end->os));
        json_maybe_uint(j, "pid", end->pid);
        json_text(j, "comm", end->comm);
        json_text(j, "cgroup", end->cgroup);
        json_maybe_uint(j, "netns", end->netns);
        json_object_end(j);
}

static void
write_side(struct json *j, const char *key, enum side side)
{
        json_text(j, key, side == SIDE_UNKNOWN ? NULL : side_name(side));
}

static void
write_direction(struct json *j, const char *key, const struct record_direction *d)
{
        json_object(j, key);
        json_maybe_uint(j, "bytes", d->bytes);
        json_maybe_uint(j, "acked", d->acked);
        json_maybe_uint(j, "acked_by_reset", d->acked_by_reset);
        json_maybe_uint(j, "uncertain", d->uncertain);
        json_maybe_uint(j, "unsent", d->unsent);
        json_maybe_uint(j, "unread", d->unread);
        json_text(j, "closed", d->closed == CLOSED_UNKNOWN ? NULL : closed_name(d->closed));
        json_maybe_bool(j, "fin_acked", d->fin_acked);
        json_maybe_uint(j, "retransmitted", d->retransmitted);
        json_maybe_uint(j, "missing", d->missing);
        json_maybe_uint(j, "packets", d->packets);
        json_text(j, "fate", fate_name(d->fate));
        json_object_end(j);
}

static void
write_reset(struct json *j, const char *key, const struct record_reset *reset)
{
        if (!reset->seen) {
                json_null(j, key);
                return;
        }
        json_object(j, key);
        json_text(j, "kind", reset->kind == RESET_KIND_UNKNOWN ? NULL : reset_kind_name(reset->kind));
        write_side(j, "by", reset->by);
        json_maybe_uint(j, "frame", reset->frame);
        json_uint(j, "count", reset->count);
        json_text(j, "valid",
                  reset->valid == RESET_VALIDITY_UNKNOWN ? NULL : reset_validity_name(reset->valid));
        json_maybe_bool(j, "obeyed", reset->obeyed);
        json_maybe_uint(j, "window", reset->window);
        json_maybe_uint(j, "ttl", reset->ttl);
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

/* What a call told, as a word: "0", "ECONNRESET", "EPIPE+SIGPIPE", "sent", "waits". */
static void
write_told(struct json *j, const char *key, const struct told *told)
{
        char text[TOLD_TEXT_MAX];
        const char *name;

        switch (told->kind) {
        case TOLD_SENT:
                json_text(j, key, "sent");
                return;
        case TOLD_WAITS:
                json_text(j, key, "waits");
                return;
        case TOLD_ERROR:
                name = errno_name(told->error);
                if (name)
                        snprintf(text, sizeof(text), "%s%s", name, told->sigpipe ? "+SIGPIPE" : "");
                else
                        snprintf(text, sizeof(text), "E%d%s", told->error, told->sigpipe ? "+SIGPIPE" : "");
                break;
        case TOLD_BYTES:
        default:
                /* A call can move bytes and raise the signal at once, as sendfile does. */
                snprintf(text, sizeof(text), "%llu%s", (unsigned long long)told->bytes,
                         told->sigpipe ? "+SIGPIPE" : "");
                break;
        }
        json_text(j, key, text);
}

static void
write_next(struct json *j, const char *key, const struct record_next *next)
{
        if (!next->known) {
                json_null(j, key);
                return;
        }
        json_object(j, key);
        json_array(j, "if_recv");
        for (size_t i = 0; i < next->n_if_recv; i++)
                write_told(j, NULL, &next->if_recv[i]);
        json_array_end(j);
        json_array(j, "if_send");
        for (size_t i = 0; i < next->n_if_send; i++)
                write_told(j, NULL, &next->if_send[i]);
        json_array_end(j);
        json_object_end(j);
}

static void
write_saw(struct json *j, const char *key, const struct record_saw *saw)
{
        if (!saw->known) {
                json_null(j, key);
                return;
        }
        json_array(j, key);
        for (size_t i = 0; i < saw->n_calls; i++) {
                json_object(j, NULL);
                json_text(j, "call", saw->calls[i].call);
                write_told(j, "result", &saw->calls[i].told);
                json_object_end(j);
        }
        json_array_end(j);
}

static void
write_verdict(struct json *j, const struct record *r)
{
        json_text(j, "ending", ending_name(r->ending));
        json_bool(j, "ongoing", r->ongoing);
        write_side(j, "ended_by", r->ended_by);
        write_side(j, "silent", r->silent);
        json_text(j, "severity", severity_name(r->severity));
        json_text(j, "cause", cause_name(r->cause));
        json_array(j, "causes");
        for (size_t i = 0; i < r->n_causes; i++)
                json_text(j, NULL, cause_name(r->causes[i]));
        json_array_end(j);
        json_text(j, "certainty", certainty_name(r->certainty));
}

static void
write_seen(struct json *j, const char *key, const struct record_seen *seen)
{
        json_object(j, key);
        json_text(j, "roles", roles_name(seen->roles));
        json_text(j, "sides", sides_seen_name(seen->sides));
        json_bool(j, "gaps", seen->gaps);
        json_bool(j, "cut", seen->cut);
        json_bool(j, "both_ends", seen->both_ends);
        json_object_end(j);
}

static void
write_frames(struct json *j, const char *key, const struct record *r)
{
        if (!r->first_frame.known || !r->last_frame.known) {
                json_null(j, key);
                return;
        }
        json_array(j, key);
        json_uint(j, NULL, r->first_frame.value);
        json_uint(j, NULL, r->last_frame.value);
        json_array_end(j);
}

void json_record(struct json *j, const char *key, const struct record *r, unsigned flags)
{
        json_object(j, key);
        json_uint(j, "finis", RECORD_VERSION);
        json_text(j, "source", source_name(r->source));
        json_text(j, "id", r->id);
        json_uint(j, "rev", r->rev);
        write_end(j, "client", &r->client);
        write_end(j, "server", &r->server);
        json_maybe_time(j, "started", r->started);
        json_maybe_time(j, "ended", r->ended);
        json_maybe_seconds(j, "duration", r->duration);
        json_maybe_seconds(j, "idle_before", r->idle_before);
        write_verdict(j, r);
        write_direction(j, "to_server", &r->to_server);
        write_direction(j, "to_client", &r->to_client);
        write_reset(j, "reset", &r->reset);
        json_object(j, "acts");
        write_act(j, "client", &r->client_act);
        write_act(j, "server", &r->server_act);
        json_object_end(j);
        write_next(j, "client_next", &r->client_next);
        write_saw(j, "client_saw", &r->client_saw);
        write_next(j, "server_next", &r->server_next);
        write_saw(j, "server_saw", &r->server_saw);
        write_seen(j, "seen", &r->seen);
        json_text(j, "retry", retry_name(r->retry));
        json_text(j, "conn_state", r->conn_state_known ? conn_state_name(r->conn_state) : NULL);
        json_text(j, "history", r->history);
        json_maybe_uint(j, "file", r->file);
        write_frames(j, "frames", r);
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
