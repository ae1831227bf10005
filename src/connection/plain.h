/*
 * The short way for what most segments are: new data in order, or an acknowledgement, on a living connection.
 *
 * While both ends are plain (struct direction) the numbers of Zeek's view (struct zeek) follow from theirs, and are
 * left as they were: plain_end() sets them, before anybody asks for them.
 */
#pragma once

#include "connection/node.h"

/* Takes the segment, exactly as segment_take() would, if it is of that kind. Else nothing is done. */
bool plain_take(struct connection *c, unsigned sender, const struct tracker_input *input);

/* Something else comes. */
void plain_end(struct connection *c);
