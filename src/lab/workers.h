/*
 * Plays many scenarios at once: a few processes, each in a namespace of its own where it may, take one
 * scenario after the other; what they found comes back over a pipe and is given out in order.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lab/play.h"

enum verdict {
        VERDICT_AGREES,
        VERDICT_DISAGREES, /* the kernel did what the model does not allow */
        VERDICT_SKIPPED,   /* it could not be played here */
        VERDICT_FAILED,    /* the process that played it died or hung */
};

/* One scenario, played for one or both families. */
struct found {
        const struct scenario *scenario;
        enum verdict verdict;
        unsigned n_plays, n_disagree, n_skipped; /* of the families */
        char why[PLAY_WHY_MAX];
        char rule[64];         /* that disagreed */
        char unkept[PLAY_WHY_MAX]; /* why `write` could not keep what it should; "" where it did */
        const char *text;      /* what the worker wrote; freed after `take` */
        size_t n_text;
};

struct workers_options {
        const struct scenario *const *scenarios;
        size_t n;
        bool ipv4, ipv6;
        bool namespace; /* use one where it may be had */
        unsigned n_workers; /* 0: as the processors suggest */
        /* In the worker: writes what is to be said of the plays of one scenario. */
        void (*write)(FILE *file, struct play *const *plays, size_t n_plays, struct found *found, void *context);
        /* In the parent, in the order of the scenarios. */
        void (*take)(const struct found *found, void *context);
        /* In the parent, now and then; true stops the run. */
        bool (*tick)(size_t n_done, size_t n, void *context);
        void *context;
};

/* 0, or a negative errno where no process could be made. Nothing is left behind. */
int workers_run(const struct workers_options *options);
