/* Reads the acts and predictions of a case. */
#include "lab/claims/notation.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "lab/act.h"
#include "wire/segment.h"
#include "words/errno_name.h"

#define WORD_MAX 48

static const char *const amounts[N_AMOUNTS] = {
        [AMOUNT_INQ] = "inq",         [AMOUNT_OUTQ] = "outq",       [AMOUNT_UNSENT] = "unsent",
        [AMOUNT_WRITTEN] = "written", [AMOUNT_READ] = "read",       [AMOUNT_ARRIVED] = "arrived",
        [AMOUNT_FIN_SEEN] = "fin-seen", [AMOUNT_SENT] = "sent",
};

static int end_of(const char *p, int *ret_end)
{
        if ((p[0] != 'c' && p[0] != 's') || p[1] != '.')
                return -EINVAL;
        *ret_end = p[0] == 'c' ? CLIENT : SERVER;
        return 0;
}

/* A whole number, k and M as in acts. */
static int read_number(const char *p, int64_t *ret_number)
{
        char *end;
        long long n;

        if (*p < '0' || *p > '9')
                return -EINVAL;
        n = strtoll(p, &end, 10);
        if (*end == 'k' || *end == 'M')
                n *= *end++ == 'k' ? 1000 : 1000000;
        *ret_number = n;
        return *end ? -EINVAL : 0;
}

/* "EPIPE", "EPIPE+SIGPIPE", "EPIPE-SIGPIPE". */
static int errno_fits(const char *word, size_t n, bool failed, int number, bool sigpipe, bool *ret_fits)
{
        static const char signal[] = "SIGPIPE";
        const size_t tail = sizeof(signal); /* with its sign */
        bool with = true, open = true;
        char name[WORD_MAX];
        int wanted;

        if (n > tail && !strncmp(word + n - tail + 1, signal, tail - 1)) {
                open = false;
                with = word[n - tail] == '+';
                if (!with && word[n - tail] != '-')
                        return -EINVAL;
                n -= tail;
        }
        if (n >= sizeof(name))
                return -EINVAL;
        memcpy(name, word, n);
        name[n] = 0;
        if (errno_find(name, &wanted) < 0)
                return -EINVAL;
        *ret_fits = failed && number == wanted && (open || sigpipe == with);
        return 0;
}

static int alternative_fits(const char *word, size_t n, int64_t value, int number, bool sigpipe, bool *ret_fits)
{
        bool more = n > 0 && *word == '>', failed = value < 0 || number > 0;
        char digits[WORD_MAX];
        int64_t wanted;

        if (n == 2 && !strncmp(word, "ok", n)) {
                *ret_fits = !failed;
        } else if (n == 5 && !strncmp(word, "error", n)) {
                *ret_fits = failed;
        } else if (n == 7 && !strncmp(word, "SIGPIPE", n)) {
                *ret_fits = sigpipe;
        } else if (n > more && word[more] >= '0' && word[more] <= '9') {
                if (n - more >= sizeof(digits))
                        return -EINVAL;
                memcpy(digits, word + more, n - more);
                digits[n - more] = 0;
                if (read_number(digits, &wanted) < 0)
                        return -EINVAL;
                *ret_fits = !failed && (more ? value > wanted : value == wanted);
        } else {
                return errno_fits(word, n, failed, number, sigpipe, ret_fits);
        }
        return 0;
}

int notation_result_fits(const char *alternatives, int64_t value, int number, bool sigpipe, bool *ret_fits)
{
        bool negated = *alternatives == '!', any = false, one;
        const char *p = alternatives + negated;

        for (;;) {
                size_t n = strcspn(p, "|");

                if (alternative_fits(p, n, value, number, sigpipe, &one) < 0)
                        return -EINVAL;
                any = any || one;
                if (p[n] == 0)
                        break;
                p += n + 1;
        }
        *ret_fits = any != negated;
        return 0;
}

static int read_amount(const char *p, size_t n, enum amount *ret_amount)
{
        for (size_t i = 0; i < N_AMOUNTS; i++)
                if (strlen(amounts[i]) == n && !strncmp(amounts[i], p, n)) {
                        *ret_amount = (enum amount)i;
                        return 0;
                }
        return -EINVAL;
}

