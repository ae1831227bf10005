/* Each prediction against what was seen; nothing here asks the model. */
#include "lab/claims/judge.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lab/claims/wire.h"
#include "lab/moment.h"
#include "lab/tell.h"

static const char *const end_names[N_ENDS] = { "client", "server" };

static void not_seen(struct claim_fact *fact, const char *why)
{
        fact->bearing = BEARING_NOT_TESTED;
        snprintf(fact->seen, sizeof(fact->seen), "%s", why);
}

static void decide(struct claim_fact *fact, bool holds)
{
        fact->bearing = holds ? BEARING_BEARS_OUT : BEARING_CONTRADICTS;
}

static void judge_result(const struct prediction *p, const struct step *step, struct claim_fact *fact)
{
        const struct result_seen *r = &step->seen;
        bool asks = step->act.verb == VERB_SO_ERROR && r->value > 0, fits = false;
        char *out = fact->claimed;
        size_t room = sizeof(fact->claimed), n = 0;

        fact->of_call = true;
        for (const char *c = p->text; *c && n + 8 < room; c++) {
                const char *word = *c == '!' ? "not " : *c == '|' ? " or " : *c == '>' ? "more than " : NULL;

                if (!strncmp(c, "+SIGPIPE", 8) || !strncmp(c, "-SIGPIPE", 8)) {
                        n += (size_t)snprintf(out + n, room - n, *c == '+' ? " + SIGPIPE" : ", no SIGPIPE");
                        c += 7;
                } else if (word) {
                        n += (size_t)snprintf(out + n, room - n, "%s", word);
                } else {
                        out[n++] = *c;
                        out[n] = 0;
                }
        }
        if (!strcmp(p->text, "ok"))
                strcpy(out, "success");
        if (!strcmp(p->text, "error"))
                strcpy(out, "an error");
        if (!step->has_result) {
                not_seen(fact, "it has not returned");
                return;
        }
        tell_result(step, fact->seen);
        notation_result_fits(p->text, r->value, asks ? (int)r->value : r->error, r->sigpipe, &fits);
        decide(fact, fits);
}

static void judge_state(const struct prediction *p, const struct look *look, struct claim_fact *fact)
{
        snprintf(fact->what, sizeof(fact->what), "state of the %s", end_names[p->end]);
        snprintf(fact->claimed, sizeof(fact->claimed), "%s%s", p->negated ? "not " : "", tcp_state_name(p->state));
        snprintf(fact->seen, sizeof(fact->seen), "%s", tcp_state_name(look->state) ?: "unknown");
        decide(fact, (look->state == p->state) != p->negated);
}

static void judge_poll(const struct prediction *p, const struct look *look, struct claim_fact *fact)
{
        char bits[LOOK_POLL_TEXT_MAX];

        snprintf(fact->what, sizeof(fact->what), "poll() of the %s", end_names[p->end]);
        snprintf(fact->claimed, sizeof(fact->claimed), "%s%s", p->negated ? "no " : "",
                 look_poll_text(p->poll_bit, bits));
        snprintf(fact->seen, sizeof(fact->seen), "%s", look_poll_text(look->poll, bits));
        decide(fact, ((look->poll & p->poll_bit) != 0) != p->negated);
}

/* Until when a thing that stands behind an act may have happened. */
static int64_t until_of(const struct play *play, size_t step)
{
        return step + 1 < play->n_steps ? play->steps[step + 1].time_ns : INT64_MAX;
}

static void judge_segment(const struct prediction *p, const struct play *play, struct claim_fact *fact)
{
        const char *name = p->segment_flag == SEGMENT_RST ? "RST" : "FIN";
        struct wire_seen wire;
        unsigned n;

        snprintf(fact->what, sizeof(fact->what), "%s from the %s", name, end_names[p->end]);
        strcpy(fact->claimed, p->negated ? "none" : "sent");
        if (wire_look(play, p->end, until_of(play, p->step), &wire) < 0) {
                not_seen(fact, "segments cannot be seen here");
                return;
        }
        n = p->segment_flag == SEGMENT_RST ? wire.n_rst : wire.n_fin;
        if (n == 0 && wire.lost) {
                not_seen(fact, "not every segment was seen");
                return;
        }
        strcpy(fact->seen, n ? "sent" : "none");
        decide(fact, (n > 0) != p->negated);
}

static bool sends(enum verb verb)
{
        return verb >= VERB_SEND && verb <= VERB_FILL;
}

static bool receives(enum verb verb)
{
        return verb >= VERB_RECV && verb <= VERB_DRAIN && verb != VERB_PEEK;
}

