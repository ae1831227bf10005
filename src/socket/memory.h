/* What the parts of the library put into a memory. */
#pragma once

#include <finis/finis.h>

/* Keeps the first error that tells of the connection's end; others are passed over. */
void memory_error(struct finis *finis, enum finis_call call, int error);
