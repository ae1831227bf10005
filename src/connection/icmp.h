/* An ICMP error joined to the connection whose segment it quotes. */
#pragma once

#include "connection/step.h"

enum {
        ICMP_QUOTED_SEQ = 8,            /* so much of the TCP header is quoted if the sequence number is */
};

/* Whether the error is about this connection: what it quotes must have been sent in it. */
bool icmp_take(struct step *step);
