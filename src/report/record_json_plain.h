/* Records of what ended in order, as most did. */
#pragma once

#include "ending/record.h"

/* All of a record that is @plain, where there is room for it. Returns its end, or NULL: some text is long, or
 * bears what needs an escape. */
char *record_json_put_plain(char *to, const struct record *r);
