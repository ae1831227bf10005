/* Segments by hand: what the peer below the sockets sends, and what that is for the model. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "endpoint/rules.h"
#include "lab/namespace.h"
#include "lab/play_internal.h"
#include "netlink/route.h"
#include "wire/seq.h"

#define CLIENT_PORT 40443 /* of a client by hand */
#define USUAL_RTO_MIN_MS 200 /* TCP_RTO_MIN */
#define LATE_RTO_MIN_MS 10000 /* beyond SETTLE_NS; 3.5 times it is still less than TIME_WAIT (tcp_fin_time) */

static void name_peer(struct play *play, int end, uint16_t port)
{
        struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
        struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

        inet_pton(AF_INET, NAMESPACE_PEER_IPV4, &in.sin_addr);
        inet_pton(AF_INET6, NAMESPACE_PEER_IPV6, &in6.sin6_addr);
        if (play->family == AF_INET)
                memcpy(&play->name[end], &in, sizeof(in));
        else
                memcpy(&play->name[end], &in6, sizeof(in6));
        play->named[end] = true;
}

/* Has it acts that wait for a timer of TCP? close() lingers by a clock of its own. */
static bool awaits_retransmission(const struct scenario *scenario)
{
        static const char expire[] = "expire=", linger[] = "linger";

        for (const char *s = scenario->acts; (s = strstr(s, expire));) {
                s += strlen(expire);
                if (strncmp(s, linger, strlen(linger)) != 0)
                        return true;
        }
        return false;
}

/* What the hand has not acknowledged is sent again after 200 ms, and then a congestion window of one segment keeps all
 * else back, a FIN too (tcp_enter_loss, tcp_send_fin). No story tells of that, and a busy machine takes as long between
 * two acts. */
static void retransmit_late(const struct play *play)
{
        uint32_t ms = awaits_retransmission(play->scenario) ? USUAL_RTO_MIN_MS : LATE_RTO_MIN_MS;
        struct in6_addr address;

        if (inet_pton(play->family, play->family == AF_INET ? NAMESPACE_PEER_IPV4 : NAMESPACE_PEER_IPV6, &address) == 1)
                (void)route_retransmit_after((uint8_t)play->family, &address, NAMESPACE_SOCKETS, ms);
}

int play_open_peer(struct play *play)
{
        bool client = play->pair.by_hand[CLIENT];
        uint16_t port = 0;
        struct sockaddr_storage *a = &play->address;

        retransmit_late(play);
        memcpy(&port, (const char *)a + 2, sizeof(port)); /* sin_port and sin6_port lie at the same place */
        port = (uint16_t)(port << 8 | port >> 8);
        name_peer(play, client ? CLIENT : SERVER, client ? CLIENT_PORT : port);
        if (client) {
                play->name[SERVER] = play->address;
                play->named[SERVER] = true;
        }
        return peer_open((uint8_t)play->family, client ? PEER_CLIENT : PEER_SERVER, client ? CLIENT_PORT : port,
                         client ? port : 0, &play->peer);
}

static void arrive(struct play *play, struct event event, struct outcome *ret_outcome)
{
        event.observed = -1;
        pair_step(&play->pair, play_socket_end(play), &event, ret_outcome);
}

static bool is_rst(enum emission e)
{
        return e == EMIT_RST || e == EMIT_RST_REPLY;
}

/* Where the RST falls in what the socket expects: tcp_validate_incoming. */
static enum rst_fit fit_of(const struct play *play, const struct lab_act *act)
{
        const struct endpoint *e = &play->pair.end[play_socket_end(play)];
        int64_t expected = (int64_t)e->received + e->fin_received;
        int64_t at = (int64_t)play->peer_sent + play->peer_fin_sent + act->offset;
        uint32_t half_shut = IN(CLOSE_WAIT) | IN(LAST_ACK) | IN(CLOSING);

        if (at == expected || (at == expected - 1 && ((1U << e->state) & half_shut)))
                return RST_EXACT;
        return at > expected && at < expected + 60000 ? RST_IN_WINDOW : RST_OUTSIDE;
}

