/* The sums of `finis watch`. */
#include "cli/watch_sums.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "report/phrase.h"
#include "report/summary.h"

static const char *const words[N_LIVE_TOTALS_OF_ENDS] = {
        [LIVE_TOTAL_ORDERLY] = "ended in order",
        [LIVE_TOTAL_HALF_CLOSED] = "closed first, and had its FIN taken",
        [LIVE_TOTAL_RESET_UNREAD] = "sent a RST: unread data",
        [LIVE_TOTAL_RESET_LINGER] = "sent a RST: zero linger",
        [LIVE_TOTAL_RESET_OTHER] = "sent a RST of its own accord",
        [LIVE_TOTAL_RESET_REPLY] = "answered data with a RST",
        [LIVE_TOTAL_RESET_RECEIVED] = "was reset by the other end",
        [LIVE_TOTAL_REFUSED] = "was refused",
        [LIVE_TOTAL_TIMED_OUT] = "timed out",
        [LIVE_TOTAL_UNANSWERED] = "was never answered",
        [LIVE_TOTAL_DESTROYED] = "was destroyed from outside",
        [LIVE_TOTAL_OTHER] = "ended otherwise",
};

/* The peer of a client is its server with the port; of a server, the client's host. */
static void add_names(struct watch_sums *sums, const struct record *r)
{
        bool bad = r->severity == SEVERITY_BAD, at_client = r->seen.sides != SIDES_SEEN_SERVER;
        const struct record_end *peer = at_client ? &r->server : &r->client;
        char name[WATCH_TOP_NAME_MAX];

        watch_top_add(&sums->endings, ending_name(r->ending), bad);
        if (r->n_causes > 0)
                watch_top_add(&sums->causes, r->cause == CAUSE_NONE ? "not known for sure" : cause_name(r->cause), bad);
        snprintf(name, sizeof(name), at_client ? "%s port %u" : "%s", peer->ip, peer->port);
        watch_top_add(&sums->peers, name, bad);
        if (r->client.comm)
                watch_top_add(&sums->programs, r->client.comm, bad);
        if (r->server.comm && (!r->client.comm || strcmp(r->client.comm, r->server.comm) != 0))
                watch_top_add(&sums->programs, r->server.comm, bad);
}

void watch_sums_add(struct watch_sums *sums, const struct watch_record *r, bool again)
{
        struct totals_share share;

        if (again)
                return;
        share = totals_share(&r->record);
        totals_count(&sums->totals, &share);
        add_names(sums, &r->record);
}

static void write_records(FILE *file, const uint64_t totals[static N_LIVE_TOTALS])
{
        uint64_t n = totals[LIVE_TOTAL_TOLD] + totals[LIVE_TOTAL_LOST];
        struct phrase p = { 0 };

        phrase_count(&p, n);
        phrase_add(&p, " record%s told of them", n == 1 ? "" : "s");
        if (totals[LIVE_TOTAL_NEWS]) {
                phrase_add(&p, ", ");
                phrase_count(&p, totals[LIVE_TOTAL_NEWS]);
                phrase_add(&p, " while their programs held them still");
        }
        if (totals[LIVE_TOTAL_LOST]) {
                phrase_add(&p, "; ");
                phrase_count(&p, totals[LIVE_TOTAL_LOST]);
                phrase_add(&p, " found no room");
        }
        fprintf(file, "%s\n", p.text);
}

static void write_sockets(FILE *file, const uint64_t totals[static N_LIVE_TOTALS], int64_t span_ns)
{
        uint64_t n = 0;
        struct phrase p = { 0 };

        for (unsigned i = 0; i < N_LIVE_TOTALS_OF_ENDS; i++)
                n += totals[i];
        phrase_count(&p, n);
        phrase_add(&p, " socket%s ended in ", n == 1 ? "" : "s");
        phrase_span(&p, span_ns);
        fprintf(file, "%s, as the kernel counted them\n", p.text);
        for (unsigned i = 0; i < N_LIVE_TOTALS_OF_ENDS; i++) {
                struct phrase count = { 0 };

                if (!totals[i])
                        continue;
                phrase_count(&count, totals[i]);
                fprintf(file, "%12s  %s\n", count.text, words[i]);
        }
        if (totals[LIVE_TOTAL_STRAY_RESET]) {
                struct phrase count = { 0 };

                phrase_count(&count, totals[LIVE_TOTAL_STRAY_RESET]);
                fprintf(file, "%12s  RST%s sent for no socket\n", count.text,
                        totals[LIVE_TOTAL_STRAY_RESET] == 1 ? "" : "s");
        }
        if (n > 0 || totals[LIVE_TOTAL_TOLD])
                write_records(file, totals);
}

