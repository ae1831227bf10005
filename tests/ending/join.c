/* Which connections of two captures belong together, how far their clocks are apart, and whose word counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/socket.h>

#include "ending/join.h"

#define SECOND INT64_C(1000000000)

/* A connection with both of its beginnings. */
static struct join_key key(uint16_t client_port, uint32_t client_isn, uint32_t server_isn)
{
        return (struct join_key){
                .family = AF_INET, .address = { { 10, 0, 0, 2 }, { 198, 51, 100, 7 } }, .port = { client_port, 80 },
                .isn_known = { true, true }, .isn = { client_isn, server_isn },
                .first_seq = { client_isn + 1, server_isn + 1 }, .first_seq_known = { true, true }, .bytes = { 10, 20 },
        };
}

/* The same behind a NAT. */
static struct join_key translated(struct join_key k)
{
        static const uint8_t nat[4] = { 192, 0, 2, 1 };

        memcpy(k.address[SIDE_CLIENT], nat, sizeof(nat));
        k.port[SIDE_CLIENT] = (uint16_t)(k.port[SIDE_CLIENT] + 1000);
        return k;
}

static struct join_key midstream(struct join_key k, uint32_t skipped)
{
        k.isn_known[SIDE_CLIENT] = k.isn_known[SIDE_SERVER] = false;
        k.first_seq[SIDE_CLIENT] += skipped;
        k.first_seq[SIDE_SERVER] += skipped;
        return k;
}

static size_t pair_of(const struct join_key *client, const struct join_key *server)
{
        size_t pair = 7;

        assert_int_equal(join_pair(client, 1, server, 1, &pair), 0);
        return pair;
}

static void initial_numbers_join_through_a_nat(void **state)
{
        struct join_key client[3] = { key(1, 100, 200), key(2, 300, 400), key(3, 500, 600) };
        struct join_key server[3] = { translated(client[2]), translated(client[0]), translated(client[1]) };
        size_t pair[3];
        (void)state;

        assert_int_equal(join_pair(client, 3, server, 3, pair), 0);
        assert_int_equal(pair[0], 1);
        assert_int_equal(pair[1], 2);
        assert_int_equal(pair[2], 0);
}

static void one_number_needs_the_same_server(void **state)
{
        struct join_key a = key(1, 100, 200), b = translated(a);
        (void)state;

        b.isn_known[SIDE_SERVER] = false;
        assert_int_equal(pair_of(&a, &b), 0);
        b.port[SIDE_SERVER] = 8080;
        assert_int_equal(pair_of(&a, &b), 0);           /* the address is the same still */
        b.address[SIDE_SERVER][3] = 9;
        assert_int_equal(pair_of(&a, &b), JOIN_NONE);
}

static void numbers_that_contradict_each_other_do_not_join_through_a_nat(void **state)
{
        struct join_key a = key(1, 100, 200), b = translated(key(1, 100, 201));
        (void)state;

        assert_int_equal(pair_of(&a, &b), JOIN_NONE);
}

static void addresses_join_where_a_device_changed_the_numbers(void **state)
{
        struct join_key a = key(1, 100, 200), b = key(1, 5100, 9200);
        struct join_shift shifts[2];
        (void)state;

        assert_int_equal(pair_of(&a, &b), 0);
        join_shifts(&a, &b, shifts);
        assert_true(shifts[SIDE_CLIENT].known);
        assert_int_equal(shifts[SIDE_CLIENT].shift, 0);
        /* Two of them at one end: it is not known which is meant. */
        struct join_key twice[2] = { b, b };
        size_t pair;

        assert_int_equal(join_pair(&a, 1, twice, 2, &pair), 0);
        assert_int_equal(pair, JOIN_NONE);
}

static void what_was_under_way_joins_where_its_numbers_overlap(void **state)
{
        struct join_key a = midstream(key(1, 100, 200), 0), b = translated(midstream(key(1, 100, 200), 5));
        struct join_shift shifts[2];
        (void)state;

        assert_int_equal(pair_of(&a, &b), 0);
        join_shifts(&a, &b, shifts);
        assert_true(shifts[SIDE_CLIENT].known);
        assert_int_equal(shifts[SIDE_CLIENT].shift, 5);
        b = translated(midstream(key(1, 100, 200), 11));        /* beyond the client's 10 bytes */
        assert_int_equal(pair_of(&a, &b), JOIN_NONE);
}

static void nothing_joins_with_nothing(void **state)
{
        struct join_key a = key(1, 100, 200);
        size_t pair = 7;
        (void)state;

        assert_int_equal(join_pair(NULL, 0, NULL, 0, &pair), 0);
        assert_int_equal(join_pair(&a, 1, NULL, 0, &pair), 0);
        assert_int_equal(pair, JOIN_NONE);
}

