/* What the place allows: finds out by entering a namespace of its own, for the process that plays. */
#pragma once

#include "lab/play.h"
#include "lab/sniffer.h"

/* Enters a network namespace, makes the wire and opens a sniffer on lo, as far as it may; what may not
 * be is left out and said in the rights. `want_namespace` false stays where it is. */
void rights_take(bool want_namespace, struct stage_rights *ret_rights, struct sniffer **ret_sniffer);
