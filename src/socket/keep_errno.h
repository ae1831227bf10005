/* The library reports by its return values: each public function leaves errno as it found it. */
#pragma once

#include <errno.h>

static inline void errno_put_back(const int *saved)
{
        errno = *saved;
}

#define KEEP_ERRNO __attribute__((cleanup(errno_put_back), unused)) const int saved_errno = errno
