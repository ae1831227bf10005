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

/* Greater ones count as this (RFC 7323 2.3). */
enum { WINDOW_SCALE_MAX = 14 };

static inline uint8_t direction_scale(uint8_t scale)
{
        return scale < WINDOW_SCALE_MAX ? scale : WINDOW_SCALE_MAX;
}

static inline uint8_t direction_scale_of(const struct segment *syn)
{
        return direction_scale(syn->window_scale);
}

/* A window as it stands in a segment of @d that is no SYN, in bytes; -1 if its scale is not known. @o is the other
 * direction: only if both ends offer it is there a scale. */
static inline int64_t direction_scaled(const struct direction *d, const struct direction *o, uint16_t window)
{
        if (!(d->flags & o->flags & DIRECTION_SYN_WHOLE))
                return window == 0 ? 0 : -1;
        return (int64_t)window << (d->flags & o->flags & DIRECTION_SCALE ? d->scale : 0);
}

/* The window that @side offered last, likewise. */
static inline int64_t direction_window(const struct connection *c, unsigned side)
{
        const struct direction *d = &c->side[side], *o = &c->side[!side];

        if (!(d->flags & DIRECTION_WINDOW))
                return -1;
        /* That of a SYN is never scaled. */
        if (d->packets <= (uint64_t)c->n_syns[side] + c->n_syn_acks[side])
                return d->window;
        return direction_scaled(d, o, d->window);
}

/* The position after everything sent, a FIN included. */
static inline int64_t direction_end(const struct direction *d)
{
        return d->flags & DIRECTION_FIN && d->fin >= d->next ? d->fin + 1 : d->next;
}
