/* Tests of src/connection/zeek*.c: short stories of segments, and what a conn.log would say of them.
 *
 * A story is a line of segments: > or < (from the end that began, from the other), flags, sequence number,
 * +payload, /acknowledgement; then "w0" for a zero window, "w-" for one that the capture lacks, "cut" where it
 * lacks the payload. Ports may come first. ">S100 <SA500/101 >A101/501 >PA101+10/501" is a handshake and ten bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connection/zeek.h"

#define HANDSHAKE ">S100 <SA500/101 >A101/501 "

struct story {
        const char *what;
        const char *segments;
        const char *conn_state;
        const char *history;
        unsigned originator;
};

static uint16_t flag_of(char letter)
{
        switch (letter) {
        case 'S':
                return SEGMENT_SYN;
        case 'A':
                return SEGMENT_ACK;
        case 'F':
                return SEGMENT_FIN;
        case 'R':
                return SEGMENT_RST;
        case 'P':
                return SEGMENT_PSH;
        default:
                return 0;
        }
}

static const char *read_number(const char *text, uint32_t *ret)
{
        char *end;

        *ret = (uint32_t)strtoul(text, &end, 10);
        assert_ptr_not_equal(end, text);
        return end;
}

/* Reads one segment of a story; NULL at its end. */
static const char *read_segment(const char *text, const uint16_t port[2], unsigned *ret_sender, struct segment *ret)
{
        while (*text == ' ')
                text++;
        if (*text == '\0')
                return NULL;
        assert_true(*text == '>' || *text == '<');
        memset(ret, 0, sizeof(*ret));
        *ret_sender = *text++ == '<';
        ret->source_port = port[*ret_sender];
        ret->destination_port = port[!*ret_sender];
        ret->window = 1000;
        while (flag_of(*text))
                ret->flags |= flag_of(*text++);
        text = read_number(text, &ret->seq);
        if (*text == '+')
                text = read_number(text + 1, &ret->n_payload);
        ret->n_captured = ret->n_payload;
        if (*text == '/')
                text = read_number(text + 1, &ret->ack);
        for (; !strncmp(text, " w0", 3); text += 3)
                ret->window = 0;
        for (; !strncmp(text, " w-", 3); text += 3) {
                ret->window = 0;
                ret->options = SEGMENT_HAS_BAD | SEGMENT_HAS_NO_WINDOW;
        }
        for (; !strncmp(text, " cut", 4); text += 4)
                ret->n_captured = 0;
        return text;
}

static void play(struct zeek *z, const char *text)
{
        uint16_t port[2] = { 40000, 50000 };
        struct segment s;
        unsigned sender;

        if (isdigit((unsigned char)*text)) {
                uint32_t n;

                for (unsigned i = 0; i < 2; i++) {
                        text = read_number(text, &n);
                        port[i] = (uint16_t)n;
                        text++;
                }
        }
        while ((text = read_segment(text, port, &sender, &s)))
                zeek_segment(z, sender, &s);
}

static void check_stories(const struct story *stories, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                const struct story *t = &stories[i];
                char history[ZEEK_HISTORY_MAX + 1];
                struct zeek z = { 0 };

                play(&z, t->segments);
                zeek_history(&z, history);
                if (strcmp(history, t->history) != 0 || zeek_originator(&z) != t->originator ||
                    strcmp(conn_state_name(zeek_state(&z)), t->conn_state) != 0)
                        fail_msg("%s: %s %s %u, not %s %s %u", t->what, conn_state_name(zeek_state(&z)), history,
                                 zeek_originator(&z), t->conn_state, t->history, t->originator);
        }
}

#define CHECK(stories) check_stories(stories, sizeof(stories) / sizeof((stories)[0]))

