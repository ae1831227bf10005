/* What kind of TCP sends a SYN like this: the order of its options tells. */
#pragma once

#include "connection/step.h"

/* Notes what the options of a SYN or SYN-ACK say of its sender. */
void system_syn(struct step *step);
