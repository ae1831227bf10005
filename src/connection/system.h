/* What kind of TCP sends a SYN like this: the order of its options tells. */
#pragma once

#include "connection/node.h"
#include "wire/syn_options.h"

/* What the options of a SYN or SYN-ACK say of its sender: DIRECTION_LINUX, DIRECTION_OTHER_OS or nothing. */
unsigned system_of(const struct segment *s);

/* The same where the options are not SYN_OPTIONS_OTHER. */
unsigned system_of_usual(enum syn_options options, unsigned ttl);