static void each_way_to_end_has_its_word(void **state)
{
        static const struct story stories[] = {
                { "nobody answers", ">S100", "S0", "S", 0 },
                { "nobody answers, the SYN repeated", ">S100 >S100 >S100", "S0", "S", 0 },
                { "an ACK without a SYN-ACK", ">S100 >A101/501 >A101+9/501", "S0", "SAD", 0 },
                { "refused", ">S100 <RA0/101", "REJ", "Sr", 0 },
                { "open", HANDSHAKE, "S1", "ShA", 0 },
                { "the third ACK is not waited for", ">S100 <SA500/101", "S1", "Sh", 0 },
                { "orderly", HANDSHAKE ">A101+9/501 <A501/110 <A501+5/110 >A110/506 >FA110/506 <FA506/111 >A111/507",
                  "SF", "ShADadFf", 0 },
                { "half closed by the originator", HANDSHAKE ">FA101/501 <A501/102", "S2", "ShAFa", 0 },
                { "half closed by the responder", HANDSHAKE "<FA501/101 >A101/502", "S3", "ShAf", 0 },
                { "the originator resets", HANDSHAKE ">A101+9/501 >RA110/501", "RSTO", "ShADR", 0 },
                { "the responder resets", HANDSHAKE ">A101+9/501 <R501", "RSTR", "ShADr", 0 },
                { "the attempt is abandoned", ">S100 >R101", "RSTOS0", "SR", 0 },
                { "the attempt is abandoned by a RST with ACK", ">S100 >RA101/0", "RSTOS0", "SR", 0 },
                { "data, then a RST, and no answer", ">S100 >A101/501 >R101", "OTH", "SAR", 0 },
                { "the same, the SYN with data", ">S100+5 >R106", "RSTOS0", "STR", 0 },
                { "a RST alone", ">R101", "OTH", "R", 0 },
                { "a SYN and a FIN without an answer", ">S100 >FA101/501", "SH", "SF", 0 },
                { "a FIN alone", ">FA100/501", "SH", "F", 0 },
                { "only the responder, which closes", "80 40000 >SA500/101 >A501+9/101 >FA510/101", "SHR", "^hdf", 1 },
                { "only the responder, which resets", "80 40000 >SA500/101 >R501", "RSTRH", "^hr", 1 },
                { "in the middle of it", ">A101+9/501 <A501/110", "OTH", "Da", 0 },
                { "in the middle of it, and then a SYN", ">A101/501 >S100", "S0", "AS", 0 },
                { "in the middle of it, and then a SYN-ACK", ">A101/501 >SA100/501", "OTH", "AH", 0 },
                { "data without a SYN-ACK", ">S100 <A500+5/101", "OTH", "Sd", 0 },
                { "in the middle of it, then closed", ">A101+9/501 <FA501/110 >FA110/502", "SF", "DfF", 0 },
        };
        (void)state;

        CHECK(stories);
}

static void a_fin_and_a_rst_of_one_end(void **state)
{
        static const struct story stories[] = {
                { "FIN, RST", HANDSHAKE ">FA101/501 >R102", "RSTO", "ShAFR", 0 },
                { "FIN, RST, and then the other FIN: orderly after all", HANDSHAKE ">FA101/501 >R102 <FA501/102",
                  "SF", "ShAFRf", 0 },
                { "a RST after both FINs", HANDSHAKE ">FA101/501 <FA501/102 >R102", "SF", "ShAFfR", 0 },
                { "a RST of one, a FIN of the other", HANDSHAKE ">R101 <FA501/102", "RSTO", "ShARf", 0 },
                { "RST, FIN of one end: the FIN counts no more", HANDSHAKE ">RA101/501 >FA101/501",
                  "RSTO", "ShARF", 0 },
                { "both reset, nothing sent", ">S100 <SA500/101 >R101 <R501", "REJ", "ShRr", 0 },
                { "both reset, the number that a RST acknowledges says nothing",
                  ">S100 <RA0/150 >R101", "REJ", "SrR", 0 },
                { "both reset, data sent", HANDSHAKE ">A101+9/501 >R110 <R501", "RSTR", "ShADRr", 0 },
                { "a forged RST, far from any window, counts", HANDSHAKE "<R900000000 >A101+9/501 <A501/110", "RSTR",
                  "ShArDa", 0 },
        };
        (void)state;

        CHECK(stories);
}

