/* Prints the samples, an object a line, for the test that holds them against the schema. */
#include <stdio.h>

#include "report/record_json.h"
#include "samples.h"

int main(void)
{
        struct record r;

        sample_loopback(&r); /* the first line: compared with the golden record */
        if (record_write_json(stdout, &r, 0) < 0)
                return 1;
        sample_hostile(&r);
        if (record_write_json(stdout, &r, RECORD_JSON_EVIDENCE) < 0)
                return 1;
        sample_largest(&r);
        if (record_write_json(stdout, &r, 0) < 0)
                return 1;
        for (size_t i = 0; sample_word(i, &r) == 0; i++)
                if (record_write_json(stdout, &r, 0) < 0)
                        return 1;
        return fflush(stdout) != 0;
}
