/* What `finis lab` was asked for, and what it has found: shared by its files. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lab/random.h"
#include "lab/play.h"
#include "lab/scenario.h"

#define MAX_SEQUENCES 64

enum output { OUTPUT_TABLE, OUTPUT_FULL, OUTPUT_JSON };

struct selection {
        const struct scenario **scenarios;
        size_t n, room;
        struct scenario sequences[MAX_SEQUENCES];
        size_t n_sequences;
};

struct lab {
        struct selection selection;
        enum output output;
        bool list, demo, claims, quick, no_namespace, random;
        struct random_options search;
        bool ipv4, ipv6;
        const char *pcap;
        unsigned jobs;
        /* What was found. */
        bool colour, progress, utf8;
        size_t n_left_out, n_agree, n_disagree, n_failed, n_skipped, n_plays, n_plays_skipped;
        enum theme theme;
        bool any_theme;
        char skipped_why[16][PLAY_WHY_MAX];
        size_t n_skipped_why[16], n_whys;
        size_t n_unkept; /* scenarios of which a capture was asked for, and could not be kept */
        char unkept[PLAY_WHY_MAX];
};

/* Reads the command line. 0 to go on, 1 if all is done, or a negative errno after a line on stderr. */
int lab_options(struct lab *lab, int argc, char **argv);
/* Finds the scenarios of these names; none is all. 0, or a negative errno after a line on stderr. */
int lab_choose(struct lab *lab, char **names);
