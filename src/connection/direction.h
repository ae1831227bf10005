/* The bytes of one direction: which were sent, which again, which were never seen, which acknowledged. */
#pragma once

#include "connection/step.h"

/* Sets @position and @ack_position of a segment that is no RST, and finds the numbers to count from where they
 * are not known yet. A segment whose numbers fit nowhere is made a stray. */
void direction_place(struct step *step);

/* Counts the payload of a segment: new, filling a hole, or sent again. */
void direction_payload(struct step *step);

/* Takes note of a FIN. */
void direction_fin(struct step *step);

/* Takes what a segment acknowledges, of the other direction. */
void direction_acknowledge(struct step *step);

/* Takes its SACK blocks. */
void direction_sack(struct step *step);

/* Up to where all bytes of @sender were seen. */
int64_t direction_contiguous(const struct direction *d, const struct extra *extra, unsigned sender);

/* How many bytes in its holes were never seen. */
uint64_t direction_missing(const struct extra *extra, unsigned sender);

/* The window that @side offers, in bytes; -1 if its scale is not known. That of a SYN is never scaled. */
int64_t direction_window(const struct connection *c, unsigned side);

/* The position after everything sent, a FIN included. */
static inline int64_t
direction_end(const struct direction *d)
{
        return d->flags & DIRECTION_FIN && d->fin >= d->next ? d->fin + 1 : d->next;
}
