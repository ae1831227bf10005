/* What a call told a program, as a word. */
#include "report/told.h"

#include <string.h>

#include "base/decimal.h"
#include "words/errno_name.h"

static char *put(char *to, const char *text)
{
        size_t n = strlen(text);

        memcpy(to, text, n);
        return to + n;
}

static char *put_error(char *to, int error)
{
        const char *name = errno_name(error);

        if (name)
                return put(to, name);
        *to++ = 'E';
        if (error < 0)
                *to++ = '-';
        return decimal_put(to, error < 0 ? -(uint64_t)error : (uint64_t)error);
}

char *told_put(char *to, const struct told *told)
{
        switch (told->kind) {
        case TOLD_SENT:
                return put(to, "sent");
        case TOLD_WAITS:
                return put(to, "waits");
        case TOLD_ERROR:
                to = put_error(to, told->error);
                break;
        case TOLD_BYTES:
        default:
                /* A call can move bytes and raise the signal at once, as sendfile does. */
                to = decimal_put(to, told->bytes);
                break;
        }
        return told->sigpipe ? put(to, "+SIGPIPE") : to;
}
