/* All tables of scenarios, a file each, and short words for the truth of one. */
#pragma once

#include "lab/scenario.h"

/* How the connection ended, and by whose act. A reset that a segment by hand brings about is nobody's
 * program: its cause is CAUSE_NONE unless the scenario tells a story that has one. */
#define ENDS_RESET(_by, _cause) \
        .ending = ENDING_RESET, .ended_by = (_by), .cause = (_cause), .silent = SIDE_UNKNOWN
#define ENDS_ORDERLY(_by) \
        .ending = ENDING_ORDERLY, .ended_by = (_by), .cause = CAUSE_NONE, .silent = SIDE_UNKNOWN
#define ENDS_HALF_CLOSED(_by) \
        .ending = ENDING_HALF_CLOSED, .ended_by = (_by), .cause = CAUSE_NONE, .silent = SIDE_UNKNOWN
#define ENDS_REFUSED(_by, _cause) \
        .ending = ENDING_REFUSED, .ended_by = (_by), .cause = (_cause), .silent = SIDE_UNKNOWN
#define ENDS_UNANSWERED(_by, _cause) \
        .ending = ENDING_UNANSWERED, .ended_by = (_by), .cause = (_cause), .silent = SIDE_SERVER
#define ENDS_TIMED_OUT(_by, _cause, _silent) \
        .ending = ENDING_TIMED_OUT, .ended_by = (_by), .cause = (_cause), .silent = (_silent)
#define STAYS_OPEN \
        .ending = ENDING_OPEN, .ended_by = SIDE_UNKNOWN, .cause = CAUSE_NONE, .silent = SIDE_UNKNOWN

extern const struct scenario_list two_writes, peer_closes, half_close, fin_rst, rst_states, unread, zero_linger,
        linger, unsent, late_data, disconnect, destroy, listener, connecting, timeouts, icmp, challenge, send_calls,
        recv_calls, poll_matrix, account, more_fin_rst, more_rst_states, more_late_data, more_destroy,
        more_listener, listener_calls, more_connecting, more_icmp, more_send_calls, more_recv_calls,
        request_scenarios, orphan_scenarios, corner_scenarios, lingering_scenarios;
