/* Tests the claims that are asked for, and writes what was found. */
#include <errno.h>
#include <stdlib.h>

#include "lab/claims.h"
#include "lab/claims/write.h"

struct run {
        const struct claims_options *options;
        const struct claim **claims;
        struct claim_verdict *verdicts; /* two a claim */
        struct claim_found *found;
        size_t n;
};

static void run_deinit(struct run *run)
{
        free(run->claims);
        free(run->verdicts);
        free(run->found);
}

static int run_init(struct run *run, const struct claims_options *options)
{
        *run = (struct run){ .options = options, .n = claim_select(options->pattern, NULL, 0) };
        if (run->n == 0)
                return -ENOENT;
        run->claims = calloc(run->n, sizeof(*run->claims));
        run->verdicts = calloc(run->n * 2, sizeof(*run->verdicts));
        run->found = calloc(run->n, sizeof(*run->found));
        if (!run->claims || !run->verdicts || !run->found)
                return -ENOMEM;
        claim_select(options->pattern, run->claims, run->n);
        return 0;
}

static int test_one(struct run *run, size_t i)
{
        static const int families[] = { AF_INET, AF_INET6 };
        const struct claims_options *o = run->options;
        const bool wanted[] = { o->ipv4 || !o->ipv6, o->ipv6 || !o->ipv4 };
        struct claim_found *found = &run->found[i];
        int r;

        found->claim = run->claims[i];
        found->word = CLAIM_NOT_TESTED;
        for (size_t k = 0; k < 2; k++) {
                struct claim_verdict *v = &run->verdicts[2 * i + k];

                if (!wanted[k])
                        continue;
                r = claim_test(run->claims[i], families[k], o->rights, o->sniffer, o->timers, v);
                if (r < 0)
                        return r;
                found->verdicts[found->n++] = v;
                if (v->word < found->word) {
                        found->word = v->word;
                        found->settled = v->settled;
                }
                if (o->json && (r = claim_write_json(o->file, v)) < 0)
                        return r;
        }
        return 0;
}

static void show_progress(const struct run *run, size_t done)
{
        if (!run->options->progress)
                return;
        if (done < run->n)
                fprintf(run->options->progress, "\rclaims: %zu of %zu", done, run->n);
        else
                fprintf(run->options->progress, "\r\033[K");
        fflush(run->options->progress);
}

static void write_found(struct run *run)
{
        const struct claims_options *o = run->options;

        if (o->json)
                return;
        if (!o->full && run->n > 1) {
                claims_write_list(o->file, run->found, run->n, o->colour);
                return;
        }
        for (size_t i = 0; i < run->n; i++) {
                if (i > 0)
                        fputs("\n\n", o->file);
                claim_write_full(o->file, &run->found[i], o->colour);
        }
}

int claims_run(const struct claims_options *options, struct claims_tally *ret_tally)
{
        struct claims_tally tally = { 0 };
        __attribute__((cleanup(run_deinit))) struct run run;
        int r;

        r = run_init(&run, options);
        for (size_t i = 0; i < run.n && r == 0; i++) {
                if (options->stop && options->stop()) {
                        tally.stopped = true;
                        run.n = i;
                        break;
                }
                show_progress(&run, i);
                r = test_one(&run, i);
                if (r < 0)
                        break;
                tally.n[run.found[i].word]++;
                tally.n_open += run.found[i].word != CLAIM_NOT_TESTED && !run.found[i].settled;
                for (size_t k = 0; k < run.found[i].n; k++)
                        tally.n_disagree += run.found[i].verdicts[k]->n_disagree;
        }
        show_progress(&run, run.n);
        if (r < 0)
                return r;
        write_found(&run);
        if (ret_tally)
                *ret_tally = tally;
        return ferror(options->file) ? -EIO : 0;
}
