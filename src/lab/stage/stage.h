/*
 * A stage: a listener whose connections end as they were told to, so that people can test how their
 * programs take it.
 *
 * One process, one epoll, no threads. A connection goes through phases (connection.h): it talks until
 * one of its triggers is due, waits where the act needs something first (an acknowledgement, a byte to
 * leave unread), acts, and where the act is not the end it lives on until the client leaves. Before its
 * act the socket is looked at, the model says what the kernel must then put on the wire, and where a
 * look afterwards can confirm it (sock_diag) it is asked. Nothing depends on chance: the n-th
 * connection that is accepted gets the n-th ending of the sequence.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "lab/look.h"
#include "lab/stage/ending.h"
#include "lab/stage/trigger.h"

#define STAGE_STEPS_MAX 64

struct stage;

/* An ending, and when: the first trigger that fires makes it due. */
struct stage_step {
        const struct stage_ending *ending;
        struct trigger after[TRIGGERS_MAX];
        size_t n_after;
};

struct stage_address {
        struct sockaddr_storage storage;
        socklen_t length;
};

struct stage_options {
        struct stage_step steps[STAGE_STEPS_MAX];
        size_t n_steps;
        bool cycle; /* else the last step stays */
        struct stage_address listen, to;
        bool has_to;            /* a real server behind the stage */
        const uint8_t *answer;  /* borrowed for the life of the stage */
        size_t n_answer;
        bool has_answer;
        bool endless;           /* the answer begins again at its end */
        struct trigger answer_after;
        uint64_t every_ns;      /* drip: between two pieces */
        size_t piece;           /* drip: bytes of a piece */
        uint64_t max_connections; /* 0: no end */
};

enum stage_client {
        STAGE_CLIENT_OPEN,   /* had done nothing to end it */
        STAGE_CLIENT_CLOSED, /* its FIN had come */
        STAGE_CLIENT_RESET,  /* its RST had, or its kernel was silent for too long: see error */
};

enum stage_confirmed {
        STAGE_UNCONFIRMED, /* nothing could be seen afterwards that tells */
        STAGE_CONFIRMED,
        STAGE_CONTRADICTED,
};

/* What was staged and what came of it, for one connection. Borrowed during the call that gets it. */
struct stage_result {
        uint64_t number;
        const struct stage_step *step;
        struct stage_address client, server;
        int64_t started_ns, duration_ns; /* since 1970; span */
        bool staged;            /* the act was done */
        const struct trigger *due; /* the trigger that fired; NULL for none */
        const char *note;       /* static; why it was not staged, or what went beside it; may be NULL */
        bool looked;
        struct look look;       /* before the act */
        const char *wire;       /* what the act made the kernel send: "RST", "FIN", "nothing"; NULL: no act */
        bool late_reset;        /* data-after-close: a RST answered the client's data */
        enum stage_confirmed confirmed;
        const char *state_after; /* of the socket, once closed; NULL: no socket was left */
        bool asked_after;       /* sock_diag was asked */
        enum stage_client client_did;
        int error;              /* what the stage's own socket reported, positive; 0 for nothing */
        uint64_t received, sent, acked; /* bytes; acknowledged as known before the close */
        uint64_t unread;        /* lay unread then */
        uint64_t ignored;       /* segments not taken: silence */
};

/* Called once for each connection that has ended. */
typedef void stage_ended(const struct stage_result *result, void *context);

/* Opens the listener. 0, or a negative errno, and *ret_why says what could not be done (static). */
int stage_new(const struct stage_options *options, stage_ended *ended, void *context, struct stage **ret_stage,
              const char **ret_why);
/* The address it got. */
const struct stage_address *stage_address(const struct stage *stage);
/* Something worth knowing before it begins; NULL for nothing (static). */
const char *stage_notice(const struct stage *stage);
/* Readable when there is work; then, and when the time has come, stage_turn() does it. */
int stage_fd(const struct stage *stage);
int64_t stage_wait_ns(const struct stage *stage); /* -1: only then */
/* 0, 1 when the number of connections asked for has ended, or a negative errno. */
int stage_turn(struct stage *stage);
/* Ends what is still open, and tells of it. Returns NULL. */
struct stage *stage_free(struct stage *stage);

/* Tries SOCK_DESTROY on a socket of its own: 0, or -EPERM and the like. */
int stage_may_destroy(void);

/* "127.0.0.1:80", "[::1]:80", "localhost:80"; port 0 where it is allowed. 0, or -EINVAL, -ENOENT. */
int stage_address_parse(const char *text, bool zero_allowed, struct stage_address *ret_address);
#define STAGE_ADDRESS_TEXT_MAX 72
char *stage_address_text(const struct stage_address *address, char text[static STAGE_ADDRESS_TEXT_MAX]);
/* The host alone, without brackets; and the port. */
char *stage_address_host(const struct stage_address *address, char text[static STAGE_ADDRESS_TEXT_MAX]);
unsigned stage_address_port(const struct stage_address *address);
