/* Facts -> judge -> record, with the names and calls that only the tracer knows. */
#include "cli/run_record.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "trace/deduce.h"
#include "trace/facts.h"

static void name_end(struct record_end *end, uint8_t family, const uint8_t *address, uint16_t port)
{
        if (family)
                inet_ntop(family, address, end->ip, sizeof(end->ip));
        end->port = port;
}

static void add_calls(struct run_record *r, enum side side, const struct traced_socket *s)
{
        struct record_saw *saw = side == SIDE_CLIENT ? &r->record.client_saw : &r->record.server_saw;
        size_t n = s->n_calls < SOCKET_CALLS_MAX ? s->n_calls : SOCKET_CALLS_MAX;

        for (size_t i = 0; i < n; i++) {
                const struct socket_call *call = &s->calls[(s->n_calls - n + i) % SOCKET_CALLS_MAX];
                struct saw *one = &r->saw[side][saw->n_calls];

                one->call = call->name;
                one->told = call->result < 0
                        ? (struct told){ .kind = TOLD_ERROR, .error = (int)-call->result, .sigpipe = call->sigpipe }
                        : (struct told){ .kind = TOLD_BYTES, .bytes = (uint64_t)call->result };
                saw->n_calls++;
        }
        saw->known = n > 0;
        saw->calls = r->saw[side];
}

static void add_end(struct run_record *r, const struct traced_socket *s)
{
        enum side side = side_of_socket(s);
        struct record_end *own = side == SIDE_CLIENT ? &r->record.client : &r->record.server;
        struct record_act *act = side == SIDE_CLIENT ? &r->record.client_act : &r->record.server_act;
        const struct socket_act *did = s->shut.known && (!s->act.known || s->shut.at_ns <= s->act.at_ns) &&
                                               !socket_act_resets(s) ? &s->shut : &s->act;

        r->socket[side] = s;
        memcpy(r->comm[side], s->comm, sizeof(s->comm));
        own->pid = known_u64((uint64_t)s->pid);
        own->comm = r->comm[side];
        /* What came after the end ended nothing. */
        if (did->known && did->before.state != TCP_STATE_CLOSE) {
                memcpy(r->act_comm[side], did->comm, sizeof(did->comm));
                act->known = true;
                act->how = did->how;
                act->call = did->call;
                act->pid = known_u64((uint64_t)did->pid);
                act->comm = r->act_comm[side];
                if (did->how == ACT_SIGNAL)
                        act->signal = known_u64((uint64_t)did->signal);
        }
        add_calls(r, side, s);
}

void run_frame_put(char text[static RUN_FRAME_MAX], const struct where_frame *frame)
{
        snprintf(text, RUN_FRAME_MAX, frame->symbol[0] ? "%s+0x%" PRIx64 " (%s)" : "%s+0x%" PRIx64,
                 frame->module, frame->offset, frame->symbol);
}

/* A line of evidence for each stack, as far as there is room. */
static void add_where(struct run_record *r, const char *what, const struct where *where)
{
        struct evidence *evidence = &r->evidence;
        char *text = evidence->text + evidence->n_text;
        size_t room = sizeof(evidence->text) - evidence->n_text, n;

        if (!where || evidence->n == EVIDENCE_MAX || room < 2 * RUN_FRAME_MAX)
                return;
        n = (size_t)snprintf(text, room, "%s", what);
        for (size_t i = 0; i < where->n && room - n > RUN_FRAME_MAX + 4; i++) {
                char frame[RUN_FRAME_MAX];

                run_frame_put(frame, &where->frames[i]);
                n += (size_t)snprintf(text + n, room - n, "%s %s", i > 0 ? "," : "", frame);
        }
        evidence->n_text += n + 1;
        evidence->lines[evidence->n++] = text;
}

static void add_stacks(struct run_record *r)
{
        for (enum side side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
                const struct traced_socket *s = r->socket[side];
                bool client = side == SIDE_CLIENT;

                if (!s)
                        continue;
                add_where(r, client ? "The client was told at" : "The server was told at", s->told_at);
                if (socket_act_resets(s))
                        add_where(r, client ? "The client gave it up at" : "The server gave it up at", s->reset_at);
        }
        r->record.evidence = r->evidence.lines;
        r->record.n_evidence = r->evidence.n;
}

void run_record(struct run_record *ret, const struct traced_socket *socket, const struct traced_socket *other,
                bool with_evidence)
{
        struct timespec t;
        struct facts f;

        ret->socket[SIDE_CLIENT] = ret->socket[SIDE_SERVER] = NULL;
        ret->evidence.n = ret->evidence.n_text = 0;
        ret->id[0] = 0;
        clock_gettime(CLOCK_REALTIME, &t);
        facts_of_sockets(socket, other, t.tv_sec * INT64_C(1000000000) + t.tv_nsec, &f);
        record_init(&ret->record, SOURCE_RUN, ret->id);
        judge(&f, &ret->record, with_evidence ? &ret->evidence : NULL);
        /* The judge sees no end; yet there was one, only not how. */
        if ((ret->record.ending == ENDING_OPEN || ret->record.ending == ENDING_HALF_CLOSED) &&
            socket_end_is_unseen(socket)) {
                ret->record.ending = ENDING_UNSEEN;
                ret->record.certainty = CERTAINTY_POSSIBLE;
        }
}

void run_record_complete(struct run_record *r, const struct traced_socket *socket, const struct traced_socket *other,
                         bool with_evidence)
{
        bool opened = side_of_socket(socket) == SIDE_CLIENT;
        const struct diag_tuple *tuple = &socket->tuple;

        snprintf(r->id, sizeof(r->id), "%" PRIu64, socket->cookie);
        name_end(opened ? &r->record.client : &r->record.server, tuple->family, tuple->local, tuple->local_port);
        name_end(opened ? &r->record.server : &r->record.client, tuple->family, tuple->remote, tuple->remote_port);
        add_end(r, socket);
        if (other)
                add_end(r, other);
        if (with_evidence)
                add_stacks(r);
}
