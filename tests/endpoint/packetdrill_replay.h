/*
 * Plays one line of docs/trust.md or docs/standards.md on the model. A line is acts in the lab's
 * notation (lab/act.h), each followed by what is expected of it:
 *
 *      c.fin s>ACK s.recv =0 s.close =0 s>FIN c.ack c.ack s>RST-reply
 *
 *      =RESULT     what the call before gives: a count, an errno, ERRNO+SIGPIPE, or waits
 *      SIDE>WHAT   what an end puts on the wire: SYN, SYN-ACK, ACK, challenge, FIN, RST (active),
 *                  RST-reply, or a number of bytes
 *      SIDE?K=V    what can be seen of an end: state, inq, outq, unsent, or poll
 *
 * An end with segments for acts is made by hand; what it sends, the line decides. Whatever else an end
 * sends, and any call without a result, is a fault of the line.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "endpoint/pair.h"
#include "lab/act.h"

#define REPLAY_WORD_MAX 80

struct replay {
        bool every_segment; /* data and ACKs must be named too; else FINs, RSTs and challenges alone */
        bool signals;       /* a result without +SIGPIPE says that there is no signal */

        struct pair pair;
        uint64_t hand_sent;
        bool hand_fin, hand[N_ENDS];
        size_t n_told;       /* of the pair's emissions */
        struct outcome last; /* of a call whose result the line has not told yet */
        bool owes_result;
        char act[REPLAY_WORD_MAX];
        unsigned n_expectations;
        char why[256]; /* the first thing that was otherwise, or empty */
};

/* Plays the line on a `replay` that is zero but for its two switches. False, and the reason in `.why`,
 * at the first thing that is not as the line says. */
bool replay_line(struct replay *replay, const char *line);
/* Did this rule of the model answer at either end? */
bool replay_fired(const struct replay *replay, const char *rule);

/* For the two files that are the player: an act, and a fault, which is always false. */
bool replay_perform(struct replay *replay, const struct lab_act *act);
__attribute__((format(printf, 2, 3))) bool replay_fault(struct replay *replay, const char *format, ...);
