/*
 * The waist of finis: every fact of a connection that evidence may know. Above it stands what gathers
 * facts (captures, the running kernel, a traced program, the lab, a socket); below it the judge, who
 * sees nothing else. So a verdict can be tested with facts written by hand.
 *
 * A fact is a value with how it is known. HOW_UNKNOWN is the flag that says "not known"; no value
 * stands for it, and the value of an unknown fact is not to be looked at. A fact that is known to be
 * false ("no FIN was sent") needs evidence as much as one that is true: who has not seen all segments
 * of a side leaves it unknown.
 *
 * The lists below are the documentation. They are macros so that the structs, the names and the
 * sentences, and the test that forgets one fact after the other, are all made from the same lines.
 * Each line: what kind of value, its name, its sentence (true or counted, as the kind asks).
 *
 * Positions and counts are stream bytes from the first byte, or from the first seen: neither SYN nor
 * FIN counts. Times are nanoseconds since 1970. Facts are made when a connection is to be judged;
 * what a tracker keeps of each connection meanwhile is its own affair and far smaller.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "words/act.h"
#include "words/how.h"
#include "words/icmp_error.h"
#include "words/os.h"
#include "words/reset.h"
#include "words/reset_reason.h"
#include "words/roles.h"
#include "words/segment_kind.h"
#include "words/side.h"
#include "words/sides_seen.h"
#include "words/source.h"
#include "words/tcp_state.h"

/* The kinds of values. Each begins with how it is known: facts_forget() relies on it. */
#define FACT_KIND(kind, type)                                                                      \
        struct fact_##kind {                                                                       \
                enum how how;                                                                      \
                type value;                                                                        \
        };

FACT_KIND(flag, bool)
FACT_KIND(count, uint64_t)
FACT_KIND(time, int64_t)
FACT_KIND(error, int) /* an errno, positive; 0 is "none" */
FACT_KIND(os, enum os)
FACT_KIND(side, enum side)
FACT_KIND(act, enum act)
FACT_KIND(state, enum tcp_state)
FACT_KIND(reason, enum reset_reason)
FACT_KIND(icmp, enum icmp_error)
FACT_KIND(segment, enum segment_kind)
FACT_KIND(validity, enum reset_validity)

/* Of the connection as a whole. */
#define FACTS_OF_CONNECTION(F)                                                                     \
        F(time, first, "When its first segment or call was seen.")                                 \
        F(time, last, "When its last segment or call was seen.")                                   \
        F(count, syns, "How many SYNs the client sent, repeats counted.")                          \
        F(time, last_syn, "When the last SYN was sent.")                                           \
        F(count, syn_gap, "Nanoseconds between the last two SYNs, where it was repeated.")         \
        F(count, answered_syns, "How many SYNs the client sent after a SYN-ACK.")                  \
        F(flag, syn_data, "The SYN carried data (TCP Fast Open).")                                 \
        F(count, syn_acks, "How many SYN-ACKs the server sent, repeats counted.")                  \
        F(count, late_syn_acks, "How many SYN-ACKs came after the client had acknowledged one like it.") \
        F(time, last_syn_ack, "When the last SYN-ACK was sent.")                                   \
        F(flag, two_isns, "SYN-ACKs came with different initial sequence numbers.")                \
        F(flag, established, "The handshake was completed: the client's ACK came, or a kernel says so.") \
        F(flag, mptcp, "It is a subflow of Multipath TCP.")                                        \
        F(flag, ssh, "It is a session of SSH: who has the other's FIN only takes leave.")          \
        F(flag, reused, "A new connection took over the same addresses and ports.")                \
        F(flag, siblings_reset, "Other connections of the same listener were reset at the same moment.") \
        F(flag, crossed, "The two FINs crossed: each side sent its own before it had the other's.") \
        F(side, first_fin, "Whose FIN came first: the other's own acknowledges it.")                \
        F(flag, both_acked, "Both FINs were acknowledged.")                                        \
        F(icmp, icmp, "An ICMP error quoted a segment of it.")                                     \
        F(time, icmp_at, "When that error came.")                                                  \
        F(count, icmp_frame, "The frame of that error.")                                           \
        F(side, icmp_to, "Whose segment that error quoted.")                                       \
        F(flag, icmp_from_end, "That error came from the addressee itself, not from a host on the way.") \
        F(segment, icmp_quoted, "What that error quoted.")                                         \
        F(flag, translated, "A NAT or a proxy lies between the two ends.")                         \
        F(flag, filter_answers, "A packet filter on the way or on the host is known to answer for others.")