static void letters_come_once_or_when_their_number_differs(void **state)
{
        static const struct story stories[] = {
                { "a FIN sent again", HANDSHAKE ">FA101/501 >FA101/501", "S2", "ShAF", 0 },
                { "a FIN elsewhere", HANDSHAKE ">FA101/501 >FA111/501", "S2", "ShAFF", 0 },
                { "a FIN that comes with data ends at the same place",
                  HANDSHAKE ">FA101+9/501 >FA110/501", "S2", "ShAF", 0 },
                { "RSTs at one place", HANDSHAKE "<R501 <R501", "RSTR", "ShAr", 0 },
                { "RSTs at two places", HANDSHAKE "<R501 <R502 <R502", "RSTR", "ShArr", 0 },
                { "SYN-ACKs with two numbers are one letter: the second begins anew",
                  ">S100 <SA500/101 <SA900/101", "S1", "Sh", 0 },
                { "all flags that do not go together", ">SF100 >SF100 <FR500", "RSTR", "Qi", 0 },
                { "payload of a FIN is no D", HANDSHAKE ">FA101+9/501", "S2", "ShAF", 0 },
        };
        (void)state;

        CHECK(stories);
}

static void repeats_and_zero_windows_are_counted_in_powers_of_ten(void **state)
{
        char history[ZEEK_HISTORY_MAX + 1];
        struct zeek z = { 0 };
        (void)state;

        play(&z, HANDSHAKE ">A101+9/501");
        for (unsigned i = 1; i <= 100; i++) {
                play(&z, ">A101+9/501");
                zeek_history(&z, history);
                assert_string_equal(history, i < 10 ? "ShADT" : i < 100 ? "ShADTT" : "ShADTTT");
        }
        for (unsigned i = 1; i <= 10; i++) {
                play(&z, "<A501/110 w0");
                zeek_history(&z, history);
                assert_string_equal(history, i < 10 ? "ShADTTTaw" : "ShADTTTaww");
        }
}

static void a_zero_window_counts_while_it_matters(void **state)
{
        static const struct story stories[] = {
                { "what the capture lacks is none", HANDSHAKE "<A501/101 w-", "S1", "ShAa", 0 },
                { "in a RST it is nothing", HANDSHAKE "<R501 w0", "RSTR", "ShAr", 0 },
                { "after the other's FIN it is nothing", HANDSHAKE ">FA101/501 <A501/102 w0", "S2", "ShAFa", 0 },
                { "after one's own FIN it is one", HANDSHAKE ">FA101/501 >A102/501 w0", "S2", "ShAFW", 0 },
                { "after one's own RST it is nothing", HANDSHAKE ">R101 >A101/501 w0", "RSTO", "ShAR", 0 },
        };
        (void)state;

        CHECK(stories);
}

static void a_repeat_is_payload_that_ends_not_above_what_was_sent(void **state)
{
        static const struct story stories[] = {
                { "a late segment", HANDSHAKE ">A111+10/501 >A101+10/501", "S1", "ShADT", 0 },
                { "one that overlaps and goes on", HANDSHAKE ">A101+10/501 >A101+20/501", "S1", "ShAD", 0 },
                { "an ACK is none", HANDSHAKE ">A101/501 >A101/501", "S1", "ShA", 0 },
                { "a keepalive with a byte", HANDSHAKE ">A101+10/501 >A110+1/501", "S1", "ShADT", 0 },
                { "a keepalive without", HANDSHAKE ">A101+10/501 >A110/501", "S1", "ShAD", 0 },
                { "after two SYN-ACKs, the second counts",
                  ">S100 <SA500/101 <SA400/101 >A101/401 <A401+5/101 >A101/406", "S1", "ShAd", 0 },
                { "after one's own RST nothing is one", HANDSHAKE ">A101+5/501 >R106 >A101+5/501", "RSTO", "ShADR", 0 },
                { "after a far RST", HANDSHAKE ">FA101/501 <FA501/102 <R900000000 <A502+5/102", "SF", "ShAFfrd", 0 },
                { "after a near RST", HANDSHAKE ">FA101/501 <FA501/102 <R1502 <A502+5/102", "SF", "ShAFfrdt", 0 },
                { "a FIN below the beginning, nothing else known, is believed",
                  HANDSHAKE ">FA50/501 >A60+5/501", "S2", "ShAFD", 0 },
                { "payload in the first SYN passes for one", ">S100+10", "S0", "ST", 0 },
        };
        (void)state;

        CHECK(stories);
}

