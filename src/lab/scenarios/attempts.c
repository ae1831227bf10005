/* The listener closes, or its queue is full; refused, unanswered, given up. */
#include "lab/scenarios/lists.h"

#define LISTENER .theme = THEME_LISTENER
#define CONNECT .theme = THEME_CONNECT
#define UNCONNECTED .flags = SCENARIO_UNCONNECTED
#define BY_HAND .flags = SCENARIO_SERVER_BY_HAND | SCENARIO_UNCONNECTED

static const struct scenario listener_scenarios[] = {
        {
                .name = "a-closed-listener-resets-who-waits-to-be-accepted", LISTENER,
                .shows = "the client is connected, nobody accepted it, the listener closes: ECONNRESET",
                .advice = "connected does not mean accepted: a restart of the server resets who waits",
                .acts = "l.listen c.connect c.connect l.close c.poll c.recv c.send1", UNCONNECTED,
                ENDS_RESET(SIDE_SERVER, CAUSE_LISTENER_CLOSED),
        },
        {
                .name = "a-closed-listener-resets-a-request-that-nobody-read", LISTENER,
                .shows = "the request was acknowledged by the kernel and read by nobody",
                .advice = "retry: no program can have seen the request, but you cannot know that from here",
                .acts = "l.listen c.connect c.send10 l.close c.send1 c.send1 c.recv", UNCONNECTED,
                ENDS_RESET(SIDE_SERVER, CAUSE_LISTENER_CLOSED),
        },
        {
                .name = "a-closed-listener-resets-a-half-closed-client", LISTENER,
                .shows = "the client had ended its direction already: it gets ECONNRESET in place of an answer",
                .advice = "a request without an answer may be sent again if that does no harm",
                .acts = "l.listen c.connect c.shut-wr l.close c.recv c.recv", UNCONNECTED,
                ENDS_RESET(SIDE_SERVER, CAUSE_LISTENER_CLOSED),
        },
        {
                .name = "a-closed-listener-and-a-client-that-has-gone", LISTENER,
                .shows = "the client closed before: the RST reaches its minisocket, no program is told",
                .advice = "nobody learns that the request was never read",
                .acts = "l.listen c.connect c.send10 c.close l.close", UNCONNECTED,
                ENDS_RESET(SIDE_SERVER, CAUSE_LISTENER_CLOSED),
        },
        {
                .name = "an-accepted-connection-outlives-its-listener", LISTENER,
                .shows = "the listener closes after accept(): nothing happens to the connection",
                .advice = "close the listener first in a graceful stop, and finish what was accepted",
                .acts = "l.listen c.connect s.accept l.close c.send10 s.recv s.close c.recv c.close", UNCONNECTED,
                ENDS_ORDERLY(SIDE_SERVER),
        },
        {
                .name = "accept-gives-a-connection-that-was-reset", LISTENER,
                .shows = "the client aborted before accept(): accept() succeeds, the first recv() says ECONNRESET",
                .advice = "a fresh socket from accept() may be dead: that is no fault of the listener",
                .acts = "l.listen c.connect c.linger0 c.close s.accept s.poll s.recv s.recv", UNCONNECTED,
                ENDS_RESET(SIDE_CLIENT, CAUSE_ZERO_LINGER),
        },
        {
                .name = "accept-gives-the-data-of-a-client-that-aborted", LISTENER,
                .shows = "data sent before the abort is read after accept(), then ECONNRESET",
                .advice = "a request may be whole even if its client has gone",
                .acts = "l.listen c.connect c.send10 c.linger0 c.close s.accept s.recv s.recv s.send1", UNCONNECTED,
                ENDS_RESET(SIDE_CLIENT, CAUSE_ZERO_LINGER),
        },
        {
                .name = "accept-gives-a-connection-that-was-closed", LISTENER,
                .shows = "the client sent, closed, and only then was accepted: data, 0, an orderly end",
                .advice = "a slow accept() loses nothing of an orderly client",
                .acts = "l.listen c.connect c.send10 c.close s.accept s.recv s.recv s.close", UNCONNECTED,
                ENDS_ORDERLY(SIDE_CLIENT),
        },
        {
                .name = "data-is-acknowledged-before-accept", LISTENER,
                .shows = "the kernel takes and acknowledges data for a connection that no program has accepted",
                .advice = "an empty SIOCOUTQ does not prove that a program is there",
                .acts = "l.listen c.connect c.send10 c.send10 s.accept s.recv", UNCONNECTED,
                STAYS_OPEN,
        },
        {
                .name = "accept-with-an-empty-queue-is-eagain", LISTENER,
                .shows = "accept() on a non-blocking listener without a connection is EAGAIN",
                .advice = "a poll() that said IN may be outdated: make listeners non-blocking",
                .acts = "l.listen s.accept c.connect s.accept", UNCONNECTED,
                STAYS_OPEN,
        },
        {
                .name = "a-full-accept-queue-drops-the-syn-in-silence", LISTENER,
                .shows = "the queue is full: the SYN is dropped, the attempt hangs in SYN_SENT",
                .advice = "a connect() that hangs may mean a server that does not accept: look at its backlog",
                .acts = "l.listen0 l.fill-backlog c.connect c.poll c.connect c.close", UNCONNECTED,
                ENDS_UNANSWERED(SIDE_CLIENT, CAUSE_BACKLOG_FULL),
        },
        {
                .name = "a-full-accept-queue-ends-in-etimedout", LISTENER,
                .shows = "no SYN is ever answered: connect() gives up with ETIMEDOUT",
                .advice = "a busy server and a dead host look alike: set your own time-out",
                .acts = "n.sysctl=tcp_syn_retries:1 l.listen0 l.fill-backlog c.connect& c.expire=retransmission c.wait",
                .flags = SCENARIO_UNCONNECTED | SCENARIO_TIMERS | SCENARIO_NAMESPACE,
                ENDS_UNANSWERED(SIDE_CLIENT, CAUSE_BACKLOG_FULL),
        },
};
const struct scenario_list listener = { listener_scenarios, sizeof(listener_scenarios) / sizeof(*listener_scenarios) };

