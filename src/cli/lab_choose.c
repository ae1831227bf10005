/* Which scenarios `finis lab` is to play. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/lab.h"
#include "cli/suggest.h"
#include "cli/wrong.h"
#include "lab/act.h"

static void add(const struct scenario *scenario, void *context)
{
        struct selection *s = context;

        if (s->n == s->room) {
                size_t room = s->room ? 2 * s->room : 256;
                const struct scenario **more = realloc(s->scenarios, room * sizeof(*more));

                if (!more)
                        return;
                s->scenarios = more;
                s->room = room;
        }
        s->scenarios[s->n++] = scenario;
}

/* The verb that was meant, where it was mistyped. */
static const char *near_verb(const char *act)
{
        char word[32];
        size_t n = strlen(act) > 2 ? strcspn(act + 2, "0123456789=@+&, ") : 0, best = SIZE_MAX, distance;
        const char *nearest = NULL;

        if (n == 0 || n >= sizeof(word))
                return NULL;
        memcpy(word, act + 2, n);
        word[n] = 0;
        for (enum verb v = 0; v < N_VERBS; v++) {
                if (!strcmp(verb_name(v), word))
                        return NULL; /* the verb is right, something else is not */
                if (suggest_near(word, verb_name(v), &distance) && distance < best) {
                        best = distance;
                        nearest = verb_name(v);
                }
        }
        return nearest;
}

/* Acts given on the command line: checked before anything is played. */
static int add_sequence(struct selection *s, const char *name)
{
        static const struct {
                const char *prefix;
                unsigned flags;
        } kinds[] = {
                { "seq:", 0 },
                { "seq-unconnected:", SCENARIO_UNCONNECTED },
                { "seq-client-by-hand:", SCENARIO_CLIENT_BY_HAND },
                { "seq-server-by-hand:", SCENARIO_SERVER_BY_HAND },
                { "seq-client-by-hand-unconnected:", SCENARIO_CLIENT_BY_HAND | SCENARIO_UNCONNECTED },
                { "seq-server-by-hand-unconnected:", SCENARIO_SERVER_BY_HAND | SCENARIO_UNCONNECTED },
        };
        struct scenario *sequence = &s->sequences[s->n_sequences];
        const char *acts = NULL, *first, *why;
        struct lab_act act;
        int r;

        if (s->n_sequences == MAX_SEQUENCES) {
                fprintf(stderr, "finis lab: more than %d sequences in one command\n", MAX_SEQUENCES);
                return -E2BIG;
        }
        for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
                if (strncmp(name, kinds[i].prefix, strlen(kinds[i].prefix)) != 0)
                        continue;
                acts = name + strlen(kinds[i].prefix);
                *sequence = (struct scenario){ .name = name,
                                               .theme = N_THEMES,
                                               .acts = acts,
                                               .flags = kinds[i].flags,
                                               .ending = ENDING_UNSEEN,
                                               .ended_by = SIDE_UNKNOWN,
                                               .cause = CAUSE_NONE };
        }
        if (!acts)
                return -ENOENT;
        first = acts + strspn(acts, ", ");
        while ((r = act_parse(&acts, &act, &why)) == 0)
                ;
        if (r != -ENODATA) {
                const char *verb = near_verb(acts);

                return wrong_line("finis lab: cannot read the acts at \"%s\": %s; %s%s%s", acts, why,
                                  verb ? "did you mean " : "see finis-lab(1), ACTS", verb ?: "", verb ? "?" : "");
        }
        if (first == sequence->acts + strlen(sequence->acts))
                return wrong_line("finis lab: \"%s\" has no acts; write for instance seq:c.send10,s.close", name);
        s->n_sequences++;
        add(sequence, s);
        return 0;
}

static void suggest(const char *name)
{
        const char *nearest = NULL;
        size_t best = SIZE_MAX, distance;

        for (size_t i = 0; i < scenario_count() + N_THEMES; i++) {
                const char *candidate =
                        i < N_THEMES ? theme_name((enum theme)i) : scenario_at(i - N_THEMES)->name;

                if (suggest_near(name, candidate, &distance) && distance < best) {
                        best = distance;
                        nearest = candidate;
                }
        }
        if (name[0] && strchr("csln", name[0]) && name[1] == '.')
                wrong_line("finis lab: no scenario or theme \"%s\"; acts of your own begin with seq: (seq:%s)",
                           name, name);
        else if (nearest)
                wrong_line("finis lab: no scenario or theme \"%s\"; did you mean %s?", name, nearest);
        else
                wrong_line("finis lab: no scenario or theme \"%s\"; finis lab --list shows them", name);
}

int lab_choose(struct lab *lab, char **names)
{
        struct selection *s = &lab->selection;
        size_t kept = 0;
        int r = 0;

        if (!*names)
                for (size_t i = 0; i < scenario_count(); i++)
                        add(scenario_at(i), s);
        for (; *names; names++) {
                r = add_sequence(s, *names);
                if (r == -ENOENT && scenario_select(*names, add, s) == 0) {
                        suggest(*names);
                        return -ENOENT;
                }
                if (r < 0 && r != -ENOENT)
                        return r;
        }
        for (size_t i = 0; i < s->n; i++)
                if (!lab->quick || !(s->scenarios[i]->flags & SCENARIO_TIMERS))
                        s->scenarios[kept++] = s->scenarios[i];
        lab->n_left_out = s->n - kept;
        s->n = kept;
        return 0;
}

