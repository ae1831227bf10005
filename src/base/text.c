/* Names as people type them. The C library's strcasecmp obeys the locale; this does not. */
#include "base/text.h"

static char fold(char c)
{
        if (c >= 'A' && c <= 'Z')
                return (char)(c - 'A' + 'a');
        return c == '_' ? '-' : c;
}

const char *text_after_prefix(const char *name, const char *prefix)
{
        for (; *prefix; name++, prefix++)
                if (fold(*name) != fold(*prefix))
                        return NULL;
        return name;
}

bool text_same_name(const char *a, const char *b)
{
        const char *rest = text_after_prefix(a, b);
        return rest && !*rest;
}
