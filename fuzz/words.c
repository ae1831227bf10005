/* What people type: filters, acts of the lab, times and patterns of the stage, words to explain. The first byte
 * says which of them; the rest is the text. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/say.h"
#include "cli/filter.h"
#include "explain/lookup.h"
#include "lab/act.h"
#include "lab/stage/trigger.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check(int holds)
{
        if (!holds)
                abort();
}

/* Words with spaces between them. A record that knows nothing, and one that knows something, are asked. */
static void try_filter(char *text)
{
        static struct record records[2];
        struct filter *filter = calloc(1, sizeof(*filter));
        char why[FILTER_WHY_MAX], *rest = text, *word;

        check(filter != NULL);
        record_init(&records[0], SOURCE_CAPTURE, "1.3");
        record_init(&records[1], SOURCE_WATCH, "81");
        strcpy(records[1].client.ip, "10.0.0.5");
        strcpy(records[1].server.ip, "2001:db8::1");
        records[1].server.port = 443;
        records[1].server.comm = "nginx";
        records[1].ending = ENDING_RESET;
        record_add_cause(&records[1], CAUSE_UNREAD_DATA);
        while ((word = strsep(&rest, " "))) {
                (void)filter_is_word(word);
                if (filter_add(filter, word, why) < 0)
                        check(memchr(why, 0, sizeof(why)) && why[0]);
        }
        check(filter->n_terms <= FILTER_TERMS_MAX);
        for (int i = 0; i < 2; ++i)
                (void)filter_match(filter, &records[i]);
        free(filter);
}

static void try_acts(const char *text)
{
        const char *end = text + strlen(text), *why = NULL;
        struct lab_act act;

        for (const char *before = text; act_parse(&text, &act, &why) == 0; before = text) {
                check(text > before && text <= end);
                check(act.verb < N_VERBS && memchr(act.value, 0, sizeof(act.value)) &&
                      memchr(act.text, 0, sizeof(act.text)));
        }
        check(text <= end);
}

static void try_trigger(const char *text)
{
        size_t n = strlen(text), n_bytes = 0;
        uint8_t *room = malloc(n + 1);
        struct trigger trigger;
        const char *why;
        uint64_t ns;

        check(room != NULL);
        if (trigger_parse(text, &trigger, &why) < 0)
                check(why && why[0]);
        (void)trigger_parse_time(text, &ns);
        if (trigger_unescape(text, room, n, &n_bytes) == 0)
                check(n_bytes <= n);
        free(room);
}

static void try_explain(char *text)
{
        char key[EXPLAIN_KEY_MAX], *words[16], *rest = text;
        size_t n = 0;

        explain_key(text, key);
        check(memchr(key, 0, sizeof(key)) != NULL);
        (void)explain_find(text);
        (void)explain_find_within(text);
        while (n < sizeof(words) / sizeof(*words) && (words[n] = strsep(&rest, " ")))
                ++n;
        (void)explain_find_phrase(words, n);
}

/* Nothing that a terminal obeys is left of what is said back. */
static void try_say(const uint8_t *bytes, size_t n)
{
        char *said = NULL;
        size_t n_said = 0;
        FILE *file = open_memstream(&said, &n_said);

        check(file != NULL);
        say_typed_n(file, (const char *)bytes, n);
        check(fclose(file) == 0 && n_said <= n);
        for (size_t i = 0; i < n_said; ++i)
                check((uint8_t)said[i] >= ' ' && said[i] != 0x7f);
        free(said);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
        char *text;

        if (n < 1 || n > UINT16_MAX)
                return 0;
        text = malloc(n);
        check(text != NULL);
        memcpy(text, bytes + 1, n - 1);
        text[n - 1] = 0;
        switch (bytes[0] % 5) {
        case 0:
                try_filter(text);
                break;
        case 1:
                try_acts(text);
                break;
        case 2:
                try_trigger(text);
                break;
        case 3:
                try_explain(text);
                break;
        default:
                try_say(bytes + 1, n - 1);
        }
        free(text);
        return 0;
}
