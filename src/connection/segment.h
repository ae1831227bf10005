/* What one segment changes in its connection. */
#pragma once

#include "connection/step.h"

/* Takes the segment of @step, whose tracker, connection, sender and input are set, and fills in the rest. */
void segment_take(struct step *step);
