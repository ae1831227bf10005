/*
 * How many endings `finis watch` takes in a second: a stream of ends as the kernel tells them, two for each connection,
 * through pairing, facts, judge and JSON to /dev/null; and the memory that it took. bench-endings [CONNECTIONS]
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#include "cli/watch_record.h"
#include "report/record_json.h"

struct bench {
        FILE *out;
        struct live_clock clock;
        unsigned long n_told;
};

static void tell(void *context, struct live_connection *c)
{
        struct bench *bench = context;
        struct watch_record r;

        watch_record(&r, c, &bench->clock, NULL, false, NULL);
        record_write_json(bench->out, &r.record, 0);
        bench->n_told++;
}

static void make(unsigned long i, struct live_end *client, struct live_end *server)
{
        uint32_t a = htonl(0x0a000001u + (uint32_t)(i / 50000)), b = htonl(0x0a800001u);
        uint16_t port = htons((uint16_t)(10000 + i % 50000));
        uint64_t at = 1000000000u + i * 10000;

        *client = (struct live_end){
                .kind = LIVE_END, .family = 2, .flags = LIVE_BEGAN | LIVE_OPENED | LIVE_ESTABLISHED | LIVE_SNAPPED,
                .local_port = port, .remote_port = htons(80), .began_ns = at,
                .over_ns = at + 5000, .ended_ns = at + 9000,
                .bytes_sent = 100, .bytes_acked = 101, .send_start = (uint32_t)i, .recv_start = (uint32_t)(i * 7 + 1),
                .cookie = 2 * i + 1, .owner = 5, .owner_comm = "client", .error = ECONNRESET,
        };
        *server = (struct live_end){
                .kind = LIVE_END, .family = 2, .local_port = htons(80),
                .remote_port = port, .began_ns = at, .over_ns = at + 4000,
                .flags = LIVE_BEGAN | LIVE_ESTABLISHED | LIVE_SNAPPED |
                         LIVE_ACT | LIVE_CALL_KNOWN | LIVE_RST_OUT | LIVE_REASON_KNOWN,
                .ended_ns = at + 4500, .bytes_received = 100, .send_start = (uint32_t)(i * 7 + 1),
                .recv_start = (uint32_t)i + 1,
                .cookie = 2 * i + 2, .unread = 100, .reason = RESET_REASON_TCP_ABORT_ON_CLOSE,
                .act_from = 1, .act_to = 7,
                .act_shutdown = 3, .act = { .tgid = 6, .call = SYS_close, .comm = "server" }, .act_ns = at + 4000,
        };
        client->flags |= LIVE_RST_IN;
        memcpy(client->local, &a, 4);
        memcpy(client->remote, &b, 4);
        memcpy(server->local, &b, 4);
        memcpy(server->remote, &a, 4);
}

int main(int argc, char **argv)
{
        unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 10) : 300000;
        struct bench bench = { .out = fopen("/dev/null", "we"), .clock = { .until_ns = INT64_C(1) << 60 } };
        struct timespec from, to;
        struct rusage usage;
        struct pairs *pairs;
        double seconds;

        if (!bench.out || pairs_new(tell, &bench, &pairs) < 0)
                return 2;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
        for (unsigned long i = 0; i < n; i++) {
                struct live_end client, server;

                make(i, &client, &server);
                pairs_end(pairs, &server);
                pairs_end(pairs, &client);
                pairs_tick(pairs, client.ended_ns);
        }
        pairs_flush(pairs);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
        seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
        getrusage(RUSAGE_SELF, &usage);
        printf("%lu ends of %lu connections, %lu told, in %.2f CPU seconds: %.0f ends a second, %ld KiB at most\n",
               2 * n, n, bench.n_told, seconds, (double)(2 * n) / seconds, usage.ru_maxrss);
        pairs_free(pairs);
        return fclose(bench.out) != 0;
}
