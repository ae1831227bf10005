/* Prints the records that the judge makes of the live golden cases, as JSON: print_live NAME. What a caller adds to a
 * record (addresses, names, calls) is added here. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ending/judge.h"
#include "live_cases.h"
#include "report/record_json.h"

static void end_is(struct record_end *end, const char *ip, uint16_t port, uint64_t pid, const char *comm)
{
        snprintf(end->ip, sizeof(end->ip), "%s", ip);
        end->port = port;
        if (comm) {
                end->pid = known_u64(pid);
                end->comm = comm;
                end->netns = known_u64(4026531840);
        }
}

static void add_what_the_caller_knows(struct record *r, const char *name)
{
        static const struct saw refused = { "connect", { .kind = TOLD_ERROR, .error = ECONNREFUSED } };
        static const struct saw reset = { "recv", { .kind = TOLD_ERROR, .error = ECONNRESET } };

        if (strcmp(name, "proxy-as-peer") == 0) {
                r->id = "81927";
                end_is(&r->client, "203.0.113.7", 49822, 0, NULL);
                end_is(&r->server, "192.0.2.10", 443, 1401, "haproxy");
                r->server.cgroup = "/system.slice/haproxy.service";
                r->server_act.call = "close";
                r->server_act.pid = known_u64(1401);
                r->server_act.comm = "haproxy";
        } else if (strcmp(name, "loopback-both-ends") == 0) {
                r->id = "4711";
                end_is(&r->client, "127.0.0.1", 40100, 900, "client");
                end_is(&r->server, "127.0.0.1", 8080, 812, "nginx");
                r->server.cgroup = "/system.slice/nginx.service";
                r->client_act.call = "close";
                r->client_act.pid = known_u64(900);
                r->client_act.comm = "client";
                r->server_act.signal = known_u64(9);
                r->server_act.pid = known_u64(812);
                r->server_act.comm = "nginx";
                r->client_saw = (struct record_saw){ true, &reset, 1 };
        } else {
                r->id = "90211";
                end_is(&r->client, "127.0.0.1", 40222, 2211, "curl");
                end_is(&r->server, "127.0.0.1", 8080, 0, NULL);
                r->client_saw = (struct record_saw){ true, &refused, 1 };
        }
}

int main(int argc, char **argv)
{
        for (size_t i = 0; argc == 2 && i < n_live_cases; i++) {
                struct facts f;
                struct record r;

                if (strcmp(live_cases[i].name, argv[1]) != 0)
                        continue;
                live_cases[i].make(&f);
                record_init(&r, f.seen.source, "1");
                judge(&f, &r, NULL);
                add_what_the_caller_knows(&r, argv[1]);
                return record_write_json(stdout, &r, 0) < 0 ? 1 : 0;
        }
        return 2;
}
