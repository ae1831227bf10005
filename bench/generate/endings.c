/* The table of the kinds of endings, and the choosing among them. */
#include "generate/endings.h"

#include <string.h>

#include "generate/kinds.h"

static const struct kind {
        const char *name;
        uint16_t weight[N_MIXES];
        void (*play)(struct plan *p, enum mix mix);
} kinds[] = {
        { "fin-client", { 300, 400, 80 }, ending_fin_client },
        { "fin-server", { 220, 300, 60 }, ending_fin_server },
        { "last-ack-missing", { 5, 5, 20 }, ending_last_ack_missing },
        { "fins-crossed", { 30, 10, 40 }, ending_fins_crossed },
        { "half-close", { 30, 30, 50 }, ending_half_close },
        { "late-data", { 40, 20, 50 }, ending_late_data },
        { "reset-by-client", { 60, 40, 40 }, ending_reset_by_client },
        { "unread-by-server", { 40, 30, 60 }, ending_unread_by_server },
        { "forged-not-taken", { 5, 5, 30 }, ending_forged_not_taken },
        { "forged-and-taken", { 5, 5, 30 }, ending_forged_and_taken },
        { "abandoned", { 20, 0, 30 }, ending_abandoned },
        { "refused", { 60, 0, 30 }, ending_refused },
        { "unreachable", { 10, 0, 30 }, ending_unreachable },
        { "syn-unanswered", { 20, 0, 30 }, ending_syn_unanswered },
        { "syn-ack-unanswered", { 3, 0, 30 }, ending_syn_ack_unanswered },
        { "data-unanswered", { 10, 10, 40 }, ending_data_unanswered },
        { "fin-unanswered", { 4, 5, 30 }, ending_fin_unanswered },
        { "keepalive-unanswered", { 2, 5, 40 }, ending_keepalive_unanswered },
        { "keepalive-answered", { 5, 10, 30 }, ending_keepalive_answered },
        { "probes-unanswered", { 2, 5, 40 }, ending_probes_unanswered },
        { "window-opens-again", { 5, 10, 30 }, ending_window_opens_again },
        { "still-open", { 30, 30, 40 }, ending_still_open },
        { "half-closed", { 20, 10, 30 }, ending_half_closed },
        { "reset-after-fins", { 20, 10, 40 }, ending_reset_after_fins },
        { "reset-for-last-ack", { 1, 5, 30 }, ending_reset_for_last_ack },
        { "reboot", { 3, 5, 30 }, ending_reboot },
        { "health-check", { 30, 5, 30 }, ending_health_check },
        { "reuse", { 5, 5, 30 }, ending_reuse },
        { "midstream", { 10, 10, 30 }, ending_midstream },
        { "data-in-syn", { 2, 5, 20 }, ending_data_in_syn },
        { "closed-in-reuse", { 5, 5, 30 }, ending_closed_in_reuse },
        { "close-notify", { 5, 5, 30 }, ending_close_notify },
        { "assassinated", { 1, 1, 20 }, ending_assassinated },
        { "aborted-in-flight", { 5, 5, 30 }, ending_aborted_in_flight },
        { "recovered", { 5, 10, 30 }, ending_recovered },
        { "fin-recovered", { 5, 5, 30 }, ending_fin_recovered },
        { "syn-on-live", { 1, 1, 20 }, ending_syn_on_live },
        { "simultaneous-open", { 1, 1, 10 }, ending_simultaneous_open },
};

enum { N_KINDS = sizeof(kinds) / sizeof(*kinds) };

const char *endings_name(unsigned i)
{
        return i < N_KINDS ? kinds[i].name : NULL;
}

static const struct kind *choose(struct plan *plan, enum mix mix, const char *only)
{
        uint32_t all = 0, at;
        unsigned i;

        if (only)
                for (i = 0; i < N_KINDS; ++i)
                        if (strcmp(kinds[i].name, only) == 0)
                                return &kinds[i];
        for (i = 0; i < N_KINDS; ++i)
                all += kinds[i].weight[mix];
        at = dice_below(&plan->dice, all);
        for (i = 0; at >= kinds[i].weight[mix]; ++i)
                at -= kinds[i].weight[mix];
        return &kinds[i];
}

void endings_plan(struct plan *plan, enum mix mix, const char *only)
{
        const struct kind *kind = choose(plan, mix, only);

        kind->play(plan, mix);
        for (unsigned part = 0; part < plan->n_parts; ++part)
                plan->verdict[part].kind = kind->name;
}
