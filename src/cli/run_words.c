/* A traced connection in words: the record's line, then what each traced program did and was told. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/run_record.h"
#include "report/line.h"
#include "report/phrase.h"
#include "report/told.h"
#include "trace/deduce.h"
#include "words/errno_name.h"

#define INDENT 6

/* Who gave it up, which need not be who had it first: a descriptor may be inherited or passed on. */
static void say_who(struct phrase *p, const struct record_end *end, const struct record_act *act)
{
        bool gave_up = act->known && act->pid.known;
        const char *comm = gave_up && act->comm ? act->comm : end->comm;

        phrase_add(p, "%s[%" PRIu64 "]", comm && comm[0] ? comm : "the program",
                   gave_up ? act->pid.value : end->pid.value);
}

/* "closed it with 5 bytes unread, which sends a RST (deduced)" */
static void say_act(struct phrase *p, const struct traced_socket *s, const struct record_act *act)
{
        static const char *const did[N_ACTS] = {
                [ACT_CLOSE] = "closed it", [ACT_SHUTDOWN] = "shut its sending way down", [ACT_EXIT] = "exited",
                [ACT_SIGNAL] = "was killed", [ACT_EXEC] = "closed it by exec",
                [ACT_CONNECT_UNSPEC] = "disconnected it, by connect() with AF_UNSPEC",
                [ACT_SOCK_DESTROY] = "destroyed it", [ACT_LISTENER_CLOSE] = "closed its listener",
                [ACT_TIMER] = "timed out",
        };
        const struct look *before = &s->act.before;
        uint32_t unread = socket_unread(s);

        phrase_add(p, " %s", did[act->how]);
        if (act->how == ACT_SIGNAL)
                phrase_add(p, " by signal %" PRIu64, act->signal.value);
        if (act->how == ACT_CLOSE && act->call && strcmp(act->call, "close") != 0)
                phrase_add(p, ", by %s()", act->call);
        if (s->act.known && unread > 0) {
                phrase_add(p, " with ");
                phrase_bytes(p, unread);
                phrase_add(p, " unread");
        }
        if (socket_act_resets(s)) {
                if (unread == 0 && before->linger_on && act->how != ACT_CONNECT_UNSPEC)
                        phrase_add(p, " with SO_LINGER of 0 s");
                phrase_add(p, ", which sends a RST (deduced)");
        }
}

/* It died in its program's hands, and no call was seen to be told. */
static void say_deduced(struct phrase *p, const struct traced_socket *s)
{
        if (s->last.error_pending)
                phrase_add(p, "; it never looked at the error that waited for it");
        else if (s->swallowed)
                phrase_add(p, "; %s() took the error and told only a count (deduced)", s->swallowed);
        else if (s->told)
                phrase_add(p, "; %s(), which waited on it, was told of it (deduced)", s->told);
        else if (s->told_receiving)
                phrase_add(p, "; a call was told of it at once, a receiving one as it seems (--calls names it)");
        else
                phrase_add(p, "; a call was told of it (--calls names it)");
}

/* What the program was told, as far as was seen. */
static void say_told(struct phrase *p, const struct traced_socket *s, enum ending ending)
{
        const struct socket_call *call = NULL;
        size_t n = s->n_calls < SOCKET_CALLS_MAX ? s->n_calls : SOCKET_CALLS_MAX;

        for (size_t i = 0; i < n && !call; i++) {
                const struct socket_call *one = &s->calls[(s->n_calls - n + i) % SOCKET_CALLS_MAX];

                if (one->result < 0)
                        call = one;
        }
        if (s->failed_unseen) {
                phrase_add(p, "; connect() was told an error (--calls names it)");
        } else if (s->connect_error && s->connect_error != EINPROGRESS && !s->established_ns && !call) {
                phrase_add(p, "; connect() was told %s", errno_name(s->connect_error) ?: "an error");
        } else if (call) {
                phrase_add(p, "; %s() was told %s", call->name, errno_name((int)-call->result) ?: "an error");
                if (strncmp(call->name, "send", 4) == 0 || strncmp(call->name, "write", 5) == 0 || call->sigpipe)
                        phrase_add(p, !call->sigpipe ? ", without a signal"
                                      : call->blocked ? ", with SIGPIPE, which it blocks"
                                      : call->ignored ? ", with SIGPIPE, which it ignores" : ", with SIGPIPE");
        } else if (ending != ENDING_ORDERLY && s->established_ns && s->last.state == TCP_STATE_CLOSE &&
                   s->act.known && s->act.before.state == TCP_STATE_CLOSE) {
                say_deduced(p, s);
        }
        if (s->truncated)
                phrase_add(p, "; the 0 of the receiving call after it was no end of the data");
}

/* Only who asked can ask again. */
static void say_retry(struct phrase *p, const struct record *r)
{
        if (r->severity != SEVERITY_BAD && r->ending != ENDING_RESET)
                return;
        if (r->retry == RETRY_SAFE)
                phrase_add(p, "; its last request reached no program and may be sent again");
        else if (r->retry == RETRY_MAYBE_PROCESSED)
                phrase_add(p, "; its last request may have been processed");
}

static void say_where(FILE *file, const char *what, const struct where *where)
{
        if (!where)
                return;
        fprintf(file, "%*s%s here:\n", INDENT, "", what);
        for (size_t i = 0; i < where->n; i++) {
                char text[RUN_FRAME_MAX];

                run_frame_put(text, &where->frames[i]);
                phrase_write(file, text, STYLE_WIDTH, 2 * INDENT, 0);
        }
        if (where->by_frame_pointers)
                phrase_write(file, "(by frame pointers: callers that keep none are left out)",
                             STYLE_WIDTH, 2 * INDENT, 0);
}

static void say_end(FILE *file, const struct run_record *r, enum side side)
{
        const struct traced_socket *s = r->socket[side];
        const struct record_end *end = side == SIDE_CLIENT ? &r->record.client : &r->record.server;
        const struct record_act *act = side == SIDE_CLIENT ? &r->record.client_act : &r->record.server_act;
        struct phrase p = { 0 };

        if (!s)
                return;
        say_who(&p, end, act);
        if (act->known)
                say_act(&p, s, act);
        else
                phrase_add(&p, s->act.known ? " held it" : " still held it");
        say_told(&p, s, r->record.ending);
        if (side == SIDE_CLIENT)
                say_retry(&p, &r->record);
        phrase_write(file, p.text, STYLE_WIDTH, INDENT, 0);
        say_where(file, "It was told", s->told_at);
        say_where(file, "It gave it up", socket_act_resets(s) ? s->reset_at : NULL);
}

void run_record_write(FILE *file, const struct run_record *r, bool evidence, const struct style *style)
{
        line_write(file, &r->record, NULL, style);
        line_write_bytes(file, &r->record, style);
        say_end(file, r, SIDE_CLIENT);
        say_end(file, r, SIDE_SERVER);
        if (evidence)
                line_write_evidence(file, &r->record, style);
}