/* What calls of one end have returned up to a step. -ENODATA while one has not returned. */
static int sum_of(const struct play *play, int end, size_t step, bool (*counts)(enum verb verb), int64_t *ret_sum)
{
        int64_t sum = 0;

        for (size_t i = 0; i <= step; i++) {
                const struct step *s = &play->steps[i];

                if ((int)s->act.side != end || !counts(s->act.verb))
                        continue;
                if (!s->has_result)
                        return -ENODATA;
                sum += s->seen.value > 0 ? s->seen.value : 0;
        }
        *ret_sum = sum;
        return 0;
}

static int amount_of(const struct play *play, int end, enum amount amount, size_t step, int64_t *ret_amount)
{
        const struct step *s = &play->steps[step];
        const struct look *look = &s->look[end];
        bool of_look = amount != AMOUNT_WRITTEN && amount != AMOUNT_READ && amount != AMOUNT_SENT;
        struct wire_seen wire;
        int64_t n = 0;
        int r = 0;

        if (of_look && !s->looked[end])
                return -EBADF;
        switch (amount) {
        case AMOUNT_INQ:
                n = (int64_t)look->inq;
                break;
        case AMOUNT_OUTQ:
                n = (int64_t)look->outq;
                break;
        case AMOUNT_UNSENT:
                n = (int64_t)look->outq_unsent;
                break;
        case AMOUNT_WRITTEN:
                r = sum_of(play, end, step, sends, &n);
                break;
        case AMOUNT_READ:
                r = sum_of(play, end, step, receives, &n);
                break;
        case AMOUNT_ARRIVED:
                r = sum_of(play, end, step, receives, &n);
                n += (int64_t)look->inq;
                break;
        case AMOUNT_FIN_SEEN:
                r = sum_of(play, end, step, receives, &n);
                n = (int64_t)look->bytes_received - n - (int64_t)look->inq;
                break;
        case AMOUNT_SENT:
                r = wire_look(play, end, until_of(play, step), &wire);
                n = r == 0 ? (int64_t)wire.bytes : 0;
                break;
        case N_AMOUNTS:
                r = -EINVAL;
                break;
        }
        if (r == 0)
                *ret_amount = n;
        return r;
}

static void amount_text(enum amount amount, int end, char text[static CLAIM_TEXT_MAX])
{
        static const char *const texts[N_AMOUNTS] = {
                [AMOUNT_INQ] = "bytes that wait at the",   [AMOUNT_OUTQ] = "SIOCOUTQ of the",
                [AMOUNT_UNSENT] = "bytes never sent by the", [AMOUNT_WRITTEN] = "bytes written by the",
                [AMOUNT_READ] = "bytes read by the",       [AMOUNT_ARRIVED] = "bytes arrived at the",
                [AMOUNT_FIN_SEEN] = "peer's FIN seen by the", [AMOUNT_SENT] = "bytes on the wire from the",
        };

        snprintf(text, CLAIM_TEXT_MAX, "%s %s", texts[amount], end_names[end]);
}

static bool compares(int64_t n, char sign, int64_t other)
{
        return sign == '=' ? n == other : sign == '<' ? n < other : n > other;
}

static void judge_amount(const struct prediction *p, const struct play *play, struct claim_fact *fact)
{
        const char *sign = p->sign == '=' ? "" : p->sign == '<' ? "less than " : "more than ";
        int64_t n = 0, other = p->number;
        char text[CLAIM_TEXT_MAX];
        int r;

        amount_text(p->amount, p->end, fact->what);
        r = amount_of(play, p->end, p->amount, p->step, &n);
        if (r == 0 && p->has_other)
                r = amount_of(play, p->other_end, p->other, p->step, &other);
        if (p->has_other)
                amount_text(p->other, p->other_end, text);
        if (p->has_other && r == 0)
                snprintf(fact->claimed, sizeof(fact->claimed), "%s%" PRId64 " (%.60s)", sign, other, text);
        else if (p->has_other)
                snprintf(fact->claimed, sizeof(fact->claimed), "%s%.60s", sign, text);
        else if (p->amount == AMOUNT_FIN_SEEN)
                strcpy(fact->claimed, p->number ? "yes" : "no");
        else
                snprintf(fact->claimed, sizeof(fact->claimed), "%s%" PRId64, sign, other);
        if (r < 0) {
                not_seen(fact, r == -EBADF ? "the socket is closed" : "it could not be counted here");
                return;
        }
        if (p->amount == AMOUNT_FIN_SEEN)
                strcpy(fact->seen, n ? "yes" : "no");
        else
                snprintf(fact->seen, sizeof(fact->seen), "%" PRId64, n);
        decide(fact, compares(n, p->sign, other));
}

