/* Waits until the kernel is as the model says, and says what is not. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "endpoint/rules.h"
#include "lab/counter.h"
#include "lab/play_internal.h"

#define WHY_MAX 200

/* A send that waits has taken bytes that no return has counted yet. */
static bool sends_unseen(const struct endpoint *e)
{
        return e->pending && e->call.kind == EVENT_SEND;
}

/* Where a pipeline is full the counts are the kernel's to choose: the model takes them, if lawful. */
static bool learn(struct play *play, int end, const bool looked[N_ENDS], const struct look look[N_ENDS])
{
        struct endpoint *e = &play->pair.end[end], *peer = &play->pair.end[!end];
        bool asks_sender = looked[end] && !sends_unseen(e) && !e->voided;
        bool asks_receiver = looked[!end] && !peer->voided;

        if (!e->crowded || play_by_hand(play, !end))
                return true;
        if (asks_sender && asks_receiver && peer->state != TCP_STATE_CLOSE && e->state != TCP_STATE_CLOSE) {
                /* Quiet when all that has arrived is acknowledged. */
                uint64_t fin = e->fin_queued && !e->fin_acked && look[end].outq > 0;

                if (e->written - (look[end].outq - fin) != peer->taken + look[!end].inq)
                        return false;
        }
        if (asks_sender && !pair_learn(&play->pair, end, look[end].outq, look[end].outq_unsent))
                return false;
        if (asks_receiver && !pair_learn_received(&play->pair, !end, look[!end].inq))
                return false;
        return true;
}

static bool differs(const struct play *play, int end, const struct look *look, char why[static WHY_MAX])
{
        const struct endpoint *e = &play->pair.end[end];
        short free_bits, bits = endpoint_poll(e, &free_bits);
        char want[LOOK_POLL_TEXT_MAX], saw[LOOK_POLL_TEXT_MAX];
        const char *name = end == CLIENT ? "client" : "server";
        uint64_t fin;

        why[0] = 0;
        if (look->state != e->state) {
                snprintf(why, WHY_MAX, "the %s is in %s, by the model in %s", name, tcp_state_name(look->state),
                         tcp_state_name(e->state));
                return true;
        }
        if ((look->poll | free_bits) != (bits | free_bits)) {
                snprintf(why, WHY_MAX, "poll() of the %s says %s, the model %s", name,
                         look_poll_text(look->poll, saw), look_poll_text(bits, want));
                return true;
        }
        if (e->voided || e->state == TCP_STATE_LISTEN)
                return false;
        if (look->inq != endpoint_inq(e)) {
                snprintf(why, WHY_MAX, "SIOCINQ of the %s is %" PRIu64 ", by the model %" PRIu64, name, look->inq,
                         endpoint_inq(e));
                return true;
        }
        if (!sends_unseen(e) && look->outq != endpoint_outq(e)) {
                snprintf(why, WHY_MAX, "SIOCOUTQ of the %s is %" PRIu64 ", by the model %" PRIu64, name,
                         look->outq, endpoint_outq(e));
                return true;
        }
        if (!sends_unseen(e) && look->outq_unsent != endpoint_outq_unsent(e)) {
                snprintf(why, WHY_MAX, "SIOCOUTQNSD of the %s is %" PRIu64 ", by the model %" PRIu64, name,
                         look->outq_unsent, endpoint_outq_unsent(e));
                return true;
        }
        fin = look->bytes_received - e->taken - look->inq;
        if (fin != endpoint_saw_fin(e)) {
                snprintf(why, WHY_MAX, "by its counters the %s has %s the peer's FIN, by the model it has %s", name,
                         fin ? "seen" : "not seen", endpoint_saw_fin(e) ? "seen it" : "not");
                return true;
        }
        return false;
}

/* A server that nobody accepted has no name of its own yet: it is the client's, from the other end. */
static struct diag_tuple tuple_of(const struct play *play, int end)
{
        const struct diag_tuple *own = &play->tuple[end], *client = &play->tuple[CLIENT];

        if (own->local_port || end == CLIENT || !client->local_port)
                return *own;
        return diag_tuple_reverse(client);
}

/* tcp_time_wait() keeps no more closed sockets than net.ipv4.tcp_max_tw_buckets, tcp_check_oom() no more
 * orphans than net.ipv4.tcp_max_orphans: on a host that is at one of them the kernel is free to drop ours. */
uint64_t play_n_dropped(void)
{
        uint64_t time_wait = 0, orphans = 0;

        (void)counter_read("TCPTimeWaitOverflow", &time_wait);
        (void)counter_read("TCPAbortOnMemory", &orphans);
        return time_wait + orphans;
}

/* Without a descriptor the kernel is asked by the addresses: a witness of its own. It is the fence for a
 * connection that waits to be accepted, too: before Linux 6.5 a segment over loopback may be worked on
 * after the call that sent it (do_softirq, ksoftirqd_running), and here is where that is waited for. */
