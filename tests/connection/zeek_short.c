/* Random segments: Zeek's short ways for what nearly every segment is make the very struct zeek that the
 * long one makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "connection/zeek_internal.h"
#include "connection/zeek_plain.h"
#include "dice.h"

enum {
        ROUNDS = 4000,
        SEGMENTS = 300,
};

struct talk {
        uint32_t next[2], acked[2];     /* by sender */
        uint32_t most, snaplen;
        unsigned odd;
        bool midstream;
};

static void make_odd(struct segment *s)
{
        switch (below(12)) {
        case 0: s->seq -= 1 + below(3000); break;
        case 1: s->seq += 1 + below(3000); break;
        case 2: s->ack += below(3000); break;
        case 3: s->ack -= below(3000); break;
        case 4: s->window = 0; break;
        case 5: s->ack = 0; break;
        case 6: s->flags ^= (uint16_t)(below(8) == 0 ? 1u << below(6) : 0); break;
        case 7: s->ack += below(UINT32_MAX); break;
        case 8: s->seq += below(UINT32_MAX); break;
        case 9: s->n_captured = s->n_payload; break;
        case 10: s->n_payload += below(6) == 0 ? below(12000000) : 0; break;
        default: s->n_captured = below(s->n_captured + 1); break;
        }
}

static void talk(struct talk *t, unsigned i, struct segment *s, unsigned *ret_sender)
{
        unsigned who = i < 3 && !t->midstream ? i & 1 : below(2);

        memset(s, 0, sizeof(*s));
        s->source_port = who ? 80 : 50000;
        s->destination_port = who ? 50000 : 80;
        s->flags = SEGMENT_ACK;
        s->window = 100;
        s->seq = t->next[who];
        s->ack = t->acked[!who] + below(t->next[!who] - t->acked[!who] + 1);
        if (below(3))
                s->ack = below(2) ? t->next[!who] : t->acked[!who];
        if (i < 2 && !t->midstream)
                s->flags = i ? SEGMENT_SYN | SEGMENT_ACK : SEGMENT_SYN;
        else if (i != 2 && below(2))
                s->n_payload = 1 + below(t->most);
        s->n_captured = s->n_payload < t->snaplen ? s->n_payload : t->snaplen;
        if (below(1000) == 0)
                s->flags |= SEGMENT_FIN;
        if (below(t->odd) == 0)
                make_odd(s);
        if (s->flags & SEGMENT_ACK && (int32_t)(s->ack - t->acked[!who]) > 0 && (int32_t)(t->next[!who] - s->ack) >= 0)
                t->acked[!who] = s->ack;
        if (s->seq == t->next[who])
                t->next[who] += segment_length(s);
        *ret_sender = who;
}

static void the_short_ways_make_what_the_long_one_makes(void **state)
{
        unsigned n_plain = 0;

        (void)state;
        for (unsigned round = 0; round < ROUNDS; round++) {
                struct talk t = { .next = { below(UINT32_MAX), below(UINT32_MAX) }, .midstream = below(3) == 0,
                                  .most = below(3) ? 1460 : 10000000, .odd = 3 + below(200),
                                  .snaplen = below(3) ? 20 + below(300) : UINT32_MAX };
                struct zeek short_way = {}, long_way = {};

                t.acked[0] = t.next[0];
                t.acked[1] = t.next[1];
                for (unsigned i = 0; i < SEGMENTS; i++) {
                        struct segment s;
                        unsigned sender;

                        talk(&t, i, &s, &sender);
                        if (zeek_plain(&short_way, sender, &s))
                                n_plain++;
                        else
                                zeek_take(&short_way, sender, &s);
                        zeek_take_any(&long_way, sender, &s);
                        assert_memory_equal(&short_way, &long_way, sizeof(long_way));
                }
        }
        assert_true(n_plain > ROUNDS * SEGMENTS / 8);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_short_ways_make_what_the_long_one_makes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
