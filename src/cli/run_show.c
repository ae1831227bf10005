/* As they end, or held until the program has ended: its own streams come first. */
#include "cli/run_show.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/wrong.h"
#include "report/ladder.h"

int run_show_open(struct run_show *show, const struct run_options *options)
{
        *show = (struct run_show){ .options = options, .style = { .width = STYLE_WIDTH, .utf8 = ladder_utf8() } };
        show->out = options->output ? fopen(options->output, "we") : stderr;
        if (!show->out) {
                wrong_line("finis run: opening %s: %s", options->output, strerror(errno));
                return -errno;
        }
        show->style.colour = isatty(fileno(show->out)) == 1 && !getenv("NO_COLOR");
        show->hold = open_memstream(&show->held, &show->n_held);
        return show->hold ? 0 : -ENOMEM;
}

bool run_show_counts(struct run_show *show, const struct record *r, bool told)
{
        const struct run_options *options = show->options;

        show->n++;
        show->n_bad += r->severity == SEVERITY_BAD;
        return options->all || options->filter.n_terms || r->severity == SEVERITY_BAD || told;
}

FILE *run_show_where(struct run_show *show, const struct record *r)
{
        const struct run_options *options = show->options;

        if (!filter_match(&options->filter, r))
                return NULL;
        show->n_shown++;
        return options->verbose || options->json ? show->out : show->hold;
}

void run_show_written(struct run_show *show, FILE *out)
{
        if (out == show->out)
                fflush(out);
}

void run_show_summary(struct run_show *show)
{
        const struct run_options *options = show->options;

        fclose(show->hold);
        show->hold = NULL;
        if (options->json)
                return;
        if (show->n == 0) {
                fputs("finis run: no TCP connection was seen\n", show->out);
                return;
        }
        fprintf(show->out, "finis run: %llu connection%s, %llu ended badly", (unsigned long long)show->n,
                show->n == 1 ? "" : "s", (unsigned long long)show->n_bad);
        if (options->filter.n_terms && show->n_shown == 0) {
                fputs(", none fits ", show->out);
                filter_say(&options->filter, show->out);
        }
        fputs(show->n_held ? ":\n" : "\n", show->out);
        fwrite(show->held, 1, show->n_held, show->out);
        if (show->n > show->n_shown && show->n_shown == 0 && show->n_bad == 0 && !options->filter.n_terms)
                fputs("All of them: --all\n", show->out);
}

void run_show_close(struct run_show *show)
{
        if (show->hold)
                fclose(show->hold);
        free(show->held);
        if (show->options->output && fclose(show->out) != 0)
                wrong_line("finis run: writing %s: %s", show->options->output, strerror(errno));
        else if (!show->options->output)
                fflush(show->out);
}
