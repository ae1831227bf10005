/* Facts by hand, as the running kernel would tell them. */
#include "live_cases.h"

#include <errno.h>

#define TELL(fact, what) ((fact).how = HOW_TOLD, (fact).value = (what))
#define MS INT64_C(1000000)
#define BEGIN (INT64_C(1795326960) * 1000 * MS)

static void begin(struct facts *f, enum sides_seen sides, int64_t ended)
{
        facts_init(f, SOURCE_WATCH);
        f->seen.roles = ROLES_TOLD;
        f->seen.sides = sides;
        f->seen.until = BEGIN + 3600 * 1000 * MS;
        TELL(f->first, BEGIN);
        TELL(f->last, ended);
        TELL(f->established, true);
        TELL(f->mptcp, false);
        TELL(f->both_acked, false);
}

static struct facts_of_reset *reset_by(struct facts *f, enum side by, int64_t at)
{
        f->n_resets = f->n_resets_in_all = 1;
        TELL(f->resets[0].by, by);
        TELL(f->resets[0].at, at);
        TELL(f->resets[0].after_both_acked, false);
        return &f->resets[0];
}

static void bytes(struct facts_of_direction *d, uint64_t sent, uint64_t acked)
{
        TELL(d->bytes, sent);
        TELL(d->payloads, sent > 0);
        TELL(d->acked, acked);
        TELL(d->fin, false);
        TELL(d->fin_acked, false);
}

/* Golden: the proxy closes with zero linger, because the server behind it had reset. */
static void proxy_as_peer(struct facts *f)
{
        struct facts_of_end *proxy = &f->end[SIDE_SERVER];

        begin(f, SIDES_SEEN_SERVER, BEGIN + 2500 * MS);
        bytes(&f->from[SIDE_CLIENT], 400, 400);
        bytes(&f->from[SIDE_SERVER], 1000, 600);
        TELL(f->from[SIDE_SERVER].retransmitted, 0);
        TELL(f->from[SIDE_CLIENT].last_answered, true);
        TELL(proxy->os, OS_LINUX);
        TELL(proxy->act, ACT_CLOSE);
        TELL(proxy->act_at, BEGIN + 2500 * MS);
        TELL(proxy->closed, true);
        TELL(proxy->linger_on, true);
        TELL(proxy->linger_s, 0);
        TELL(proxy->unread, 0);
        TELL(proxy->unsent, 200);
        reset_by(f, SIDE_SERVER, BEGIN + 2500 * MS);
        TELL(f->resets[0].reason, RESET_REASON_TCP_STATE);
}

/* Golden: the server is killed while a request lies unread in its socket. */
static void loopback_both_ends(struct facts *f)
{
        struct facts_of_reset *reset;

        begin(f, SIDES_SEEN_BOTH, BEGIN + 1200 * MS);
        f->seen.both_ends = true;
        bytes(&f->from[SIDE_CLIENT], 100, 100);
        bytes(&f->from[SIDE_SERVER], 0, 0);
        for (int side = 0; side < 2; side++) {
                TELL(f->from[side].retransmitted, 0);
                TELL(f->end[side].os, OS_LINUX);
                TELL(f->end[side].unsent, 0);
                TELL(f->end[side].closed, true);
        }
        TELL(f->end[SIDE_CLIENT].act, ACT_CLOSE);
        TELL(f->end[SIDE_CLIENT].unread, 0);
        TELL(f->end[SIDE_CLIENT].error_set, ECONNRESET);
        TELL(f->end[SIDE_CLIENT].error_taken, true);
        TELL(f->end[SIDE_SERVER].act, ACT_SIGNAL);
        TELL(f->end[SIDE_SERVER].unread, 100);
        reset = reset_by(f, SIDE_SERVER, BEGIN + 1200 * MS);
        TELL(reset->reason, RESET_REASON_TCP_ABORT_ON_CLOSE);
        TELL(reset->obeyed, true);
}

/* Golden: the host's own packet filter rejects; its TCP sent no RST. */
static void host_firewall(struct facts *f)
{
        begin(f, SIDES_SEEN_CLIENT, BEGIN + 80000);
        TELL(f->established, false);
        TELL(f->syns, 1);
        TELL(f->syn_acks, 0);
        bytes(&f->from[SIDE_CLIENT], 0, 0);
        bytes(&f->from[SIDE_SERVER], 0, 0);
        TELL(f->end[SIDE_CLIENT].os, OS_LINUX);
        TELL(f->end[SIDE_SERVER].os, OS_LINUX);
        TELL(f->end[SIDE_CLIENT].error_set, ECONNREFUSED);
        TELL(f->end[SIDE_CLIENT].error_taken, true);
        TELL(f->end[SIDE_CLIENT].connect_failed, true);
        TELL(f->end[SIDE_SERVER].counts_no_reset, true);
        reset_by(f, SIDE_SERVER, BEGIN + 80000);
        TELL(f->resets[0].obeyed, true);
}

