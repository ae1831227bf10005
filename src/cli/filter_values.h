/* The values of the filter language, as people write them. For filter.c alone. Each returns 0 or -EINVAL. */
#pragma once

#include "cli/filter.h"

/* "443", "8000-8100"; with units "10k", "1.5M" (thousands), "4KiB". */
int filter_read_count(const char *text, bool units, struct filter_value *ret_value);

/* "60", "0.5", "100ms", "5m", "1h", "59-61". @rounded: a lone number means all that rounds to it, 60 is
 * 59.5 to 60.5. */
int filter_read_span(const char *text, bool rounded, struct filter_value *ret_value);

/* "2026-11-22", "2026-11-22T05:56:00.5Z" (a blank does for the T), "05:56", "@1795326960". UTC. */
int filter_read_time(const char *text, struct filter_value *ret_value);

/* "10.0.0.5", "10.0.0.0/8", "10.0.0.5:443", "2001:db8::/32", "[2001:db8::1]:443", ":443". */
int filter_read_address(const char *text, struct filter_value *ret_value);
