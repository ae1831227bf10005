/* Prints records that the judge makes of facts at random, nonsense too, as JSON: print_random N. */
#include <stdio.h>
#include <stdlib.h>

#include "ending/judge.h"
#include "random_facts.h"
#include "report/record_json.h"

int main(int argc, char **argv)
{
        uint64_t seed = UINT64_C(0x853c49e6748fea9b);

        for (int i = 0; argc == 2 && i < atoi(argv[1]); i++) {
                struct evidence evidence;
                struct record r;
                struct facts f;

                random_facts(&f, &seed, i % 4 == 3 ? 50 : 100);
                record_init(&r, f.seen.source, "1.1");
                snprintf(r.client.ip, sizeof(r.client.ip), "192.0.2.1");
                snprintf(r.server.ip, sizeof(r.server.ip), "2001:db8::1");
                judge(&f, &r, &evidence);
                if (record_write_json(stdout, &r, RECORD_JSON_EVIDENCE) < 0)
                        return 1;
        }
        return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
