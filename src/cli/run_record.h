/* The record of a traced connection, and what `finis run` says of it. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "ending/judge.h"
#include "ending/record.h"
#include "report/style.h"
#include "trace/sockets.h"

struct run_record {
        struct record record;
        struct evidence evidence;
        char id[24];
        char comm[2][PROCESS_COMM_MAX];         /* SIDE_CLIENT, SIDE_SERVER */
        char act_comm[2][PROCESS_COMM_MAX];
        struct saw saw[2][SOCKET_CALLS_MAX];
        const struct traced_socket *socket[2];  /* by side; NULL: that end was not traced. Borrowed */
};

/* The verdict. It points into itself: it must not be moved. */
void run_record(struct run_record *ret, const struct traced_socket *socket, const struct traced_socket *other,
                bool with_evidence);

/* The rest, for a record that is to be told: names, addresses, calls, stacks. */
void run_record_complete(struct run_record *r, const struct traced_socket *socket, const struct traced_socket *other,
                         bool with_evidence);

/* "libc.so.6+0x109a4d (recv)", for addr2line(1). */
#define RUN_FRAME_MAX 160
void run_frame_put(char text[static RUN_FRAME_MAX], const struct where_frame *frame);

void run_record_write(FILE *file, const struct run_record *r, bool evidence, const struct style *style);
