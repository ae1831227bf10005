/* Prints what packet_read() makes of a capture, for comparing: a line for each TCP segment, then how many
 * frames were of each kind. With -v also what kind each other frame is. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "capture/capture.h"
#include "wire/packet.h"

static void print(uint64_t number, const struct packet *packet)
{
        const struct segment *s = &packet->segment;

        printf("%llu\t%u\t%u\t%u\t%u\t0x%04x\t%u\n", (unsigned long long)number, s->source_port,
               s->destination_port, s->seq, s->ack, s->flags, s->n_payload);
}

int main(int argc, char **argv)
{
        __attribute__((cleanup(capture_closep))) struct capture *capture = NULL;
        __attribute__((cleanup(packet_reader_freep))) struct packet_reader *reader = NULL;
        int verbose = argc > 2 && strcmp(argv[1], "-v") == 0;
        unsigned long long n_kinds[N_PACKET_KINDS] = {};
        struct frame frames[32];
        const char *why = NULL;
        size_t n;

        if (argc < 2 || capture_open(argv[argc - 1], &capture, &why) < 0 || packet_reader_new(&reader) < 0) {
                fprintf(stderr, "%s\n", why ? why : "print_packets [-v] CAPTURE");
                return 2;
        }
        while (capture_read(capture, frames, 32, &n) == 0 && n > 0)
                for (size_t i = 0; i < n; ++i) {
                        const struct frame *f = &frames[i];
                        struct packet packet;
                        enum packet_kind kind;

                        kind = packet_read(reader, f->link_type, f->bytes, f->n_bytes, f->n_frame, f->time_ns,
                                           &packet);
                        ++n_kinds[kind];
                        if (kind == PACKET_TCP)
                                print(f->number, &packet);
                        else if (verbose)
                                printf("# %llu %s\n", (unsigned long long)f->number, packet_kind_name(kind));
                }
        for (unsigned i = 0; i < N_PACKET_KINDS; ++i)
                if (n_kinds[i] > 0)
                        printf("## %llu\t%s\n", n_kinds[i], packet_kind_name((enum packet_kind)i));
        return 0;
}