static void judge_took(const struct prediction *p, const struct play *play, struct claim_fact *fact)
{
        size_t from = p->step;
        int64_t end, ms;

        while (from > 0 && !play->steps[from].act.background)
                from--;
        if (!play->steps[from].act.background)
                from = p->step;
        end = p->step + 1 < play->n_steps ? play->steps[p->step + 1].time_ns : play->ended_ns;
        ms = (end - play->steps[from].time_ns) / MILLISECOND_NS;
        snprintf(fact->what, sizeof(fact->what), "time");
        snprintf(fact->claimed, sizeof(fact->claimed), "%s than %" PRId64 " ms", p->sign == '<' ? "less" : "more",
                 p->number);
        if (!play->steps[from].has_result) {
                not_seen(fact, "it has not returned");
                return;
        }
        snprintf(fact->seen, sizeof(fact->seen), "%" PRId64 " ms", ms);
        decide(fact, compares(ms, p->sign, p->number));
}

static void judge_one(const struct prediction *p, const struct play *play, struct claim_fact *fact)
{
        const struct step *step = &play->steps[p->step];
        bool of_look = p->about == ABOUT_STATE || p->about == ABOUT_POLL;

        *fact = (struct claim_fact){ .act = p->step, .premise = p->premise };
        if (p->step >= play->n_steps) {
                not_seen(fact, "the play did not get there");
                return;
        }
        if (of_look && !step->looked[p->end]) {
                not_seen(fact, "the socket is closed");
                return;
        }
        switch (p->about) {
        case ABOUT_RESULT:
                judge_result(p, step, fact);
                break;
        case ABOUT_STATE:
                judge_state(p, &step->look[p->end], fact);
                break;
        case ABOUT_POLL:
                judge_poll(p, &step->look[p->end], fact);
                break;
        case ABOUT_SEGMENT:
                judge_segment(p, play, fact);
                break;
        case ABOUT_AMOUNT:
                judge_amount(p, play, fact);
                break;
        case ABOUT_TOOK:
                judge_took(p, play, fact);
                break;
        }
}

/* A premise that fails, or a prediction that nobody could see, leaves the case without a say; else one
 * prediction that fails is enough. */
static void sum_up(const struct play *play, struct case_verdict *v)
{
        bool contradicted = false;

        for (size_t i = 0; i < v->n_facts; i++) {
                const struct claim_fact *f = &v->facts[i];

                if (f->premise && f->bearing != BEARING_BEARS_OUT) {
                        snprintf(v->why, sizeof(v->why), "its premise did not come about: %s%s%s, but %s", f->what,
                                 f->what[0] ? " " : "", f->claimed, f->seen);
                        v->bearing = BEARING_NOT_TESTED;
                        return;
                }
                contradicted = contradicted || (!f->premise && f->bearing == BEARING_CONTRADICTS);
        }
        v->bearing = contradicted ? BEARING_CONTRADICTS : BEARING_BEARS_OUT;
        if (contradicted)
                return;
        for (size_t i = 0; i < v->n_facts; i++)
                if (v->facts[i].bearing == BEARING_NOT_TESTED) {
                        v->bearing = BEARING_NOT_TESTED;
                        snprintf(v->why, sizeof(v->why), "%s%s%s%s%s", v->facts[i].what,
                                 v->facts[i].what[0] ? ": " : "", v->facts[i].seen,
                                 play->rights->why_not[0] ? ": " : "", play->rights->why_not);
                        return;
                }
}

void judge_case(const struct notation *notation, struct play *play, struct case_verdict *ret_verdict)
{
        struct case_verdict *v = ret_verdict;

        *v = (struct case_verdict){ 0 };
        if (play->sniffer && !play->peer)
                sniffer_drain(play->sniffer);
        if (play->peer)
                peer_read(play->peer, 0);
        for (size_t i = 0; i < play->n_steps && i < CLAIM_MAX_ACTS; i++) {
                v->acts[i].side = play->steps[i].act.text[0];
                tell_act(&play->steps[i].act, v->acts[i].act);
                tell_result(&play->steps[i], v->acts[i].result);
                v->n_acts++;
        }
        if (play->skipped) {
                snprintf(v->why, sizeof(v->why), "%s", play->why);
                return;
        }
        v->disagrees = play->disagrees;
        if (play->disagrees)
                snprintf(v->disagreement, sizeof(v->disagreement), "%s", play->why);
        for (size_t i = 0; i < notation->n_predictions; i++)
                judge_one(&notation->predictions[i], play, &v->facts[v->n_facts++]);
        sum_up(play, v);
}
