/* Losses, asked for a few times a second. */
#include "live/losses.h"

#define SECOND_NS INT64_C(1000000000)
/* Well within the second that one end waits for the other (pairs.c): what was lost meanwhile is known by then. */
#define EVERY_NS (SECOND_NS / 10)
/* As long as late RSTs are joined. */
#define DOUBT_NS (60 * SECOND_NS)

void live_losses_look(struct live_losses *losses, const struct feed *feed, int64_t at_ns, bool last,
                      struct live_clock *clock)
{
        uint64_t totals[N_LIVE_TOTALS], n;

        if (!feed || (!last && at_ns - losses->asked_at_ns < EVERY_NS) || feed_totals(feed, totals) < 0)
                return;
        losses->asked_at_ns = at_ns;
        n = totals[LIVE_TOTAL_LOST] + totals[LIVE_TOTAL_UNFOLLOWED] + totals[LIVE_TOTAL_UNSEEN] + feed_missed(feed);
        if (n > losses->n)
                losses->grew_at_ns = at_ns;
        losses->n = n;
        clock->gaps = losses->grew_at_ns && at_ns - losses->grew_at_ns < DOUBT_NS;
}
