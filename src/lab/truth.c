/* Makes the truth of a play. */
#include "lab/truth.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "endpoint/rules.h"

static void fill_end(const struct play *play, int end, struct record_end *r)
{
        const struct sockaddr_storage *name = &play->name[end];
        struct sockaddr_in in;
        struct sockaddr_in6 in6;

        r->os = play->pair.by_hand[end] ? OS_UNKNOWN : OS_LINUX;
        if (!play->pair.by_hand[end]) {
                r->pid = known_u64((uint64_t)getpid());
                r->comm = "finis";
        }
        if (!play->named[end])
                return;
        if (name->ss_family == AF_INET) {
                memcpy(&in, name, sizeof(in));
                inet_ntop(AF_INET, &in.sin_addr, r->ip, sizeof(r->ip));
                r->port = ntohs(in.sin_port);
        } else {
                memcpy(&in6, name, sizeof(in6));
                inet_ntop(AF_INET6, &in6.sin6_addr, r->ip, sizeof(r->ip));
                r->port = ntohs(in6.sin6_port);
        }
}

static bool is_reset(const struct emitted *e)
{
        return !e->data && (e->what == EMIT_RST || e->what == EMIT_RST_REPLY);
}

static bool sent_reset(const struct play *play, int from, enum emission what)
{
        for (size_t i = 0; i < play->pair.n_emitted; i++)
                if (play->pair.emitted[i].from == from && !play->pair.emitted[i].data &&
                    play->pair.emitted[i].what == what)
                        return true;
        return false;
}

static bool resets_by_hand(const struct play *play, int from)
{
        for (size_t i = 0; i < play->n_steps; i++)
                if ((int)play->steps[i].act.side == from && (play->steps[i].act.verb == VERB_SEG_RST ||
                                                            play->steps[i].act.verb == VERB_SEG_RST_ACK))
                        return true;
        return false;
}

/* The client's port names it: an attempt before it, or others at the same listener, had another. */
static bool of_this_connection(const struct play *play, const struct segment *s)
{
        struct sockaddr_in in;
        uint16_t port = play_from_client(play, s) ? s->source_port : s->destination_port;

        memcpy(&in, &play->name[CLIENT], sizeof(in)); /* the port lies at the same place in IPv6 */
        return !play->named[CLIENT] || ntohs(in.sin_port) == port;
}

/* What the frames add: packets and bytes sent again. */
static void count_frames(const struct play *play, int from, struct record_direction *d)
{
        const struct sniffer *sniffer = play_capture(play);
        uint64_t packets = 0, payload = 0, bytes = d->bytes.value;
        struct segment s;

        if (!sniffer)
                return;
        for (size_t i = 0; i < sniffer->n_frames; i++) {
                if (segment_read(sniffer->frames[i].bytes, sniffer->frames[i].n_bytes, &s) != 0 ||
                    play_from_client(play, &s) != (from == CLIENT) || !of_this_connection(play, &s))
                        continue;
                packets++;
                payload += s.n_payload;
        }
        d->packets = known_u64(packets);
        d->missing = known_u64(0);
        if (!play->pair.by_hand[from])
                d->retransmitted = known_u64(payload > bytes ? payload - bytes : 0);
}

static enum fate fate_of(const struct play *play, int from, const struct record_direction *d)
{
        const struct endpoint *sender = &play->pair.end[from], *receiver = &play->pair.end[!from];
        bool ended = sender->state == TCP_STATE_CLOSE || sender->n_refs == 0;
        bool gone = !play->pair.by_hand[!from] && (receiver->n_refs == 0 && !receiver->queued);
        uint64_t known = d->acked.value;

        if (d->bytes.value == 0 && !(d->unsent.known && d->unsent.value > 0))
                return FATE_NONE;
        if (gone && (d->unread.value > 0 || (!play->pair.by_hand[from] && sender->sent > receiver->received)))
                return FATE_LOST;
        if (ended && d->unsent.known && d->unsent.value > 0)
                return FATE_LOST;
        if (d->acked_by_reset.known && d->acked_by_reset.value > known)
                known = d->acked_by_reset.value;
        if (d->unsent.known && d->unsent.value > 0)
                return FATE_UNKNOWN; /* it may go yet */
        return known >= d->bytes.value ? FATE_ACKED : FATE_UNCERTAIN;
}

