/* What the wire shows, held against what the model says was sent. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "lab/play_internal.h"
#include "wire/seq.h"

/* Counts of what one side has put on the wire. */
struct tally {
        uint64_t bytes;
        unsigned syn, fin, rst, rst_reply;
        unsigned challenge, ack; /* only of one end by hand; acknowledgements may be fewer than the model's */
};

static struct tally expected_of(const struct play *play, int from)
{
        struct tally t = { 0 };

        for (size_t i = 0; i < play->pair.n_emitted; i++) {
                const struct emitted *e = &play->pair.emitted[i];

                if (e->from != from)
                        continue;
                t.bytes += e->data ? e->n : 0;
                t.syn += !e->data && (e->what == EMIT_SYN || e->what == EMIT_SYN_ACK);
                t.fin += !e->data && e->what == EMIT_FIN;
                t.rst += !e->data && e->what == EMIT_RST;
                t.rst_reply += !e->data && e->what == EMIT_RST_REPLY;
                t.challenge += !e->data && e->what == EMIT_CHALLENGE;
                t.ack += !e->data && e->what == EMIT_ACK;
        }
        return t;
}

/* An active RST has ACK, a reply has not, but for a reply to a SYN (kernel: tcp_v4_send_reset). */
static bool is_reply(const struct segment *s)
{
        return !(s->flags & SEGMENT_ACK) || s->seq == 0;
}

static bool is_bare_ack(const struct segment *s)
{
        return s->n_payload == 0 && !(s->flags & (SEGMENT_SYN | SEGMENT_FIN | SEGMENT_RST));
}

/* A probe, of a window that is shut or of a peer that is silent, has a number from before what was sent;
 * `highest` is the end of all that was sent before it. */
static bool is_probe(const struct segment *s, uint32_t highest)
{
        return seq_distance(highest, s->seq) < 0;
}

static struct tally seen_by(const struct play *play)
{
        const struct peer *peer = play->peer;
        struct tally t = { .bytes = peer->n_received, .fin = peer->fin_seen };
        uint32_t highest = peer->kernel_isn;

        if (peer->role == PEER_SERVER) /* another attempt comes from another port, which it does not hear */
                t.syn = UINT_MAX;

        for (size_t i = 0; i < peer->n_seen; i++) {
                const struct segment *s = &peer->seen[i].segment;

                if (s->flags & SEGMENT_RST) {
                        t.rst += !is_reply(s);
                        t.rst_reply += is_reply(s);
                }
                t.syn += peer->role == PEER_CLIENT && (s->flags & SEGMENT_SYN);
                t.ack += is_bare_ack(s) && !is_probe(s, highest);
                if (seq_distance(highest, s->seq + segment_length(s)) > 0)
                        highest = s->seq + segment_length(s);
        }
        /* The one that completes the handshake is no answer to anything here. */
        if (peer->role == PEER_SERVER && t.ack > 0 && !(play->scenario->flags & SCENARIO_UNCONNECTED))
                t.ack--;
        return t;
}

static void missing_text(const char *what, uint64_t saw, uint64_t want, char *text, size_t size)
{
        snprintf(text, size, "the wire shows %" PRIu64 " %s, the model says %" PRIu64, saw, what, want);
}

static bool compare(const struct tally *saw, const struct tally *want, bool at_least, char *why, size_t size)
{
        const struct {
                const char *what;
                uint64_t saw, want;
        } rows[] = {
                { "bytes of data", saw->bytes, want->bytes },
                { "FIN", saw->fin, want->fin },
                { "active RST", saw->rst, want->rst },
                { "RST in reply", saw->rst_reply, want->rst_reply },
        };

        /* A SYN may be repeated. */
        if (saw->syn < want->syn) {
                missing_text("SYN", saw->syn, want->syn, why, size);
                return false;
        }
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
                if (at_least ? rows[i].saw < rows[i].want : rows[i].saw != rows[i].want) {
                        missing_text(rows[i].what, rows[i].saw, rows[i].want, why, size);
                        return false;
                }
        return true;
}

bool play_peer_saw_all(struct play *play, char *ret_missing, size_t size)
{
        struct tally want = expected_of(play, play_socket_end(play)), saw;

        peer_read(play->peer, 0);
        saw = seen_by(play);
        if (want.syn > 0 && !play->peer->syn_seen) {
                missing_text("SYN", 0, want.syn, ret_missing, size);
                return false;
        }
        if (saw.ack < want.challenge) {
                missing_text("ACK", saw.ack, want.challenge, ret_missing, size);
                return false;
        }
        return compare(&saw, &want, true, ret_missing, size);
}