/* What the segment is for the model: its properties in the order in which the kernel looks at them. */
static void tell_model(struct play *play, const struct lab_act *act, uint64_t acked, bool acks_fin)
{
        struct outcome o = { 0 };
        uint64_t at = play->peer_sent + play->peer_fin_sent + (uint64_t)act->offset; /* a FIN takes a number */

        switch ((int)act->verb) {
        case VERB_SEG_SYN:
                arrive(play, (struct event){ .kind = EVENT_SYN }, &o);
                return;
        case VERB_SEG_SYN_ACK:
                arrive(play, (struct event){ .kind = EVENT_SYN_ACK }, &o);
                return;
        case VERB_SEG_RST:
        case VERB_SEG_RST_ACK:
                arrive(play, (struct event){ .kind = EVENT_RST, .fit = fit_of(play, act), .has_ack = !act->no_ack },
                       &o);
                return;
        default:
                break;
        }
        if (!act->no_ack)
                arrive(play, (struct event){ .kind = EVENT_ACK,
                                              .at = acked,
                                              .acks_fin = acks_fin,
                                              .with_data = act->verb == VERB_SEG_DATA },
                       &o);
        if (is_rst(o.emission) || o.emission == EMIT_CHALLENGE)
                return;
        if (act->verb == VERB_SEG_DATA && !is_rst(o.emission))
                arrive(play, (struct event){ .kind = EVENT_DATA, .at = at,
                                             .n = (uint64_t)act->n, .no_ack = act->no_ack },
                       &o);
        if (act->verb == VERB_SEG_FIN)
                arrive(play, (struct event){ .kind = EVENT_FIN, .at = at, .no_ack = act->no_ack }, &o);
}

/* The kernel believes an ICMP error only about a segment between snd_una and snd_nxt: the last one that
 * the peer has seen is quoted. */
static bool quotes_the_window(const struct play *play)
{
        const struct endpoint *e = &play->pair.end[play_socket_end(play)];
        const struct peer *peer = play->peer;
        const struct peer_seen *last = peer_last(peer);
        uint32_t first = peer->kernel_isn + 1, quoted = last ? last->segment.seq : first;
        uint32_t una = first + (uint32_t)e->acked + e->fin_acked, nxt = first + (uint32_t)e->sent + e->fin_sent;

        if (e->state == TCP_STATE_SYN_SENT)
                return true;
        if (e->holder == HOLDER_REQUEST)
                return quoted == peer->kernel_isn;
        return seq_distance(una, quoted) >= 0 && seq_distance(quoted, nxt) >= 0;
}

static int icmp(struct play *play, const struct lab_act *act)
{
        static const struct {
                const char *name;
                enum icmp_error error;
        } names[] = {
                { "host", ICMP_ERROR_HOST_UNREACHABLE }, { "net", ICMP_ERROR_NET_UNREACHABLE },
                { "port", ICMP_ERROR_PORT_UNREACHABLE }, { "protocol", ICMP_ERROR_PROTOCOL_UNREACHABLE },
                { "admin", ICMP_ERROR_ADMIN_PROHIBITED },
        };
        struct outcome o;
        int r;

        for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
                if (strcmp(act->value, names[i].name) != 0)
                        continue;
                r = peer_icmp(play->peer, names[i].error);
                if (r < 0)
                        return play_skip(play, "%s: %s", act->text, strerror(-r));
                arrive(play,
                       (struct event){ .kind = EVENT_ICMP,
                                       .kills_request = icmp_error_kills_request(names[i].error, play->family),
                                       .fit = quotes_the_window(play) ? RST_EXACT : RST_OUTSIDE,
                                       .icmp = names[i].error,
                                       .icmp_errno = icmp_error_errno(names[i].error, play->family) },
                       &o);
                return 0;
        }
        return play_skip(play, "%s: no such ICMP error", act->text);
}

/* The hand has sent what lies beyond the gap before: once that is filled it goes on behind it. */
static void fill_gap(struct play *play, uint64_t n)
{
        uint64_t received = play->pair.end[play_socket_end(play)].received;

        play->peer_sent += n;
        if (received > play->peer_sent) {
                peer_skip(play->peer, (uint32_t)(received - play->peer_sent));
                play->peer_sent = received;
        }
}