#define SEEN(fact, what) ((fact).how = HOW_SEEN, (fact).value = (what))

/* A handshake as it is seen at one end: the SYN and the SYN-ACK at these times. */
static struct facts handshake(int64_t syn, int64_t syn_ack)
{
        struct facts f;

        facts_init(&f, SOURCE_CAPTURE);
        SEEN(f.first, syn);
        SEEN(f.syns, 1);
        SEEN(f.syn_acks, 1);
        SEEN(f.last_syn_ack, syn_ack);
        SEEN(f.last, syn_ack + SECOND);
        f.seen.until = syn_ack + 100 * SECOND;
        SEEN(f.from[SIDE_CLIENT].packets, 2);
        SEEN(f.from[SIDE_SERVER].packets, 1);
        return f;
}

static void the_fastest_segments_tell_the_offset(void **state)
{
        struct join_clock clock = { 0 };
        int64_t offset, slack;
        struct facts c, s;
        (void)state;

        assert_false(join_clock_read(&clock, &offset, &slack));
        /* The server's clock is 1000 ahead. There 30, back 50; then there 70, back 10. */
        c = handshake(0, 90);
        s = handshake(1030, 1040);
        join_clock_add(&clock, &c, &s);
        assert_true(join_clock_read(&clock, &offset, &slack));
        assert_int_equal(offset, 990);
        assert_int_equal(slack, 40);
        c = handshake(500, 590);
        s = handshake(1570, 1580);
        join_clock_add(&clock, &c, &s);
        assert_true(join_clock_read(&clock, &offset, &slack));
        assert_int_equal(offset, 1010);
        assert_int_equal(slack, 20);
        /* What has holes would make time run backwards. */
        c = handshake(5000, 5090);
        s = handshake(5030, 5040);
        c.seen.gaps = true;
        join_clock_add(&clock, &c, &s);
        assert_true(join_clock_read(&clock, &offset, &slack));
        assert_int_equal(offset, 1010);
}

static const struct join_shift same[2] = { { true, 0 }, { true, 0 } };
static const struct join_captures ahead_1000 = { .offset_ns = 1000, .doubt_ns = 20 };

/* Client and server saw the same, but for a RST in the server's name. */
static struct facts with_reset(struct facts f, enum side by, int64_t at)
{
        struct facts_of_reset *r = &f.resets[f.n_resets++];

        f.n_resets_in_all++;
        SEEN(r->by, by);
        SEEN(r->at, at);
        SEEN(r->frame, 9);
        SEEN(r->repeats, 0);
        SEEN(r->has_ack, true);
        SEEN(r->window, 100);
        SEEN(r->position, 20);
        SEEN(r->obeyed, true);
        return f;
}

static void a_reset_of_both_captures_was_sent(void **state)
{
        struct facts c = with_reset(handshake(0, 90), SIDE_SERVER, 900), f;
        struct facts s = with_reset(handshake(1030, 1040), SIDE_SERVER, 1800);
        (void)state;

        join_facts(&c, &s, &ahead_1000, same, false, &f);
        assert_int_equal(f.n_resets, 1);
        assert_int_equal(f.n_resets_in_all, 1);
        assert_int_equal(f.resets[0].at.value, 800);    /* when it was sent */
        assert_int_equal(f.resets[0].frame.value, 9);
        assert_false(fact_known(f.resets[0].not_sent.how));
        assert_false(fact_known(f.resets[0].not_arrived.how));
        assert_true(f.seen.both_ends);
        assert_true(fact_is_not(f.translated));
}

static void a_reset_that_its_sender_s_capture_lacks_was_not_sent(void **state)
{
        struct facts c = with_reset(handshake(0, 90), SIDE_SERVER, 900), s = handshake(1030, 1040), f;
        (void)state;

        join_facts(&c, &s, &ahead_1000, same, false, &f);
        assert_true(fact_is(f.resets[0].not_sent));
        /* Unless that capture has holes, … */
        s.seen.gaps = true;
        join_facts(&c, &s, &ahead_1000, same, false, &f);
        assert_false(fact_known(f.resets[0].not_sent.how));
        /* … had ended, … */
        s.seen.gaps = false;
        s.seen.until = 1850;
        join_facts(&c, &s, &ahead_1000, same, false, &f);
        assert_false(fact_known(f.resets[0].not_sent.how));
        /* … or holds another one that may be meant. */
        s = with_reset(handshake(1030, 1040), SIDE_SERVER, 1800);
        s.resets[0].position.value = 21;
        join_facts(&c, &s, &ahead_1000, same, false, &f);
        assert_int_equal(f.n_resets, 2);
        assert_false(fact_known(f.resets[0].not_sent.how));
        assert_false(fact_known(f.resets[1].not_arrived.how));
}

