/* All tables of scenarios, a file each. */
#pragma once

#include "lab/scenario.h"

extern const struct scenario_list two_writes;
