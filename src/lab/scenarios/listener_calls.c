/* Calls on the listener itself: what it refuses, and what ends its listening without close(). */
#include "lab/scenarios/lists.h"

#define UNCONNECTED .theme = THEME_LISTENER, .flags = SCENARIO_UNCONNECTED

static const struct scenario listener_call_scenarios[] = {
        {
                .name = "a-listener-cannot-be-read",
                .shows = "recv() of a listener is ENOTCONN, with a connection in its queue too",
                .advice = "a mixed-up descriptor shows as ENOTCONN: read from what accept() gave",
                .acts = "l.listen l.recv l.read c.connect l.recv l.peek l.recvmmsg l.splice-out l.error-queue s.accept",
                UNCONNECTED, STAYS_OPEN,
        },
        {
                .name = "a-listener-cannot-be-written",
                .shows = "send() to a listener is EPIPE with SIGPIPE, as to any socket that is not connected",
                .advice = "SIGPIPE from a descriptor of a listener is a mixed-up descriptor",
                .acts = "l.listen l.send1 l.send1+nosignal l.send0 l.write1 c.connect l.sendmsg1 s.accept",
                UNCONNECTED, STAYS_OPEN,
        },
        {
                .name = "a-listener-connects-to-nobody",
                .shows = "connect() on a listener is EISCONN; it listens on, and has no error",
                .advice = "one socket for listening, another for connecting",
                .acts = "l.listen l.connect l.so-error c.connect s.accept",
                UNCONNECTED, STAYS_OPEN,
        },
        {
                .name = "shut-wr-does-nothing-to-a-listener",
                .shows = "shutdown(SHUT_WR) of a listener gives 0 and changes nothing",
                .advice = "shutdown(SHUT_RD) is what stops a listener, and close()",
                .acts = "l.listen l.shut-wr c.connect s.accept l.shut-wr c.send1 s.recv",
                UNCONNECTED, STAYS_OPEN,
        },
        {
                .name = "shut-rd-stops-a-listener-and-resets-who-waits",
                .shows = "shutdown(SHUT_RD) of a listener is as good as close(): who waits is reset, "
                         "accept() is EINVAL",
                .advice = "accept() that gives EINVAL: another thread has shut the listener; end the loop",
                .acts = "l.listen c.connect l.shut-rd s.accept l.recv l.send1 l.shut-rd c.recv c.send1 l.close",
                UNCONNECTED, ENDS_RESET(SIDE_SERVER, CAUSE_LISTENER_CLOSED),
        },
        {
                .name = "shut-rdwr-stops-a-listener-too",
                .shows = "shutdown(SHUT_RDWR) of a listener: it is not in LISTEN any more; its descriptor remains",
                .advice = "it frees the port as well, if the kernel had chosen it: make a new socket to listen again",
                .acts = "l.listen c.connect c.send10 l.shut-rdwr s.accept c.recv l.so-error l.close",
                UNCONNECTED, ENDS_RESET(SIDE_SERVER, CAUSE_LISTENER_CLOSED),
        },
        {
                .name = "what-was-accepted-outlives-a-listener-that-is-shut",
                .shows = "the listener is shut after accept(): the connection goes on",
                .advice = "stop the listener first, then finish what was accepted",
                .acts = "l.listen c.connect s.accept l.shut-rd s.send1 c.recv s.close c.recv c.close",
                UNCONNECTED, ENDS_ORDERLY(SIDE_SERVER),
        },
        {
                .name = "disconnect-stops-a-listener",
                .shows = "connect(AF_UNSPEC) on a listener stops it; who waits is reset",
                .advice = "connect(AF_UNSPEC) is an abort, for a listener too",
                .acts = "l.listen c.connect l.connect-unspec s.accept l.recv c.recv l.close",
                UNCONNECTED, ENDS_RESET(SIDE_SERVER, CAUSE_LISTENER_CLOSED),
        },
        {
                .name = "destroy-of-a-listener-resets-who-waits",
                .shows = "SOCK_DESTROY of a listener: its owner finds ECONNABORTED, who waits is reset",
                .advice = "ss -K of a port takes its listener with it: the server must listen anew",
                .acts = "l.listen c.connect l.destroy s.accept l.recv l.recv l.send1 l.shut-rd c.recv l.close",
                .theme = THEME_LISTENER, .flags = SCENARIO_UNCONNECTED | SCENARIO_NAMESPACE,
                ENDS_RESET(SIDE_SERVER, CAUSE_LISTENER_CLOSED),
        },
};
const struct scenario_list listener_calls = { listener_call_scenarios,
                                              sizeof(listener_call_scenarios) / sizeof(*listener_call_scenarios) };
