/* Prints the words that records use, a set a line as JSON, for the test that holds the schema against them. */
#include <stdio.h>

#include "report/json.h"
#include "words/act.h"
#include "words/cause.h"
#include "words/certainty.h"
#include "words/closed.h"
#include "words/conn_state.h"
#include "words/ending.h"
#include "words/fate.h"
#include "words/os.h"
#include "words/reset.h"
#include "words/retry.h"
#include "words/roles.h"
#include "words/severity.h"
#include "words/side.h"
#include "words/sides_seen.h"
#include "words/source.h"

#define PRINT(set, end)                                                                            \
        do {                                                                                       \
                json_array(&j, #set);                                                              \
                for (int i = 0; i < (int)(end); i++)                                               \
                        json_text(&j, NULL, set##_name((enum set)i));                              \
                json_array_end(&j);                                                                \
        } while (0)

int main(void)
{
        struct json j;

        json_begin(&j, stdout);
        json_object(&j, NULL);
        PRINT(act, N_ACTS);
        PRINT(cause, N_CAUSES);
        PRINT(certainty, N_CERTAINTIES);
        PRINT(closed, N_CLOSEDS);
        PRINT(conn_state, N_CONN_STATES);
        PRINT(ending, N_ENDINGS);
        PRINT(fate, N_FATES);
        PRINT(os, N_OSES);
        PRINT(reset_kind, N_RESET_KINDS);
        PRINT(reset_validity, N_RESET_VALIDITIES);
        PRINT(retry, N_RETRIES);
        PRINT(roles, N_ROLES);
        PRINT(severity, N_SEVERITIES);
        PRINT(side, N_SIDES);
        PRINT(sides_seen, N_SIDES_SEEN);
        PRINT(source, N_SOURCES);
        json_object_end(&j);
        return json_end(&j) < 0;
}
