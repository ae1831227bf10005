/* One step of an endpoint: finds the rule for an event and carries it out. */
#include <errno.h>

#include "endpoint/endpoint.h"
#include "endpoint/rules.h"

/* A send that leaves no more than this queued always fits: tcp_wmem's smallest default is far above. */
#define SURELY_FITS UINT64_C(16384)

void endpoint_init_fresh(struct endpoint *ret_endpoint)
{
        *ret_endpoint = (struct endpoint){
                .state = TCP_STATE_CLOSE,
                .holder = HOLDER_NOBODY,
                .n_refs = 1,
        };
}

void endpoint_init_connected(struct endpoint *ret_endpoint)
{
        *ret_endpoint = (struct endpoint){
                .state = TCP_STATE_ESTABLISHED,
                .holder = HOLDER_SOCKET,
                .n_refs = 1,
                .was_connected = true,
        };
}

struct rule_table rules_for(enum event_kind kind)
{
        switch (kind) {
        case EVENT_CONNECT:
        case EVENT_ACCEPT:
                return (struct rule_table){ open_rules, n_open_rules };
        case EVENT_SEND:
                return (struct rule_table){ send_rules, n_send_rules };
        case EVENT_RECV:
                return (struct rule_table){ recv_rules, n_recv_rules };
        case EVENT_SHUTDOWN:
                return (struct rule_table){ shutdown_rules, n_shutdown_rules };
        case EVENT_CLOSE:
                return (struct rule_table){ close_rules, n_close_rules };
        case EVENT_GET_ERROR:
        case EVENT_ERROR_QUEUE:
                return (struct rule_table){ error_rules, n_error_rules };
        case EVENT_DISCONNECT:
        case EVENT_DESTROY:
        case EVENT_LISTENER_CLOSED:
                return (struct rule_table){ abort_rules, n_abort_rules };
        case EVENT_RST:
                return (struct rule_table){ reset_rules, n_reset_rules };
        case EVENT_SYN:
        case EVENT_SYN_ACK:
        case EVENT_ACK:
        case EVENT_DATA:
        case EVENT_FIN:
                return (struct rule_table){ segment_rules, n_segment_rules };
        case EVENT_ICMP:
                return (struct rule_table){ icmp_rules, n_icmp_rules };
        case EVENT_TIMER:
                return (struct rule_table){ timer_rules, n_timer_rules };
        case N_EVENTS:
                break;
        }
        return (struct rule_table){ 0 };
}

static uint64_t bit_if(bool condition, uint64_t bit)
{
        return condition ? bit : 0;
}

static bool splices(const struct event *event)
{
        return event->kind == EVENT_SEND && (event->way == SEND_SENDFILE || event->way == SEND_SPLICE);
}

/* The receiving call that waits has taken so much already. */
static uint64_t received_so_far(const struct endpoint *e, const struct event *event)
{
        return e->pending && event->kind == EVENT_RECV ? e->copied : 0;
}

static uint64_t segment_conditions(const struct endpoint *e, const struct event *event)
{
        bool data = event->kind == EVENT_DATA;
        bool fin = event->kind == EVENT_FIN;
        bool placed = event->kind == EVENT_RST || event->kind == EVENT_ICMP;

        return bit_if(data && event->at <= e->received && event->at + event->n > e->received, IF_NEW) |
               bit_if((data || fin) && event->at > e->received, IF_BEYOND) |
               bit_if(event->kind == EVENT_ACK && event->acks_fin, IF_ACKS_FIN) |
               bit_if(event->kind == EVENT_ACK && (event->at < e->acked || (e->fin_acked && !event->acks_fin)),
                      IF_OLD_ACK) |
               bit_if(placed && event->fit == RST_EXACT, IF_EXACT) |
               bit_if(placed && event->fit != RST_OUTSIDE, IF_IN_WINDOW) |
               bit_if(event->kind == EVENT_ACK && (!event->with_data || event->at > e->acked || event->acks_fin),
                      IF_BARE) |
               bit_if(data && e->fin_received && event->at <= e->received && event->at + event->n > e->received + 1,
                      IF_OVER_FIN) |
               bit_if(event->no_ack, IF_NO_ACK) |
               bit_if(event->kills_request, IF_KILLS_REQUEST) | bit_if(event->has_ack, IF_HAS_ACK);
}

