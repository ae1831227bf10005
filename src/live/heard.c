/*
 * From a message of the destroy multicast to facts. The counters alone tell who asked: the asking end counts its SYN
 * among the bytes acknowledged. A FIN that was acknowledged counts there, too, so that one more than the stream may be
 * either; two more are both.
 */
#include "live/heard.h"

#include "live/facts.h"

bool heard_is_empty(const struct ended_socket *socket)
{
        return socket->tuple.remote_port == 0;
}

/* What the sequence numbers count of what was sent: the stream, the SYN of who asked, the FIN. */
static uint64_t numbers(const struct ended_socket *socket)
{
        return socket->bytes_acked + socket->wqueue -
               (socket->unsent < socket->wqueue ? socket->unsent : socket->wqueue);
}

static uint64_t stream_sent(const struct ended_socket *socket)
{
        return socket->bytes_sent - socket->bytes_again;
}

/* What a queue of this host drops is counted as sent each time (__tcp_transmit_skb()): then it is not known how
 * much it was. */
static bool sent_is_known(const struct ended_socket *socket)
{
        return socket->info && socket->bytes_sent >= socket->bytes_again && stream_sent(socket) <= numbers(socket);
}

/* What is acknowledged besides the stream: SYN, FIN. -1: not known, since something stayed unacknowledged. */
static int surplus(const struct ended_socket *socket)
{
        uint64_t sent = stream_sent(socket);

        if (!sent_is_known(socket) || socket->wqueue > 0 || socket->bytes_acked < sent ||
            socket->bytes_acked - sent > 2)
                return -1;
        return (int)(socket->bytes_acked - sent);
}

void heard_facts(const struct ended_socket *socket, int64_t until_ns, struct facts *ret_facts, enum side *ret_side)
{
        int more = surplus(socket);
        enum side side = more == 2                                              ? SIDE_CLIENT
                         : more == 0                                            ? SIDE_SERVER
                         : socket->tuple.local_port < socket->tuple.remote_port ? SIDE_SERVER
                                                                                : SIDE_CLIENT;
        struct facts_of_direction *out;
        struct facts_of_end *end;
        struct facts f;

        facts_init(&f, SOURCE_WATCH);
        f.seen.roles = more == 0 || more == 2 ? ROLES_TOLD : ROLES_PORTS;
        f.seen.sides = side == SIDE_CLIENT ? SIDES_SEEN_CLIENT : SIDES_SEEN_SERVER;
        f.seen.midstream = true;
        f.seen.until = until_ns;
        LIVE_TELL(f.last, socket->heard_ns);
        end = &f.end[side];
        out = &f.from[side];
        LIVE_TELL(end->os, OS_LINUX);
        LIVE_TELL(end->local, true);
        LIVE_TELL(end->closed, true);
        /* A FIN that was not read counts one, and cannot be told from a byte. */
        if (socket->rqueue != 1)
                LIVE_TELL(end->unread, socket->rqueue > 0 ? socket->rqueue - 1 : 0);
        if (sent_is_known(socket)) {
                LIVE_TELL(out->bytes, stream_sent(socket));
                if (more >= 0)
                        LIVE_TELL(out->acked, stream_sent(socket));
        }
        if (socket->info) {
                LIVE_TELL(out->retransmitted, socket->bytes_again);
                LIVE_TELL(f.from[1 - side].payloads, socket->bytes_received > 1);
        }
        if (more == 2) {
                LIVE_TELL(out->fin, true);
                LIVE_TELL(out->fin_acked, true);
        }
        *ret_facts = f;
        *ret_side = side;
}
