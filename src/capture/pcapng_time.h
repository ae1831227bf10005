/* The time stamps of pcapng: 64 bits of a unit that each interface chooses, a power of 10 or of 2. */
#pragma once

#include <stdint.h>

#include "capture/reader.h"

#define PCAPNG_MICROSECONDS 6

/* Sets what turns stamps of if_tsresol @resolution into nanoseconds. */
void pcapng_time_set(struct pcapng_interface *interface, uint8_t resolution);

/* Nanoseconds since 1970, what is finer cut off; 0 where that does not fit. */
int64_t pcapng_time_full(const struct pcapng_interface *interface, uint64_t stamp);

static inline int64_t pcapng_time(const struct pcapng_interface *interface, uint64_t stamp)
{
        int64_t ns;

        if (__builtin_expect(interface->divide == 1 && interface->offset_s == 0 &&
                             !__builtin_mul_overflow(stamp, interface->multiply, &ns), 1))
                return ns;
        return pcapng_time_full(interface, stamp);
}