static bool holder_differs(struct play *play, int end, char why[static WHY_MAX])
{
        const struct endpoint *e = &play->pair.end[end];
        enum tcp_state want = e->holder == HOLDER_SOCKET      ? e->state
                              : e->holder == HOLDER_FIN_WAIT2 ? TCP_STATE_FIN_WAIT2
                              : e->holder == HOLDER_TIME_WAIT ? TCP_STATE_TIME_WAIT
                                                              : TCP_STATE_CLOSE;
        struct diag_socket found = { .state = TCP_STATE_CLOSE };
        struct diag_tuple tuple = tuple_of(play, end);
        int r;

        if (!play->rights->diag || play->fd[end] >= 0 || play->waiting[end] || play->pair.by_hand[end] ||
            !tuple.local_port || e->n_refs > 0 || e->crowded || e->holder == HOLDER_LISTENER ||
            e->holder == HOLDER_REQUEST)
                return false;
        r = diag_look(&tuple, &found);
        if (r < 0 && r != -ENOENT) {
                snprintf(why, WHY_MAX, "asking for the socket by its addresses: %s", strerror(-r));
                return true;
        }
        if (found.state == want)
                return false;
        play->gone_early = found.state == TCP_STATE_CLOSE;
        snprintf(why, WHY_MAX, "the %s %s is in %s, by the model in %s", e->queued ? "queued" : "closed",
                 end == CLIENT ? "client" : "server", tcp_state_name(found.state), tcp_state_name(want));
        return true;
}

/* How many files refer to the socket is known here: the own, its twin, a child's. */
static bool references_differ(const struct play *play, int end, char why[static WHY_MAX])
{
        int n = (play->fd[end] >= 0) + (play->extra[end] >= 0) + (play->child[end].pid > 0);

        if (play->pair.by_hand[end] || n == play->pair.end[end].n_refs)
                return false;
        snprintf(why, WHY_MAX, "%d files refer to the socket of the %s, by the model %d", n,
                 end == CLIENT ? "client" : "server", play->pair.end[end].n_refs);
        return true;
}

/* Of the listener its state and poll bits say all: it has no stream. */
static bool listener_differs(const struct play *play, char why[static WHY_MAX])
{
        short bits = pair_listener_poll(&play->pair);
        char want[LOOK_POLL_TEXT_MAX], saw[LOOK_POLL_TEXT_MAX];
        enum tcp_state state = play->pair.listener.state;
        struct look look;
        int r;

        if (play->listener < 0)
                return false;
        r = look_at(play->listener, &look);
        if (r < 0)
                snprintf(why, WHY_MAX, "looking at the listener: %s", strerror(-r));
        else if (look.state != state)
                snprintf(why, WHY_MAX, "the listener is in %s, by the model in %s", tcp_state_name(look.state),
                         tcp_state_name(state));
        else if (look.poll != bits)
                snprintf(why, WHY_MAX, "poll() of the listener says %s, the model %s", look_poll_text(look.poll, saw),
                         look_poll_text(bits, want));
        else
                return false;
        return true;
}

static bool quiet(struct play *play, struct step *step, char why[static WHY_MAX])
{
        struct look look[N_ENDS];
        int r;

        for (int i = 0; i < N_ENDS; i++) {
                bool lingers = play->waiting[i] && waiting_act(play->waiting[i])->verb == VERB_CLOSE;

                step->looked[i] = play->fd[i] >= 0 && !lingers;
                if (!step->looked[i])
                        continue;
                r = look_at(play->fd[i], &look[i]);
                if (r < 0) {
                        snprintf(why, WHY_MAX, "looking at the socket: %s", strerror(-r));
                        return false;
                }
                step->look[i] = look[i];
        }
        for (int i = 0; i < N_ENDS; i++)
                if (!learn(play, i, step->looked, look)) {
                        strcpy(why, "bytes move, or the counts break a law");
                        return false;
                }
        for (int i = 0; i < N_ENDS; i++)
                if (step->looked[i] && differs(play, i, &look[i], why))
                        return false;
        if (play->peer && !play_peer_saw_all(play, why, WHY_MAX))
                return false;
        for (int i = 0; i < N_ENDS; i++)
                if (holder_differs(play, i, why) || references_differ(play, i, why))
                        return false;
        return !listener_differs(play, why);
}

/* Results of calls that waited and by the model have returned: 0, -EAGAIN while one still waits. */
static int take_results(struct play *play)
{
        struct outcome o;
        int r;

        for (int i = 0; i < N_ENDS; i++) {
                if (!play->pair.returned[i])
                        continue;
                if (play->waiting[i] && !waiting_done(play->waiting[i]))
                        return -EAGAIN;
                play->pair.returned[i] = false;
                if (!play->waiting[i])
                        continue;
                o = play->pair.outcome[i];
                r = play_take_result(play, i, &o);
                if (r < 0)
                        return r;
        }
        return 0;
}

int play_settle(struct play *play, struct step *step, int64_t patience_ns)
{
        int64_t haste_ns = play->rights->patience_ns;
        int64_t deadline = now_ns() + (haste_ns && patience_ns == SETTLE_NS ? haste_ns
                                       : haste_ns && patience_ns > HASTY_TIMER_NS ? HASTY_TIMER_NS
                                                                                  : patience_ns);
        char why[WHY_MAX] = "";
        int r;

        for (struct pause pause = { 0 };; pause_a_little(&pause)) {
                r = take_results(play);
                if (r == 0 && quiet(play, step, why))
                        return 0;
                if (r < 0 && r != -EAGAIN)
                        return r;
                if (play->gone_early && !play->rights->own_namespace && play_n_dropped() > play->n_dropped)
                        return play_skip(play, "this host has so many closed connections that the kernel drops more");
                play->gone_early = false;
                if (r == -EAGAIN)
                        strcpy(why, "a call waits that by the model has returned");
                if (now_ns() > deadline)
                        return play_disagree(play, step->expected.rule, "after %s %s", step->act.text, why);
        }
}
