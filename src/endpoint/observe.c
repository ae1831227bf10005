/* What can be seen of an endpoint without changing it: poll bits, queues, the account of its bytes. */
#include <poll.h>

#include "endpoint/endpoint.h"
#include "endpoint/rules.h"

short endpoint_poll(const struct endpoint *e, short *ret_free)
{
        struct event nothing = { .kind = N_EVENTS, .observed = -1 };
        uint64_t conditions = endpoint_conditions(e, &nothing);
        short bits = 0;

        for (size_t i = 0; i < n_poll_rules; i++) {
                const struct poll_rule *rule = &poll_rules[i];

                if (rule->states && !(rule->states & (1U << e->state)))
                        continue;
                if ((conditions & rule->needs) != rule->needs || (conditions & rule->lacks))
                        continue;
                bits |= rule->bits;
        }
        *ret_free = e->crowded && !e->shut_wr ? POLLOUT : 0;
        return bits;
}

static bool in_handshake(const struct endpoint *e)
{
        return (1U << e->state) & HANDSHAKE;
}

uint64_t endpoint_inq(const struct endpoint *e)
{
        return in_handshake(e) ? 0 : e->received - e->taken;
}

uint64_t endpoint_outq(const struct endpoint *e)
{
        if (in_handshake(e))
                return 0;
        return e->written - e->acked + (e->fin_queued && !e->fin_acked) + e->syn_unacked;
}

uint64_t endpoint_outq_unsent(const struct endpoint *e)
{
        if (in_handshake(e))
                return 0;
        return e->written - e->sent + (e->fin_queued && !e->fin_sent);
}

struct account endpoint_account(const struct endpoint *e)
{
        return (struct account){
                .acked = e->acked,
                .uncertain = e->sent - e->acked,
                .unsent = e->written - e->sent,
        };
}

bool endpoint_saw_fin(const struct endpoint *e)
{
        return e->fin_received;
}
