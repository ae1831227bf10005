/*
 * What manuals, books and forums say about how TCP connections end, each tested on the running kernel.
 *
 * A claim has cases. A case plays acts with real sockets and states what the claim predicts there;
 * whether the case bears the claim out is computed from what the kernel did. The model only paces the
 * play: it says when all is quiet, and it never says what is true.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lab/play.h"

enum claim_kind {
        CLAIM_RULE,   /* true if every case bears it out, false if none does, else partly */
        CLAIM_ALWAYS, /* it says "always", "only" or "means": one counterexample makes it false */
};

struct claim_case {
        const char *situation; /* a few words: where this case differs from its neighbours */
        const char *acts;      /* acts and predictions: claims/notation.h */
        unsigned flags;        /* enum scenario_flags */
};

struct claim {
        const char *name;     /* a word of `finis explain` */
        const char *sentence; /* in our own words */
        const char *source;   /* who says so */
        enum claim_kind kind;
        const char *right;    /* one sentence of what is right */
        const struct claim_case *cases;
        size_t n_cases;
};

struct claim_list {
        const struct claim *claims;
        size_t n;
};

enum bearing {
        BEARING_NOT_TESTED, /* it could not be played or seen here; `why` says what is missing */
        BEARING_CONTRADICTS,
        BEARING_BEARS_OUT,
};

/* The worse for the claim, the earlier. */
enum claim_word { CLAIM_FALSE, CLAIM_PARTLY, CLAIM_TRUE, CLAIM_NOT_TESTED, N_CLAIM_WORDS };

#define CLAIM_MAX_CASES 8
#define CLAIM_MAX_ACTS 24
#define CLAIM_MAX_FACTS 8
#define CLAIM_TEXT_MAX 96

/* One prediction, and what was seen in its place. */
struct claim_fact {
        size_t act;     /* the act that it stands behind */
        bool premise;   /* the case speaks only if this is so */
        bool of_call;   /* of the result of that act; else `what` says of what */
        char what[CLAIM_TEXT_MAX], claimed[CLAIM_TEXT_MAX], seen[CLAIM_TEXT_MAX];
        enum bearing bearing;
};

struct claim_act {
        char side;                   /* c, s, l, n */
        char act[CLAIM_TEXT_MAX];    /* "send(10)" */
        char result[CLAIM_TEXT_MAX]; /* "EPIPE + SIGPIPE", "" */
};

struct case_verdict {
        enum bearing bearing;
        char why[PLAY_WHY_MAX];       /* not tested: why */
        bool disagrees;               /* the kernel did what the model does not allow */
        char disagreement[PLAY_WHY_MAX];
        struct claim_act acts[CLAIM_MAX_ACTS];
        size_t n_acts;
        struct claim_fact facts[CLAIM_MAX_FACTS];
        size_t n_facts;
};

struct claim_verdict {
        const struct claim *claim;
        int family;
        enum claim_word word;
        bool settled; /* no case that was not tested could change the word */
        size_t n_bear_out, n_contradict, n_not_tested, n_disagree;
        struct case_verdict cases[CLAIM_MAX_CASES];
};

size_t claim_count(void);
/* NULL beyond the last. */
const struct claim *claim_at(size_t index);
/* The claims whose name is, begins with, or matches (fnmatch) the pattern; NULL means all. Writes at most
 * `n` of them to `ret_claims` (may be NULL), returns how many there are. */
size_t claim_select(const char *pattern, const struct claim **ret_claims, size_t n);

/* Plays the cases for AF_INET or AF_INET6. Cases with SCENARIO_TIMERS are left out if `timers` is false.
 * The sniffer is of lo and may be NULL. 0; -EINVAL where a case cannot be read; -ENOMEM. */
int claim_test(const struct claim *claim, int family, const struct stage_rights *rights,
               struct sniffer *sniffer, bool timers, struct claim_verdict *ret_verdict);

/* The word for a claim of which so many cases were tested. */
enum claim_word claim_word_of(enum claim_kind kind, size_t n_bear_out, size_t n_contradict);
/* Could a case more change it? */
bool claim_word_is_final(enum claim_kind kind, enum claim_word word);
/* "false", "partly", "true", "not tested". */
const char *claim_word_name(enum claim_word word);
const char *bearing_name(enum bearing bearing);

struct claims_options {
        bool ipv4, ipv6;     /* neither: both */
        const struct stage_rights *rights;
        struct sniffer *sniffer;
        const char *pattern; /* NULL: all */
        bool timers;         /* with the cases that wait for the kernel's timers: some ten seconds */
        bool json;           /* a line a claim and family */
        bool full;           /* each claim with its cases; a pattern that is one claim's name says so too */
        bool colour;
        FILE *file;
        FILE *progress;      /* a terminal, or NULL */
        bool (*stop)(void);  /* asked before each claim: whether to test no more; may be NULL */
};

struct claims_tally {
        size_t n[N_CLAIM_WORDS]; /* claims; of two families the worse word counts */
        size_t n_open;           /* of them: a case that was not tested could change the word */
        size_t n_disagree;       /* cases where the kernel did what the model does not allow */
        bool stopped;            /* @stop said so before all were tested */
};

/* Tests and writes. 0, -ENOENT where the pattern names no claim, or another negative errno.
 * `ret_tally` may be NULL. */
int claims_run(const struct claims_options *options, struct claims_tally *ret_tally);
