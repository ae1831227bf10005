/* Why a namespace was refused: which knob of this machine says no. */
#pragma once

#include "lab/namespace.h"

/* @error is the negative errno of @step ("unshare", "uid_map" …). Writes one line and returns @error. */
int namespace_why(const char *step, int error, char ret_why[static NAMESPACE_WHY_MAX]);
