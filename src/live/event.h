/*
 * What the BPF program tells user space: shared by both, so it holds plain numbers only. Times are
 * CLOCK_MONOTONIC; addresses and ports stand as on the wire; states are enum tcp_state.
 */
#pragma once

#ifndef __bpf__
#include <linux/types.h>
#endif

#define LIVE_COMM 16
/* Enough to know a good-bye by. */
#define LIVE_WORDS 16

enum live_kind {
        LIVE_END = 1,           /* a socket is gone */
        LIVE_NEWS = 2,          /* a socket met its end, and its program still holds it; LIVE_END will follow */
        LIVE_RESET = 3,         /* a RST was sent for which there is no such socket */
};

/* Who takes an event where a program may be at work already (ending_maps.bpf.h). */
enum live_stand_ins {
        LIVE_NO_STAND_INS,
        LIVE_STAND_INS,                 /* they take what the program itself cannot */
        LIVE_STAND_INS_FOR_ALL,         /* in rehearsal: the program itself takes nothing … */
        LIVE_STAND_INS_FOR_HALF,        /* … or every other event, by which socket and state it is of */
        LIVE_STAND_INS_FOR_NONE,        /* and of some sockets nobody takes what comes while no task holds them */
};

enum live_flag {
        LIVE_BEGAN = 1 << 0,            /* its handshake was seen */
        LIVE_OPENED = 1 << 1,           /* it asked: connect() */
        LIVE_ESTABLISHED = 1 << 2,
        LIVE_FIN_OUT = 1 << 3,
        LIVE_FIN_IN = 1 << 4,
        LIVE_CROSSED = 1 << 5,
        LIVE_RST_IN = 1 << 6,           /* tcp_reset() ran … */
        LIVE_RST_IN_SHUT = 1 << 7,      /* … on a socket shut both ways: no RST need have come */
        LIVE_RST_OUT = 1 << 8,
        LIVE_RST_REPLY = 1 << 9,        /* that RST answers a segment */
        LIVE_LINGER = 1 << 10,
        LIVE_LINGER2_NEGATIVE = 1 << 11,
        LIVE_REPAIR = 1 << 12,
        LIVE_MPTCP = 1 << 13,
        LIVE_KEEPALIVE = 1 << 14,
        LIVE_ACT = 1 << 15,             /* @act says who ended it */
        LIVE_EXITING = 1 << 16,         /* that task was exiting */
        LIVE_ORPHAN = 1 << 17,          /* no descriptor was left when it met its end */
        LIVE_NO_FILE = 1 << 18,         /* nor had there ever been one: not accepted */
        LIVE_REPORTED = 1 << 19,        /* its error was put before the program */
        LIVE_SNAPPED = 1 << 20,         /* the counts are those of its end */
        LIVE_EOF_READ = 1 << 21,
        LIVE_CALL_KNOWN = 1 << 22,      /* the kernel lets the system call be asked for */
        LIVE_REASON_KNOWN = 1 << 23,    /* … and gives reasons for its RSTs */
        LIVE_DISCONNECTED = 1 << 24,    /* tcp_disconnect() wiped it at the last */
        LIVE_REUSED = 1 << 25,          /* its socket goes on to another connection */
        LIVE_SYN_RECV = 1 << 26,        /* it died in the handshake */
        LIVE_CLOSER = 1 << 27,          /* @owner closed it */
        LIVE_BACKLOG = 1 << 28,         /* its end came while a task worked the socket, not by that task's will */
        LIVE_MISSED = 1 << 29,          /* the event of its end was missed: the counts are those of its destruction */
        LIVE_TOLD = 1 << 30,            /* LIVE_NEWS of it found room */
};

/* Asked for only where the kernel does not tell the call. */
enum live_held {
        LIVE_HELD_UNKNOWN,
        LIVE_HELD,
        LIVE_NOT_HELD,
};

struct live_task {
        __u32 tgid;
        __u32 exit_code;
        __s32 call;             /* the system call's number */
        char comm[LIVE_COMM];
};

