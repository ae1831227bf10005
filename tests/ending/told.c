/* What is said of the next calls, held against the model of Linux's sockets: every state that a record can tell of is
 * made in the model by events, and both are asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "endpoint/endpoint.h"
#include "ending/judge.h"

#define KNOW(fact, what) ((fact).how = HOW_SEEN, (fact).value = (what))

enum step { END, PEER_FIN, OWN_SHUT, OWN_FIN_ACKED, PEER_RST, GIVES_UP };

static struct told told_of(const struct outcome *o, bool sending)
{
        if (o->result == RESULT_ERROR && o->error != EAGAIN)
                return (struct told){ .kind = TOLD_ERROR, .error = o->error, .sigpipe = o->sigpipe };
        if (o->result == RESULT_ERROR || o->result == RESULT_BLOCKS)
                return (struct told){ .kind = TOLD_WAITS };
        return sending ? (struct told){ .kind = TOLD_SENT } : (struct told){ .kind = TOLD_BYTES, .bytes = o->max };
}

static void assert_same(struct endpoint e, bool sending, const struct told *list, size_t n)
{
        struct event event = { .kind = sending ? EVENT_SEND : EVENT_RECV, .n = 10, .nonblock = true, .observed = -1 };

        assert_true(n > 0);
        /* The last item repeats: asked twice more, the model must say the same. */
        for (size_t i = 0; i < n + 2; i++) {
                const struct told *said = &list[i < n ? i : n - 1];
                struct outcome o;
                struct told wanted;

                endpoint_step(&e, &event, &o);
                wanted = told_of(&o, sending);
                assert_int_equal(said->kind, wanted.kind);
                assert_int_equal(said->error, wanted.error);
                assert_int_equal(said->sigpipe, wanted.sigpipe);
                assert_int_equal(said->bytes, wanted.bytes);
        }
}

/* The same in facts of a capture, seen from the client. */
static void facts_of(const enum step *steps, struct facts *f)
{
        int64_t now = INT64_C(1000000000);

        facts_init(f, SOURCE_CAPTURE);
        f->seen.sides = SIDES_SEEN_BOTH;
        f->seen.roles = ROLES_SYN;
        f->seen.until = now * 1000;
        KNOW(f->established, true);
        KNOW(f->late_syn_acks, 0);
        KNOW(f->both_acked, false);
        KNOW(f->end[SIDE_CLIENT].os, OS_LINUX);
        for (int side = 0; side < 2; side++) {
                KNOW(f->from[side].packets, 5);
                KNOW(f->from[side].payloads, 0);
                KNOW(f->from[side].bytes, 0);
                KNOW(f->from[side].acked, 0);
                KNOW(f->from[side].fin, false);
                KNOW(f->end[side].repeats_unanswered, 0);
                KNOW(f->end[side].keepalives_unanswered, 0);
                KNOW(f->end[side].probes_unanswered, 0);
        }
        for (; *steps != END; steps++, now += 1000) {
                enum side who = *steps == PEER_FIN ? SIDE_SERVER : SIDE_CLIENT;
                struct facts_of_reset *reset = &f->resets[0];

                if (*steps == PEER_FIN || *steps == OWN_SHUT) {
                        KNOW(f->from[who].fin, true);
                        KNOW(f->from[who].fin_at, now);
                        KNOW(f->from[who].fin_acked, *steps == PEER_FIN);
                        KNOW(f->from[who].fin_repeats, 0);
                        KNOW(f->end[who].unanswered_last, now);
                        f->seen.until = now;
                } else if (*steps == OWN_FIN_ACKED) {
                        KNOW(f->from[SIDE_CLIENT].fin_acked, true);
                        KNOW(f->both_acked, fact_is(f->from[SIDE_SERVER].fin));
                } else if (*steps == PEER_RST) {
                        f->n_resets = f->n_resets_in_all = 1;
                        KNOW(reset->by, SIDE_SERVER);
                        KNOW(reset->at, now);
                        KNOW(reset->has_ack, true);
                        KNOW(reset->window, 500);
                        KNOW(reset->validity, RESET_VALIDITY_EXACT);
                        KNOW(reset->obeyed, true);
                        KNOW(reset->after_both_acked, false);
                } else {
                        KNOW(f->end[SIDE_CLIENT].gave_up, true);
                        KNOW(f->end[SIDE_CLIENT].error_set, ETIMEDOUT);
                        KNOW(f->end[SIDE_CLIENT].error_taken, false);
                }
        }
}

static void model_of(const enum step *steps, struct endpoint *e)
{
        struct outcome o;

        endpoint_init_connected(e);
        for (; *steps != END; steps++) {
                struct event event = { .observed = -1 };

                switch (*steps) {
                case PEER_FIN: event.kind = EVENT_FIN; break;
                case OWN_SHUT: event.kind = EVENT_SHUTDOWN; event.shut_wr = true; break;
                case OWN_FIN_ACKED: event.kind = EVENT_ACK; event.acks_fin = true; break;
                case PEER_RST: event.kind = EVENT_RST; event.fit = RST_EXACT; event.has_ack = true; break;
                case GIVES_UP: event.kind = EVENT_TIMER; event.timer = TIMER_KEEPALIVE; break;
                case END:
                default: break;
                }
                endpoint_step(e, &event, &o);
        }
}

static void the_next_calls_are_those_of_the_model(void **state)
{
        static const enum step stories[][5] = {
                { END }, { PEER_FIN, END }, { OWN_SHUT, END }, { OWN_SHUT, OWN_FIN_ACKED, END },
                { PEER_FIN, OWN_SHUT, OWN_FIN_ACKED, END }, { OWN_SHUT, OWN_FIN_ACKED, PEER_FIN, END },
                { PEER_RST, END }, { PEER_FIN, PEER_RST, END }, { OWN_SHUT, PEER_RST, END },
                { OWN_SHUT, OWN_FIN_ACKED, PEER_RST, END }, { PEER_FIN, OWN_SHUT, PEER_RST, END },
                { OWN_SHUT, PEER_FIN, PEER_RST, END }, { GIVES_UP, END }, { PEER_FIN, GIVES_UP, END },
                { OWN_SHUT, OWN_FIN_ACKED, GIVES_UP, END },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(stories) / sizeof(*stories); i++) {
                struct endpoint e;
                struct record r;
                struct facts f;

                facts_of(stories[i], &f);
                model_of(stories[i], &e);
                record_init(&r, SOURCE_CAPTURE, "1.1");
                judge(&f, &r, NULL);
                if (!r.client_next.known)
                        fail_msg("story %zu: nothing is said (%s)", i, ending_name(r.ending));
                assert_same(e, false, r.client_next.if_recv, r.client_next.n_if_recv);
                assert_same(e, true, r.client_next.if_send, r.client_next.n_if_send);
                assert_false(r.server_next.known);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_next_calls_are_those_of_the_model),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