static void a_reset_that_its_receiver_s_capture_lacks_did_not_arrive(void **state)
{
        struct facts c = handshake(0, 90), s = with_reset(handshake(1030, 1040), SIDE_SERVER, 1800), f;
        (void)state;

        join_facts(&c, &s, &ahead_1000, same, false, &f);
        assert_true(fact_is(f.resets[0].not_arrived));
        assert_int_equal(f.resets[0].at.value, 800);
        assert_false(fact_known(f.resets[0].frame.how));        /* the client's capture has no such frame */
        assert_false(fact_known(f.resets[0].obeyed.how));
}

static void each_end_is_believed_of_what_it_sent_and_received(void **state)
{
        struct facts c = handshake(0, 90), s = handshake(1030, 1040), f;
        struct join_shift ahead[2] = { { true, 40 }, { false, 0 } };
        (void)state;

        SEEN(c.from[SIDE_CLIENT].bytes, 100);
        SEEN(c.from[SIDE_CLIENT].acked, 70);
        SEEN(c.from[SIDE_CLIENT].missing, 0);
        SEEN(s.from[SIDE_CLIENT].bytes, 80);
        SEEN(s.from[SIDE_CLIENT].acked, 80);
        SEEN(s.from[SIDE_CLIENT].missing, 0);
        join_facts(&c, &s, &ahead_1000, same, true, &f);
        assert_int_equal(f.from[SIDE_CLIENT].bytes.value, 100);
        assert_int_equal(f.from[SIDE_CLIENT].acked.value, 80);
        assert_int_equal(f.from[SIDE_CLIENT].arrived.value, 80);
        assert_true(fact_is(f.translated));
        /* The server's capture began 40 bytes later. */
        join_facts(&c, &s, &ahead_1000, ahead, true, &f);
        assert_int_equal(f.from[SIDE_CLIENT].arrived.value, 120);
        /* It ended before the client's last word: what came later is not known. */
        s.seen.until = 1050;
        join_facts(&c, &s, &ahead_1000, same, true, &f);
        assert_false(fact_known(f.from[SIDE_CLIENT].arrived.how));
}

static void no_bytes_are_no_bytes_wherever_one_counts_from(void **state)
{
        struct facts c = handshake(0, 90), s = handshake(1030, 1040), f;
        struct join_shift unknown[2] = { 0 };
        (void)state;

        SEEN(s.from[SIDE_SERVER].bytes, 0);
        SEEN(s.from[SIDE_CLIENT].acked, 5);
        join_facts(&c, &s, &ahead_1000, unknown, false, &f);
        assert_true(fact_known(f.from[SIDE_SERVER].bytes.how));
        assert_int_equal(f.from[SIDE_SERVER].bytes.value, 0);
        assert_false(fact_known(f.from[SIDE_CLIENT].acked.how));
}

static void fins_cross_if_neither_had_come(void **state)
{
        struct facts c = handshake(0, 90), s = handshake(1030, 1040), f;
        (void)state;

        SEEN(c.from[SIDE_CLIENT].fin_at, 500);
        SEEN(c.from[SIDE_SERVER].fin_at, 560);
        SEEN(s.from[SIDE_SERVER].fin_at, 1520);
        SEEN(s.from[SIDE_CLIENT].fin_at, 1540);
        join_facts(&c, &s, &ahead_1000, same, false, &f);
        assert_true(fact_is(f.crossed));
        /* The server had the client's before it sent its own. */
        s.from[SIDE_CLIENT].fin_at.value = 1510;
        join_facts(&c, &s, &ahead_1000, same, false, &f);
        assert_true(fact_is_not(f.crossed));
        /* Where one holds both FINs, and cannot tell, stamps are no better. */
        SEEN(s.from[SIDE_CLIENT].fin, true);
        SEEN(s.from[SIDE_SERVER].fin, true);
        join_facts(&c, &s, &ahead_1000, same, false, &f);
        assert_false(fact_known(f.crossed.how));
        /* What it acknowledges shows that its kernel had not taken it in yet. */
        SEEN(s.crossed, true);
        join_facts(&c, &s, &ahead_1000, same, false, &f);
        assert_true(fact_is(f.crossed));
}