static void a_gap_is_acknowledged_and_was_never_seen(void **state)
{
        static const struct story stories[] = {
                { "a hole", HANDSHAKE ">A101+10/501 >A121+10/501 <A501/131", "S1", "ShADaG", 0 },
                { "a hole that is filled", HANDSHAKE ">A101+10/501 >A121+10/501 >A111+10/501 <A501/131",
                  "S1", "ShADTa", 0 },
                { "a hole that is not acknowledged", HANDSHAKE ">A101+10/501 >A121+10/501 <A501/111",
                  "S1", "ShADa", 0 },
                { "all of it", HANDSHAKE "<A501/131", "S1", "ShAaG", 0 },
                { "two holes are one letter", HANDSHAKE ">A111+10/501 >A131+10/501 <A501/141", "S1", "ShADaG", 0 },
                { "a hole known by the FIN's acknowledgement", HANDSHAKE ">A101+10/501 >FA121/501 <A501/122",
                  "S2", "ShADFaG", 0 },
                { "the FIN itself is none", HANDSHAKE ">FA101/501 <A501/102", "S2", "ShAFa", 0 },
                { "in the middle of a connection none is found", ">A101+10/501 <A501/111 >A121+10/501 <A501/131",
                  "OTH", "Da", 0 },
                { "revealed by a RST it is none", HANDSHAKE ">A101+10/501 <RA501/131", "RSTR", "ShADr", 0 },
                { "an acknowledgement from before the beginning says nothing", HANDSHAKE "<A501/50", "S1", "ShAa", 0 },
                { "payload in a SYN is seen", ">S100+10 <SA500/111 >A111/501", "S1", "SThA", 0 },
                { "too early an ACK of the responder forgives two bytes",
                  ">S100 <A500/101 <SA500/101 >A101/501 <A501/102", "S1", "SahA", 0 },
                { "but no third", ">S100 <A500/101 <SA500/101 >A101/501 <A501/103", "S1", "SahAG", 0 },
                { "below 16 KiB above a hole, without any acknowledgement",
                  HANDSHAKE "<A600+16000/101 >A101/16600", "S1", "ShAdg", 0 },
                { "beyond it nothing is put in order any more", HANDSHAKE "<A600+17000/101 >A101/17600",
                  "S1", "ShAd", 0 },
                { "below 10 MiB without a new acknowledgement",
                  HANDSHAKE "<A501+9/101 >A101/510 <A510+9000000/101 <A9000520+5/101 >A101/9000525", "S1", "ShAdg", 0 },
                { "beyond it nothing is put in order any more",
                  HANDSHAKE "<A501+9/101 >A101/510 <A510+11000000/101 <A11000520+5/101 >A101/11000525",
                  "S1", "ShAd", 0 },
                { "bytes that the capture cut are not seen", HANDSHAKE ">A101+10/501 cut <A501/111",
                  "S1", "ShADaG", 0 },
        };
        (void)state;

        CHECK(stories);
}

static void roles_follow_the_first_segment_the_ports_or_a_late_guess(void **state)
{
        static const struct story stories[] = {
                { "data from a server's port", "80 40000 >A101+9/501 <A501/110", "OTH", "^dA", 1 },
                { "data to a server's port", "40000 80 >A101+9/501 <A501/110", "OTH", "Da", 0 },
                { "both are: the lower is the server", "80 8080 >A101+9/501", "OTH", "^d", 1 },
                { "both are: the higher is no server", "8080 80 >A101+9/501", "OTH", "D", 0 },
                { "a SYN goes before ports", "80 40000 >S100", "S0", "S", 0 },
                { "a SYN-ACK that is refused is a scan", ">SA500/101 <R101", "REJ", "Hr", 0 },
                { "a SYN-ACK, both ports a server's, is left alone", "80 8080 >SA500/101", "OTH", "H", 0 },
                { "a SYN-ACK and then an ACK: its SYN was missed", ">SA500/101 <A101/501", "OTH", "^hA", 1 },
                { "the same, only one side seen", ">SA500/101 >A501/101 >FA501/101", "SHR", "^haf", 1 },
                { "a SYN-ACK from a server's port, then its ACK", "80 40000 >SA500/101 <A101/501", "S1", "^hA", 1 },
                { "the SYN captured behind its SYN-ACK", ">SA500/101 <S100 <A101/501", "S1", "Hs^A", 1 },
                { "both open at once", ">S100 <S500 >SA100/501 <SA500/101", "S1", "Ss", 0 },
                { "an ACK ahead of the SYN-ACK", ">S100 <A500/101 <SA500/101 >A101/501", "S1", "SahA", 0 },
        };
        (void)state;

        CHECK(stories);
}