static uint64_t call_conditions(const struct endpoint *e, const struct event *event)
{
        uint64_t queued = endpoint_inq(e) + received_so_far(e, event);
        bool send = event->kind == EVENT_SEND;
        bool recv = event->kind == EVENT_RECV;

        return bit_if(event->nonblock, IF_NONBLOCK) | bit_if(event->signalled, IF_SIGNALLED) |
               bit_if(e->pending && e->copied > 0, IF_COPIED) | bit_if(send && event->n == 0, IF_EMPTY) |
               bit_if(send && (e->crowded || e->written - e->acked + event->n > SURELY_FITS), IF_CROWDED) |
               bit_if(splices(event), IF_SPLICES) |
               bit_if(send && event->way == SEND_WRITEV, IF_VECTOR) |
               bit_if(recv && event->way == RECV_RECVMMSG, IF_RECVMMSG) |
               bit_if(recv && event->waitall && queued < event->n, IF_TOO_FEW) |
               bit_if(event->kind == EVENT_SHUTDOWN && event->shut_wr, IF_WRITES) |
               bit_if(event->kind == EVENT_SHUTDOWN && event->shut_rd, IF_READS) |
               bit_if(event->kind == EVENT_CLOSE && e->linger && e->linger_s > 0 && !event->exiting,
                      IF_LINGER_WAITS);
}

uint64_t endpoint_conditions(const struct endpoint *e, const struct event *event)
{
        return bit_if(e->error != 0, IF_ERROR) | bit_if(e->soft_error != 0, IF_SOFT_ERROR) |
               bit_if(e->soft_fades, IF_SOFT_FADES) |
               bit_if(e->shut_rd, IF_SHUT_RD) | bit_if(e->shut_wr, IF_SHUT_WR) | bit_if(e->done, IF_DONE) |
               bit_if(endpoint_inq(e) + received_so_far(e, event) > 0, IF_QUEUED_DATA) |
               bit_if(e->n_refs > 1, IF_OTHER_REFS) |
               bit_if(e->n_refs == 0 && !e->queued, IF_ORPHAN) | bit_if(e->repair, IF_REPAIR) |
               bit_if(e->linger && e->linger_s == 0, IF_LINGER0) | bit_if(e->linger2 < 0, IF_LINGER2_NONE) |
               bit_if(e->long_fin_wait2, IF_LONG_FIN_WAIT2) |
               bit_if(e->sent < e->written || (e->fin_queued && !e->fin_sent), IF_UNSENT) |
               bit_if(e->queue_full, IF_QUEUE_FULL) | bit_if(e->abort_on_overflow, IF_ABORT_ON_OVERFLOW) |
               bit_if(e->ipv4, IF_IPV4) | bit_if(e->recverr, IF_RECVERR) | bit_if(e->rfc1337, IF_RFC1337) |
               bit_if(e->connecting, IF_CONNECTING) | bit_if(e->was_connected, IF_WAS_CONNECTED) |
               bit_if(e->traits.keeps_orphans, IF_KEEPS_ORPHANS) |
               bit_if(e->traits.keeps_minisockets, IF_KEEPS_MINISOCKETS) |
               bit_if(e->traits.believes_any_reset_of_a_request, IF_BELIEVES_RESETS) |
               bit_if(e->traits.refuses_crossed_syn_acks, IF_REFUSES_CROSSING) |
               bit_if(e->traits.refuses_old_acks, IF_REFUSES_OLD_ACKS) | bit_if(e->queued, IF_QUEUED) |
               bit_if(e->error_queued, IF_QUEUED_MESSAGE) |
               call_conditions(e, event) | segment_conditions(e, event);
}

/* Calls are answered by the socket that the program holds; the rest by what stands behind the tuple. */
static bool asks_the_holder(enum event_kind kind)
{
        return kind >= EVENT_DESTROY;
}

static const struct rule *find(const struct endpoint *e, const struct event *event)
{
        struct rule_table table = rules_for(event->kind);
        uint64_t conditions = endpoint_conditions(e, event);

        for (size_t i = 0; i < table.n; i++) {
                const struct rule *rule = &table.rules[i];
                uint32_t holders = rule->holders ? rule->holders : BY_SOCKET;

                if (rule->on != event->kind)
                        continue;
                if (rule->states && !(rule->states & (1U << e->state)))
                        continue;
                if (asks_the_holder(event->kind) && !(holders & (1U << e->holder)))
                        continue;
                if (event->kind == EVENT_TIMER && rule->timer != TIMER_NONE && rule->timer != event->timer)
                        continue;
                if ((conditions & rule->needs) != rule->needs || (conditions & rule->lacks))
                        continue;
                return rule;
        }
        return NULL;
}

