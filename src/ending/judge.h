/*
 * The one judge: from the facts of a connection to how it ended, who ended it, why, how sure that is, and
 * what became of the bytes. It sees neither packets nor kernel. Theory and rules stand in judge.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "ending/facts.h"
#include "ending/record.h"

/* What speaks for the verdict, a sentence each, with frame numbers where there are any. */
#define EVIDENCE_MAX 24
#define EVIDENCE_TEXT_MAX 4096

struct evidence {
        const char *lines[EVIDENCE_MAX];
        size_t n;
        char text[EVIDENCE_TEXT_MAX];   /* holds the lines */
        size_t n_text;
};

/*
 * Fills all of @r that follows from the facts: times, ending, causes, directions, reset, acts, …_next,
 * seen, severity, retry. The caller has called record_init() and fills id, rev, addresses, conn_state,
 * history, file and frames. @ret_evidence may be NULL: evidence then costs nothing. Otherwise it must live
 * as long as @r, which borrows its lines.
 */
void judge(const struct facts *f, struct record *r, struct evidence *ret_evidence);

/*
 * The same without evidence for what ended in order in a capture and of which all is known that such connections have:
 * most are like this. @r is filled by record_init() and by this function alone, again and again, and by its caller as
 * said above; what is the same of all of them is not written anew, and @r->plain is set. Of its id and its history 16
 * bytes may then be read, wherever they end. False: these facts need judge(), and @r is not to be looked at, though it
 * is good for the next.
 */
bool judge_again(const struct facts *f, struct record *r);

/* Whether facts are such as judge_again() takes; its maker may know without asking (@over of struct facts_seen). */
bool judge_is_plain(const struct facts *f);
