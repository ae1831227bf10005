/* Events in few words, for tests of the model. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "endpoint/pair.h"
#include "endpoint/rules.h"

#define LENGTH(_array) (sizeof(_array) / sizeof(*(_array)))

#define EVENT(...) ((struct event){ __VA_ARGS__, .observed = -1 })
#define SENDS(_n) EVENT(.kind = EVENT_SEND, .n = (_n), .nonblock = true)
#define RECVS(_n) EVENT(.kind = EVENT_RECV, .n = (_n), .nonblock = true)
#define PEEKS(_n) EVENT(.kind = EVENT_RECV, .n = (_n), .nonblock = true, .peek = true)
#define SHUTS_WR EVENT(.kind = EVENT_SHUTDOWN, .shut_wr = true)
#define SHUTS_RD EVENT(.kind = EVENT_SHUTDOWN, .shut_rd = true)
#define SHUTS_RDWR EVENT(.kind = EVENT_SHUTDOWN, .shut_rd = true, .shut_wr = true)
#define CLOSES EVENT(.kind = EVENT_CLOSE)
#define DISCONNECTS EVENT(.kind = EVENT_DISCONNECT)
#define ASKS_SO_ERROR EVENT(.kind = EVENT_GET_ERROR)
#define CONNECTS EVENT(.kind = EVENT_CONNECT, .nonblock = true)
#define RST EVENT(.kind = EVENT_RST, .fit = RST_EXACT, .has_ack = true)
#define FIN_AT(_at) EVENT(.kind = EVENT_FIN, .at = (_at))
#define DATA_AT(_at, _n) EVENT(.kind = EVENT_DATA, .at = (_at), .n = (_n))
#define ACK_OF(_at) EVENT(.kind = EVENT_ACK, .at = (_at))
#define ACK_OF_FIN(_at) EVENT(.kind = EVENT_ACK, .at = (_at), .acks_fin = true)
#define TIMER(_timer) EVENT(.kind = EVENT_TIMER, .timer = (_timer))

/* One end alone: an event, and its outcome. */
static inline struct outcome step(struct endpoint *e, struct event event)
{
        struct outcome o;

        endpoint_step(e, &event, &o);
        /* Calls that move data or read errors send no segment of their own. */
        if (event.kind == EVENT_SEND || event.kind == EVENT_RECV || event.kind == EVENT_GET_ERROR ||
            event.kind == EVENT_ERROR_QUEUE || event.kind == EVENT_ACCEPT)
                assert_int_equal(o.emission, EMIT_NOTHING);
        return o;
}

/* Two ends: an event at one, and all that follows. */
static inline struct outcome play(struct pair *pair, int end, struct event event)
{
        struct outcome o;

        pair_step(pair, end, &event, &o);
        return o;
}

static inline void is_count(struct outcome o, uint64_t n)
{
        assert_int_equal(o.result, RESULT_COUNT);
        assert_int_equal(o.min, n);
        assert_int_equal(o.max, n);
        assert_false(o.sigpipe);
}

static inline void is_error(struct outcome o, int error, bool sigpipe)
{
        assert_int_equal(o.result, RESULT_ERROR);
        assert_int_equal(o.error, error);
        assert_int_equal(o.sigpipe, sigpipe);
}

static inline struct endpoint connected(void)
{
        struct endpoint e;

        endpoint_init_connected(&e);
        return e;
}

/* A socket in this state that got there by the shortest way, all bytes acknowledged. */
static inline struct endpoint in_state(enum tcp_state state)
{
        struct endpoint e = connected();

        switch (state) {
        case TCP_STATE_CLOSE_WAIT:
                step(&e, FIN_AT(0));
                break;
        case TCP_STATE_FIN_WAIT1:
        case TCP_STATE_FIN_WAIT2:
        case TCP_STATE_CLOSING:
                step(&e, SHUTS_WR);
                e.fin_sent = true;
                if (state == TCP_STATE_FIN_WAIT2)
                        step(&e, ACK_OF_FIN(0));
                if (state == TCP_STATE_CLOSING)
                        step(&e, FIN_AT(0));
                break;
        case TCP_STATE_LAST_ACK:
                step(&e, FIN_AT(0));
                step(&e, SHUTS_WR);
                e.fin_sent = true;
                break;
        case TCP_STATE_SYN_SENT:
        case TCP_STATE_SYN_RECV:
                endpoint_init_fresh(&e);
                step(&e, CONNECTS);
                if (state == TCP_STATE_SYN_RECV)
                        step(&e, EVENT(.kind = EVENT_SYN));
                break;
        case TCP_STATE_CLOSE:
                endpoint_init_fresh(&e);
                break;
        case TCP_STATE_LISTEN:
                endpoint_init_fresh(&e);
                e.state = state;
                e.holder = HOLDER_LISTENER;
                break;
        case TCP_STATE_ESTABLISHED:
        case TCP_STATE_UNKNOWN:
        case TCP_STATE_TIME_WAIT:
        case TCP_STATE_NEW_SYN_RECV:
        case N_TCP_STATES:
                break;
        }
        assert_int_equal(e.state, state);
        return e;
}
