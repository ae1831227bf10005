/* By the two ages that the kernel keeps, in jiffies: within one of them nothing is known. */
#include "trace/facts_order.h"

#include "trace/facts_parts.h"

void facts_of_order(const struct look *look, bool from_the_beginning, uint64_t sent, uint64_t received, bool alone,
                    struct facts_of_direction *out, struct facts_of_direction *in)
{
        bool both = sent > 0 && received > 0, answered = look && look->data_in_ms < look->data_out_ms;

        TELL(out->payloads, sent > 0);
        if (alone)
                TELL(in->payloads, received > 0);
        if (from_the_beginning && received == 0)
                TELL(out->last_run, sent);
        if (both && (!look || look->data_in_ms == look->data_out_ms))
                return;
        if (sent > 0)
                TELL(out->last_answered, received > 0 && answered);
        if (received > 0)
                TELL(in->last_answered, sent > 0 && !answered);
}
