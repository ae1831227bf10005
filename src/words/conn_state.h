/* Zeek's thirteen states of a connection, as its conn.log prints them. */
#pragma once

enum conn_state {
        CONN_STATE_S0,
        CONN_STATE_S1,
        CONN_STATE_SF,
        CONN_STATE_REJ,
        CONN_STATE_S2,
        CONN_STATE_S3,
        CONN_STATE_RSTO,
        CONN_STATE_RSTR,
        CONN_STATE_RSTOS0,
        CONN_STATE_RSTRH,
        CONN_STATE_SH,
        CONN_STATE_SHR,
        CONN_STATE_OTH,
        N_CONN_STATES
};

/* The word as records print it, and what it means. NULL for a value out of range. */
const char *conn_state_name(enum conn_state value);
const char *conn_state_sentence(enum conn_state value);

/* 0, or -ENOENT. Case, '-' and '_' do not matter. */
int conn_state_find(const char *name, enum conn_state *ret);
