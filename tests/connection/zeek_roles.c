/* Tests of src/connection/roles.c: who is the client, and what is known of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "connection/roles.h"
#include "wire/segment.h"

enum {
        S = SEGMENT_SYN,
        SA = SEGMENT_SYN | SEGMENT_ACK,
        A = SEGMENT_ACK,
        R = SEGMENT_RST,
};

struct sent {
        unsigned sender;
        uint16_t flags;
};

static void the_client_is_told_by_the_best_witness(void **state)
{
        static const struct {
                const char *what;
                uint16_t port[2];
                struct sent sent[4];
                unsigned client;
                enum roles how;
        } cases[] = {
                { "a handshake", { 40000, 80 }, { { 0, S }, { 1, SA }, { 0, A } }, 0, ROLES_SYN },
                { "a SYN from a server's port", { 80, 40000 }, { { 0, S } }, 0, ROLES_SYN },
                { "the SYN came behind its SYN-ACK", { 7000, 40000 }, { { 0, SA }, { 1, S } }, 1, ROLES_SYN },
                { "both opened: the first", { 40000, 50000 }, { { 0, S }, { 1, S }, { 0, SA }, { 1, SA } },
                  0, ROLES_SYN },
                { "only the SYN-ACK", { 7000, 40000 }, { { 0, SA }, { 1, A } }, 1, ROLES_SYN_ACK },
                { "a SYN-ACK, refused", { 7000, 40000 }, { { 0, SA }, { 1, R } }, 1, ROLES_SYN_ACK },
                { "two SYN-ACKs tell nothing", { 7000, 40000 }, { { 0, SA }, { 1, SA } }, 0, ROLES_FIRST },
                { "from a known port", { 443, 40000 }, { { 0, A } }, 1, ROLES_PORTS },
                { "to a known port", { 40000, 443 }, { { 0, A } }, 0, ROLES_PORTS },
                { "both known: the lower serves", { 8080, 80 }, { { 0, A } }, 0, ROLES_PORTS },
                { "both known, the lower first", { 80, 8080 }, { { 0, A } }, 1, ROLES_PORTS },
                { "neither known", { 40000, 7000 }, { { 0, A } }, 0, ROLES_FIRST },
                { "a SYN with a FIN is no SYN", { 80, 7000 }, { { 0, S | SEGMENT_FIN } }, 1, ROLES_PORTS },
        };
        (void)state;

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct roles_seen seen = { 0 };
                enum roles how;
                unsigned client;

                for (size_t j = 0; j < 4 && cases[i].sent[j].flags; j++)
                        roles_segment(&seen, cases[i].sent[j].sender, cases[i].sent[j].flags);
                client = roles_client(&seen, cases[i].port, &how);
                if (client != cases[i].client || how != cases[i].how)
                        fail_msg("%s: %u by %s", cases[i].what, client, roles_name(how));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_client_is_told_by_the_best_witness),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
