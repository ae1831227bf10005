/*
 * Those parts of a record that come in few kinds: how it ended, and what the programs would be told next. Millions of
 * records share some dozens of each, so the text of a kind is made once and kept.
 */
#pragma once

#include <errno.h>
#include <string.h>

#include "ending/record.h"

/* So much may be written for the longest of them. */
#define RECORD_JSON_KEPT_ROOM 1024

/* From the value of "ending" to that of "certainty". They all return the end of what they put. */
char *record_json_put_verdict(char *to, const struct record *r);

/* What a call told, in quotes. */
char *record_json_put_told(char *to, const struct told *told);

/* A next that is known. */
char *record_json_put_known_next(char *to, const struct record_next *next);

/* What most sockets say next: after two FINs. */
static inline bool record_json_is_after_fins(const struct record_next *next)
{
        const struct told *recv = next->if_recv, *send = next->if_send;

        /* Of an empty list the first has no meaning. */
        if (next->n_if_recv != 1 || next->n_if_send != 1)
                return false;
        return (recv->kind == TOLD_BYTES) & (recv->bytes == 0) & !recv->sigpipe & (send->kind == TOLD_ERROR) &
               (send->error == EPIPE) & send->sigpipe;
}

static inline char *record_json_put_next(char *to, const struct record_next *next)
{
        static const char null[] = "null", after_fins[] = "{\"if_recv\":[\"0\"],\"if_send\":[\"EPIPE+SIGPIPE\"]}";

        if (!next->known) {
                memcpy(to, null, sizeof(null) - 1);
                return to + sizeof(null) - 1;
        }
        if (!record_json_is_after_fins(next))
                return record_json_put_known_next(to, next);
        memcpy(to, after_fins, sizeof(after_fins) - 1);
        return to + sizeof(after_fins) - 1;
}
