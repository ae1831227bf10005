/* The words of a line: acts, and what is expected of them. */
#include "packetdrill_replay.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "endpoint/rules.h"
#include "words/errno_name.h"

static const char *emission_word(const struct emitted *e, char text[static REPLAY_WORD_MAX])
{
        static const char *const names[N_EMISSIONS] = {
                [EMIT_SYN] = "SYN", [EMIT_SYN_ACK] = "SYN-ACK", [EMIT_ACK] = "ACK", [EMIT_CHALLENGE] = "challenge",
                [EMIT_FIN] = "FIN", [EMIT_RST] = "RST", [EMIT_RST_REPLY] = "RST-reply",
        };

        if (e->data)
                snprintf(text, REPLAY_WORD_MAX, "%c>%" PRIu64, "cs"[e->from], e->n);
        else
                snprintf(text, REPLAY_WORD_MAX, "%c>%s", "cs"[e->from], names[e->what]);
        return text;
}

/* The next emission that the line has to name, or NULL. */
static const struct emitted *next_emission(struct replay *r)
{
        for (; r->n_told < r->pair.n_emitted; r->n_told++) {
                const struct emitted *e = &r->pair.emitted[r->n_told];

                if (r->every_segment || (!e->data && e->what >= EMIT_CHALLENGE))
                        return e;
        }
        return NULL;
}

static bool nothing_owed(struct replay *r)
{
        const struct emitted *e = next_emission(r);
        char text[REPLAY_WORD_MAX];

        if (r->owes_result)
                return replay_fault(r, "%s: the line does not say what it gives", r->act);
        if (e)
                return replay_fault(r, "%s: the model sends %s, the line does not", r->act, emission_word(e, text));
        return true;
}

static bool act_word(struct replay *r, const char *word)
{
        struct lab_act act;
        const char *why = "";

        if (!nothing_owed(r))
                return false;
        if (act_parse(&word, &act, &why) < 0)
                return replay_fault(r, "%s: %s", word, why);
        snprintf(r->act, sizeof(r->act), "%s", act.text);
        return replay_perform(r, &act);
}

static bool result_word(struct replay *r, const char *word)
{
        const struct outcome *o = &r->last;
        char text[REPLAY_WORD_MAX];
        size_t n;

        if (!r->owes_result)
                return replay_fault(r, "=%s follows no call", word);
        r->owes_result = false;
        r->n_expectations++;
        switch (o->result) {
        case RESULT_ERROR:
                snprintf(text, sizeof(text), "%s", errno_name(o->error) ?: "?");
                break;
        case RESULT_BLOCKS:
                snprintf(text, sizeof(text), "waits");
                break;
        case RESULT_NONE:
        case RESULT_COUNT:
        case RESULT_COUNT_OR_AGAIN:
                if (o->rule && o->rule->on == EVENT_GET_ERROR && o->max > 0)
                        snprintf(text, sizeof(text), "%s", errno_name((int)o->max) ?: "?");
                else if (o->min == o->max)
                        snprintf(text, sizeof(text), "%" PRIu64, o->max);
                else
                        snprintf(text, sizeof(text), "%" PRIu64 "..%" PRIu64, o->min, o->max);
                break;
        }
        n = strlen(text);
        if (o->sigpipe)
                snprintf(text + n, sizeof(text) - n, "+SIGPIPE");
        if (!strcmp(text, word))
                return true;
        if (!r->signals && strlen(word) == n && !strncmp(text, word, n))
                return true;
        return replay_fault(r, "%s: the line says %s, the model %s", r->act, word, text);
}

static void poll_word(const struct endpoint *e, char text[static REPLAY_WORD_MAX])
{
        static const struct {
                short bit;
                const char *name;
        } names[] = { { POLLIN, "IN" }, { POLLOUT, "OUT" }, { POLLERR, "ERR" },
                      { POLLHUP, "HUP" }, { POLLRDHUP, "RDHUP" } };
        short ignored, bits = endpoint_poll(e, &ignored);
        size_t n = 0;

        text[0] = 0;
        for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
                if (bits & names[i].bit)
                        n += (size_t)snprintf(text + n, REPLAY_WORD_MAX - n, "%s%s", n ? "+" : "", names[i].name);
}

