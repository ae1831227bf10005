/* The table of endings that a stage can make. What clients are told of them is not here: the model says it. */
#include "lab/stage/ending.h"

#include <errno.h>

#include "base/text.h"

static const struct stage_ending endings[N_STAGE_ACTS] = {
        { "serve", { "none" }, STAGE_SERVE, ENDING_ORDERLY, CAUSE_NONE,
          "answers if it has an answer, reads on, and closes when the client has closed", NULL,
          TRIGGER_NONE, true },
        { "orderly", { "close", "fin" }, STAGE_CLOSE, ENDING_ORDERLY, CAUSE_NONE,
          "has read all, then close(): FIN; data that comes later meets a RST", NULL,
          TRIGGER_FIRST_BYTE, true },
        { "half-closed", { "half-close" }, STAGE_HALF_CLOSE, ENDING_HALF_CLOSED, CAUSE_NONE,
          "shutdown(SHUT_WR): FIN; reads on until the client has closed too", NULL,
          TRIGGER_FIRST_BYTE, true },
        { "reset", { "zero-linger", "rst" }, STAGE_ZERO_LINGER, ENDING_RESET, CAUSE_ZERO_LINGER,
          "SO_LINGER of 0 s, then close(): RST", NULL, TRIGGER_FIRST_BYTE, true },
        { "unread-data", { "unread" }, STAGE_UNREAD, ENDING_RESET, CAUSE_UNREAD_DATA,
          "leaves the last byte that came unread, then close(): RST", NULL, TRIGGER_FIRST_BYTE, true },
        { "disconnect", { NULL }, STAGE_DISCONNECT, ENDING_RESET, CAUSE_DISCONNECT,
          "connect() with AF_UNSPEC on the connection: RST", NULL, TRIGGER_FIRST_BYTE, true },
        { "sock-destroyed", { "destroyed" }, STAGE_DESTROY, ENDING_RESET, CAUSE_SOCK_DESTROYED,
          "SOCK_DESTROY, as ss -K: RST", "CAP_NET_ADMIN", TRIGGER_FIRST_BYTE, true },
        { "data-after-close", { "fin-then-reset", "late-data" }, STAGE_LATE_DATA, ENDING_RESET,
          CAUSE_DATA_AFTER_CLOSE, "shutdown() both ways: FIN; the client's next data is answered by a RST",
          NULL, TRIGGER_FIRST_BYTE, true },
        { "open", { "hang", "no-answer" }, STAGE_OPEN, ENDING_OPEN, CAUSE_NONE,
          "accepts, reads, and says nothing until the client leaves", NULL, TRIGGER_ACCEPT, true },
        { "zero-window", { "never-read" }, STAGE_ZERO_WINDOW, ENDING_OPEN, CAUSE_NONE,
          "never reads, with a small buffer: the window closes and stays shut", NULL,
          TRIGGER_ACCEPT, true },
        { "drip", { "slow" }, STAGE_DRIP, ENDING_OPEN, CAUSE_NONE,
          "sends a byte, waits (--every), sends the next; closes at the end", NULL,
          TRIGGER_ACCEPT, false },
        { "timed-out", { "silence", "retransmission-timeout" }, STAGE_SILENCE,
          ENDING_TIMED_OUT, CAUSE_RETRANSMISSION_TIMEOUT,
          "takes no segment from then on (IP_MINTTL), while the stage lasts", NULL,
          TRIGGER_FIRST_BYTE, true },
        { "keepalive", { NULL }, STAGE_KEEPALIVE, ENDING_RESET, CAUSE_KEEPALIVE,
          "the same with keepalive on: no answer to its probe, and 2 s later a RST", NULL,
          TRIGGER_FIRST_BYTE, true },
        { "refused", { "refuse", "not-listening" }, STAGE_REFUSE, ENDING_REFUSED, CAUSE_NOT_LISTENING,
          "holds the port and does not listen: a RST answers the SYN", NULL, TRIGGER_NONE, false },
        { "unanswered", { "no-syn-ack" }, STAGE_UNANSWERED, ENDING_UNANSWERED, CAUSE_NONE,
          "takes no SYN (IP_MINTTL): nothing answers", NULL, TRIGGER_NONE, false },
        { "backlog-full", { "full" }, STAGE_BACKLOG_FULL, ENDING_UNANSWERED, CAUSE_BACKLOG_FULL,
          "fills its own accept queue and never accepts: SYNs are dropped", NULL, TRIGGER_NONE, false },
};

const struct stage_ending *stage_ending_at(size_t index)
{
        return index < sizeof(endings) / sizeof(*endings) ? &endings[index] : NULL;
}

int stage_ending_find(const char *name, const struct stage_ending **ret_ending)
{
        for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
                if (text_same_name(endings[i].name, name)) {
                        *ret_ending = &endings[i];
                        return 0;
                }
                for (size_t k = 0; k < 3 && endings[i].aliases[k]; k++)
                        if (text_same_name(endings[i].aliases[k], name)) {
                                *ret_ending = &endings[i];
                                return 0;
                        }
        }
        return -ENOENT;
}

bool stage_ending_of_listener(const struct stage_ending *ending)
{
        return ending->act >= STAGE_REFUSE;
}