static const struct scenario connect_scenarios[] = {
        {
                .name = "refused-while-connect-waits", CONNECT,
                .shows = "nobody listens: a blocking connect() is ECONNREFUSED, then recv() ENOTCONN",
                .advice = "ECONNREFUSED comes at once and is safe to retry: no program saw anything",
                .acts = "c.connect& c.wait c.recv c.poll", UNCONNECTED,
                ENDS_REFUSED(SIDE_SERVER, CAUSE_NOT_LISTENING),
        },
        {
                .name = "refused-after-einprogress", CONNECT,
                .shows = "a non-blocking attempt: EINPROGRESS, then the second connect() gives ECONNREFUSED",
                .advice = "wait for OUT, then ask SO_ERROR or connect() again",
                .acts = "c.connect c.poll c.connect c.recv c.poll", UNCONNECTED,
                ENDS_REFUSED(SIDE_SERVER, CAUSE_NOT_LISTENING),
        },
        {
                .name = "refused-and-asked-by-so-error", CONNECT,
                .shows = "SO_ERROR gives ECONNREFUSED once; after it recv() says 0, as if there had been a stream",
                .advice = "a 0 from recv() on a socket that never connected is no end of stream",
                .acts = "c.connect c.so-error c.so-error c.recv c.send1", UNCONNECTED,
                ENDS_REFUSED(SIDE_SERVER, CAUSE_NOT_LISTENING),
        },
        {
                .name = "refused-and-the-error-taken-is-econnaborted", CONNECT,
                .shows = "SO_ERROR took the refusal: connect() can only say ECONNABORTED",
                .advice = "ask in one way only: SO_ERROR or connect() again",
                .acts = "c.connect s.rst-ack c.so-error c.connect c.recv", BY_HAND,
                ENDS_REFUSED(SIDE_SERVER, CAUSE_NOT_LISTENING),
        },
        {
                .name = "a-refused-socket-can-try-again", CONNECT,
                .shows = "after ECONNREFUSED the same socket starts a new attempt",
                .advice = "portable programs take a new socket for each attempt",
                .acts = "c.connect s.rst-ack c.connect c.connect c.poll", BY_HAND,
                ENDS_REFUSED(SIDE_SERVER, CAUSE_NOT_LISTENING),
        },
        {
                .name = "a-send-takes-the-refusal", CONNECT,
                .shows = "send() gives ECONNREFUSED and takes it; the next is EPIPE",
                .advice = "do not send before connect() has succeeded",
                .acts = "c.connect s.rst-ack c.send1 c.send1 c.recv", BY_HAND,
                ENDS_REFUSED(SIDE_SERVER, CAUSE_NOT_LISTENING),
        },
        {
                .name = "connected-at-last-after-ealready", CONNECT,
                .shows = "EINPROGRESS, EALREADY, then 0, then EISCONN",
                .advice = "these four are the life of a non-blocking connect()",
                .acts = "c.connect c.connect s.syn-ack c.poll c.connect c.connect", BY_HAND,
                STAYS_OPEN,
        },
        {
                .name = "a-waiting-connect-returns-with-the-syn-ack", CONNECT,
                .shows = "connect() waits until the SYN-ACK comes",
                .advice = "nothing to do",
                .acts = "c.connect& s.syn-ack c.wait c.connect", BY_HAND,
                STAYS_OPEN,
        },
        {
                .name = "an-interrupted-connect-goes-on-by-itself", CONNECT,
                .shows = "a signal ends the wait with EINTR, the handshake goes on: EALREADY, then 0",
                .advice = "after EINTR wait for OUT; do not treat it as a failure",
                .acts = "c.connect& c.signal c.connect s.syn-ack c.connect", BY_HAND,
                STAYS_OPEN,
        },
        {
                .name = "nothing-can-be-sent-before-the-answer", CONNECT,
                .shows = "in SYN_SENT send() and recv() are EAGAIN, poll() shows nothing",
                .advice = "wait for OUT",
                .acts = "c.connect c.send1 c.recv c.poll c.so-error", BY_HAND,
                ENDS_UNANSWERED(SIDE_UNKNOWN, CAUSE_NONE),
        },
        {
                .name = "unanswered-ends-in-etimedout", CONNECT,
                .shows = "no answer to any SYN: connect() gives ETIMEDOUT after its repeats",
                .advice = "set a time-out of your own: the default is above two minutes",
                .acts = "n.sysctl=tcp_syn_retries:1 c.connect& c.expire=retransmission c.wait c.poll",
                .flags = SCENARIO_SERVER_BY_HAND | SCENARIO_UNCONNECTED | SCENARIO_TIMERS | SCENARIO_NAMESPACE,
                ENDS_UNANSWERED(SIDE_CLIENT, CAUSE_NONE),
        },
        {
                .name = "unanswered-without-waiting-ends-in-etimedout", CONNECT,
                .shows = "a non-blocking attempt: ERR and HUP after the repeats, SO_ERROR ETIMEDOUT",
                .advice = "poll() for OUT with your own time-out",
                .acts = "n.sysctl=tcp_syn_retries:1 c.connect c.expire=retransmission c.poll c.so-error c.recv",
                .flags = SCENARIO_SERVER_BY_HAND | SCENARIO_UNCONNECTED | SCENARIO_TIMERS | SCENARIO_NAMESPACE,
                ENDS_UNANSWERED(SIDE_CLIENT, CAUSE_NONE),
        },
        {
                .name = "an-abandoned-attempt-resets-the-late-syn-ack", CONNECT,
                .shows = "closed in SYN_SENT: nothing is sent, but the SYN-ACK that comes draws a RST",
                .advice = "this RST is harmless: the loser of a race between two addresses looks so",
                .acts = "c.connect c.close s.syn-ack", BY_HAND,
                ENDS_RESET(SIDE_CLIENT, CAUSE_ABANDONED),
        },
        {
                .name = "an-attempt-closed-with-zero-linger-is-abandoned-too", CONNECT,
                .shows = "zero linger changes nothing in SYN_SENT",
                .advice = "nothing to do",
                .acts = "c.connect c.linger0 c.close s.syn-ack", BY_HAND,
                ENDS_RESET(SIDE_CLIENT, CAUSE_ABANDONED),
        },
        {
                .name = "shutdown-gives-an-attempt-up", CONNECT,
                .shows = "shutdown() in SYN_SENT ends the attempt: ECONNRESET is pending, a late SYN-ACK is reset",
                .advice = "shutdown() is a way to stop another thread's connect()",
                .acts = "c.connect c.shut-rdwr c.poll c.so-error s.syn-ack", BY_HAND,
                ENDS_RESET(SIDE_CLIENT, CAUSE_ABANDONED),
        },
        {
                .name = "simultaneous-open-connects", CONNECT,
                .shows = "SYNs cross: both sides connect without a listener",
                .advice = "rare, and nothing to worry about",
                .acts = "c.connect s.syn c.poll s.ack c.connect c.send5", BY_HAND,
                STAYS_OPEN,
        },
        {
                .name = "a-socket-that-never-connected-says-enotconn-and-epipe", CONNECT,
                .shows = "recv() ENOTCONN, send() EPIPE with SIGPIPE, shutdown() ENOTCONN",
                .advice = "EPIPE on a fresh socket: connect() was forgotten or failed",
                .acts = "c.poll c.recv c.send1 c.shut-wr c.so-error", UNCONNECTED,
                .ending = ENDING_UNSEEN, .ended_by = SIDE_UNKNOWN, .cause = CAUSE_NONE, .silent = SIDE_UNKNOWN,
        },
};
const struct scenario_list connecting = { connect_scenarios, sizeof(connect_scenarios) / sizeof(*connect_scenarios) };
