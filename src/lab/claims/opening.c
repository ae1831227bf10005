/* Claims about connections that end before they begin. */
#include "lab/claims/lists.h"

#define LISTENING SCENARIO_UNCONNECTED

static const struct claim claims[] = {
        {
                .name = "accept-tells-the-abort",
                .sentence = "accept() of a connection that was reset while it waited gives ECONNABORTED.",
                .source = "POSIX, accept(); Stevens, UNIX Network Programming, 5.11",
                .right = "accept() succeeds; the data that had come can be read, and then recv() gives ECONNRESET",
                CASES({ "reset", "l.listen c.connect c.linger0 c.close s.accept =ECONNABORTED", LISTENING },
                      { "data, then reset", "l.listen c.connect c.send10 c.linger0 c.close s.accept =ECONNABORTED",
                        LISTENING }),
        },
        {
                .name = "full-queue-refuses",
                .sentence = "A connection that meets a full accept queue is refused with ECONNREFUSED.",
                .source = "listen(2), which allows it",
                .right = "the SYN is dropped in silence, and the client repeats it until there is room or "
                         "tcp_syn_retries is used up",
                CASES({ "the SYN meets a full queue",
                        "l.listen0 l.fill-backlog c.connect c.so-error =ECONNREFUSED =c.state=CLOSE", LISTENING }),
        },
        {
                .name = "not-listening-is-refused",
                .sentence = "connect() to a port where nobody listens gives ECONNREFUSED.",
                .source = "connect(2); POSIX, connect()",
                .right = "the error is told once; then send() is EPIPE, until another connect() on the same descriptor "
                         "succeeds",
                CASES({ "nobody listens", "c.connect+block =ECONNREFUSED", LISTENING },
                      { "the listener is closed", "l.listen l.close c.connect+block =ECONNREFUSED", LISTENING }),
        },
        {
                .name = "listener-close-spares-queue",
                .sentence = "Closing a listening socket leaves the connections that it has made alone.",
                .source = "a common belief; close(2) does not say",
                .right = "those that were accepted live on; those that still waited in its queue are reset",
                CASES({ "accepted", "l.listen c.connect s.accept l.close =c.state=ESTABLISHED c.send10 =10",
                        LISTENING },
                      { "waiting to be accepted", "l.listen c.connect l.close =c.state=ESTABLISHED c.send10 =10",
                        LISTENING }),
        },
};
const struct claim_list claims_of_opening = { claims, sizeof(claims) / sizeof(*claims) };