/* A FIN that lay beyond the gap counts once that is filled: tcp_ofo_queue, tcp_fin. */
static void take_held_fin(struct play *play)
{
        struct endpoint *e = &play->pair.end[play_socket_end(play)];
        struct outcome ignored;

        if (!e->disordered_fin || e->received < e->disordered_fin_at)
                return;
        e->disordered_fin = false;
        arrive(play, (struct event){ .kind = EVENT_FIN, .at = e->disordered_fin_at }, &ignored);
        play->peer_fin_sent = true;
        peer_skip(play->peer, 1);
        play->peer->n_sent--; /* the FIN is no byte of the stream */
}

static void offer_window(struct play *play, const struct lab_act *act, uint64_t acked, bool acks_fin)
{
        uint64_t window = act->has_window ? (uint64_t)act->window << 7 : UINT64_MAX;
        uint64_t at = play->peer_sent + play->peer_fin_sent + (uint64_t)act->offset;

        if (act->verb == VERB_SEG_SYN || act->verb == VERB_SEG_SYN_ACK)
                play->pair.window[(int)act->side] = window;
        else if (!act->no_ack && act->verb != VERB_SEG_RST && act->verb != VERB_SEG_RST_ACK)
                pair_offer(&play->pair, (int)act->side, at, acked, acks_fin, window);
}

int play_segment(struct play *play, const struct lab_act *act)
{
        static const uint16_t flags[N_VERBS] = {
                [VERB_SEG_SYN] = SEGMENT_SYN,           [VERB_SEG_SYN_ACK] = SEGMENT_SYN,
                [VERB_SEG_DATA] = SEGMENT_PSH,          [VERB_SEG_FIN] = SEGMENT_FIN,
                [VERB_SEG_RST] = SEGMENT_RST,           [VERB_SEG_RST_ACK] = SEGMENT_RST,
        };
        struct peer_segment s = { .flags = flags[act->verb], .seq_offset = (int32_t)act->offset };
        struct peer *peer = play->peer;
        bool syn = act->verb == VERB_SEG_SYN || act->verb == VERB_SEG_SYN_ACK, acks_fin;
        uint64_t acked;
        int r;

        if (!peer || !play->pair.by_hand[(int)act->side])
                return play_skip(play, "%s: that end is a socket", act->text);
        r = peer_read(peer, 0);
        if (r < 0 && r != -ETIMEDOUT)
                return play_skip(play, "the wire: %s", strerror(-r));
        if (act->verb == VERB_SEG_ICMP)
                return icmp(play, act);
        s.n_payload = act->verb == VERB_SEG_DATA ? (uint32_t)act->n : 0;
        s.has_window = act->has_window;
        s.window = (uint16_t)act->window;
        if (act->no_ack || act->verb == VERB_SEG_SYN)
                s.ack = PEER_ACK_NONE;
        else if (act->ack_fewer > 0) {
                s.ack = PEER_ACK_FEWER;
                s.ack_value = (uint32_t)act->ack_fewer;
        }
        if (syn) {
                s.mss = 1460;
                s.has_window_scale = s.sack_permitted = true;
                s.window_scale = 7;
        }
        if (act->ack_fewer > 0 && (uint64_t)act->ack_fewer > peer->n_received + peer->fin_seen -
                                          play->pair.end[play_socket_end(play)].acked)
                return play_skip(play, "%s: acknowledges less than before", act->text);
        acks_fin = peer->fin_seen && act->ack_fewer == 0;
        acked = peer->n_received + peer->fin_seen - (uint64_t)act->ack_fewer - acks_fin;
        r = peer_send(peer, &s);
        if (r < 0)
                return play_skip(play, "%s: %s", act->text, strerror(-r));
        offer_window(play, act, acked, acks_fin);
        tell_model(play, act, acked, acks_fin);
        if (act->verb == VERB_SEG_DATA && act->offset == 0)
                fill_gap(play, (uint64_t)act->n);
        take_held_fin(play);
        if (act->verb == VERB_SEG_FIN && act->offset == 0)
                play->peer_fin_sent = true;
        return 0;
}
