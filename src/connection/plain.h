/* The short way for what most segments are: new data in order, or an acknowledgement, on a living connection. */
#pragma once

#include "connection/node.h"

/* Takes the segment, exactly as segment_take() would, if it is of that kind. Else nothing is changed. */
bool plain_take(struct connection *c, unsigned sender, const struct tracker_input *input);
