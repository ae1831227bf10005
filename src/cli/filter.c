/* Reading the words of a filter, and holding records against them. */
#include "cli/filter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <string.h>

#include "base/say.h"
#include "base/text.h"
#include "cli/filter_keys.h"
#include "cli/filter_values.h"
#include "cli/suggest.h"

#define DAY_NS INT64_C(86400000000000)
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-"

static const struct {
        const char *text;
        enum filter_op op;
} ops[] = {
        /* The longer ones first. */
        { "!=", FILTER_NOT_EQUAL }, { "<=", FILTER_LESS_EQUAL }, { ">=", FILTER_GREATER_EQUAL },
        { "=", FILTER_EQUAL },      { "<", FILTER_LESS },        { ">", FILTER_GREATER },
};

static const char *op_text(enum filter_op op)
{
        size_t i = 0;

        while (ops[i].op != op)
                i++;
        return ops[i].text;
}

bool filter_is_word(const char *word)
{
        size_t n = strspn(word, LETTERS);

        return n > 0 && (word[n] == '=' || word[n] == '<' || word[n] == '>' || (word[n] == '!' && word[n + 1] == '='));
}

/* Fills @why; what was typed is made harmless on the way. */
__attribute__((format(printf, 2, 3))) static int refuse(char *why, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        vsnprintf(why, FILTER_WHY_MAX, format, args);
        va_end(args);
        for (; *why; why++)
                if ((unsigned char)*why < ' ' || *why == 0x7f)
                        *why = '?';
        return -EINVAL;
}

static const struct filter_key *find_key(const char *name)
{
        for (size_t i = 0; i < n_filter_keys; i++)
                if (text_same_name(filter_keys[i].name, name))
                        return &filter_keys[i];
        return NULL;
}

static int unknown_key(const char *name, char *why)
{
        size_t best = SIZE_MAX, distance;
        const char *near = NULL;

        for (size_t i = 0; i < n_filter_keys; i++)
                if (suggest_near(name, filter_keys[i].name, &distance) && distance < best) {
                        best = distance;
                        near = filter_keys[i].name;
                }
        if (near)
                return refuse(why, "unknown filter key '%.40s': did you mean '%s'?", name, near);
        return refuse(why, "unknown filter key '%.40s': finis read --help lists the keys", name);
}

static int unknown_word(const struct filter_term *term, const char *text, char *why)
{
        const struct filter_key *key = term->key;
        size_t best = SIZE_MAX, distance, n;
        const char *near = NULL;

        for (int i = 0; i < key->n_words; i++)
                if (suggest_near(text, key->word(i), &distance) && distance < best) {
                        best = distance;
                        near = key->word(i);
                }
        if (near)
                return refuse(why, "%s%s%.40s: did you mean '%s'?", key->name, op_text(term->op), text, near);
        refuse(why, "%s%s%.40s: it can be ", key->name, op_text(term->op), text);
        for (int i = 0; i < key->n_words; i++) {
                n = strlen(why);
                snprintf(why + n, FILTER_WHY_MAX - n, "%s%s", i > 0 ? ", " : "", key->word(i));
        }
        return -EINVAL;
}

static int read_word(const struct filter_term *term, const char *text, struct filter_value *value, char *why)
{
        const struct filter_key *key = term->key;

        for (int i = 0; i < key->n_words; i++)
                if (text_same_name(key->word(i), text)) {
                        *value = (struct filter_value){ .word = i };
                        return 0;
                }
        return unknown_word(term, text, why);
}

static int refuse_value(const struct filter_term *term, const char *text, const char *needed, char *why)
{
        return refuse(why, "%s%s%.40s: %s", term->key->name, op_text(term->op), text, needed);
}