static void fill_direction(const struct play *play, int from, struct record_direction *d)
{
        const struct endpoint *e = &play->pair.end[from], *receiver = &play->pair.end[!from];
        struct account a = endpoint_account(e);

        if (play->pair.by_hand[from]) {
                d->bytes = known_u64(play->peer_sent);
                d->acked = known_u64(receiver->received < play->peer_sent ? receiver->received : play->peer_sent);
                d->closed = play->peer_fin_sent               ? CLOSED_FIN
                            : resets_by_hand(play, from)      ? CLOSED_RESET
                                                              : CLOSED_NO;
                d->fin_acked = known_bool(play->peer_fin_sent && receiver->fin_received);
        } else {
                d->bytes = known_u64(e->sent);
                d->acked = known_u64(a.acked);
                d->unsent = known_u64(a.unsent);
                d->closed = e->fin_sent ? CLOSED_FIN
                            : sent_reset(play, from, EMIT_RST) || sent_reset(play, from, EMIT_RST_REPLY)
                                    ? CLOSED_RESET
                                    : CLOSED_NO;
                d->fin_acked = known_bool(e->fin_acked);
        }
        if (!play->pair.by_hand[!from]) {
                d->unread = known_u64(receiver->received - receiver->taken);
                if (sent_reset(play, !from, EMIT_RST))
                        d->acked_by_reset = known_u64(receiver->received);
        }
        d->uncertain = record_uncertain(d);
        count_frames(play, from, d);
        d->fate = fate_of(play, from, d);
}

static void fill_reset(const struct play *play, struct record *r)
{
        const struct sniffer *sniffer = play_capture(play);
        struct segment s;

        for (size_t i = 0; sniffer && i < sniffer->n_frames; i++) {
                if (segment_read(sniffer->frames[i].bytes, sniffer->frames[i].n_bytes, &s) != 0 ||
                    !(s.flags & SEGMENT_RST) || !of_this_connection(play, &s))
                        continue;
                r->reset.count++;
                if (r->reset.seen)
                        continue;
                r->reset.seen = true;
                r->reset.by = play_from_client(play, &s) ? SIDE_CLIENT : SIDE_SERVER;
                r->reset.kind = (s.flags & SEGMENT_ACK) && s.window > 0 ? RESET_KIND_ACTIVE : RESET_KIND_REPLY;
                r->reset.frame = known_u64(i + 1);
                r->reset.window = known_u64(s.window);
                r->reset.ttl = known_u64(s.ttl);
        }
        for (size_t i = 0; !sniffer && i < play->pair.n_emitted; i++) {
                const struct emitted *e = &play->pair.emitted[i];

                if (!is_reset(e))
                        continue;
                r->reset.count++;
                if (r->reset.seen)
                        continue;
                r->reset.seen = true;
                r->reset.by = (enum side)e->from;
                r->reset.kind = e->what == EMIT_RST ? RESET_KIND_ACTIVE : RESET_KIND_REPLY;
        }
}

/* What stops a listener is an act upon whoever waits in its queue. */
static void fill_listener_act(const struct lab_act *act, struct record_act *ret_act)
{
        const char *call = act->verb == VERB_CLOSE                                    ? "close"
                           : act->verb == VERB_SHUT_RD || act->verb == VERB_SHUT_RDWR ? "shutdown"
                           : act->verb == VERB_UNSPEC                                 ? "connect"
                                                                                      : NULL;

        if (act->verb == VERB_DESTROY)
                *ret_act = (struct record_act){ .known = true, .how = ACT_SOCK_DESTROY };
        else if (call)
                *ret_act = (struct record_act){ .known = true, .how = ACT_LISTENER_CLOSE, .call = call };
}

