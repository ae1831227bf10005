/* A step of a plan as the bytes of a frame, with right checksums, behind the header of any link. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "generate/plan.h"

enum link {
        LINK_ETHERNET,
        LINK_VLAN,
        LINK_QINQ,
        LINK_MPLS,
        LINK_PPPOE,
        LINK_GRE,                    /* in IPv4 over Ethernet */
        LINK_VXLAN,
        LINK_SLL,
        LINK_SLL2,
        LINK_RAW,
        LINK_NULL,
        LINK_LOOP,
        LINK_PPP,
        N_LINKS
};

enum { FRAME_MAX = 2048 };

/* -1 where there is none of that name. */
int link_find(const char *name);

/* The number that captures give it: LINKTYPE_*. */
uint32_t link_type(enum link link);

/* Writes the frame of the step; the plan's counters (IP ID, timestamps) go on. Returns its length. */
size_t frame_write(uint8_t frame[static FRAME_MAX], enum link link, struct plan *plan, const struct step *step);
