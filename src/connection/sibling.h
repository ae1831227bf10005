/* Resets of several connections of one listener at one moment, as when the listener closes. */
#pragma once

#include "connection/table.h"

enum { SIBLINGS = 8 };

/* The last few resets. */
struct siblings {
        struct {
                uint64_t whose;         /* the port, and the first four bytes of the address */
                uint8_t address[16];
                uint32_t node;
                uint64_t frame;         /* of the connection's first: a node may have become another's */
                int64_t at;
        } last[SIBLINGS];
        int64_t latest;                 /* the greatest time of any */
        unsigned n;
};

/* Takes a RST of an end of @node: those of other connections that came from the same address and port at the same
 * moment, and it, are noted in their connections. */
void siblings_reset(struct siblings *siblings, struct table *table, uint32_t node, unsigned sender, int64_t time);

/* A node of them has become another. */
void siblings_grown(struct siblings *siblings, uint32_t orderly, uint32_t node);
