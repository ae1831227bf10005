/* The kinds of segments. */
#include "words/segment_kind.h"

#include "words/word.h"

static const struct word words[N_SEGMENT_KINDS] = {
        [SEGMENT_KIND_SYN] = { "syn", "A SYN." },
        [SEGMENT_KIND_SYN_ACK] = { "syn-ack", "A SYN with an ACK." },
        [SEGMENT_KIND_ACK] = { "ack", "An ACK without payload." },
        [SEGMENT_KIND_DATA] = { "data", "A segment with payload." },
        [SEGMENT_KIND_FIN] = { "fin", "A FIN, with or without payload." },
        [SEGMENT_KIND_KEEPALIVE] = { "keepalive",
                "A keepalive probe: one before the next byte, with at most one byte of payload." },
        [SEGMENT_KIND_WINDOW_PROBE] = { "window-probe", "A probe of a window that is shut." },
        [SEGMENT_KIND_RST] = { "rst", "A RST." },
};

WORD_FUNCTIONS(segment_kind, words)
