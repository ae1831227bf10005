/* What comes from outside, made harmless for a terminal. */
#include "base/say.h"

#include <stdbool.h>
#include <string.h>

/* The length of the character of UTF-8 at @p (RFC 3629, roughly: enough that no control gets through), or 0. */
static size_t character(const unsigned char *p, size_t room)
{
        size_t n = *p < 0x80 ? 1 : *p < 0xc2 ? 0 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : *p < 0xf5 ? 4 : 0;

        if (n > room)
                return 0;
        for (size_t i = 1; i < n; i++)
                if ((p[i] & 0xc0) != 0x80)
                        return 0;
        return n;
}

void say_typed(FILE *file, const char *text)
{
        say_typed_n(file, text, strlen(text));
}

void say_typed_n(FILE *file, const char *text, size_t n_text)
{
        const unsigned char *p = (const unsigned char *)text, *end = p + n_text;

        while (p < end) {
                size_t n = character(p, (size_t)(end - p));
                /* C0, DEL, C1, and what turns the direction of writing or hides (U+2000 to U+206F, U+FEFF). */
                bool bad = n == 0 || *p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0) ||
                           (n == 3 && p[0] == 0xe2 && (p[1] == 0x80 || p[1] == 0x81)) ||
                           (n == 3 && p[0] == 0xef && p[1] == 0xbb && p[2] == 0xbf);

                if (bad)
                        fputc('?', file);
                else
                        fwrite(p, 1, n, file);
                p += n ? n : 1;
        }
}