static int read_value(const struct filter_term *term, const char *text, struct filter_value *value, char *why)
{
        const struct filter_key *key = term->key;
        bool equals = term->op == FILTER_EQUAL || term->op == FILTER_NOT_EQUAL;

        switch (key->type) {
        case FILTER_WORD:
                return read_word(term, text, value, why);
        case FILTER_COUNT:
                if (filter_read_count(text, false, value) == 0)
                        return 0;
                return refuse_value(term, text, "a number is needed, or two, such as 10-20", why);
        case FILTER_PORT:
                if (filter_read_count(text, false, value) == 0 && value->range.to <= UINT16_MAX)
                        return 0;
                return refuse_value(term, text, "a port is needed, such as 443, or two, such as 8000-8100", why);
        case FILTER_BYTES:
                if (filter_read_count(text, true, value) == 0)
                        return 0;
                return refuse_value(term, text, "a number of bytes is needed, such as 600, 10k, 1MiB or 10-20", why);
        case FILTER_SPAN:
                if (filter_read_span(text, equals, value) == 0)
                        return 0;
                return refuse_value(term, text, "a time span is needed, such as 5, 0.5, 100ms, 5m", why);
        case FILTER_SINCE:
        case FILTER_UNTIL:
                if (filter_read_time(text, value) == 0)
                        return 0;
                return refuse_value(term, text, "a time is needed, such as 2026-11-22T05:56:00 or 05:56, in UTC, "
                                    "or -1h: an hour ago", why);
        case FILTER_ADDRESS:
                if (filter_read_address(text, value) == 0)
                        return 0;
                return refuse_value(term, text, "an address is needed, such as 10.0.0.5, 10.0.0.0/8, [::1]:443 or :443",
                                    why);
        case FILTER_TEXT:
                if (*text && strlen(text) < FILTER_TEXT_MAX) {
                        strcpy(value->text, text);
                        return 0;
                }
                return refuse(why, "%s: between 1 and %d characters are needed", key->name, FILTER_TEXT_MAX - 1);
        }
        return -EINVAL;
}

static int check_op(const struct filter_term *term, char *why)
{
        bool compares = term->op != FILTER_EQUAL && term->op != FILTER_NOT_EQUAL;
        enum filter_type type = term->key->type;

        if ((type == FILTER_SINCE || type == FILTER_UNTIL) && (term->op != FILTER_EQUAL || term->n_values > 1))
                return refuse(why, "%s: it takes = and one time", term->key->name);
        if (compares && (type == FILTER_ADDRESS || type == FILTER_TEXT || (type == FILTER_WORD && !term->key->ordered)))
                return refuse(why, "%s: it takes = and != only", term->key->name);
        if (compares && term->n_values > 1)
                return refuse(why, "%s: < and > take one value", term->key->name);
        return 0;
}

int filter_add(struct filter *filter, const char *word, char why[static FILTER_WHY_MAX])
{
        struct filter_term *term = &filter->terms[filter->n_terms];
        char name[FILTER_TEXT_MAX], text[FILTER_TEXT_MAX];
        size_t n = strspn(word, LETTERS);
        const char *p = word + n;
        int r;

        if (filter->n_terms == FILTER_TERMS_MAX)
                return refuse(why, "more than %d filters at once", FILTER_TERMS_MAX);
        if (!filter_is_word(word))
                return refuse(why, "'%.40s' is no filter: a filter is KEY=VALUE", word);
        snprintf(name, sizeof(name), "%.*s", (int)(n < 60 ? n : 60), word);
        *term = (struct filter_term){ .typed = word, .key = find_key(name) };
        if (!term->key)
                return unknown_key(name, why);
        for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
                if (strncmp(p, ops[i].text, strlen(ops[i].text)) == 0) {
                        term->op = ops[i].op;
                        p += strlen(ops[i].text);
                        break;
                }
        do {
                n = strcspn(p, ",");
                if (term->n_values == FILTER_VALUES_MAX)
                        return refuse(why, "%s: more than %d values", name, FILTER_VALUES_MAX);
                if (n == 0 || n >= sizeof(text))
                        return refuse(why, "%s: a value is %s", name, n == 0 ? "missing" : "too long");
                memcpy(text, p, n);
                text[n] = '\0';
                r = read_value(term, text, &term->values[term->n_values++], why);
                if (r < 0)
                        return r;
                p += n;
        } while (*p++ == ',');
        r = check_op(term, why);
        if (r == 0)
                filter->n_terms++;
        return r;
}

void filter_say(const struct filter *filter, FILE *file)
{
        for (size_t i = 0; i < filter->n_terms; i++) {
                if (i > 0)
                        fputc(' ', file);
                say_typed(file, filter->terms[i].typed);
        }
}