/* The last act of an end that could end a connection. */
static void fill_act(const struct play *play, int end, struct record_act *act)
{
        static const struct {
                enum verb verb;
                enum act how;
                const char *call;
                int signal;
        } hows[] = {
                { VERB_CLOSE, ACT_CLOSE, "close", 0 },
                { VERB_SHUT_WR, ACT_SHUTDOWN, "shutdown", 0 },
                { VERB_SHUT_RDWR, ACT_SHUTDOWN, "shutdown", 0 },
                { VERB_CHILD_EXIT, ACT_EXIT, "exit_group", 0 },
                { VERB_CHILD_KILL, ACT_SIGNAL, NULL, 9 },
                { VERB_CHILD_CRASH, ACT_SIGNAL, NULL, 11 },
                { VERB_UNSPEC, ACT_CONNECT_UNSPEC, "connect", 0 },
                { VERB_DESTROY, ACT_SOCK_DESTROY, NULL, 0 },
                { VERB_EXPIRE, ACT_TIMER, NULL, 0 },
        };

        for (size_t i = 0; i < play->n_steps; i++)
                for (size_t h = 0; h < sizeof(hows) / sizeof(*hows); h++)
                        if ((int)play->steps[i].act.side == end && play->steps[i].act.verb == hows[h].verb &&
                            !act->known) {
                                act->known = true;
                                act->how = hows[h].how;
                                act->call = hows[h].call;
                                if (hows[h].signal)
                                        act->signal = known_u64((uint64_t)hows[h].signal);
                        }
        for (size_t i = 0; end == SERVER && i < play->n_steps && !act->known; i++)
                if (play->steps[i].act.side == ACT_LISTENER)
                        fill_listener_act(&play->steps[i].act, act);
}

static struct told told_of(const struct outcome *o, bool sending)
{
        if (o->result == RESULT_ERROR && o->error != EAGAIN)
                return (struct told){ .kind = TOLD_ERROR, .error = o->error, .sigpipe = o->sigpipe };
        if (o->result == RESULT_ERROR || o->result == RESULT_BLOCKS)
                return (struct told){ .kind = TOLD_WAITS };
        if (sending)
                return (struct told){ .kind = TOLD_SENT };
        return (struct told){ .kind = TOLD_BYTES, .bytes = o->max };
}

static bool same_told(const struct told *a, const struct told *b)
{
        return a->kind == b->kind && a->bytes == b->bytes && a->error == b->error && a->sigpipe == b->sigpipe;
}

static size_t foresee(struct endpoint e, bool sending, struct told told[static RECORD_NEXT_MAX])
{
        struct event event = { .kind = sending ? EVENT_SEND : EVENT_RECV,
                               .n = sending ? 1 : 65536,
                               .nonblock = true,
                               .observed = -1 };
        struct outcome o;
        size_t n = 0;

        while (n < RECORD_NEXT_MAX) {
                endpoint_step(&e, &event, &o);
                told[n] = told_of(&o, sending);
                if (n > 0 && same_told(&told[n], &told[n - 1]))
                        break;
                n++;
        }
        return n;
}

static void fill_next(const struct play *play, int end, struct record_next *next)
{
        if (play->pair.by_hand[end] || play->pair.end[end].n_refs == 0)
                return;
        next->known = true;
        next->n_if_recv = foresee(play->pair.end[end], false, next->if_recv);
        next->n_if_send = foresee(play->pair.end[end], true, next->if_send);
}

static void fill_saw(const struct play *play, int end, struct record_saw *saw, struct saw *calls)
{
        for (size_t i = 0; i < play->n_steps; i++) {
                const struct step *s = &play->steps[i];

                if ((int)s->act.side != end || !s->is_call || !s->has_result || saw->n_calls == TRUTH_MAX_SAW)
                        continue;
                calls[saw->n_calls++] = (struct saw){
                        .call = verb_name(s->act.verb),
                        .told = s->seen.value < 0
                                        ? (struct told){ .kind = TOLD_ERROR,
                                                         .error = s->seen.error,
                                                         .sigpipe = s->seen.sigpipe }
                                        : (struct told){ .kind = TOLD_BYTES, .bytes = (uint64_t)s->seen.value },
                };
        }
        saw->calls = calls;
        saw->known = saw->n_calls > 0;
}

static bool bad_fate(enum fate fate)
{
        return fate == FATE_LOST || fate == FATE_UNCERTAIN;
}

static enum severity severity_of(const struct record *r)
{
        if (bad_fate(r->to_server.fate) || bad_fate(r->to_client.fate) || r->ending == ENDING_TIMED_OUT)
                return SEVERITY_BAD;
        if (r->ending == ENDING_REFUSED || r->ending == ENDING_UNANSWERED || r->ending == ENDING_HALF_CLOSED ||
            r->ending == ENDING_RESET)
                return SEVERITY_NOTABLE;
        return SEVERITY_FINE;
}

static void see(struct truth *t, const char *key)
{
        t->visible[t->n_visible++] = key;
}

