/*
 * Plays a scenario for one address family with real sockets, and holds every outcome against the model.
 *
 * After each act the play waits until the kernel's state, queues and poll bits of every socket that is
 * open are what the model says: that is the condition for going on, and the first comparison. The
 * second is the call itself: return, errno, SIGPIPE. The third is the wire, where it can be seen.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "endpoint/pair.h"
#include "lab/act.h"
#include "lab/calls.h"
#include "lab/look.h"
#include "lab/peer.h"
#include "lab/scenario.h"
#include "lab/sniffer.h"
#include "netlink/diag.h"

#define PLAY_MAX_STEPS 64
#define PLAY_WHY_MAX 320

/* What the place allows where the lab plays. */
struct stage_rights {
        bool own_namespace; /* settings, SOCK_DESTROY */
        bool wire;          /* the peer below the sockets */
        bool capture;       /* segments of lo are seen */
        bool diag;          /* sockets can be asked for by their addresses: sock_diag(7) */
        struct kernel_traits traits; /* what is special of this kernel: tried with SOCK_DESTROY and segments by hand */
        struct sniffer *wire_sniffer; /* of the wire between socket and peer by hand; or NULL */
        int64_t patience_ns; /* how long the kernel may take to be as predicted; 0: 8 s */
        char why_not[256];  /* where one of them is missing: why */
};

struct step {
        struct lab_act act;
        bool is_call;
        bool waits;                   /* started, its result comes with a later step */
        bool has_result;
        struct result_seen seen;
        struct outcome expected;
        bool looked[N_ENDS];
        struct look look[N_ENDS];
        short unasked, epoll;         /* verb poll */
        size_t emitted_before;        /* index into the model's emissions */
        size_t answered_before;       /* and into what arrivals did */
        int64_t time_ns;              /* CLOCK_REALTIME */
};

struct holder_child {
        pid_t pid;
        int done_pipe;
};

struct setting {
        char name[64];
        char value[64];
};

struct play {
        const struct scenario *scenario;
        int family;
        const struct stage_rights *rights;
        struct sniffer *sniffer; /* of lo; or NULL */
        struct pair pair;

        int fd[N_ENDS], extra[N_ENDS], listener, reserved;
        int fillers[16];
        uint16_t filler_ports[16];
        size_t n_fillers;
        struct sockaddr_storage address; /* where the client connects to */
        socklen_t address_length;
        struct sockaddr_storage name[N_ENDS];
        bool named[N_ENDS];
        struct diag_tuple tuple[N_ENDS];
        struct holder_child child[N_ENDS];
        struct waiting *waiting[N_ENDS];
        size_t waiting_step[N_ENDS];
        struct peer *peer;
        size_t peer_matched; /* emissions of the model that the peer has seen */
        uint64_t peer_sent;  /* stream bytes by hand */
        bool peer_fin_sent;
        struct setting settings[8];
        size_t n_settings;

        struct step steps[PLAY_MAX_STEPS];
        size_t n_steps;
        int64_t started_ns, ended_ns; /* CLOCK_REALTIME */
        uint64_t n_dropped; /* closed sockets that the kernel had dropped for want of room before */
        bool gone_early;    /* a closed socket is not there that by the model still is */

        bool skipped;   /* it could not be played: why */
        bool disagrees; /* the kernel did what the model does not allow: why, and which rule */
        const struct rule *rule;
        char why[PLAY_WHY_MAX];
};

/* Plays it. The sniffer is of lo and may be NULL. The play holds what happened until play_end(). */
void play_run(const struct scenario *scenario, int family, const struct stage_rights *rights,
              struct sniffer *sniffer, struct play *ret_play);
/* Where its segments were seen, until the next play: lo or the wire; NULL where they were not. */
const struct sniffer *play_capture(const struct play *play);
/* Is the segment from the client? */
bool play_from_client(const struct play *play, const struct segment *segment);
/* Frees what it held. */
void play_end(struct play *play);
