/*
 * Two endpoints and the wire between them, on a host where segments arrive at once and none is lost
 * (loopback). What one sends is an arrival for the other, until all is quiet. One of the two may
 * instead be a peer below the sockets, whose segments somebody else decides.
 */
#pragma once

#include <stddef.h>

#include "endpoint/endpoint.h"

enum { CLIENT, SERVER, N_ENDS }; /* as enum side */

struct emitted {
        int from;
        enum emission what;
        uint64_t n;         /* bytes of data; 0 for the rest */
        bool data;
};

#define PAIR_MAX_EMITTED 256
#define PAIR_MAX_FIRED 128

#define PAIR_MAX_ANSWERED 128

struct pair {
        struct endpoint end[N_ENDS];
        struct endpoint listener; /* the socket that listens at the server's address; in CLOSE where none does */
        bool by_hand[N_ENDS];    /* not a socket: its segments are decided elsewhere */
        uint64_t window[N_ENDS]; /* what the end by hand lets the other send; UINT64_MAX */
        uint64_t window_at[N_ENDS]; /* where it stood when it said so (snd_wl1), counted from its SYN */
        int family;

        struct emitted emitted[PAIR_MAX_EMITTED];
        size_t n_emitted, n_emitted_lost;

        /* Every rule that answered at either end, once each, in the order of its first use. */
        const struct rule *fired[PAIR_MAX_FIRED];
        size_t n_fired;

        /* What arrivals did at an end, where they did more than bring or acknowledge bytes. */
        struct {
                int end;
                const struct rule *rule;
        } answered[PAIR_MAX_ANSWERED];
        size_t n_answered;

        /* Calls that waited and have returned since they were last asked for. */
        bool returned[N_ENDS];
        struct outcome outcome[N_ENDS];
};

/* The server's address gets a listener, if it has none yet. */
void pair_listen(struct pair *pair);
/* A call on the listener, or SOCK_DESTROY of it. Where it ends the listening, the server's end hears of it. */
void pair_listener_step(struct pair *pair, const struct event *event, struct outcome *ret_outcome);
/* What poll() reports of it. */
short pair_listener_poll(const struct pair *pair);

void pair_init_connected(struct pair *ret_pair, int family);
/* A fresh client, and a server that is only an address. */
void pair_init_unconnected(struct pair *ret_pair, int family);

/* Applies an event to one end and carries all that follows to both. */
void pair_step(struct pair *pair, int end, const struct event *event, struct outcome *ret_outcome);

/* The end by hand offers a window in a segment that stands at the byte `at` of its stream and acknowledges
 * `acked` bytes and perhaps the FIN: the other end takes it or not, as tcp_may_update_window says. */
void pair_offer(struct pair *pair, int from, uint64_t at, uint64_t acked, bool acks_fin, uint64_t window);

/* A signal, or the end of its patience, ends the wait of the call at `end`: true and the outcome. */
bool pair_interrupt(struct pair *pair, int end, struct outcome *ret_outcome);

/* The kernel was free to choose how much of a full pipeline has moved: takes what its queues say of the
 * one that begins at `end`. Returns false where that breaks a law: bytes that come back, or too many. */
bool pair_learn(struct pair *pair, int end, uint64_t outq, uint64_t outq_unsent);

/* The same for what has arrived at `end`, where the sender's queues cannot be asked: SIOCINQ. */
bool pair_learn_received(struct pair *pair, int end, uint64_t inq);
/* A call at `end` that waited has returned this count, of the kernel's choice. */
void pair_sent(struct pair *pair, int end, uint64_t count);

/* All that the other end has still to send is let through, and read: returns the number of bytes that
 * the program at `end` gets before the end of the stream, an error, or nothing more. */
uint64_t pair_drain(struct pair *pair, int end);
