/* The display filter that shows in Wireshark what was cut out. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/say.h"
#include "cli/read_extract.h"

enum {
        N_CONNECTIONS_MAX = 50, /* a longer filter helps nobody */
};

static void put_connection(struct extract *x, const struct chosen *c, FILE *file)
{
        bool anonymous = x->options->anonymize, v6 = c->family == AF_INET6;
        uint8_t address[2][16];
        char text[2][INET6_ADDRSTRLEN];

        for (int i = 0; i < 2; i++) {
                memcpy(address[i], c->address[i], 16);
                if (anonymous)
                        anonymize_address(&x->anonymizer, c->family, c->address[i], address[i]);
                inet_ntop(c->family, address[i], text[i], sizeof(text[i]));
        }
        fprintf(file, "(%s==%s && %s==%s && tcp.port==%u && tcp.port==%u)", v6 ? "ipv6.addr" : "ip.addr", text[0],
                v6 ? "ipv6.addr" : "ip.addr", text[1], c->port[0], c->port[1]);
        /* The same ports may be used again, before it or after. */
        if (anonymous)
                return;
        fprintf(file, " && frame.number>=%" PRIu64, c->first_frame);
        if (c->last_file == c->file)
                fprintf(file, " && frame.number<=%" PRIu64, c->last_frame);
}

/* Those that begin in the file of that number; 0: in any. */
static void put_file(struct extract *x, uint32_t number, FILE *file)
{
        size_t n = 0;

        for (size_t i = 0; i < x->chosen.n; i++) {
                const struct chosen *c = &x->chosen.items[i];

                if (c->dropped || (number && c->file != number))
                        continue;
                if (n++ > 0)
                        fputs(" || ", file);
                else if (number && x->options->n_paths > 1) {
                        say_typed(file, x->options->paths[number - 1]);
                        fputs(": ", file);
                }
                if (chosen_count(&x->chosen) > 1)
                        fputc('(', file);
                put_connection(x, c, file);
                if (chosen_count(&x->chosen) > 1)
                        fputc(')', file);
        }
        if (n > 0)
                fputc('\n', file);
}

void read_extract_filter(struct extract *x, FILE *file)
{
        if (chosen_count(&x->chosen) > N_CONNECTIONS_MAX)
                return;
        if (x->options->anonymize) {
                put_file(x, 0, file);
                return;
        }
        for (size_t i = 0; i < x->options->n_paths; i++)
                put_file(x, (uint32_t)(i + 1), file);
}