static void give(const struct endpoint *e, const struct event *event, const struct rule *rule, struct outcome *o)
{
        uint64_t queued = endpoint_inq(e) + received_so_far(e, event);

        switch (rule->gives) {
        case GIVES_NOTHING:
                o->result = RESULT_NONE;
                break;
        case GIVES_ZERO:
                o->result = RESULT_COUNT;
                break;
        case GIVES_ALL:
                o->result = RESULT_COUNT;
                o->min = o->max = event->n;
                break;
        case GIVES_QUEUED:
                o->result = RESULT_COUNT;
                o->min = o->max = queued < event->n ? queued : event->n;
                break;
        case GIVES_SOME:
        case GIVES_SOME_OR_AGAIN:
                o->result = rule->gives == GIVES_SOME ? RESULT_COUNT : RESULT_COUNT_OR_AGAIN;
                o->min = 1;
                o->max = event->n;
                break;
        case GIVES_COPIED:
                /* How much was queued before the end is the kernel's choice. */
                o->result = RESULT_COUNT;
                o->min = 1;
                o->max = event->n;
                break;
        case GIVES_ERRNO:
                o->result = RESULT_ERROR;
                o->error = rule->error;
                break;
        case GIVES_ERROR:
                o->result = RESULT_ERROR;
                o->error = e->error;
                break;
        case GIVES_ERROR_VALUE:
                o->result = RESULT_COUNT;
                o->min = o->max = (uint64_t)e->error;
                break;
        case GIVES_SOFT_VALUE_OR_ZERO:
                o->zero_too = true;
                __attribute__((fallthrough));
        case GIVES_SOFT_VALUE:
                o->result = RESULT_COUNT;
                o->min = o->max = (uint64_t)e->soft_error;
                break;
        case GIVES_BLOCK:
                o->result = RESULT_BLOCKS;
                break;
        }
        if (rule->does & SIGPIPE_IF_EPIPE) {
                int error = o->result == RESULT_ERROR ? o->error : e->error ? e->error : rule->error;

                /* The flags of sendfile() and splice() do not reach sock_sendmsg(). */
                o->sigpipe = error == EPIPE && (!event->nosignal || splices(event));
        }
}

static void append(struct endpoint *e, const struct event *event)
{
        e->received = event->at + event->n;
        if (e->disordered > 0 && e->received >= e->disordered_at) {
                if (e->disordered_at + e->disordered > e->received)
                        e->received = e->disordered_at + e->disordered;
                e->disordered = 0;
        }
}

static void acknowledge(struct endpoint *e, const struct event *event)
{
        if (event->at > e->acked && event->at <= e->sent)
                e->acked = event->at;
        if (event->acks_fin && e->fin_sent)
                e->fin_acked = true;
        if (e->written - e->acked <= SURELY_FITS)
                e->crowded = false;
}

/* tcp_disconnect(): as good as new, but for the numbers that nobody can trust any more. */
static void make_void(struct endpoint *e)
{
        e->voided = true;
        e->shut_rd = e->shut_wr = e->done = false;
        e->fin_queued = e->fin_sent = e->fin_acked = false; /* what TIME_WAIT expects next counts the peer's FIN */
        e->taken = e->received;
        e->disordered = 0;
        e->connecting = e->was_connected = false;
        e->syn_unacked = false;
}

