/* Records filled by hand. */
#include "samples.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define BASE_NS 1795326960000000000 /* 2026-11-22T05:56:00Z */

static void set_end(struct record_end *end, const char *ip, uint16_t port)
{
        snprintf(end->ip, sizeof(end->ip), "%s", ip);
        end->port = port;
}

static void set_counts(struct record_direction *d, uint64_t bytes, uint64_t acked)
{
        d->bytes = known_u64(bytes);
        d->acked = known_u64(acked);
        d->uncertain = record_uncertain(d);
        d->fin_acked = known_bool(false);
        d->retransmitted = known_u64(0);
        d->unsent = known_u64(0);
}

void sample_loopback(struct record *r)
{
        static const struct saw saw[] = {
                { "recv", { .kind = TOLD_ERROR, .error = ECONNRESET } },
        };

        record_init(r, SOURCE_WATCH, "4711");
        set_end(&r->client, "127.0.0.1", 40100);
        r->client.os = OS_LINUX;
        r->client.pid = known_u64(900);
        r->client.comm = "client";
        r->client.netns = known_u64(4026531840);
        set_end(&r->server, "127.0.0.1", 8080);
        r->server.os = OS_LINUX;
        r->server.pid = known_u64(812);
        r->server.comm = "nginx";
        r->server.cgroup = "/system.slice/nginx.service";
        r->server.netns = known_u64(4026531840);
        r->started = known_i64(BASE_NS);
        r->ended = known_i64(BASE_NS + 1200000000);
        r->duration = known_i64(1200000000);
        r->ending = ENDING_RESET;
        r->ended_by = SIDE_SERVER;
        r->severity = SEVERITY_BAD;
        r->cause = CAUSE_UNREAD_DATA;
        record_add_cause(r, CAUSE_UNREAD_DATA);
        r->certainty = CERTAINTY_CERTAIN;
        set_counts(&r->to_server, 100, 100);
        r->to_server.unread = known_u64(100);
        r->to_server.closed = CLOSED_NO;
        r->to_server.fate = FATE_LOST;
        set_counts(&r->to_client, 0, 0);
        r->to_client.unread = known_u64(0);
        r->to_client.closed = CLOSED_RESET;
        r->to_client.fate = FATE_NONE;
        r->reset = (struct record_reset){ .seen = true,
                                          .kind = RESET_KIND_ACTIVE,
                                          .by = SIDE_SERVER,
                                          .count = 1,
                                          .valid = RESET_VALIDITY_UNKNOWN,
                                          .obeyed = known_bool(true),
                                          .kernel_reason = "TCP_ABORT_ON_CLOSE" };
        r->client_act = (struct record_act){ .known = true,
                                             .how = ACT_CLOSE,
                                             .call = "close",
                                             .pid = known_u64(900),
                                             .comm = "client" };
        r->server_act = (struct record_act){ .known = true,
                                             .how = ACT_SIGNAL,
                                             .signal = known_u64(9),
                                             .pid = known_u64(812),
                                             .comm = "nginx" };
        r->client_saw = (struct record_saw){ .known = true, .calls = saw, .n_calls = 1 };
        r->seen = (struct record_seen){ .roles = ROLES_TOLD, .sides = SIDES_SEEN_BOTH, .both_ends = true };
        r->retry = RETRY_MAYBE_PROCESSED;
}

void sample_hostile(struct record *r)
{
        static const char *const evidence[] = { "a \"quoted\"\nline", "\xff\xfe" };

        sample_loopback(r);
        r->id = "\"},{\"finis\":2,\"x\":\"";
        r->client.comm = "\033[2J\a\r";
        r->client.cgroup = "/\xe2\x80\xae" "gnp.exe";
        r->server.comm = "a\\u0000\"b";
        r->server.cgroup = "\xc0\xaf\xed\xa0\x80\x80";
        r->client_act.comm = "\xc2\x9b" "31m";
        r->client_act.call = "close\n";
        r->server_act.comm = "\xf0\x9f\x98";
        r->evidence = evidence;
        r->n_evidence = 2;
}

