/* Facts -> judge -> record, with the names and calls that only the kernel's tellings hold. */
#include "cli/watch_record.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "cli/watch_wire.h"
#include "cli/watch_words.h"
#include "live/heard.h"
#include "report/line.h"
#include "report/phrase.h"

enum { INDENT = 6 };

static void name_end(struct record_end *end, uint8_t family, const uint8_t *address, uint16_t port)
{
        inet_ntop(family, address, end->ip, sizeof(end->ip));
        end->port = port;
}

static void name_ends(struct watch_record *r, const struct live_connection *c)
{
        struct record_end *first = c->first == SIDE_CLIENT ? &r->record.client : &r->record.server;
        struct record_end *second = c->first == SIDE_CLIENT ? &r->record.server : &r->record.client;
        const struct live_end *end = &c->ends[0];
        const struct live_reset *reset = &c->resets[0];

        if (c->n_ends > 0) {
                name_end(first, end->family, end->local, end->local_port);
                name_end(second, end->family, end->remote, end->remote_port);
                first->netns = known_u64(end->netns);
        } else {
                name_end(first, reset->family, reset->local, reset->local_port);
                name_end(second, reset->family, reset->remote, reset->remote_port);
                first->netns = known_u64(reset->netns);
        }
        if (c->n_ends == 2)
                second->netns = known_u64(c->ends[1].netns);
        /* Each end as it calls itself. */
        if (c->n_ends == 2 && c->translated)
                name_end(second, c->ends[1].family, c->ends[1].local, c->ends[1].local_port);
}

/* Whose socket it is: who opened or closed it. Who merely ended it from outside is not. */
static void add_owner(struct watch_record *r, enum side side, const struct live_end *end)
{
        struct record_end *own = side == SIDE_CLIENT ? &r->record.client : &r->record.server;
        const struct live_act *act = &r->act[side];
        bool by_act = act->by_task && act->how != ACT_SOCK_DESTROY;

        if (end->flags & LIVE_CLOSER && live_end_let_go_by_a_stranger(end))
                return;
        if (!end->owner && !by_act)
                return;
        memcpy(r->comm[side], end->owner ? end->owner_comm : act->task.comm, LIVE_COMM);
        own->pid = known_u64(end->owner ? end->owner : act->task.tgid);
        own->comm = r->comm[side];
}

static void add_end(struct watch_record *r, enum side side, const struct live_end *end, bool gone,
                    struct cgroups *cgroups)
{
        struct record_end *own = side == SIDE_CLIENT ? &r->record.client : &r->record.server;
        const char *cgroup = cgroups ? cgroups_name(cgroups, end->cgroup, end->ended_ns ? end->ended_ns : end->over_ns)
                                     : NULL;
        struct record_act *act = side == SIDE_CLIENT ? &r->record.client_act : &r->record.server_act;

        if (cgroup) {
                snprintf(r->cgroup[side], sizeof(r->cgroup[side]), "%s", cgroup);
                own->cgroup = r->cgroup[side];
        }
        /* No call will ask it any more. */
        if (gone)
                *(side == SIDE_CLIENT ? &r->record.client_next : &r->record.server_next) = (struct record_next){ 0 };
        r->act[side] = live_act_of(end);
        add_owner(r, side, end);
        if (!act->known || !r->act[side].by_task)
                return;
        memcpy(r->act_comm[side], r->act[side].task.comm, LIVE_COMM);
        act->call = r->act[side].call;
        act->pid = known_u64(r->act[side].task.tgid);
        act->comm = r->act_comm[side];
        if (act->how == ACT_SIGNAL)
                act->signal = known_u64(r->act[side].signal);
}

void watch_record(struct watch_record *ret, const struct live_connection *c, const struct live_clock *clock,
                  const struct facts *wire, bool evidence, struct cgroups *cgroups)
{
        uint64_t id = c->n_ends == 0 ? c->resets[0].at_ns : c->ends[0].cookie ? c->ends[0].cookie : c->ends[0].over_ns;

        memset(ret, 0, sizeof(*ret));
        live_facts(c, clock, &ret->facts);
        watch_words_tell(&ret->facts, c);
        if (wire)
                watch_wire_merge(&ret->facts, wire, c);
        watch_words_guess(&ret->facts, c);
        ret->words_unknown = !wire && !watch_words_known(c);
        snprintf(ret->id, sizeof(ret->id), "%s%" PRIu64, c->n_ends == 0 ? "r" : "", id);
        record_init(&ret->record, SOURCE_WATCH, ret->id);
        ret->record.rev = c->n_told + 1;
        name_ends(ret, c);
        judge(&ret->facts, &ret->record, evidence ? &ret->evidence : NULL);
        for (unsigned i = 0; i < c->n_ends; i++)
                add_end(ret, connection_side(c, i), &c->ends[i], c->gone[i], cgroups);
}