static bool look_word(struct replay *r, int end, const char *word)
{
        const struct endpoint *e = &r->pair.end[end];
        const char *value = strchr(word, '=');
        char text[REPLAY_WORD_MAX];
        size_t n = value ? (size_t)(value - word) : 0;

        if (n == 5 && !strncmp(word, "state", n))
                snprintf(text, sizeof(text), "%s", tcp_state_name(e->state));
        else if (n == 4 && !strncmp(word, "poll", n))
                poll_word(e, text);
        else if (n == 3 && !strncmp(word, "inq", n))
                snprintf(text, sizeof(text), "%" PRIu64, endpoint_inq(e));
        else if (n == 4 && !strncmp(word, "outq", n))
                snprintf(text, sizeof(text), "%" PRIu64, endpoint_outq(e));
        else if (n == 6 && !strncmp(word, "unsent", n))
                snprintf(text, sizeof(text), "%" PRIu64, endpoint_outq_unsent(e));
        else
                return replay_fault(r, "?%s: write ?state=, ?poll=, ?inq=, ?outq= or ?unsent=", word);
        r->n_expectations++;
        if (!strcmp(text, value + 1))
                return true;
        return replay_fault(r, "after %s the line says %s, the model %s", r->act, word, text);
}

static bool sent_word(struct replay *r, const char *word)
{
        const struct emitted *e = next_emission(r);
        char text[REPLAY_WORD_MAX];

        r->n_expectations++;
        if (!e)
                return replay_fault(r, "after %s the line says %s, the model sends nothing", r->act, word);
        if (strcmp(emission_word(e, text), word) != 0)
                return replay_fault(r, "after %s the line says %s, the model %s", r->act, word, text);
        r->n_told++;
        return true;
}

static bool take_word(struct replay *r, const char *word)
{
        bool sided = (word[0] == 'c' || word[0] == 's') && word[1];

        if (word[0] == '=')
                return result_word(r, word + 1);
        if (sided && word[1] == '>')
                return sent_word(r, word);
        if (sided && word[1] == '?')
                return look_word(r, word[0] == 's' ? SERVER : CLIENT, word + 2);
        return act_word(r, word);
}

/* Which ends are made by hand, and whether the line makes the connection itself: by a listener, or by a
 * connect() that a SYN-ACK by hand or nothing at all answers. */
static void begin(struct replay *r, const char *line)
{
        bool unconnected = !strncmp(line, "l.listen", 8) || !strncmp(line, "c.connect ", 10) ||
                           !strncmp(line, "c.connect&", 10);
        bool attempt = false, again = false;
        struct lab_act act;
        const char *why;

        for (const char *p = line, *word; *(p += strspn(p, " ")); p += strcspn(p, " ")) {
                word = p;
                if (p[1] != '.' || act_parse(&word, &act, &why) < 0)
                        continue;
                if (verb_is_segment(act.verb) && act.side <= ACT_SERVER)
                        r->hand[act.side] = true;
                attempt = attempt || act.verb == VERB_CONNECT;
                again = again || act.verb == VERB_UNSPEC;
                unconnected = unconnected || (act.verb == VERB_SEG_SYN_ACK && attempt && !again);
        }
        if (unconnected)
                pair_init_unconnected(&r->pair, AF_INET);
        else
                pair_init_connected(&r->pair, AF_INET);
        for (int i = 0; i < N_ENDS; i++)
                r->pair.by_hand[i] = r->hand[i];
}

bool replay_line(struct replay *r, const char *line)
{
        char copy[1024], *at = NULL;

        begin(r, line);
        if (strlen(line) >= sizeof(copy))
                return replay_fault(r, "the line is too long");
        snprintf(copy, sizeof(copy), "%s", line);
        for (char *word = strtok_r(copy, " ", &at); word; word = strtok_r(NULL, " ", &at))
                if (!take_word(r, word))
                        return false;
        return nothing_owed(r);
}

bool replay_fired(const struct replay *r, const char *rule)
{
        for (size_t i = 0; i < r->pair.n_fired; i++)
                if (!strcmp(r->pair.fired[i]->name, rule))
                        return true;
        return false;
}
