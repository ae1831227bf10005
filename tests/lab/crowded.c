/* Tests of src/lab/counter.c, and of what the lab makes of a host that keeps no more closed sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "inside.h"
#include "lab/counter.h"
#include "lab/play.h"
#include "lab/rights.h"

static const struct scenario closing = {
        .name = "closing", .acts = "c.send10,s.recv10,c.close,s.recv10,s.close", .ending = ENDING_ORDERLY,
};

/* As for somebody without a namespace of his own; the one that this test is in is the host's to him. */
static void play(struct play *ret_play)
{
        struct sniffer *sniffer = NULL;
        struct stage_rights rights;

        rights_take(false, &rights, &sniffer);
        rights.own_namespace = false;
        play_run(&closing, AF_INET, &rights, sniffer, ret_play);
        play_end(ret_play);
        sniffer_close(sniffer);
}

static void a_counter_is_found_by_its_name(void **state)
{
        uint64_t before, after, kept = 7;
        struct play p;
        (void)state;

        assert_int_equal(counter_read("TCPNoSuchThing", &kept), -ENOENT);
        assert_int_equal(kept, 7);
        need_namespace();
        assert_int_equal(counter_read("TCPPureAcks", &before), 0);
        play(&p);
        assert_int_equal(counter_read("TCPPureAcks", &after), 0);
        assert_true(after > before);
}

static void a_host_with_room_agrees(void **state)
{
        struct play p;
        (void)state;
        need_namespace();

        play(&p);
        if (p.skipped || p.disagrees)
                print_message("# %s\n", p.why);
        assert_false(p.skipped);
        assert_false(p.disagrees);
}

/* tcp_time_wait(): what has no room is dropped at once, and the model cannot know. */
static void a_host_that_is_full_of_time_wait_is_no_disagreement(void **state)
{
        struct play p;
        (void)state;
        need_namespace();

        assert_int_equal(namespace_sysctl("net.ipv4.tcp_max_tw_buckets", "0"), 0);
        play(&p);
        assert_int_equal(namespace_sysctl("net.ipv4.tcp_max_tw_buckets", "4096"), 0);
        assert_false(p.disagrees);
        assert_true(p.skipped);
        assert_non_null(strstr(p.why, "so many closed connections"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_counter_is_found_by_its_name),
                cmocka_unit_test(a_host_with_room_agrees),
                cmocka_unit_test(a_host_that_is_full_of_time_wait_is_no_disagreement),
        };

        return cmocka_run_group_tests_name("lab/crowded", tests, NULL, NULL);
}