static void change(struct endpoint *e, const struct event *event, const struct rule *rule)
{
        uint32_t does = rule->does;

        if (does & TAKE_ERROR)
                e->error = 0;
        if (does & FADE_SOFT_ERROR)
                e->soft_fades = true;
        if (does & TAKE_SOFT_ERROR)
                e->soft_error = 0;
        if (does & VOID_COUNTERS)
                make_void(e);
        if (does & SET_ERROR)
                e->error = rule->error;
        if (does & SET_TIMEOUT)
                e->error = e->soft_error ? e->soft_error : ETIMEDOUT;
        if (does & SET_ICMP)
                e->error = event->icmp_errno;
        if (does & SET_ICMP_SOFT) {
                e->soft_error = event->icmp_errno;
                e->soft_fades = false;
        }
        if (does & QUEUE_ERROR)
                e->error_queued = true;
        if (does & CLEAR_QUEUE_MESSAGE) {
                e->error_queued = false;
                e->error = 0;
        }
        if ((does & PURGE_UNSENT) && rule->next == SAME_STATE) {
                e->written = e->sent;
                e->fin_queued = e->fin_sent;
        }
        if (does & SHUT_BOTH)
                e->shut_rd = e->shut_wr = true;
        if (does & SHUT_READING)
                e->shut_rd = true;
        if (does & SHUT_ASKED) {
                e->shut_rd = e->shut_rd || event->shut_rd;
                e->shut_wr = e->shut_wr || event->shut_wr;
        }
        if (does & MARK_DONE)
                e->done = e->fin_received = true;
        if (does & APPEND_DATA)
                append(e, event);
        if (does & HOLD_DATA) {
                e->disordered = event->n;
                e->disordered_at = event->at;
        }
        if (does & ACKNOWLEDGE)
                acknowledge(e, event);
        if (rule->emits == EMIT_FIN)
                e->fin_queued = true;
        if (does & DROP_REF)
                e->n_refs--;
        if (does & ORPHANED)
                e->n_refs = 0;
        if (does & HOLD_FIN) {
                e->disordered_fin = true;
                e->disordered_fin_at = event->at;
        }
        if (does & BECOME_CHILD) {
                e->queued = true;
                e->was_connected = false;
                e->n_refs = 0;
        }
        if (does & ADD_REF) {
                e->n_refs++;
                e->queued = false;
                e->was_connected = true;
        }
        if (does & UNCONNECT) {
                e->connecting = e->was_connected = false;
                e->shut_rd = e->shut_wr = false;
                e->syn_unacked = false;
                e->voided = true;
        }
        if ((does & CONNECTING) && rule->next == TCP_STATE_SYN_SENT) { /* a new connection counts from nothing */
                e->written = e->sent = e->acked = e->received = e->taken = 0;
                e->crowded = e->fin_received = false;
        }
        if (does & CONNECTING) {
                e->connecting = event->kind == EVENT_CONNECT && rule->next == TCP_STATE_SYN_SENT;
                e->was_connected = !e->connecting;
                e->voided = false;
                e->syn_unacked = e->connecting;
        }
        if (rule->next == TCP_STATE_ESTABLISHED)
                e->syn_unacked = false;
        if (rule->next != SAME_STATE) {
                e->state = rule->next;
                e->holder = rule->next == TCP_STATE_CLOSE ? HOLDER_NOBODY : HOLDER_SOCKET;
        }
        if (rule->moves_holder)
                e->holder = rule->leaves;
}

/* What the call has really moved. */
static void move_bytes(struct endpoint *e, const struct event *event, const struct outcome *o)
{
        uint64_t n = o->max;

        if (o->result != RESULT_COUNT && o->result != RESULT_COUNT_OR_AGAIN)
                return;
        if (o->min != o->max || o->result == RESULT_COUNT_OR_AGAIN) {
                if (event->observed < 0)
                        return;
                n = (uint64_t)event->observed < o->max ? (uint64_t)event->observed : o->max;
        }
        if (event->kind == EVENT_SEND) {
                e->written += n;
                if (e->written - e->acked > SURELY_FITS)
                        e->crowded = true;
        } else if (event->kind == EVENT_RECV && !event->peek) {
                e->taken += n - received_so_far(e, event);
        }
}

/* What a call that waits does meanwhile. */
static void wait_on(struct endpoint *e)
{
        /* A send that waits for room has filled what room there was. */
        if (e->call.kind == EVENT_SEND && !((1U << e->state) & HANDSHAKE)) {
                e->copied = 1;
                e->crowded = true;
        }
        /* MSG_WAITALL takes what comes, as it comes. */
        if (e->call.kind == EVENT_RECV && e->call.waitall && !e->call.peek) {
                e->copied += endpoint_inq(e);
                e->taken += endpoint_inq(e);
        }
}

void endpoint_step(struct endpoint *e, const struct event *event, struct outcome *ret_outcome)
{
        const struct rule *rule = find(e, event);
        struct outcome o = { .rule = rule };

        if (!rule) { /* The tables answer every event; a gap would be a defect of theirs. */
                static const struct rule none = { .name = "no-rule", .at = "?", .why = "the model has no rule" };
                o.rule = &none;
                *ret_outcome = o;
                return;
        }
        give(e, event, rule, &o);
        o.emission = rule->emits;
        change(e, event, rule);
        move_bytes(e, event, &o);
        if (o.result == RESULT_BLOCKS) {
                e->pending = true;
                e->call = *event;
                e->copied = 0;
                wait_on(e);
        }
        *ret_outcome = o;
}

bool endpoint_resume(struct endpoint *e, const struct event *interruption, struct outcome *ret_outcome)
{
        struct endpoint next = *e;
        struct event call = e->call;
        struct outcome o;

        if (!e->pending)
                return false;
        if (interruption) {
                call.signalled = interruption->signalled;
                call.observed = interruption->observed;
        }
        endpoint_step(&next, &call, &o);
        if (o.result == RESULT_BLOCKS) {
                wait_on(e);
                return false;
        }
        next.pending = false;
        *e = next;
        *ret_outcome = o;
        return true;
}
