/* What can be said of a RST: its shape, and whether its sequence number could be taken. */
#pragma once

/* Linux sends two shapes; other systems need not keep to them. */
enum reset_kind {
        RESET_KIND_ACTIVE,
        RESET_KIND_REPLY,
        RESET_KIND_UNKNOWN,     /* records print it as null */
        N_RESET_KINDS
};

/* Against what its receiver expected next (RFC 5961 section 3.2, tcp_validate_incoming). */
enum reset_validity {
        RESET_VALIDITY_EXACT,
        RESET_VALIDITY_SACK_EDGE,
        RESET_VALIDITY_BEFORE_FIN,
        RESET_VALIDITY_IN_WINDOW,
        RESET_VALIDITY_OUTSIDE,
        RESET_VALIDITY_UNKNOWN, /* records print it as null */
        N_RESET_VALIDITIES
};

/* The words as records print them, and what they mean. NULL for a value out of range. */
const char *reset_kind_name(enum reset_kind value);
const char *reset_kind_sentence(enum reset_kind value);
const char *reset_validity_name(enum reset_validity value);
const char *reset_validity_sentence(enum reset_validity value);

/* 0, or -ENOENT. Case, '-' and '_' do not matter. */
int reset_kind_find(const char *name, enum reset_kind *ret);
int reset_validity_find(const char *name, enum reset_validity *ret);
