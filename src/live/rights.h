/* What watching needs of the kernel, what of it is missing, and giving it up again. */
#pragma once

#include <stddef.h>

/* Why @what failed with the negative errno @r, as far as it can be found out: a sentence in @why. */
void rights_explain(const char *what, int r, char *why, size_t size);

/* Gives up all capabilities but CAP_BPF, which reading the totals asks for on kernels before 5.19, and all ways of
 * getting them back. Returns 0 or a negative errno. */
int rights_drop(void);