static void data_after_close(struct facts *f)
{
        struct facts_of_reset *reset;

        begin(f, SIDES_SEEN_SERVER, BEGIN + 1000 * MS);
        bytes(&f->from[SIDE_CLIENT], 200, 100);
        bytes(&f->from[SIDE_SERVER], 500, 500);
        TELL(f->from[SIDE_CLIENT].last_run, 100);
        TELL(f->from[SIDE_SERVER].fin, true);
        TELL(f->from[SIDE_SERVER].fin_at, BEGIN + 900 * MS);
        TELL(f->from[SIDE_SERVER].fin_acked, true);
        TELL(f->end[SIDE_SERVER].os, OS_LINUX);
        TELL(f->end[SIDE_SERVER].act, ACT_CLOSE);
        TELL(f->end[SIDE_SERVER].closed, true);
        TELL(f->end[SIDE_SERVER].unread, 0);
        reset = reset_by(f, SIDE_SERVER, BEGIN + 1000 * MS);
        TELL(reset->reason, RESET_REASON_TCP_TIMEWAIT_SOCKET);
        TELL(reset->answers, SEGMENT_KIND_DATA);
}

static void listener_closed(struct facts *f)
{
        begin(f, SIDES_SEEN_BOTH, BEGIN + 50 * MS);
        bytes(&f->from[SIDE_CLIENT], 10, 10);
        bytes(&f->from[SIDE_SERVER], 0, 0);
        TELL(f->end[SIDE_SERVER].os, OS_LINUX);
        TELL(f->end[SIDE_SERVER].accepted, false);
        TELL(f->end[SIDE_SERVER].act, ACT_LISTENER_CLOSE);
        TELL(f->end[SIDE_SERVER].unread, 10);
        TELL(f->end[SIDE_CLIENT].os, OS_LINUX);
        TELL(f->end[SIDE_CLIENT].error_set, ECONNRESET);
        TELL(f->end[SIDE_CLIENT].error_taken, false);
        reset_by(f, SIDE_SERVER, BEGIN + 50 * MS);
        TELL(f->resets[0].reason, RESET_REASON_TCP_STATE);
}

static void user_timeout(struct facts *f)
{
        struct facts_of_end *client = &f->end[SIDE_CLIENT];

        begin(f, SIDES_SEEN_CLIENT, BEGIN + 9000 * MS);
        bytes(&f->from[SIDE_CLIENT], 300, 100);
        bytes(&f->from[SIDE_SERVER], 50, 50);
        TELL(client->os, OS_LINUX);
        TELL(client->closed, false);
        TELL(client->gave_up, true);
        TELL(client->error_set, ETIMEDOUT);
        TELL(client->error_at, BEGIN + 9000 * MS);
        TELL(client->error_taken, false);
        TELL(client->user_timeout_ms, 5000);
        TELL(client->unsent, 40);
        TELL(client->repeats_unanswered, 6);
        TELL(client->repeated, SEGMENT_KIND_DATA);
}

static void orphan_gives_up(struct facts *f)
{
        user_timeout(f);
        TELL(f->end[SIDE_CLIENT].closed, true);
        TELL(f->end[SIDE_CLIENT].user_timeout_ms, 0);
}

/* The option of a socket that its program has closed. */
static void orphan_meets_user_timeout(struct facts *f)
{
        user_timeout(f);
        TELL(f->end[SIDE_CLIENT].closed, true);
}

/* … which nobody asked for. */
static void orphan_gives_up_after_some_time(struct facts *f)
{
        user_timeout(f);
        TELL(f->end[SIDE_CLIENT].closed, true);
        f->end[SIDE_CLIENT].user_timeout_ms.how = HOW_UNKNOWN;
}

/* A socket knows of a RST by its error alone. */
static void only_an_error(struct facts *f)
{
        begin(f, SIDES_SEEN_CLIENT, BEGIN + 100 * MS);
        f->seen.source = SOURCE_SOCKET;
        bytes(&f->from[SIDE_CLIENT], 1000, 400);
        TELL(f->end[SIDE_CLIENT].os, OS_LINUX);
        TELL(f->end[SIDE_CLIENT].shut_read, false);
        TELL(f->end[SIDE_CLIENT].error_set, ECONNRESET);
        TELL(f->end[SIDE_CLIENT].error_at, BEGIN + 100 * MS);
        TELL(f->end[SIDE_CLIENT].error_taken, false);
}

static void destroyed(struct facts *f)
{
        begin(f, SIDES_SEEN_CLIENT, BEGIN + 100 * MS);
        bytes(&f->from[SIDE_CLIENT], 10, 10);
        bytes(&f->from[SIDE_SERVER], 0, 0);
        TELL(f->end[SIDE_CLIENT].os, OS_LINUX);
        TELL(f->end[SIDE_CLIENT].error_set, ECONNABORTED);
        TELL(f->end[SIDE_CLIENT].error_taken, false);
        TELL(f->end[SIDE_CLIENT].act, ACT_SOCK_DESTROY);
        reset_by(f, SIDE_CLIENT, BEGIN + 100 * MS);
        TELL(f->resets[0].reason, RESET_REASON_TCP_STATE);
}

const struct live_case live_cases[] = {
        { "proxy-as-peer", proxy_as_peer },
        { "loopback-both-ends", loopback_both_ends },
        { "host-firewall", host_firewall },
        { "data-after-close", data_after_close },
        { "listener-closed", listener_closed },
        { "user-timeout", user_timeout },
        { "orphan-gives-up", orphan_gives_up },
        { "orphan-meets-user-timeout", orphan_meets_user_timeout },
        { "orphan-gives-up-after-some-time", orphan_gives_up_after_some_time },
        { "only-an-error", only_an_error },
        { "destroyed", destroyed },
};

const size_t n_live_cases = sizeof(live_cases) / sizeof(*live_cases);