/* Of one end: its program, its socket, its kernel. */
#define FACTS_OF_END(F)                                                                            \
        F(os, os, "The kind of TCP that it speaks.")                                               \
        F(flag, local, "It is on the host where finis looks.")                                     \
        F(count, ttl, "The TTL or hop limit of its ordinary segments, as seen.")                   \
        F(count, answers_in, "The fewest nanoseconds in which a segment of the other end was answered.") \
        F(flag, timestamps, "Its segments carry the timestamp option.")                            \
        F(flag, restarted, "It lost its memory: its timestamps or sequence numbers began anew.")   \
        F(time, last_heard, "When its last segment was seen.")                                     \
        F(flag, accepted, "A program accepted the connection, or had asked for it.")               \
        F(flag, accept_queue_full, "Its listener's accept queue was full at the handshake.")       \
        F(state, state, "The last state of its socket before CLOSE, or the present one.")          \
        F(act, act, "What its program, or the kernel in its place, did to end it.")                \
        F(time, act_at, "When it did that.")                                                       \
        F(flag, shut_read, "Its program shut the receiving way down, or closed.")                  \
        F(flag, shut_write, "Its program shut the sending way down, or closed.")                   \
        F(flag, closed, "The last descriptor of its socket is gone.")                              \
        F(time, closed_at, "When the last descriptor went.")                                       \
        F(flag, linger_on, "SO_LINGER was on when it closed.")                                     \
        F(count, linger_s, "The seconds of SO_LINGER then.")                                       \
        F(flag, linger2_negative, "TCP_LINGER2 is negative.")                                      \
        F(flag, repaired, "TCP_REPAIR was on: it went without a segment.")                         \
        F(count, unread, "Bytes that arrived in order and its program never read.")                \
        F(count, unsent, "Bytes that its program wrote and its kernel never sent.")                \
        F(flag, eof_read, "Its program read up to the peer's FIN.")                                \
        F(error, error_set, "The error that its kernel put on the socket.")                        \
        F(time, error_at, "When its kernel did that.")                                             \
        F(flag, error_taken, "Its program was told that error.")                                   \
        F(flag, connect_failed, "connect() told it that error, and left the socket as new.")       \
        F(error, soft_error, "An error that its kernel noted without ending the connection.")      \
        F(reason, reason, "Why its kernel sent a reset, in the kernel's own words.")               \
        F(flag, abort_on_close, "Its kernel counted TCPAbortOnClose for it.")                      \
        F(flag, abort_on_data, "Its kernel counted TCPAbortOnData for it.")                        \
        F(flag, abort_on_timeout, "Its kernel counted TCPAbortOnTimeout for it.")                  \
        F(flag, abort_on_linger, "Its kernel counted TCPAbortOnLinger for it.")                    \
        F(flag, abort_on_memory, "Its kernel counted TCPAbortOnMemory for it.")                    \
        F(flag, counts_no_reset, "Its kernel sent no reset at all in that time (TcpOutRsts stood still).") \
        F(count, keepalives_unanswered, "Keepalive probes that it sent at the end without an answer.") \
        F(count, keepalives, "Keepalive probes that it sent since its last data, answered or not.") \
        F(time, last_keepalive, "When it sent the last of them.")                                  \
        F(count, keepalive_gap, "Nanoseconds between the last two of them.")                       \
        F(count, probes_unanswered, "Window probes that it sent at the end without an answer.")    \
        F(count, repeats_unanswered, "How often it repeated its last data or FIN without an answer.") \
        F(segment, repeated, "What it repeated.")                                                  \
        F(time, unanswered_since, "When it sent the first of what stayed unanswered.")             \
        F(time, unanswered_last, "When it sent the last of what stayed unanswered.")               \
        F(count, unanswered_frame, "The frame of the first of what stayed unanswered.")            \
        F(time, before_unanswered, "When the segment before that first one was seen, from whichever end.") \
        F(count, unanswered_gap, "Nanoseconds between the last two of what stayed unanswered.")    \
        F(count, user_timeout_ms, "Its TCP_USER_TIMEOUT.")                                         \
        F(flag, keepalive_on, "SO_KEEPALIVE is on.")                                               \
        F(flag, gave_up, "Its kernel gave the connection up for want of an answer.")               \
        F(count, challenge_acks, "Challenge ACKs that it sent.")                                   \
        F(flag, went_on, "It talked on after one of the resets in its name, as if it had sent none.")        \
        F(flag, is_proxy, "It is a proxy or a balancer: what it does may be another's doing.")