/* Each FIN was lost on its way: what came is its repeat, and knows of the other. */
static void fins_that_were_lost_crossed_if_their_first_copies_did(void **state)
{
        struct facts c = handshake(0, 90), s = handshake(1030, 1040), f;
        (void)state;

        SEEN(c.crossed, false);
        SEEN(c.first_fin, SIDE_CLIENT);
        SEEN(s.crossed, false);
        SEEN(s.first_fin, SIDE_SERVER);
        join_facts(&c, &s, &ahead_1000, same, false, &f);
        assert_true(fact_is(f.crossed));
        s.first_fin.value = SIDE_CLIENT;
        join_facts(&c, &s, &ahead_1000, same, false, &f);
        assert_true(fact_is_not(f.crossed));
        assert_int_equal(f.first_fin.value, SIDE_CLIENT);
        /* That each had come before the other was sent cannot be. */
        c.first_fin.value = SIDE_SERVER;
        join_facts(&c, &s, &ahead_1000, same, false, &f);
        assert_false(fact_known(f.crossed.how));
}

/* What the client sent before its reset came behind it: only its own capture says whether it talked on. */
static void who_sent_a_reset_is_timed_and_heard_at_the_own_end(void **state)
{
        struct facts c = with_reset(handshake(0, 90), SIDE_CLIENT, 800);
        struct facts s = with_reset(handshake(1030, 1040), SIDE_CLIENT, 1900), f;
        (void)state;

        SEEN(c.end[SIDE_CLIENT].went_on, false);
        SEEN(c.resets[0].went_on, false);
        SEEN(s.end[SIDE_CLIENT].went_on, true);
        SEEN(s.resets[0].went_on, true);
        SEEN(c.end[SIDE_CLIENT].answers_in, 10);
        SEEN(s.end[SIDE_CLIENT].answers_in, 1000);
        join_facts(&c, &s, &ahead_1000, same, false, &f);
        assert_int_equal(f.n_resets, 1);
        assert_true(fact_is_not(f.resets[0].went_on));
        assert_true(fact_is_not(f.end[SIDE_CLIENT].went_on));
        assert_int_equal(f.end[SIDE_CLIENT].answers_in.value, 10);
        /* Of more than are kept it is not known which was meant. */
        s.n_resets_in_all = 2;
        join_facts(&c, &s, &ahead_1000, same, false, &f);
        assert_true(fact_is(f.end[SIDE_CLIENT].went_on));
        /* Of one that the own capture does not hold, the other's tells. */
        s.n_resets_in_all = 1;
        c.n_resets = c.n_resets_in_all = 0;
        join_facts(&c, &s, &ahead_1000, same, false, &f);
        assert_true(fact_is(f.resets[0].went_on));
        assert_true(fact_is(f.end[SIDE_CLIENT].went_on));
        assert_int_equal(f.end[SIDE_CLIENT].answers_in.value, 1000);
}

static void a_capture_that_loses_frames_or_had_just_stopped_proves_no_forgery(void **state)
{
        struct facts c = with_reset(handshake(0, 90), SIDE_SERVER, 900), s = handshake(1030, 1040), f;
        struct join_captures captures = ahead_1000;
        (void)state;

        captures.lossy[SIDE_SERVER] = true;
        join_facts(&c, &s, &captures, same, false, &f);
        assert_int_equal(f.n_resets, 1);
        assert_false(fact_known(f.resets[0].not_sent.how));
        captures.lossy[SIDE_SERVER] = false;
        s.seen.until = 1910;
        join_facts(&c, &s, &captures, same, false, &f);
        assert_false(fact_known(f.resets[0].not_sent.how));
        s.seen.until = 1920;
        join_facts(&c, &s, &captures, same, false, &f);
        assert_true(fact_is(f.resets[0].not_sent));
        /* One that began in the middle may have begun just behind it. */
        s.first.value = 1890;
        join_facts(&c, &s, &captures, same, false, &f);
        assert_true(fact_is(f.resets[0].not_sent));
        s.seen.midstream = true;
        join_facts(&c, &s, &captures, same, false, &f);
        assert_false(fact_known(f.resets[0].not_sent.how));
        s.seen.midstream = false;
        /* The less is known of the clocks, and the longer segments are under way, the more has to be seen. */
        assert_true(join_doubt(0) > 0);
        assert_true(join_doubt(-SECOND) >= join_doubt(0) + 2 * SECOND);
        assert_int_equal(join_doubt(SECOND), join_doubt(-SECOND));
        assert_true(join_doubt(INT64_MIN) > join_doubt(SECOND));
}

