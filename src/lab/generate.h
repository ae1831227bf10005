/* Random sequences of acts, each fixed by its number and a seed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define GENERATED_MAX 512

enum sequence_kind {
        SEQUENCE_SOCKETS,        /* two sockets */
        SEQUENCE_SERVER_BY_HAND, /* segments against a client */
        SEQUENCE_CLIENT_BY_HAND, /* segments against a server */
        SEQUENCE_UNCONNECTED,    /* the connection is made by acts, or not */
        N_SEQUENCE_KINDS,
};

/* "seq:", "seq-server-by-hand:" …, and the scenario flags that go with it. */
const char *sequence_prefix(enum sequence_kind kind);
unsigned sequence_flags(enum sequence_kind kind);

struct generator {
        bool by_hand;       /* segments may be had */
        bool own_namespace; /* SOCK_DESTROY may be had */
};

/* Writes the acts of sequence `number` under `seed`, set apart by commas. */
enum sequence_kind generate(const struct generator *generator, uint64_t seed, uint64_t number,
                            char ret_acts[static GENERATED_MAX]);
