/* The names of error numbers: the C library has only sentences for them. */
#pragma once

/* "ECONNRESET" for ECONNRESET and for -ECONNRESET; "0" for 0; NULL for a number without a name. */
const char *errno_name(int number);

/* 0 and the positive number, or -ENOENT. EWOULDBLOCK, ENOTSUP and EDEADLOCK are known too. */
int errno_find(const char *name, int *ret);
