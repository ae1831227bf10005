/* The kinds of endings. Each plays one connection from its first segment to its last, and states by hand what no
 * counting tells: how it ended, by whom, why, and what Zeek's rules call it. */
#pragma once

#include "generate/endings.h"

#define KIND(name) void ending_##name(struct plan *p, enum mix mix)

/* Closed by both, or by one of them, or by nobody: endings_closed.c. */
KIND(fin_client);
KIND(fin_server);
KIND(last_ack_missing);
KIND(fins_crossed);
KIND(half_close);
KIND(still_open);
KIND(half_closed);
KIND(reuse);
KIND(midstream);
KIND(data_in_syn);
KIND(simultaneous_open);

/* Ended by a RST, or with one: endings_reset.c. */
KIND(late_data);
KIND(reset_by_client);
KIND(unread_by_server);
KIND(forged_not_taken);
KIND(forged_and_taken);
KIND(abandoned);
KIND(refused);
KIND(unreachable);
KIND(reset_after_fins);
KIND(reset_for_last_ack);
KIND(reboot);
KIND(health_check);
KIND(closed_in_reuse);
KIND(close_notify);
KIND(assassinated);
KIND(aborted_in_flight);
KIND(syn_on_live);

/* Where somebody fell silent, for good or for a while: endings_silent.c. */
KIND(syn_unanswered);
KIND(syn_ack_unanswered);
KIND(data_unanswered);
KIND(fin_unanswered);
KIND(keepalive_unanswered);
KIND(keepalive_answered);
KIND(probes_unanswered);
KIND(window_opens_again);
KIND(recovered);
KIND(fin_recovered);

#undef KIND