void watch_record_heard(struct watch_record *ret, const struct ended_socket *socket, int64_t until_ns, bool evidence)
{
        const struct diag_tuple *tuple = &socket->tuple;
        enum side side;

        memset(ret, 0, sizeof(*ret));
        heard_facts(socket, until_ns, &ret->facts, &side);
        snprintf(ret->id, sizeof(ret->id), "%" PRIu64, socket->cookie);
        record_init(&ret->record, SOURCE_WATCH, ret->id);
        name_end(side == SIDE_CLIENT ? &ret->record.client : &ret->record.server,
                 tuple->family, tuple->local, tuple->local_port);
        name_end(side == SIDE_CLIENT ? &ret->record.server : &ret->record.client,
                 tuple->family, tuple->remote, tuple->remote_port);
        judge(&ret->facts, &ret->record, evidence ? &ret->evidence : NULL);
        /* The judge sees no end; but there was one, only not how. */
        if (ret->record.ending == ENDING_OPEN) {
                ret->record.ending = ENDING_UNSEEN;
                ret->record.certainty = CERTAINTY_POSSIBLE;
        }
}

uint64_t watch_record_digest(const struct record *r)
{
        const uint64_t parts[] = {
                r->ending, r->ended_by, r->severity, (uint64_t)r->cause, r->certainty, r->n_causes,
                r->to_server.fate, r->to_client.fate, r->to_server.bytes.value, r->to_client.bytes.value,
                r->to_server.unread.value, r->to_client.unread.value, r->to_server.uncertain.value,
                r->to_client.uncertain.value, r->ongoing, r->reset.seen, r->seen.gaps,
        };
        uint64_t digest = UINT64_C(0xcbf29ce484222325);

        for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
                digest = (digest ^ parts[i]) * UINT64_C(0x100000001b3);
        return digest;
}

bool watch_record_is_of(const struct watch_record *r, uint32_t pid)
{
        for (int side = 0; side < 2; side++) {
                const struct record_end *end = side == SIDE_CLIENT ? &r->record.client : &r->record.server;

                if ((end->pid.known && end->pid.value == pid) ||
                    (r->act[side].by_task && r->act[side].task.tgid == pid))
                        return true;
        }
        return false;
}

/* "nginx[812] was killed by signal 9" */
static void say_act(FILE *file, const struct watch_record *r, enum side side, const struct style *style)
{
        static const char *const did[N_ACTS] = {
                [ACT_CLOSE] = "closed it", [ACT_SHUTDOWN] = "shut its sending way down", [ACT_EXIT] = "exited",
                [ACT_SIGNAL] = "was killed by signal", [ACT_EXEC] = "closed it by exec",
                [ACT_CONNECT_UNSPEC] = "disconnected it, by connect() with AF_UNSPEC",
                [ACT_SOCK_DESTROY] = "destroyed it from outside", [ACT_LISTENER_CLOSE] = "closed its listener",
                [ACT_TIMER] = "gave it up",
        };
        const struct record_end *end = side == SIDE_CLIENT ? &r->record.client : &r->record.server;
        const struct live_act *act = &r->act[side];
        struct phrase p = { 0 };

        if (act->by_task)
                phrase_add(&p, "%s: %s[%" PRIu32 "] %s", side_name(side),
                           r->act_comm[side], act->task.tgid, did[act->how]);
        else if (end->pid.known)
                phrase_add(&p, "%s: %s[%" PRIu64 "]", side_name(side), r->comm[side], end->pid.value);
        else
                return;
        if (act->by_task && act->how == ACT_SIGNAL)
                phrase_add(&p, " %u", act->signal);
        if (act->by_task && act->how == ACT_EXIT)
                phrase_add(&p, " with status %u", act->task.exit_code >> 8 & 0xff);
        if (act->by_task && act->call && act->how == ACT_CLOSE && strcmp(act->call, "close") != 0)
                phrase_add(&p, ", by %s()", act->call);
        phrase_write(file, p.text, style->width, INDENT, 0);
}

/* Few bytes that were lost may be a good-bye, for which nobody is to be called; where that could not be seen
 * it is said. */
static void say_words(FILE *file, const struct watch_record *r, const struct style *style)
{
        enum { GOODBYE_LEAST = 2, GOODBYE_MAX = 64 };

        if (!r->words_unknown || r->record.severity != SEVERITY_BAD || r->record.ending != ENDING_RESET)
                return;
        for (int side = 0; side < 2; side++) {
                const struct record_direction *d = side == SIDE_CLIENT ? &r->record.to_server : &r->record.to_client;
                uint64_t n = d->unread.known && d->unread.value ? d->unread.value
                             : d->uncertain.known ? d->uncertain.value : 0;
                struct phrase p = { 0 };

                if ((d->fate != FATE_LOST && d->fate != FATE_UNCERTAIN) || n < GOODBYE_LEAST || n > GOODBYE_MAX ||
                    fact_known(r->facts.from[side].last_is_goodbye.how))
                        continue;
                phrase_add(&p, "those ");
                phrase_bytes(&p, n);
                phrase_add(&p, " may have been a good-bye: what they said was not seen");
                phrase_write(file, p.text, style->width, INDENT, 0);
        }
}

void watch_record_write(FILE *file, const struct watch_record *r, bool evidence, const struct style *style)
{
        line_write(file, &r->record, NULL, style);
        line_write_bytes(file, &r->record, style);
        say_act(file, r, SIDE_CLIENT, style);
        say_act(file, r, SIDE_SERVER, style);
        say_words(file, r, style);
        if (evidence)
                line_write_evidence(file, &r->record, style);
}