static int read_comparison(const char *p, struct prediction *prediction)
{
        size_t n = strcspn(p, "=<>");

        if (p[n] == 0 || read_amount(p, n, &prediction->amount) < 0)
                return -EINVAL;
        prediction->about = ABOUT_AMOUNT;
        prediction->sign = p[n];
        p += n + 1;
        if (end_of(p, &prediction->other_end) == 0) {
                prediction->has_other = true;
                return read_amount(p + 2, strlen(p + 2), &prediction->other);
        }
        return read_number(p, &prediction->number);
}

static int read_poll(const char *p, struct prediction *prediction)
{
        static const struct {
                const char *name;
                short bit;
        } bits[] = {
                { "IN", POLLIN },   { "OUT", POLLOUT }, { "PRI", POLLPRI },
                { "ERR", POLLERR }, { "HUP", POLLHUP }, { "RDHUP", POLLRDHUP },
        };

        prediction->about = ABOUT_POLL;
        prediction->negated = *p == '-';
        for (size_t i = 0; i < sizeof(bits) / sizeof(*bits); i++)
                if (!strcmp(bits[i].name, p + 1)) {
                        prediction->poll_bit = bits[i].bit;
                        return 0;
                }
        return -EINVAL;
}

static int read_segment(const char *p, struct prediction *prediction)
{
        prediction->about = ABOUT_SEGMENT;
        prediction->negated = !strncmp(p, "no-", 3);
        p += prediction->negated ? 3 : 0;
        prediction->segment_flag = !strcmp(p, "rst") ? SEGMENT_RST : !strcmp(p, "fin") ? SEGMENT_FIN : 0;
        return prediction->segment_flag ? 0 : -EINVAL;
}

static int read_prediction(struct prediction *prediction)
{
        const char *p = prediction->text;
        bool fits;

        if (!strncmp(p, "took", 4) && (p[4] == '<' || p[4] == '>')) {
                prediction->about = ABOUT_TOOK;
                prediction->sign = p[4];
                return read_number(p + 5, &prediction->number);
        }
        if (end_of(p, &prediction->end) < 0) {
                prediction->about = ABOUT_RESULT;
                return notation_result_fits(p, 0, 0, false, &fits);
        }
        p += 2;
        if (!strncmp(p, "state=", 6)) {
                prediction->about = ABOUT_STATE;
                prediction->negated = p[6] == '!';
                return tcp_state_find(p + 6 + prediction->negated, &prediction->state) < 0 ? -EINVAL : 0;
        }
        if (!strncmp(p, "poll", 4) && (p[4] == '+' || p[4] == '-'))
                return read_poll(p + 4, prediction);
        if (read_segment(p, prediction) == 0)
                return 0;
        return read_comparison(p, prediction);
}

static int take_prediction(const char *token, size_t n, struct notation *notation)
{
        struct prediction p = { .premise = *token == '?' };

        if (notation->n_acts == 0 || n < 2 || n - 1 >= sizeof(p.text) ||
            notation->n_predictions == CLAIM_MAX_FACTS)
                return -EINVAL;
        memcpy(p.text, token + 1, n - 1);
        p.step = notation->n_acts - 1;
        if (read_prediction(&p) < 0)
                return -EINVAL;
        notation->predictions[notation->n_predictions++] = p;
        return 0;
}

static int take_act(const char *token, size_t n, struct notation *notation)
{
        size_t used = strlen(notation->acts);
        const char *text, *why;
        struct lab_act act;

        if (notation->n_acts == CLAIM_MAX_ACTS || used + n + 2 > sizeof(notation->acts))
                return -EINVAL;
        if (used > 0)
                notation->acts[used++] = ' ';
        memcpy(notation->acts + used, token, n);
        text = notation->acts + used;
        if (act_parse(&text, &act, &why) < 0)
                return -EINVAL;
        notation->n_acts++;
        return 0;
}

int notation_read(const char *text, struct notation *ret_notation, const char **ret_at)
{
        struct notation notation = { 0 };

        for (const char *p = text + strspn(text, " "); *p; p += strspn(p, " ")) {
                size_t n = strcspn(p, " ");
                int r = *p == '=' || *p == '?' ? take_prediction(p, n, &notation) : take_act(p, n, &notation);

                if (r < 0) {
                        *ret_at = p;
                        return r;
                }
                p += n;
        }
        *ret_notation = notation;
        return 0;
}