/* A value @number of the record against a range of the filter. */
static bool compare(enum filter_op op, int64_t number, int64_t from, int64_t to)
{
        switch (op) {
        case FILTER_LESS:
                return number < from;
        case FILTER_LESS_EQUAL:
                return number <= to;
        case FILTER_GREATER:
                return number > to;
        case FILTER_GREATER_EQUAL:
                return number >= from;
        case FILTER_EQUAL:
        case FILTER_NOT_EQUAL:
                break;
        }
        return number >= from && number <= to;
}

static bool match_words(const struct filter_term *term, const struct record *r)
{
        int words[FILTER_OF_RECORD_MAX];
        size_t n = term->key->words_of(r, words);

        for (size_t i = 0; i < n; i++)
                for (size_t j = 0; j < term->n_values; j++)
                        if (compare(term->op, words[i], term->values[j].word, term->values[j].word))
                                return true;
        return false;
}

static bool match_numbers(const struct filter_term *term, const struct record *r)
{
        int64_t numbers[2];
        size_t n = term->key->numbers_of(r, numbers);

        for (size_t i = 0; i < n; i++)
                for (size_t j = 0; j < term->n_values; j++)
                        if (compare(term->op, numbers[i], term->values[j].range.from, term->values[j].range.to))
                                return true;
        return false;
}

/* Nanoseconds since midnight; times before 1970 are negative. */
static int64_t of_day(int64_t time_ns)
{
        int64_t ns = time_ns % DAY_NS;

        return ns < 0 ? ns + DAY_NS : ns;
}

static bool match_time(const struct filter_term *term, const struct record *r)
{
        const struct filter_value *value = &term->values[0];
        int64_t numbers[2], asked = value->range.from;

        if (term->key->numbers_of(r, numbers) == 0)
                return false;
        if (value->time_of_day) {
                /* That time of the day on which the connection began. */
                if (!r->started.known)
                        return false;
                asked += r->started.value - of_day(r->started.value);
        }
        return term->key->type == FILTER_SINCE ? numbers[0] >= asked : numbers[0] <= asked;
}

static bool same_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
        unsigned rest = bits % 8;

        if (memcmp(a, b, bits / 8) != 0)
                return false;
        return rest == 0 || ((a[bits / 8] ^ b[bits / 8]) & (0xff00U >> rest) & 0xff) == 0;
}

static bool match_end(const struct filter_address *a, const struct record_end *end)
{
        uint8_t bytes[16];

        if (!a->any_port && a->port != end->port)
                return false;
        if (a->any_ip)
                return true;
        return inet_pton(a->family, end->ip, bytes) == 1 && same_prefix(bytes, a->bytes, a->prefix);
}

static bool match_address(const struct filter_term *term, const struct record *r)
{
        for (size_t j = 0; j < term->n_values; j++)
                if ((term->key->client && match_end(&term->values[j].address, &r->client)) ||
                    (term->key->server && match_end(&term->values[j].address, &r->server)))
                        return true;
        return false;
}

static bool match_text(const struct filter_term *term, const struct record *r)
{
        const char *texts[2];
        size_t n = term->key->texts_of(r, texts);

        for (size_t i = 0; i < n; i++)
                for (size_t j = 0; j < term->n_values; j++)
                        if (fnmatch(term->values[j].text, texts[i], 0) == 0)
                                return true;
        return false;
}

static bool match_term(const struct filter_term *term, const struct record *r)
{
        switch (term->key->type) {
        case FILTER_WORD:
                return match_words(term, r);
        case FILTER_COUNT:
        case FILTER_PORT:
        case FILTER_BYTES:
        case FILTER_SPAN:
                return match_numbers(term, r);
        case FILTER_SINCE:
        case FILTER_UNTIL:
                return match_time(term, r);
        case FILTER_ADDRESS:
                return match_address(term, r);
        case FILTER_TEXT:
                return match_text(term, r);
        }
        return false;
}

bool filter_match(const struct filter *filter, const struct record *r)
{
        for (size_t i = 0; i < filter->n_terms; i++)
                if (match_term(&filter->terms[i], r) == (filter->terms[i].op == FILTER_NOT_EQUAL))
                        return false;
        return true;
}

void filter_help(FILE *file)
{
        for (size_t i = 0; i < n_filter_keys; i++)
                fprintf(file, "  %-14s %s\n", filter_keys[i].name, filter_keys[i].help);
}
