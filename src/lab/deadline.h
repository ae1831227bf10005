/* What is left of a deadline, for poll(). */
#pragma once

#include <stdint.h>

/* @ms from now, on CLOCK_MONOTONIC. */
int64_t deadline_in(unsigned ms);

/* Milliseconds left, rounded up so that the deadline has passed when poll() gives up; 0 if it has. */
int deadline_left_ms(int64_t deadline_ns);