/* Of one direction, as seen from its sender. */
#define FACTS_OF_DIRECTION(F)                                                                      \
        F(count, packets, "Segments seen from this sender.")                                       \
        F(count, payloads, "Segments with new payload.")                                           \
        F(count, bytes, "Bytes sent at least once.")                                               \
        F(count, acked, "Bytes acknowledged by segments other than a RST.")                        \
        F(count, acked_by_reset, "Bytes acknowledged by the receiver's own RST.")                  \
        F(count, sacked, "Bytes past those that SACK blocks reported.")                            \
        F(count, retransmitted, "Payload bytes sent again, each time counted.")                    \
        F(count, payload_seen, "Payload bytes of all its segments, repeats and probes counted too.") \
        F(count, missing, "Bytes acknowledged, or passed over, that were not seen.")               \
        F(count, arrived, "Up to where its bytes reached the receiver, as seen at the receiver's own end.") \
        F(time, first_payload, "When its first payload was sent.")                                 \
        F(time, last_payload, "When its last new payload was sent.")                               \
        F(count, last_payload_frame, "The frame of that last payload.")                            \
        F(flag, last_answered, "Payload came back after its last payload.")                        \
        F(flag, last_is_goodbye, "Its last payload is a good-bye: a TLS alert, QUIT and its like.") \
        F(count, goodbye_bytes, "How long that good-bye is.")                                      \
        F(count, last_run, "Bytes that it sent since the other side's last payload: its part of the exchange.") \
        F(flag, fin, "The sender sent a FIN.")                                                     \
        F(count, fin_position, "Where that FIN stands.")                                           \
        F(time, fin_at, "When the first FIN was sent.")                                            \
        F(count, fin_frame, "The frame of the first FIN.")                                         \
        F(time, before_fin, "When the segment before the first FIN was seen, from whichever end.") \
        F(flag, fin_acked, "That FIN was acknowledged.")                                           \
        F(time, fin_acked_at, "When it was first acknowledged.")                                   \
        F(count, fin_repeats, "How often the FIN was sent again.")                                 \
        F(count, after_peer_fin, "Bytes first sent after the receiver's FIN had been sent.")       \
        F(count, after_peer_close, "Bytes that came when the receiver's socket was already closed.") \
        F(flag, window_shut, "The receiver's window was zero at the end.")                         \
        F(time, window_shut_at, "When it became zero for the last time.")                          \
        F(count, window, "The receiver's window at the end, scaled: bytes.")