struct live_end {
        __u8 kind;
        __u8 family;            /* AF_INET, AF_INET6 */
        __u8 last_state;        /* before CLOSE */
        __u8 reason;            /* enum sk_rst_reason as this kernel numbers it */
        __u32 flags;
        __u64 cookie;
        __u64 began_ns, act_ns, fin_out_ns, fin_in_ns, over_ns, ended_ns;
        __u64 before_ns;        /* the last segment before it ended the connection of its own accord */
        __u64 bytes_sent, bytes_acked, bytes_received, bytes_again;
        __u64 sent_at_fin;      /* bytes_acked and what was under way when the other's FIN came */
        __u64 cgroup;
        __u8 local[16], remote[16];
        __u16 local_port, remote_port;
        __u32 netns;
        __u32 unread, unsent, unacked;
        __u32 send_start, recv_start; /* snd_una - bytes_acked, rcv_nxt - bytes_received: pairs the two ends */
        __u32 last_sent, last_received; /* payload, by jiffies: only good for comparing the two */
        __u32 user_timeout_ms;
        __u32 linger_jiffies;
        __u16 error;            /* when it met its end … */
        __u16 error_last;       /* … and when it was destroyed */
        __u16 soft_error;
        __u8 act_from, act_to;  /* the states between which the act took it */
        __u8 act_shutdown;      /* sk_shutdown then */
        __u8 act_error;         /* sk_err then */
        __u8 retransmits, probes, backoff;
        __u8 shutdown;
        __u8 n_resets_out;
        __u8 reset_flags;       /* TCP flags of the segment that the RST answers */
        __u8 n_reset_words;     /* of its payload so many bytes are in @reset_words */
        __u8 saw_fin;           /* the other's FIN was seen coming: @sent_at_fin holds … */
        __u8 answered_at_fin;   /* … and what was sent until then had been followed by payload of the other's */
        __u8 act_held;          /* enum live_held: was there a descriptor left while the act went on? */
        struct live_task act;
        __u32 owner;
        char owner_comm[LIVE_COMM];
        __u32 reset_payload;    /* bytes of payload in the segment that the RST answers */
        __u8 reset_words[LIVE_WORDS];
};

struct live_reset {
        __u8 kind;
        __u8 family;
        __u8 reason;
        __u8 state;             /* of the socket that stood in: TIME_WAIT, LISTEN, CLOSE; 0: none */
        __u8 answers_flags;     /* TCP flags of the segment that it answers; 0: none */
        __u8 reason_known;
        __u8 n_words;           /* of that segment's payload so many bytes are in @words */
        __u16 local_port, remote_port;
        __u32 netns;
        __u32 payload;
        __u64 at_ns;
        __u8 local[16], remote[16];
        __u8 words[LIVE_WORDS];
};

/* What the BPF program counts by itself, whether or not its record found room. */
enum live_total {
        LIVE_TOTAL_ORDERLY,
        LIVE_TOTAL_HALF_CLOSED,         /* its FIN was taken; whether the other's came is not seen here */
        LIVE_TOTAL_RESET_UNREAD,
        LIVE_TOTAL_RESET_LINGER,
        LIVE_TOTAL_RESET_OTHER,
        LIVE_TOTAL_RESET_REPLY,
        LIVE_TOTAL_RESET_RECEIVED,
        LIVE_TOTAL_REFUSED,
        LIVE_TOTAL_TIMED_OUT,
        LIVE_TOTAL_UNANSWERED,
        LIVE_TOTAL_DESTROYED,
        LIVE_TOTAL_OTHER,
        LIVE_TOTAL_STRAY_RESET,         /* RSTs without a socket, not ends */
        LIVE_TOTAL_NEWS,                /* ends met that were told before their sockets were gone */
        LIVE_TOTAL_PASSED_OVER,         /* ordinary ends of which no record was asked for */
        LIVE_TOTAL_TOLD,                /* records given out */
        LIVE_TOTAL_LOST,                /* records for which there was no room */
        LIVE_TOTAL_UNFOLLOWED,          /* sockets for which there was no room */
        LIVE_TOTAL_UNSEEN,              /* sockets that were gone, and no event of their end came */
        LIVE_TOTAL_STOOD_IN,            /* events that a program's stand-in took, since it was at work itself */
        N_LIVE_TOTALS
};
#define N_LIVE_TOTALS_OF_ENDS LIVE_TOTAL_STRAY_RESET
