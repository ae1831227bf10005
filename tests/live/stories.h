/* Ends of sockets, written by hand, that the tests of src/live begin with. */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "ending/facts.h"
#include "live/event.h"

#define MS UINT64_C(1000000)

/* Two ends of one connection: 100 bytes to the server, none back; closed by nobody yet. */
static inline void ends(struct live_end *client, struct live_end *server)
{
        *client = (struct live_end){
                .kind = LIVE_END, .family = AF_INET,
                .flags = LIVE_BEGAN | LIVE_OPENED | LIVE_ESTABLISHED | LIVE_SNAPPED,
                .local = { 10, 0, 0, 1 }, .remote = { 10, 0, 0, 2 },
                .local_port = htons(40000), .remote_port = htons(80),
                .began_ns = 1000 * MS, .over_ns = 2000 * MS, .ended_ns = 2001 * MS,
                .bytes_sent = 100, .bytes_acked = 101, .send_start = 5000, .recv_start = 9001, .cookie = 1, .owner = 7,
        };
        *server = (struct live_end){
                .kind = LIVE_END, .family = AF_INET, .flags = LIVE_BEGAN | LIVE_ESTABLISHED | LIVE_SNAPPED,
                .local = { 10, 0, 0, 2 }, .remote = { 10, 0, 0, 1 },
                .local_port = htons(80), .remote_port = htons(40000),
                .began_ns = 1001 * MS, .over_ns = 2000 * MS, .ended_ns = 2002 * MS,
                .bytes_received = 100, .send_start = 9001, .recv_start = 5001, .cookie = 2,
        };
}

static inline void acts(struct live_end *end, int from, int to, long call)
{
        end->flags |= LIVE_ACT | LIVE_CALL_KNOWN;
        end->act_from = (uint8_t)from;
        end->act_to = (uint8_t)to;
        end->act_shutdown = 3;
        end->act_ns = end->over_ns;
        end->act = (struct live_task){ .tgid = 9, .call = (int)call, .comm = "server" };
        end->last_state = (uint8_t)from;
}

/* The server closes with all 100 bytes unread; the client is reset. */
static inline void unread(struct live_end *client, struct live_end *server)
{
        ends(client, server);
        acts(server, TCP_STATE_ESTABLISHED, TCP_STATE_CLOSE, SYS_close);
        server->unread = 100;
        server->flags |= LIVE_RST_OUT | LIVE_REASON_KNOWN;
        server->reason = RESET_REASON_TCP_ABORT_ON_CLOSE;
        client->flags |= LIVE_RST_IN;
        client->error = ECONNRESET;
        client->last_state = TCP_STATE_ESTABLISHED;
}