/* Of one RST. Identical repeats are counted in the first of them. */
#define FACTS_OF_RESET(F)                                                                          \
        F(side, by, "Whose address it bears as its sender.")                                       \
        F(time, at, "When it was seen.")                                                           \
        F(count, frame, "Its frame.")                                                              \
        F(time, before, "When the segment before it was seen, from whichever end.")                \
        F(count, repeats, "How many like it followed.")                                            \
        F(flag, has_ack, "Its ACK flag is set.")                                                   \
        F(count, window, "Its window, not scaled.")                                                \
        F(flag, options, "It carries TCP options.")                                                \
        F(count, ip_id, "Its IPv4 identification.")                                                \
        F(flag, ip_id_jumps, "That number does not continue the sender's others.")                 \
        F(count, ttl, "Its TTL or hop limit.")                                                     \
        F(flag, ttl_differs, "That differs from the sender's other segments.")                     \
        F(count, payload, "Bytes of payload, which is text for people if anything.")               \
        F(validity, validity, "Its number against what the receiver expected.")                    \
        F(flag, behind, "Its number lies below what the sender had sent already.")                 \
        F(count, position, "Where its number stands in its sender's direction.")                   \
        F(count, ack_position, "The position that it acknowledges.")                               \
        F(flag, ack_impossible, "It acknowledges what was never sent.")                            \
        F(segment, answers, "What the segment was that it directly answers.")                      \
        F(time, answers_at, "When that segment was seen.")                                         \
        F(count, answers_frame, "The frame of that segment.")                                      \
        F(flag, answers_repeat, "That segment had been sent before, or may be the repeat of one.") \
        F(flag, drew_data, "It, or a repeat of it, answers payload that had not been sent before.") \
        F(flag, unasked, "The other end had sent nothing for so long that nothing can have drawn it.")          \
        F(flag, mirrors, "Its TTL, IP ID and window are copied from that segment.")                \
        F(time, before_answers, "When the segment before that one was seen, from whichever end.")  \
        F(flag, after_both_acked, "Both FINs had been acknowledged when it was sent.")             \
        F(flag, not_sent, "The end that it names never sent it: a capture at that end does not hold it.") \
        F(flag, not_arrived, "It never reached the other end: a capture at that end does not hold it.") \
        F(flag, obeyed, "Its receiver sent nothing more, or its kernel says that it took it.")     \
        F(flag, went_on, "The end that it names talked on after it, as if it had sent none.")      \
        F(count, mptcp_reason, "The reason in its MP_TCPRST option (RFC 8684 section 3.6).")       \
        F(reason, reason, "The reason that the sending kernel gave for it.")

#define FACT_MEMBER(kind, name, sentence) struct fact_##kind name;

struct facts_of_end {
        FACTS_OF_END(FACT_MEMBER)
};

struct facts_of_direction {
        FACTS_OF_DIRECTION(FACT_MEMBER)
};

struct facts_of_reset {
        FACTS_OF_RESET(FACT_MEMBER)
};

/* What the evidence is worth. These are no facts of the connection and are always known. */
struct facts_seen {
        enum source source;
        enum roles roles;
        enum sides_seen sides;
        bool midstream;     /* its beginning was not seen */
        bool gaps;          /* segments or events are known to be missing */
        bool losses;        /* so they are elsewhere in the same capture */
        bool disorder;      /* the capture's frames are not in the order of their times */
        bool cut;           /* frames were cut short, or the file ends within one */
        bool both_ends;     /* both kernels were heard, not only the wire between them */
        bool evicted;       /* given out before its time, for want of memory */
        bool over;          /* who made the facts knows beforehand that judge_again() finds nothing amiss with them */
        int64_t until;      /* when the evidence ends: nothing later could have been seen */
};

/* As many different RSTs of one connection as are told apart; of the rest only the number is kept. */
#define FACTS_RESETS_MAX 4

struct facts {
        struct facts_seen seen;
        FACTS_OF_CONNECTION(FACT_MEMBER)
        struct facts_of_end end[2];         /* SIDE_CLIENT, SIDE_SERVER */
        struct facts_of_direction from[2];  /* by sender: SIDE_CLIENT, SIDE_SERVER */
        struct facts_of_reset resets[FACTS_RESETS_MAX];
        size_t n_resets;                    /* of the array, in the order seen */
        uint64_t n_resets_in_all;
};

/* No fact known. */
void facts_init(struct facts *f, enum source source);

/* How many facts there are, over all ends, directions and resets. */
size_t facts_count(void);

/* One of them: "server.unread", "resets[0].ttl", and its sentence. The name goes to the caller's buffer. */
#define FACT_NAME_MAX 48
void facts_name(size_t i, char name[static FACT_NAME_MAX]);
const char *facts_sentence(size_t i);

/* How it is known, and making it unknown. */
enum how facts_how(const struct facts *f, size_t i);
void facts_forget(struct facts *f, size_t i);

static inline bool fact_known(enum how how)
{
        return how != HOW_UNKNOWN;
}

/* True only where the flag is known, and known to be so. */
#define fact_is(flag) (fact_known((flag).how) && (flag).value)
#define fact_is_not(flag) (fact_known((flag).how) && !(flag).value)
