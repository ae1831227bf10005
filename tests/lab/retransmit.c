/* Tests of when the kernel of a play sends again what the hand has not acknowledged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "inside.h"
#include "lab/moment.h"
#include "lab/play.h"
#include "lab/rights.h"

/* The client's time-out of retransmission at the end of the story, in ns. */
static int64_t timeout_of(const struct scenario *scenario, int family)
{
        struct sniffer *sniffer = NULL;
        struct stage_rights rights;
        struct tcp_info info = { 0 };
        socklen_t n = sizeof(info);
        struct play play;

        rights_take(true, &rights, &sniffer);
        play_run(scenario, family, &rights, sniffer, &play);
        if (play.skipped || play.disagrees)
                fail_msg("%s", play.why);
        assert_int_equal(getsockopt(play.fd[CLIENT], IPPROTO_TCP, TCP_INFO, &info, &n), 0);
        play_end(&play);
        sniffer_close(rights.wire_sniffer);
        sniffer_close(sniffer);
        return info.tcpi_rto * INT64_C(1000);
}

/* A play that is kept waiting between two acts would meet another connection: a FIN stays behind what is sent again. */
static void nothing_is_sent_again_while_a_story_is_told(void **state)
{
        static const struct scenario story = {
                .name = "story", .acts = "c.send10", .flags = SCENARIO_SERVER_BY_HAND,
        };
        (void)state;
        need_namespace();

        assert_true(timeout_of(&story, AF_INET) >= 8 * SECOND_NS);
        assert_true(timeout_of(&story, AF_INET6) >= 8 * SECOND_NS);
}

static void a_story_of_a_timer_has_the_usual_one(void **state)
{
        static const struct scenario story = {
                .name = "story", .acts = "c.user-timeout=100 c.send10 c.expire=user", .flags = SCENARIO_SERVER_BY_HAND,
        };
        (void)state;
        need_namespace();

        assert_true(timeout_of(&story, AF_INET) < 2 * SECOND_NS);
        assert_true(timeout_of(&story, AF_INET6) < 2 * SECOND_NS);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_is_sent_again_while_a_story_is_told),
                cmocka_unit_test(a_story_of_a_timer_has_the_usual_one),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
