/* Prints the name of every rule of the model, a line each: for the test that each is used by a scenario. */
#include <stdio.h>

#include "endpoint/rules.h"

int main(void)
{
        /* Tables hold the rules for several kinds of events: each rule is printed under its own. */
        for (enum event_kind kind = 0; kind < N_EVENTS; kind++) {
                struct rule_table table = rules_for(kind);

                for (size_t i = 0; i < table.n; i++)
                        if (table.rules[i].on == kind)
                                puts(table.rules[i].name);
        }
        return 0;
}