static void the_end_whose_capture_goes_on_tells_alone(void **state)
{
        struct facts c = handshake(0, 90), s = handshake(1030, 1040);
        struct join_captures captures = ahead_1000;
        (void)state;

        SEEN(c.from[SIDE_CLIENT].bytes, 0);
        SEEN(s.from[SIDE_CLIENT].bytes, 100);
        c.seen.until = s.last.value - 1000 - 1;
        assert_int_equal(join_alone(&c, &s, &captures, same), SIDE_SERVER);
        /* The client's capture goes on, and still it holds less: somebody else sent what came. */
        c.seen.until = s.last.value - 1000 + 20;
        assert_int_equal(join_alone(&c, &s, &captures, same), SIDE_UNKNOWN);
        captures.lossy[SIDE_CLIENT] = true;
        assert_int_equal(join_alone(&c, &s, &captures, same), SIDE_SERVER);
        SEEN(c.from[SIDE_CLIENT].bytes, 100);
        assert_int_equal(join_alone(&c, &s, &captures, same), SIDE_UNKNOWN);
        /* A FIN of the server's that only the client's capture holds. */
        SEEN(c.from[SIDE_SERVER].fin, true);
        SEEN(s.from[SIDE_SERVER].fin, false);
        s.seen.until = 1500;
        assert_int_equal(join_alone(&c, &s, &captures, same), SIDE_CLIENT);
}

static void a_capture_that_began_late_knows_nothing_of_what_was_acknowledged_before(void **state)
{
        struct facts c = handshake(0, 90), s = handshake(1030, 1040), f;
        struct join_shift ahead[2] = { { true, 800 }, { true, 0 } };
        (void)state;

        SEEN(c.from[SIDE_CLIENT].bytes, 1500);
        SEEN(c.from[SIDE_CLIENT].acked, 700);
        SEEN(s.from[SIDE_CLIENT].bytes, 700);
        SEEN(s.from[SIDE_CLIENT].acked, 0);
        join_facts(&c, &s, &ahead_1000, ahead, false, &f);
        assert_int_equal(f.from[SIDE_CLIENT].acked.value, 700);
}

static void what_must_have_been_there_and_is_missing_shows_that_a_capture_loses_frames(void **state)
{
        struct facts f = handshake(0, 90);
        struct facts_of_direction *from = &f.from[SIDE_CLIENT];
        (void)state;

        f.seen.sides = SIDES_SEEN_BOTH;
        SEEN(from->bytes, 100);
        SEEN(from->acked, 40);
        SEEN(from->missing, 0);
        assert_false(join_shows_loss(&f, SIDE_CLIENT));
        /* What the client sent its own capture holds; on the way to the server it may be lost, … */
        from->missing.value = 60;
        assert_true(join_shows_loss(&f, SIDE_CLIENT));
        assert_false(join_shows_loss(&f, SIDE_SERVER));
        /* … unless the server acknowledged it. */
        from->acked.value = 41;
        assert_true(join_shows_loss(&f, SIDE_SERVER));
        /* Of an end that is not heard at all it may be the way that its segments take. */
        f.seen.sides = SIDES_SEEN_CLIENT;
        assert_false(join_shows_loss(&f, SIDE_SERVER));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(initial_numbers_join_through_a_nat),
                cmocka_unit_test(one_number_needs_the_same_server),
                cmocka_unit_test(numbers_that_contradict_each_other_do_not_join_through_a_nat),
                cmocka_unit_test(addresses_join_where_a_device_changed_the_numbers),
                cmocka_unit_test(what_was_under_way_joins_where_its_numbers_overlap),
                cmocka_unit_test(nothing_joins_with_nothing),
                cmocka_unit_test(the_fastest_segments_tell_the_offset),
                cmocka_unit_test(a_reset_of_both_captures_was_sent),
                cmocka_unit_test(a_reset_that_its_sender_s_capture_lacks_was_not_sent),
                cmocka_unit_test(a_reset_that_its_receiver_s_capture_lacks_did_not_arrive),
                cmocka_unit_test(each_end_is_believed_of_what_it_sent_and_received),
                cmocka_unit_test(no_bytes_are_no_bytes_wherever_one_counts_from),
                cmocka_unit_test(fins_cross_if_neither_had_come),
                cmocka_unit_test(fins_that_were_lost_crossed_if_their_first_copies_did),
                cmocka_unit_test(who_sent_a_reset_is_timed_and_heard_at_the_own_end),
                cmocka_unit_test(a_capture_that_loses_frames_or_had_just_stopped_proves_no_forgery),
                cmocka_unit_test(the_end_whose_capture_goes_on_tells_alone),
                cmocka_unit_test(a_capture_that_began_late_knows_nothing_of_what_was_acknowledged_before),
                cmocka_unit_test(what_must_have_been_there_and_is_missing_shows_that_a_capture_loses_frames),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