void sample_largest(struct record *r)
{
        static const struct saw saw[] = {
                { "sendfile", { .kind = TOLD_BYTES, .bytes = UINT64_MAX, .sigpipe = true } },
                { "send", { .kind = TOLD_ERROR, .error = 4095, .sigpipe = true } }, /* MAX_ERRNO: no name */
                { "recv", { .kind = TOLD_WAITS } },
        };
        const struct told told[RECORD_NEXT_MAX] = {
                { .kind = TOLD_SENT },
                { .kind = TOLD_WAITS },
                { .kind = TOLD_ERROR, .error = EPROTONOSUPPORT, .sigpipe = true },
                { .kind = TOLD_BYTES, .bytes = 0 },
        };
        struct record_direction d = {
                .bytes = known_u64(UINT64_MAX),
                .acked = known_u64(0),
                .acked_by_reset = known_u64(0),
                .uncertain = known_u64(UINT64_MAX),
                .unsent = known_u64(UINT64_MAX),
                .unread = known_u64(UINT64_MAX),
                .closed = CLOSED_FIN,
                .fin_acked = known_bool(true),
                .retransmitted = known_u64(UINT64_MAX),
                .missing = known_u64(UINT64_MAX),
                .packets = known_u64(UINT64_MAX),
                .fate = FATE_UNCERTAIN,
        };

        sample_loopback(r);
        r->source = SOURCE_CAPTURE;
        r->rev = UINT64_MAX;
        set_end(&r->client, "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", UINT16_MAX);
        set_end(&r->server, "::", 0);
        r->started = known_i64(INT64_MIN);
        r->ended = known_i64(INT64_MAX);
        r->duration = known_i64(INT64_MAX);
        r->idle_before = known_i64(1);
        r->cause = CAUSE_NONE;
        r->certainty = CERTAINTY_POSSIBLE;
        for (int c = 0; c < N_CAUSES; c++)
                record_add_cause(r, (enum cause)c);
        r->to_server = r->to_client = d;
        r->reset.frame = r->file = r->first_frame = r->last_frame = known_u64(UINT64_MAX);
        r->reset.count = UINT64_MAX;
        r->reset.window = known_u64(UINT16_MAX);
        r->reset.ttl = known_u64(UINT8_MAX);
        r->client_next.known = true;
        r->client_next.n_if_recv = r->client_next.n_if_send = RECORD_NEXT_MAX;
        memcpy(r->client_next.if_recv, told, sizeof(told));
        memcpy(r->client_next.if_send, told, sizeof(told));
        r->server_next = r->client_next;
        r->server_saw = (struct record_saw){ .known = true, .calls = saw, .n_calls = 3 };
        r->conn_state_known = true;
        r->conn_state = CONN_STATE_OTH;
        r->history = "^ShADadFfR";
}

int sample_word(size_t i, struct record *r)
{
        sample_loopback(r);
        r->cause = CAUSE_NONE;
        r->certainty = CERTAINTY_POSSIBLE;
#define NEXT_SET(n, change)                                                                        \
        if (i < (size_t)(n)) {                                                                     \
                change;                                                                            \
                return 0;                                                                          \
        }                                                                                          \
        i -= (size_t)(n)
        NEXT_SET(N_CAUSES, r->n_causes = 0; record_add_cause(r, (enum cause)i));
        NEXT_SET(N_SOURCES, r->source = (enum source)i);
        NEXT_SET(N_OSES, r->client.os = (enum os)i);
        NEXT_SET(N_SIDES, r->ended_by = r->reset.by = (enum side)i);
        NEXT_SET(SIDE_NETWORK, r->ending = ENDING_TIMED_OUT; r->silent = (enum side)i);
        NEXT_SET(N_SEVERITIES, r->severity = (enum severity)i);
        NEXT_SET(N_CERTAINTIES, r->certainty = (enum certainty)i;
                 r->cause = r->certainty > CERTAINTY_POSSIBLE ? CAUSE_UNREAD_DATA : CAUSE_NONE);
        NEXT_SET(N_CLOSEDS, r->to_client.closed = (enum closed)i);
        NEXT_SET(N_FATES, r->to_client.fate = (enum fate)i);
        NEXT_SET(N_RESET_KINDS, r->reset.kind = (enum reset_kind)i);
        NEXT_SET(N_RESET_VALIDITIES, r->reset.valid = (enum reset_validity)i);
        NEXT_SET(N_ACTS, r->client_act.how = (enum act)i);
        NEXT_SET(N_ROLES, r->seen.roles = (enum roles)i);
        NEXT_SET(N_SIDES_SEEN, r->seen.sides = (enum sides_seen)i);
        NEXT_SET(N_RETRIES, r->retry = (enum retry)i);
        NEXT_SET(N_CONN_STATES, r->conn_state_known = true; r->conn_state = (enum conn_state)i);
        NEXT_SET(N_ENDINGS, r->ending = (enum ending)i;
                 if (r->ending >= ENDING_ORDERLY && r->ending != ENDING_TIMED_OUT) r->n_causes = 0);
#undef NEXT_SET
        return -ENOENT;
}
