/* The ICMP errors that can end an attempt to connect, or explain a time-out. IPv4 and IPv6 alike. */
#pragma once

enum icmp_error {
        ICMP_ERROR_NET_UNREACHABLE,
        ICMP_ERROR_HOST_UNREACHABLE,
        ICMP_ERROR_PROTOCOL_UNREACHABLE,
        ICMP_ERROR_PORT_UNREACHABLE,
        ICMP_ERROR_ADMIN_PROHIBITED,
        ICMP_ERROR_TOO_BIG,
        ICMP_ERROR_TIME_EXCEEDED,
        ICMP_ERROR_OTHER,
        N_ICMP_ERRORS
};

/* The word, and what it means. NULL for a value out of range. */
const char *icmp_error_name(enum icmp_error value);
const char *icmp_error_sentence(enum icmp_error value);

/* 0, or -ENOENT. Case, '-' and '_' do not matter. */
int icmp_error_find(const char *name, enum icmp_error *ret);
