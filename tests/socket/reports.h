/* What a report is to say; included after cmocka. */
#pragma once

#include <finis/finis.h>

static const char text[] = "0123456789abcdefghijklmnopqrstuvwxyz";

static inline void expect(const struct finis_report *r, enum finis_ending ending, uint32_t flags, uint64_t written,
                          uint64_t acknowledged, uint64_t uncertain, uint64_t unsent)
{
        assert_string_equal(finis_ending_name(r->ending), finis_ending_name(ending));
        assert_int_equal(r->flags, flags);
        assert_int_equal(r->written, written);
        assert_int_equal(r->acknowledged, acknowledged);
        assert_int_equal(r->uncertain, uncertain);
        assert_int_equal(r->unsent, unsent);
}
