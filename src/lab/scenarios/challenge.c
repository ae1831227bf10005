/* Resets that are not believed, and segments that look like an end and are none. */
#include "lab/scenarios/lists.h"

#define CHALLENGE .theme = THEME_CHALLENGE
#define BY_HAND .flags = SCENARIO_SERVER_BY_HAND

static const struct scenario scenarios[] = {
        {
                .name = "a-reset-inside-the-window-is-challenged", CHALLENGE,
                .shows = "a RST that is not at the expected byte draws an ACK and nothing else",
                .advice = "a RST in a capture need not have been obeyed: look at its sequence number",
                .acts = "s.rst@+100 c.poll c.send10 s.ack", BY_HAND,
                STAYS_OPEN,
        },
        {
                .name = "a-challenged-reset-comes-back-exact-and-ends-it", CHALLENGE,
                .shows = "the sender of the RST learns the right number from the challenge and repeats: ECONNRESET",
                .advice = "two RSTs and an ACK between them are one ending",
                .acts = "s.rst@+100 s.rst c.recv c.recv", BY_HAND,
                ENDS_RESET(SIDE_SERVER, CAUSE_NONE),
        },
        {
                .name = "a-reset-below-the-window-is-dropped-in-silence", CHALLENGE,
                .shows = "an old sequence number: no answer at all",
                .advice = "a late RST of an old connection does no harm",
                .acts = "s.data100 s.rst@-50 c.recv c.poll", BY_HAND,
                STAYS_OPEN,
        },
        {
                .name = "a-reset-above-the-window-is-dropped-in-silence", CHALLENGE,
                .shows = "a number beyond the window: no answer at all",
                .advice = "blind forgeries mostly fall here",
                .acts = "s.rst@+70000 c.poll c.recv", BY_HAND,
                STAYS_OPEN,
        },
        {
                .name = "a-syn-inside-a-connection-is-challenged", CHALLENGE,
                .shows = "a SYN does not end a connection: an ACK asks back",
                .advice = "a peer that restarted and uses the same port answers this ACK with a RST",
                .acts = "s.syn c.poll c.recv", BY_HAND,
                STAYS_OPEN,
        },
        {
                .name = "a-restarted-peer-resets-after-the-challenge", CHALLENGE,
                .shows = "SYN, challenge ACK, RST at the number that the ACK named: ECONNRESET",
                .advice = "the peer restarted: what it had not answered may be lost",
                .acts = "c.send10 s.ack s.syn@+1000 s.rst+noack c.recv", BY_HAND,
                ENDS_RESET(SIDE_SERVER, CAUSE_NO_CONNECTION),
        },
        {
                .name = "a-syn-ack-inside-a-connection-is-challenged", CHALLENGE,
                .shows = "a second SYN-ACK is answered by an ACK only",
                .advice = "two SYN-ACKs in a capture are a lost ACK, not an attack",
                .acts = "s.syn-ack c.poll c.recv", BY_HAND,
                STAYS_OPEN,
        },
        {
                .name = "a-reset-one-below-is-exact-after-a-fin", CHALLENGE,
                .shows = "in CLOSE_WAIT a RST at the FIN's own number is taken too: EPIPE",
                .advice = "some peers forget to count their FIN",
                .acts = "s.fin s.rst@-1 c.send1 c.send1", BY_HAND,
                ENDS_RESET(SIDE_SERVER, CAUSE_NONE),
        },
        {
                .name = "a-reset-one-above-is-challenged-after-a-fin", CHALLENGE,
                .shows = "in CLOSE_WAIT a RST one too high is not believed",
                .advice = "nothing to do",
                .acts = "s.fin s.rst@+1 c.poll c.send1", BY_HAND,
                ENDS_HALF_CLOSED(SIDE_SERVER),
        },
        {
                .name = "a-reset-one-below-is-nothing-without-a-fin", CHALLENGE,
                .shows = "in ESTABLISHED a RST one too low is dropped in silence",
                .advice = "nothing to do",
                .acts = "s.data10 s.rst@-1 c.recv c.poll", BY_HAND,
                STAYS_OPEN,
        },
        {
                .name = "a-reset-inside-the-window-of-fin-wait2", CHALLENGE,
                .shows = "the challenge holds after the own FIN as well; the exact RST ends it",
                .advice = "nothing to do",
                .acts = "c.shut-wr s.ack s.rst@+50 c.poll s.rst c.recv c.recv", BY_HAND,
                ENDS_RESET(SIDE_SERVER, CAUSE_NONE),
        },
        {
                .name = "a-reset-whose-ack-is-behind-ends-it-all-the-same", CHALLENGE,
                .shows = "the acknowledgement number of a RST is not looked at",
                .advice = "in a capture it tells how far the peer's kernel had got",
                .acts = "c.send1000 s.rst+ack-600 c.recv c.so-error", BY_HAND,
                ENDS_RESET(SIDE_SERVER, CAUSE_NONE),
        },
        {
                .name = "a-reset-whose-ack-says-more-than-the-sender-learns", CHALLENGE,
                .shows = "400 of 1000 bytes were acknowledged, the RST acknowledges all: "
                         "the sender's count stays at 400",
                .advice = "the kernel's count is a lower bound; a capture of the RST can raise it",
                .acts = "c.send1000 s.ack+ack-600 s.rst-ack c.recv c.send1", BY_HAND,
                ENDS_RESET(SIDE_SERVER, CAUSE_NONE),
        },
        {
                .name = "a-reset-without-ack-is-as-good-as-one-with", CHALLENGE,
                .shows = "a bare RST, as in reply to a segment, ends an established connection",
                .advice = "the ACK flag tells how the RST came about, not whether it counts",
                .acts = "c.send10 s.rst+noack c.recv c.recv", BY_HAND,
                ENDS_RESET(SIDE_SERVER, CAUSE_NO_CONNECTION),
        },
        {
                .name = "old-data-is-acknowledged-again-and-not-read-twice", CHALLENGE,
                .shows = "a repeat of data that was taken draws an ACK and changes nothing",
                .advice = "repeats in a capture are not read twice",
                .acts = "s.data10 c.recv s.data10@-10 c.recv c.poll", BY_HAND,
                STAYS_OPEN,
        },
        {
                .name = "data-above-the-window-is-not-taken", CHALLENGE,
                .shows = "bytes far beyond the window are dropped, and do not count as unread at close()",
                .advice = "nothing to do",
                .acts = "s.data10@+70000 c.recv c.close s.ack", BY_HAND,
                ENDS_HALF_CLOSED(SIDE_CLIENT),
        },
        {
                .name = "a-reset-in-the-window-of-the-server-is-challenged", CHALLENGE,
                .shows = "an accepted socket asks back as well",
                .advice = "nothing to do",
                .acts = "c.rst@+100 s.poll c.data5 s.recv",
                .flags = SCENARIO_CLIENT_BY_HAND,
                STAYS_OPEN,
        },
};
const struct scenario_list challenge = { scenarios, sizeof(scenarios) / sizeof(*scenarios) };
