/* Claims about the two directions of a connection. */
#include "lab/claims/lists.h"

static const struct claim claims[] = {
        {
                .name = "half-close-works",
                .sentence = "After shutdown(SHUT_WR) the other direction works on, without a limit of time.",
                .source = "POSIX, shutdown(); RFC 9293 3.6",
                .kind = CLAIM_ALWAYS,
                .right = "there is no limit while the descriptor is open; close() starts tcp_fin_timeout, and boxes on "
                         "the way have time-outs of their own",
                CASES({ "data comes", "c.shut-wr s.send1000 c.recv =1000", 0 },
                      { "data comes, then the end", "c.shut-wr s.send1000 s.close c.recv =1000 c.recv =0", 0 },
                      { "data comes after twice tcp_fin_timeout",
                        "n.sysctl=tcp_fin_timeout:1 c.shut-wr s.fill s.linger2 s.close& s.expire=linger ?took>1900 "
                        "c.drain =c.read=s.written c.recv =0",
                        SCENARIO_NAMESPACE | SCENARIO_TIMERS }),
        },
        {
                .name = "pipelines-apart",
                .sentence = "The two directions of a connection do not influence each other.",
                .source = "answers in forums",
                .kind = CLAIM_ALWAYS,
                .right = "only a FIN leaves the other direction open: data unread at close() destroys what the same "
                         "side had still to send, and a RST ends both",
                CASES({ "one direction ends with a FIN", "c.shut-wr s.send10 c.recv =10", 0 },
                      { "data is unread where the other direction begins",
                        "c.send10 s.fill ?s.unsent>0 s.close c.drain =c.read=s.written", 0 },
                      { "an early answer, then a close with the upload unread",
                        "c.send5000 s.send1400 s.close c.recv =1400 c.recv =0", 0 }),
        },
        {
                .name = "shut-rd-stops-reception",
                .sentence = "After shutdown(SHUT_RD) nothing more can be received.",
                .source = "shutdown(2); POSIX; Stevens, UNIX Network Programming, 6.6",
                .right = "SHUT_RD sends nothing and stops nothing: what comes is acknowledged and recv() gives it "
                         "out; only an empty queue gives 0 instead of waiting",
                CASES({ "nothing comes", "c.shut-rd c.recv =0", 0 },
                      { "data was there", "s.send10 c.shut-rd c.recv =0", 0 },
                      { "data comes after it", "c.shut-rd s.send10 c.recv =0", 0 }),
        },
};
const struct claim_list claims_of_halves = { claims, sizeof(claims) / sizeof(*claims) };
