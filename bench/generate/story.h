/* What the stories of connections are told with: the beginnings and ends that many have, and what is true of them. */
#pragma once

#include "generate/endings.h"
#include "wire/segment.h"

#define SYN SEGMENT_SYN
#define FIN SEGMENT_FIN
#define ACK SEGMENT_ACK
#define PSH SEGMENT_PSH

static const enum side C = SIDE_CLIENT, S = SIDE_SERVER;

enum side story_either(struct plan *p);
/* Of the part that is played. */
struct verdict *story_verdict(struct plan *p);
/* What there is to say where both closed; where a RST ended it; where somebody fell silent. */
void story_orderly(struct plan *p, enum side by);
void story_reset(struct plan *p, enum side by, enum cause cause);
void story_timed_out(struct plan *p, enum side gave_up, enum cause cause);
void story_handshake(struct plan *p, enum mix mix);
/* Requests and answers. */
void story_talk(struct plan *p, enum mix mix);
/* Both of these. */
void story_begin(struct plan *p, enum mix mix);
/* Both FINs and their ACKs. A last piece of data rides on some FINs. */
void story_close_both(struct plan *p, enum mix mix, enum side first);
/* Repeats with twice the interval each time. */
void story_in_vain(struct plan *p, struct step what, unsigned n, int64_t interval);
/* The first such interval. */
int64_t story_rto(struct plan *p);
/* A keepalive or window probe. */
void story_probe(struct plan *p, enum side from, bool with_byte);