/* What is left of a history that grows beyond all bounds. */
static void a_history_ends_after_its_room(void **state)
{
        char history[ZEEK_HISTORY_MAX + 1], text[32];
        struct zeek z = { 0 };
        (void)state;

        play(&z, HANDSHAKE);
        for (unsigned i = 0; i < 100; i++) {
                snprintf(text, sizeof(text), "<R%u", 501 + i);
                play(&z, text);
        }
        assert_int_equal(zeek_history(&z, history), ZEEK_HISTORY_MAX);
        assert_string_equal(history, "ShArrrrrrrrrrrrrrrrrrrrr");
}

static void a_connection_of_six_gigabytes_wraps_unnoticed(void **state)
{
        const uint32_t n = 1 << 20;
        char history[ZEEK_HISTORY_MAX + 1];
        struct segment data = { .flags = SEGMENT_ACK, .window = 1000, .ack = 501, .n_payload = n, .n_captured = n };
        struct segment ack = { .flags = SEGMENT_ACK, .window = 1000, .seq = 501 };
        struct zeek z = { 0 };
        (void)state;

        play(&z, HANDSHAKE);
        data.seq = 101;
        for (unsigned i = 0; i < 6000; i++) {
                zeek_segment(&z, 0, &data);
                data.seq += n;
                ack.ack = data.seq;
                if (i % 4 == 3)
                        zeek_segment(&z, 1, &ack);
        }
        zeek_history(&z, history);
        assert_string_equal(history, "ShADa");
        data.seq += n;
        zeek_segment(&z, 0, &data);
        ack.ack = data.seq + n;
        zeek_segment(&z, 1, &ack);
        zeek_segment(&z, 0, &data);
        zeek_history(&z, history);
        assert_string_equal(history, "ShADaGT");
}

/* The gaps that a list of all bytes finds are those that are counted, as long as there is room for the pieces. */
static void gaps_are_those_of_a_list_of_all_bytes(void **state)
{
        enum { N = 120, STEPS = 60 };
        uint64_t seed = 88172645463325252;
        unsigned n_gaps = 0;
        (void)state;

        for (unsigned round = 0; round < 20000; round++) {
                bool seen[N + 1] = { false };
                unsigned next = 0, expected = 0;
                struct zeek z = { 0 };

                play(&z, HANDSHAKE "<A501/101 >A101/501");
                for (unsigned step = 0; step < STEPS; step++) {
                        struct segment s = { .flags = SEGMENT_ACK, .window = 9 };
                        unsigned at;

                        seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
                        /* Near what is due, so that there are never more pieces than there is room for. */
                        at = next + (unsigned)(seed % 6);
                        if (seed >> 32 & 3) {
                                s.seq = 101 + at;
                                s.n_payload = 1 + (unsigned)(seed >> 40 & 7);
                                if (at + s.n_payload > N)
                                        continue;
                                s.n_captured = s.n_payload;
                                s.ack = 501;
                                for (unsigned i = 0; i < s.n_payload; i++)
                                        seen[at + i] = true;
                                zeek_segment(&z, 0, &s);
                        } else {
                                at = at > N ? N : at;
                                s.seq = 501;
                                s.ack = 101 + at;
                                for (unsigned i = next; i < at; i++)
                                        if (!seen[i] && (i == next || seen[i - 1]))
                                                expected++;
                                next = at > next ? at : next;
                                zeek_segment(&z, 1, &s);
                        }
                        while (next < N && seen[next])
                                next++;
                        if (z.rare[0].gaps != expected)
                                fail_msg("round %u, step %u: %" PRIu32 " gaps, not %u",
                                         round, step, z.rare[0].gaps, expected);
                }
                n_gaps += expected;
        }
        assert_true(n_gaps > 20000);
}