int play_check_peer(struct play *play)
{
        struct tally want = expected_of(play, play_socket_end(play)), saw;
        char why[160];

        peer_read(play->peer, 0);
        saw = seen_by(play);
        if (!compare(&saw, &want, false, why, sizeof(why)))
                return play_disagree(play, NULL, "%s", why);
        /* Segments that are dropped in silence must draw no ACK. */
        if (saw.ack > want.challenge + want.ack && want.bytes == 0)
                return play_disagree(play, NULL, "the wire shows %u ACK, the model says at most %u", saw.ack,
                                     want.challenge + want.ack);
        return 0;
}

/* The client goes to the port that the play listens or answers at. */
bool play_from_client(const struct play *play, const struct segment *s)
{
        uint16_t port;

        memcpy(&port, (const char *)&play->address + 2, sizeof(port));
        return s->destination_port == (uint16_t)(port << 8 | port >> 8);
}

const struct sniffer *play_capture(const struct play *play)
{
        if (play->peer)
                return play->rights->wire_sniffer;
        return play->pair.by_hand[CLIENT] || play->pair.by_hand[SERVER] ? NULL : play->sniffer;
}

/* Connections that only fill an accept queue are not the play's. */
static bool is_filler(const struct play *play, uint16_t port)
{
        for (size_t i = 0; i < play->n_fillers; i++)
                if (play->filler_ports[i] == port)
                        return true;
        return false;
}

static void tally_frames(const struct play *play, struct tally t[N_ENDS])
{
        uint32_t isn[N_ENDS] = { 0 };
        bool known[N_ENDS] = { false };
        struct segment s;

        for (size_t i = 0; i < play->sniffer->n_frames; i++) {
                const struct sniffer_frame *f = &play->sniffer->frames[i];
                int from;
                uint64_t end;

                if (segment_read(f->bytes, f->n_bytes, &s) != 0)
                        continue;
                from = play_from_client(play, &s) ? CLIENT : SERVER;
                if (is_filler(play, from == CLIENT ? s.source_port : s.destination_port))
                        continue;
                if (s.flags & SEGMENT_SYN) {
                        isn[from] = s.seq;
                        known[from] = true;
                        t[from].syn++;
                }
                if (s.flags & SEGMENT_RST) {
                        t[from].rst += !is_reply(&s);
                        t[from].rst_reply += is_reply(&s);
                        continue;
                }
                t[from].fin = t[from].fin || (s.flags & SEGMENT_FIN);
                end = (uint64_t)(uint32_t)(s.seq + s.n_payload - isn[from] - 1);
                if (known[from] && s.n_payload > 0 && end > t[from].bytes)
                        t[from].bytes = end;
        }
}

/* What no open socket shows may still be on its way: an ACK that was delayed, and its answer. */
static bool capture_is_complete(struct play *play)
{
        struct tally want, saw[N_ENDS] = { 0 };
        char ignored[160];

        sniffer_drain(play->sniffer);
        tally_frames(play, saw);
        for (int i = 0; i < N_ENDS; i++) {
                want = expected_of(play, i);
                if (!compare(&saw[i], &want, true, ignored, sizeof(ignored)))
                        return false;
        }
        return true;
}

int play_check_capture(struct play *play)
{
        int64_t deadline = now_ns() + (play->rights->patience_ns ?: SETTLE_NS);
        struct tally want, saw[N_ENDS] = { 0 };
        char why[160];

        if (!play->sniffer || play->pair.n_emitted_lost > 0)
                return 0;
        for (struct pause pause = { 0 }; !capture_is_complete(play) && now_ns() < deadline; pause_a_little(&pause))
                ;
        tally_frames(play, saw);
        for (int i = 0; i < N_ENDS; i++) {
                want = expected_of(play, i);
                /* Of a pipeline that was full the model knows less than the wire. */
                if (want.bytes < saw[i].bytes && saw[i].bytes <= play->pair.end[i].written)
                        want.bytes = saw[i].bytes;
                if (!compare(&saw[i], &want, false, why, sizeof(why)))
                        return play_disagree(play, NULL, "from the %s %s", i == CLIENT ? "client" : "server", why);
        }
        return 0;
}