/* What a hand sends beyond a gap or behind its FIN is no part of the stream. */
static bool sent_out_of_order(const struct play *play, int end)
{
        for (size_t i = 0; i < play->n_steps; i++)
                if ((int)play->steps[i].act.side == end && play->steps[i].act.verb == VERB_SEG_DATA &&
                    (play->steps[i].act.has_offset || play->peer_fin_sent))
                        return true;
        return false;
}

/* What gives up in silence, or goes in silence, shows nothing on the wire. */
static void fill_visible(const struct play *play, struct truth *t)
{
        bool silent = t->record.ending == ENDING_TIMED_OUT;

        for (size_t i = 0; i < play->n_steps; i++)
                silent = silent || play->steps[i].act.verb == VERB_REPAIR;
        if (!silent) {
                see(t, "ending");
                see(t, "ended_by");
        }
        see(t, "to_server.packets");
        see(t, "to_client.packets");
        if (!sent_out_of_order(play, CLIENT))
                see(t, "to_server.bytes");
        if (!sent_out_of_order(play, SERVER))
                see(t, "to_client.bytes");
        see(t, "to_server.acked");
        see(t, "to_client.acked");
        if (t->record.reset.seen) {
                see(t, "reset.by");
                see(t, "reset.count");
                see(t, "reset.frame");
                see(t, "reset.window");
                see(t, "reset.ttl");
                if (!play->peer)
                        see(t, "reset.kind");
        }
        see(t, "seen.roles");
        see(t, "seen.sides");
}

void truth_of(const struct play *play, struct truth *ret_truth)
{
        const struct scenario *s = play->scenario;
        const struct sniffer *sniffer = play_capture(play);
        struct record *r = &ret_truth->record;
        bool ongoing = s->ending == ENDING_OPEN || s->ending == ENDING_HALF_CLOSED;

        memset(ret_truth, 0, sizeof(*ret_truth));
        snprintf(ret_truth->id, sizeof(ret_truth->id), "%s.ipv%d", s->name, play->family == AF_INET ? 4 : 6);
        record_init(r, SOURCE_LAB, ret_truth->id);
        fill_end(play, CLIENT, &r->client);
        fill_end(play, SERVER, &r->server);
        r->started = known_i64(play->started_ns);
        r->ongoing = ongoing;
        if (!ongoing) {
                r->ended = known_i64(play->ended_ns);
                if (sniffer && sniffer->n_frames > 0)
                        r->ended = known_i64(sniffer->frames[sniffer->n_frames - 1].time_ns);
                if (r->ended.value >= r->started.value)
                        r->duration = known_i64(r->ended.value - r->started.value);
        }
        r->ending = s->ending;
        r->ended_by = s->ended_by;
        r->silent = s->ending == ENDING_TIMED_OUT ? (s->ended_by == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT)
                                                  : SIDE_UNKNOWN;
        r->cause = s->cause;
        if (s->cause != CAUSE_NONE)
                record_add_cause(r, s->cause);
        r->certainty = CERTAINTY_CERTAIN;
        if (s->cause == CAUSE_NONE && !ongoing && s->ending != ENDING_ORDERLY) {
                /* A segment by hand has no cause but the hand. */
                record_add_cause(r, CAUSE_UNKNOWN);
                r->certainty = CERTAINTY_POSSIBLE;
        }
        fill_direction(play, CLIENT, &r->to_server);
        fill_direction(play, SERVER, &r->to_client);
        fill_reset(play, r);
        fill_act(play, CLIENT, &r->client_act);
        fill_act(play, SERVER, &r->server_act);
        fill_next(play, CLIENT, &r->client_next);
        fill_next(play, SERVER, &r->server_next);
        fill_saw(play, CLIENT, &r->client_saw, ret_truth->saw[CLIENT]);
        fill_saw(play, SERVER, &r->server_saw, ret_truth->saw[SERVER]);
        r->severity = severity_of(r);
        if (sniffer && sniffer->n_frames > 0) {
                r->file = known_u64(1);
                r->first_frame = known_u64(1);
                r->last_frame = known_u64(sniffer->n_frames);
        }
        r->seen.roles = sniffer ? ROLES_SYN : ROLES_TOLD;
        r->seen.sides = SIDES_SEEN_BOTH;
        r->seen.both_ends = true;
        fill_visible(play, ret_truth);
}