static void write_nothing_heard(FILE *file, int64_t span_ns)
{
        struct phrase p = { 0 };

        phrase_span(&p, span_ns);
        fprintf(file, "no connection was heard to end in %s\n", p.text);
}

void watch_sums_write(FILE *file, const struct watch_sums *sums, const struct feed *feed, int64_t span_ns,
                      const struct style *style)
{
        uint64_t totals[N_LIVE_TOTALS];

        fputc('\n', file);
        if (feed && feed_totals(feed, totals) == 0)
                write_sockets(file, totals, span_ns);
        else if (sums->totals.n == 0)
                write_nothing_heard(file, span_ns);
        if (sums->totals.n) {
                fprintf(file, "\n%" PRIu64 " connection%s looked at\n", sums->totals.n, sums->totals.n == 1 ? "" : "s");
                summary_write(file, &sums->totals, style);
        }
}

void watch_sums_redraw(FILE *file, struct watch_sums *sums, const struct feed *feed, int64_t span_ns)
{
        double seconds = (double)span_ns / 1e9;
        uint64_t totals[N_LIVE_TOTALS], n = 0;

        if (isatty(fileno(file)) == 1)
                fputs("\033[H\033[J", file);
        else
                fputc('\n', file);
        /* What was said of it at the start is wiped from the screen. */
        if (!feed)
                fprintf(file, "%.1f s without BPF: neither programs nor who ended a connection\n", seconds);
        if (feed && feed_totals(feed, totals) == 0) {
                for (unsigned i = 0; i < N_LIVE_TOTALS_OF_ENDS; i++)
                        n += totals[i] - sums->before[i];
                fprintf(file, "%.1f s: %" PRIu64 " socket%s ended, %.1f a second\n",
                        seconds, n, n == 1 ? "" : "s", (double)n / seconds);
                if (totals[LIVE_TOTAL_LOST] > sums->before[LIVE_TOTAL_LOST])
                        fprintf(file, "%" PRIu64 " of their records found no room\n",
                                totals[LIVE_TOTAL_LOST] - sums->before[LIVE_TOTAL_LOST]);
                memcpy(sums->before, totals, sizeof(totals));
        }
        watch_top_write(file, &sums->endings, "ending", 8, seconds);
        watch_top_write(file, &sums->causes, "cause", 6, seconds);
        watch_top_write(file, &sums->peers, "peer", 6, seconds);
        watch_top_write(file, &sums->programs, "program", 6, seconds);
        sums->endings.n = sums->causes.n = sums->peers.n = sums->programs.n = 0;
        sums->endings.n_others = sums->causes.n_others = sums->peers.n_others = sums->programs.n_others = 0;
}

void watch_sums_losses(FILE *file, const struct feed *feed)
{
        uint64_t totals[N_LIVE_TOTALS];

        if (!feed || feed_totals(feed, totals) < 0)
                return;
        if (totals[LIVE_TOTAL_LOST])
                fprintf(file, "finis watch: %" PRIu64 " records without detail: they came faster than they were read\n",
                        totals[LIVE_TOTAL_LOST]);
        if (totals[LIVE_TOTAL_TOLD] != feed_taken(feed))
                fprintf(file, "finis watch: %" PRIu64 " records were told, and %" PRIu64 " read\n",
                        totals[LIVE_TOTAL_TOLD], feed_taken(feed));
        if (feed_missed(feed))
                fprintf(file, "finis watch: %" PRIu64 " events were missed: they came within others\n",
                        feed_missed(feed));
        if (totals[LIVE_TOTAL_UNSEEN])
                fprintf(file, "finis watch: %" PRIu64 " ends went unseen: the kernel ran no program for them\n",
                        totals[LIVE_TOTAL_UNSEEN]);
        if (totals[LIVE_TOTAL_UNFOLLOWED])
                fprintf(file, "finis watch: %" PRIu64 " sockets were not followed: too many at once\n",
                        totals[LIVE_TOTAL_UNFOLLOWED]);
}
