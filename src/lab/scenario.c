/* The themes, and how scenarios are found by name, prefix, pattern or theme. */
#include "lab/scenario.h"

#include <fnmatch.h>
#include <string.h>

static const struct {
        const char *name;
        const char *sentence;
} themes[N_THEMES] = {
        [THEME_TWO_WRITES] = { "two-writes", "two writes after a peer's close, and each way it goes otherwise" },
        [THEME_PEER_CLOSES] = { "peer-closes", "a peer reads a little and closes, with nothing left or with more" },
        [THEME_HALF_CLOSE] = { "half-close", "one direction is ended and the other goes on" },
        [THEME_FIN_RST] = { "fin-rst", "FIN meets FIN, and FIN then RST" },
        [THEME_RST_STATES] = { "rst-states", "a RST in every state, with data queued and without" },
        [THEME_UNREAD] = { "unread", "closed with unread data" },
        [THEME_ZERO_LINGER] = { "zero-linger", "SO_LINGER with 0 seconds, in every state" },
        [THEME_LINGER] = { "linger", "SO_LINGER with time: close() that waits" },
        [THEME_UNSENT] = { "unsent", "closed with data not yet sent" },
        [THEME_LATE_DATA] = { "late-data", "data that comes after a close or shutdown" },
        [THEME_DISCONNECT] = { "disconnect", "connect(AF_UNSPEC) on a live connection" },
        [THEME_DESTROY] = { "destroy", "ended from outside: SOCK_DESTROY, TCP_REPAIR" },
        [THEME_LISTENER] = { "listener", "the listener closes, or its queue is full" },
        [THEME_CONNECT] = { "connect", "refused, unanswered, given up" },
        [THEME_TIMEOUTS] = { "timeouts", "a peer that falls silent" },
        [THEME_ICMP] = { "icmp", "the network says unreachable" },
        [THEME_CHALLENGE] = { "challenge", "resets that are not believed" },
        [THEME_SEND_CALLS] = { "send-calls", "every sending call against every kind of ending" },
        [THEME_RECV_CALLS] = { "recv-calls", "every receiving call against every kind of ending" },
        [THEME_POLL] = { "poll", "what poll and epoll report" },
        [THEME_ACCOUNT] = { "account", "bytes acknowledged, uncertain, never sent" },
};

const char *theme_name(enum theme theme)
{
        return themes[theme].name;
}

const char *theme_sentence(enum theme theme)
{
        return themes[theme].sentence;
}

size_t scenario_count(void)
{
        size_t n = 0;

        for (size_t i = 0; i < n_scenario_lists; i++)
                n += scenario_lists[i]->n;
        return n;
}

#define MAX_SCENARIOS 2048

/* By theme, whichever file they stand in. */
const struct scenario *scenario_at(size_t index)
{
        static const struct scenario *ordered[MAX_SCENARIOS];
        static size_t n;

        if (n == 0)
                for (enum theme theme = 0; theme < N_THEMES; theme++)
                        for (size_t i = 0; i < n_scenario_lists; i++)
                                for (size_t k = 0; k < scenario_lists[i]->n && n < MAX_SCENARIOS; k++)
                                        if (scenario_lists[i]->scenarios[k].theme == theme)
                                                ordered[n++] = &scenario_lists[i]->scenarios[k];
        return index < n ? ordered[index] : NULL;
}

enum match { MATCH_NAME, MATCH_THEME, MATCH_PREFIX, MATCH_PATTERN, N_MATCHES };

static bool matches(const struct scenario *s, const char *pattern, enum match match)
{
        switch (match) {
        case MATCH_NAME:
                return !strcmp(s->name, pattern);
        case MATCH_THEME:
                return !strcmp(theme_name(s->theme), pattern);
        case MATCH_PREFIX:
                return !strncmp(s->name, pattern, strlen(pattern));
        case MATCH_PATTERN:
        case N_MATCHES:
                break;
        }
        return fnmatch(pattern, s->name, 0) == 0;
}

size_t scenario_select(const char *pattern, void (*take)(const struct scenario *scenario, void *context), void *context)
{
        size_t n = 0, total = scenario_count();

        /* The first way that finds any is meant. */
        for (enum match m = MATCH_NAME; m < N_MATCHES && n == 0; m++)
                for (size_t i = 0; i < total; i++)
                        if (matches(scenario_at(i), pattern, m)) {
                                take(scenario_at(i), context);
                                n++;
                        }
        return n;
}