/* Four holes below four pieces, of which three are remembered: the smallest hole between two is given up. */
static void pieces_without_room_join_their_neighbours(void **state)
{
        struct zeek z = { 0 };
        (void)state;

        play(&z, HANDSHAKE ">A111+1/501 >A122+1/501 >A125+1/501 >A133+1/501");
        assert_int_equal(z.n_pieces, ZEEK_PIECES_MAX);
        play(&z, "<A501/134");
        assert_int_equal(z.rare[0].gaps, 3);
        assert_int_equal(z.n_pieces, 0);
        assert_int_equal(z.side[0].next, 34);
}

/* Whatever comes, the history stays well-formed and the numbers defined (sanitizers look). */
static void segments_without_sense_are_taken(void **state)
{
        uint64_t seed = 1181783497276652981;
        unsigned n_states[N_CONN_STATES] = { 0 };
        (void)state;

        for (unsigned round = 0; round < 20000; round++) {
                struct zeek z = { 0 };
                char history[ZEEK_HISTORY_MAX + 1];
                size_t n;

                for (unsigned step = 0; step < 1 + round % 24; step++) {
                        struct segment s = { 0 };

                        seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
                        s.flags = seed >> 8 & 1 ? SEGMENT_ACK : (uint16_t)(seed & 0x1f);
                        s.source_port = s.destination_port = (uint16_t)(seed >> 16 & 0x7f);
                        s.seq = (uint32_t)(seed >> 12 & 1 ? seed >> 32 & 0xfff : seed >> 32);
                        s.ack = (uint32_t)(seed >> 13 & 1 ? seed >> 20 & 0xfff : seed >> 20);
                        s.n_payload = s.n_captured = (uint32_t)(seed >> 14 & 1 ? seed >> 50 & 0xfff : 0);
                        s.window = (uint16_t)(seed >> 15 & 1);
                        zeek_segment(&z, seed >> 9 & 1, &s);
                        assert_true(z.n_pieces <= ZEEK_PIECES_MAX);
                }
                n = zeek_history(&z, history);
                assert_int_equal(strlen(history), n);
                assert_int_equal(strspn(history, "^SHADFRIQTWGshadfriqtwg"), n);
                n_states[zeek_state(&z)]++;
        }
        assert_true(n_states[CONN_STATE_RSTR] > 0 && n_states[CONN_STATE_SF] > 0);
}

static void its_hot_part_is_forty_bytes(void **state)
{
        (void)state;
        assert_int_equal(offsetof(struct zeek, history), 40);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_way_to_end_has_its_word),
                cmocka_unit_test(a_fin_and_a_rst_of_one_end),
                cmocka_unit_test(letters_come_once_or_when_their_number_differs),
                cmocka_unit_test(repeats_and_zero_windows_are_counted_in_powers_of_ten),
                cmocka_unit_test(a_zero_window_counts_while_it_matters),
                cmocka_unit_test(a_repeat_is_payload_that_ends_not_above_what_was_sent),
                cmocka_unit_test(a_gap_is_acknowledged_and_was_never_seen),
                cmocka_unit_test(roles_follow_the_first_segment_the_ports_or_a_late_guess),
                cmocka_unit_test(a_history_ends_after_its_room),
                cmocka_unit_test(a_connection_of_six_gigabytes_wraps_unnoticed),
                cmocka_unit_test(gaps_are_those_of_a_list_of_all_bytes),
                cmocka_unit_test(pieces_without_room_join_their_neighbours),
                cmocka_unit_test(segments_without_sense_are_taken),
                cmocka_unit_test(its_hot_part_is_forty_bytes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
