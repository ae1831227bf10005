/* Which connection of the same ends a segment belongs to: the one at hand, or a new one. */
#pragma once

#include "connection/table.h"

enum reuse {
        REUSE_SAME,                     /* the one at hand */
        REUSE_NEW,                      /* a new one begins with this segment */
        REUSE_WAIT,                     /* a SYN that may be a new one's, if it is answered */
        REUSE_PENDING,                  /* the one that the waiting SYN began: it was answered */
        REUSE_REFUTED,                  /* the one at hand; the waiting SYN began none */
};

/* What becomes of segment @s of side @sender of @c. @pending is the connection that a waiting SYN would begin,
 * or NULL; @pending_sender is that side in @c. */
enum reuse reuse_decide(const struct connection *c, const struct connection *pending, unsigned pending_sender,
                        unsigned sender, const struct segment *s, int64_t time);

/* Whether payload that came after the end of @c is of another connection, whose SYN was not captured. */
bool reuse_unseen(const struct connection *c, unsigned sender, const struct segment *s, int64_t time);

/* Whether the RSTs of which alone @c consists have the numbers of the SYN that comes now: they belong to it, unlike
 * those that are left over from an older connection of the same ends. */
bool reuse_of_resets(const struct connection *c, const struct extra *extra, unsigned sender, const struct segment *s);
