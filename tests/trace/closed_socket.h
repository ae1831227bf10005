/* A socket that its program closed, and what is told of it: for the tests of what a close did. */
#pragma once

#include "ending/judge.h"
#include "trace/facts.h"

/* Its program closed it at 1000, alone, when it was as @before says, and its end was heard of. */
static inline struct traced_socket closed_socket(const struct look *before, bool client)
{
        return (struct traced_socket){ .role_known = true, .client = client, .seen_to_begin = true, .began_ns = 1,
                                       .established_ns = 2, .alive = *before, .last = *before, .ended = true,
                                       .act = { .known = true, .how = ACT_CLOSE, .at_ns = 1000, .alone = true,
                                                .before = *before } };
}

/* @other: its other end, or NULL. */
static inline void judge_sockets(const struct traced_socket *s, const struct traced_socket *other,
                                 struct record *ret_record)
{
        struct facts f;

        facts_of_sockets(s, other, 5000, &f);
        record_init(ret_record, SOURCE_RUN, "1");
        judge(&f, ret_record, NULL);
}
