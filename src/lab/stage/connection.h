/* One connection of a stage, and what its files share. */
#pragma once

#include "lab/stage/stage.h"
#include "lab/stage/timers.h"
#include "netlink/diag.h"

/* How long an act waits for what it needs before it goes on without. */
#define STAGE_PATIENCE_NS INT64_C(5000000000)
/* Between two looks at whether all was acknowledged: there is no event for that. */
#define STAGE_RELOOK_NS INT64_C(500000)
#define STAGE_BUFFER (256 << 10)
#define STAGE_PROBES 2

enum phase {
        PHASE_TALK,  /* until a trigger fires */
        PHASE_DUE,   /* until the act can be done */
        PHASE_AFTER, /* the act was not the end */
        PHASE_CARRY_RESET, /* a RST of one side is passed on once its bytes were */
        PHASE_OVER,
};

/* One direction of a proxy: what was read from one side and the other has not taken yet. */
struct conduit {
        uint8_t *bytes; /* NULL while it is empty */
        size_t at, n;
        bool ended;     /* a FIN was read */
        bool passed;    /* and passed on */
};

struct stage_connection {
        struct stage *stage;
        struct stage_connection *previous, *next;
        struct alarm alarm;
        uint64_t number;
        const struct stage_step *step;
        enum phase phase;
        int fd;
        int upstream; /* -1 without */
        bool upstream_connected;
        struct stage_address client, server;
        struct diag_tuple tuple;
        int64_t accepted_ns, active_ns, wall_ns, due_ns;

        uint64_t received, sent;
        uint16_t matched[TRIGGERS_MAX], answer_matched;
        bool fits[TRIGGERS_MAX], answer_fits; /* the pattern was found */
        bool answering;
        size_t answered; /* of the answer */
        int64_t next_piece_ns;

        uint32_t events, upstream_events; /* of EPOLLRDHUP, EPOLLHUP, EPOLLERR: they stay */
        bool peeked;       /* the byte that lies unread was noted */
        bool client_ended; /* its FIN was read */
        bool client_reset, upstream_reset;
        bool has_tuple;
        int error;
        struct conduit up, down;
        struct stage_result result;
};

/* The stage, as its connections see it. */
struct stage {
        struct stage_options options;
        stage_ended *ended;
        void *context;
        int epoll, listener, probes[STAGE_PROBES];
        struct stage_address address;
        struct stage_connection *connections, *over;
        struct timers timers;
        size_t step;
        uint64_t n_accepted, n_ended;
        bool paused;          /* no descriptor was left: accepts again once a connection has ended */
        bool refusing;        /* the port is held and nobody listens */
        bool listening;
        struct alarm alarm;   /* when it listens again */
        int filler;           /* of a full backlog: our own client */
        int next_upstream;    /* the next connection's socket to the server behind the stage */
        const char *notice;
        int failure; /* of the listener, on its way to the next ending */
        uint8_t scratch[STAGE_BUFFER];
};

/* Does what can be done now. */
void connection_run(struct stage_connection *c);

/* Reads at most `most` bytes from the client into the scratch, as its ending allows; sets client_ended and
 * client_reset. Returns how many came. */
size_t connection_read(struct stage_connection *c, size_t most);
/* Sends of the answer what may go. */
void connection_answer(struct stage_connection *c);
/* Carries what can be carried between client and server. */
void connection_carry(struct stage_connection *c);
/* After the act: on to the server only. */
void connection_carry_up(struct stage_connection *c);
/* Bytes that may still be sent or read before a trigger that counts them fires; at most `most`. */
size_t connection_may_send(const struct stage_connection *c, size_t most);
size_t connection_may_read(const struct stage_connection *c, size_t most);
/* Notes bytes that came from the client: counts, patterns, whether the answer may begin. */
void connection_note(struct stage_connection *c, const uint8_t *bytes, size_t n);

/* The index of the trigger that has fired, or -1; *ret_next is when one may fire by time. That it was idle is said only
 * of one from which all was read that had come. */
int connection_due(struct stage_connection *c, bool has_read, int64_t now, int64_t *ret_next);
/* No trigger can fire any more. */
bool connection_hopeless(const struct stage_connection *c);

/* Does the act. The connection is then in PHASE_AFTER or over. */
void connection_act(struct stage_connection *c);
/* Ends it without its act, or after it. `note` is static, or NULL. It is then over, and freed with the turn. */
void connection_finish(struct stage_connection *c, const char *note);
/* The same by a RST. */
void connection_abort(struct stage_connection *c, const char *note);
void connection_free(struct stage_connection *c);
/* A connection that was accepted; it does not run yet. NULL when there is no memory; the descriptor is then closed. */
struct stage_connection *connection_new(struct stage *stage, int fd, const struct stage_address *client);

/* What the kernel will send when `act` is done to a socket that looks like this: asks the model. */
const char *stage_wire(enum stage_act act, const struct look *look);

/* Puts the listener into the state that the next step needs. 0, or a negative errno and why (static). */
int listener_open(struct stage *stage, const char **ret_why);
int listener_prepare(struct stage *stage);
/* SYNs that met a port that refuses were seen. */
void listener_refused(struct stage *stage);
/* Its alarm: it has refused for long enough. */
void listener_woken(struct stage *stage);
/* Tells what it did in the place of connections, and closes it. */
void listener_close(struct stage *stage);
/* The next connection gets the next step. */
void stage_advance(struct stage *stage);

/* The socket takes no segment any more. 0 or a negative errno. */
int silence(int fd);
/* Segments that the socket did not take (SO_MEMINFO). */
uint64_t ignored_segments(int fd);
