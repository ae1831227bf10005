/* The tables of scenarios in their order. */
#include "lab/scenarios/lists.h"

const struct scenario_list *const scenario_lists[] = {
        &two_writes,
        &peer_closes,
        &half_close,
        &fin_rst,
        &rst_states,
        &unread,
        &zero_linger,
        &linger,
        &unsent,
        &late_data,
        &disconnect,
        &destroy,
        &listener,
        &connecting,
        &timeouts,
        &icmp,
        &challenge,
        &send_calls,
        &recv_calls,
        &poll_matrix,
        &account,
};
const size_t n_scenario_lists = sizeof(scenario_lists) / sizeof(*scenario_lists);
