/*
 * What the files that write a record as JSON have in common: pieces that are known beforehand, and short texts, which
 * are looked at 16 bytes at a time.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

/* A piece of JSON as it stands. */
#define LITERAL(p, text) put_literal((p), (text), sizeof(text) - 1)

#define IN_PLACE static inline __attribute__((always_inline))

IN_PLACE char *put_literal(char *p, const char *text, size_t n)
{
        memcpy(p, text, n);
        return p + n;
}

/* ASCII that needs no escape. */
static const bool json_plain[256] = { [' ' ... '!'] = true, ['#' ... '['] = true, [']' ... '~'] = true };

/* So much of a text is looked at in one go. */
enum { JSON_AT_ONCE = 16 };

#ifdef __SSE2__
typedef char json_sixteen __attribute__((vector_size(JSON_AT_ONCE)));
#endif

/* How long an address is; most are short. */
static inline unsigned json_address_length(const char ip[static INET6_ADDRSTRLEN])
{
#ifdef __SSE2__
        json_sixteen of;
        unsigned ends;

        memcpy(&of, ip, sizeof(of));
        ends = (unsigned)__builtin_ia32_pmovmskb128((json_sixteen)(of == 0));
        if (__builtin_expect(ends != 0, 1))
                return (unsigned)__builtin_ctz(ends);
#endif
        return (unsigned)strlen(ip);
}

/* Where the first byte of @text is that is not plain, NUL being none, if it is among the first 16, which can be read.
 * They are put at @to, whatever they are. */
static inline unsigned json_put_plain(char *to, const char *text)
{
#ifdef __SSE2__
        json_sixteen of, other;

        memcpy(&of, text, sizeof(of));
        memcpy(to, &of, sizeof(of));
        /* Those above 127 are negative. */
        other = (json_sixteen)(of < ' ') | (json_sixteen)(of == '"') | (json_sixteen)(of == '\\') |
                (json_sixteen)(of == 127);
        return (unsigned)__builtin_ctz((unsigned)__builtin_ia32_pmovmskb128(other) | 1u << JSON_AT_ONCE);
#else
        unsigned n = 0;

        memcpy(to, text, JSON_AT_ONCE);
        while (n < JSON_AT_ONCE && json_plain[(unsigned char)text[n]])
                n++;
        return n;
#endif
}

