/* A search for disagreements: random sequences over real sockets, every outcome held against the model. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct random_options {
        uint64_t n;        /* sequences; 0: as many as the time allows */
        uint64_t seed, first;
        int64_t for_ns;    /* 0: no limit */
        bool ipv4, ipv6;
        bool namespace;
        unsigned n_workers; /* 0: one a processor */
        bool progress;     /* on stderr */
        FILE *file;
        bool (*stop)(void); /* asked now and then */
};

struct random_sums {
        uint64_t n_played, n_not_played, n_disagree, n_died;
        double seconds;
        char why_not[256]; /* where no namespace was to be had */
};

/* Prints each disagreement, shrunk, as it is found. 0 or a negative errno. */
int random_run(const struct random_options *options, struct random_sums *ret_sums);
