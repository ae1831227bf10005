/* Saying what is wrong with what was typed: a line on standard error, made harmless as a whole. */
#include "cli/wrong.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/say.h"
#include "cli/suggest.h"

int wrong_line(const char *format, ...)
{
        const int kept = errno;
        char *line = NULL;
        va_list args;
        int n;

        va_start(args, format);
        n = vasprintf(&line, format, args);
        va_end(args);
        if (n < 0) {
                fputs("finis: out of memory\n", stderr);
        } else {
                say_typed(stderr, line);
                fputc('\n', stderr);
                free(line);
        }
        errno = kept;
        return -EINVAL;
}

int wrong_word(const char *command, const char *option, const char *text, const char *why)
{
        return wrong_line("finis %s: %s%s%s%s%s", command, option, *option && *text ? " " : "", text,
                          *option || *text ? ": " : "", why);
}

static const char *option_near(const char *word, const struct option *known)
{
        const char *nearest = NULL;
        size_t best = SIZE_MAX, distance;

        for (; known->name; known++)
                if (suggest_near(word, known->name, &distance) && distance < best) {
                        best = distance;
                        nearest = known->name;
                }
        return nearest;
}

static const struct option *option_of(int value, const struct option *known)
{
        for (; known->name; known++)
                if (value != 0 && known->val == value)
                        return known;
        return NULL;
}

int wrong_option(const char *command, int c, char *const *argv, const struct option *known)
{
        const char letter[] = { '-', (char)optopt, '\0' };
        const struct option *meant = option_of(optopt, known);
        /* getopt() steps over a cluster of letters only when it is done with it: a wrong one is named by itself. */
        const char *word = optopt != 0 && optopt < 256 && !meant ? letter : argv[optind - 1];
        const char *near;

        if (c == ':')
                return wrong_line("finis %s: a value is missing behind %s; finis %s --help shows what there is",
                                  command, word, command);
        if (meant && meant->has_arg == no_argument)
                return wrong_line("finis %s: %s: --%s takes no value", command, word, meant->name);
        near = strncmp(word, "--", 2) == 0 ? option_near(word + 2, known) : NULL;
        if (near)
                return wrong_line("finis %s: no such option: %s; did you mean --%s?", command, word, near);
        return wrong_line("finis %s: no such option: %s; finis %s --help shows what there is", command, word, command);
}
