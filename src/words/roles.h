/* How it is known which end is the client. Earlier is surer. */
#pragma once

enum roles {
        ROLES_TOLD,
        ROLES_SYN,
        ROLES_SYN_ACK,
        ROLES_PORTS,
        ROLES_FIRST,
        N_ROLES
};

/* The word as records print it, and what it means. NULL for a value out of range. */
const char *roles_name(enum roles value);
const char *roles_sentence(enum roles value);

/* 0, or -ENOENT. Case, '-' and '_' do not matter. */
int roles_find(const char *name, enum roles *ret);
