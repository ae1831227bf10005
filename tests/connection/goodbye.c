/* Good-byes of the protocols that have one, and what only looks like them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "connection/goodbye.h"

struct row {
        const char *what;
        const char *bytes;
        uint32_t n, n_payload;
        uint32_t known_by;
};

#define WHOLE(text) text, sizeof(text) - 1, sizeof(text) - 1
#define CUT(text, n_payload) text, sizeof(text) - 1, n_payload

/* What is at hand lies alone in memory: a sanitizer sees who reads on. */
static uint32_t look(const struct row *row)
{
        uint8_t *copy = malloc(1 + row->n), *payload = copy + 1;
        uint32_t n;

        assert_non_null(copy);
        copy[0] = GOODBYE_TLS;  /* the last byte of a header */
        memcpy(payload, row->bytes, row->n);
        n = goodbye_bytes(payload, row->n, row->n_payload);
        if (n > 0) {
                assert_true(goodbye_may_be(payload, row->n, row->n_payload));
                if (row->n == row->n_payload)
                        assert_true(goodbye_perhaps(payload, row->n));
        }
        assert_false(goodbye_perhaps(payload, 0));
        free(copy);
        return n;
}

static void compare(const struct row *rows, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (look(&rows[i]) != rows[i].known_by)
                        fail_msg("%s: known by %u bytes, not %u", rows[i].what, look(&rows[i]), rows[i].known_by);
}

static void a_good_bye_is_known_by_its_form(void **state)
{
        static const struct row rows[] = {
                { "a TLS alert, encrypted", CUT("\x15\x03\x03\0\x1a", 31), 5 },
                { "an alert of TLS 1.3", CUT("\x17\x03\x03\0\x13", 24), 5 },
                { "QUIT", WHOLE("QUIT\r\n"), 6 },
                { "quit of memcached", WHOLE("quit\n"), 5 },
                { "exit", WHOLE("exit\n"), 5 },
                { "LOGOUT with IMAP's tag", WHOLE("a012 LOGOUT\r\n"), 13 },
                { "QUIT of IRC", WHOLE("QUIT :gone for lunch\r\n"), 6 },
                { "QUIT of Redis", WHOLE("*1\r\n$4\r\nQUIT\r\n"), 14 },
                { "COM_QUIT of MySQL", WHOLE("\1\0\0\0\1"), 5 },
                { "Terminate of PostgreSQL", WHOLE("X\0\0\0\4"), 5 },
                { "unbind of LDAP", WHOLE("\x30\5\2\1\3\x42\0"), 7 },
                { "unbind with a greater number", WHOLE("\x30\6\2\2\1\3\x42\0"), 8 },
                { "unbind as Windows writes lengths", WHOLE("\x30\x84\0\0\0\6\2\2\0\xad\x42\0"), 12 },
                { "unbind with a control", WHOLE("\x30\x0d\2\1\3\x42\0\xa0\6\x30\4\4\2""1."), 15 },
                { "unbind that Kerberos signed", WHOLE("\0\0\0\x27\5\4\4\xff\0\x0c\0\x0c\0\0\0\0\1\2\3\4" "abcdefghijkl"
                  "\x30\x84\0\0\0\5\2\1\x09\x42\0"), 43 },
                { "the same, not turned round", WHOLE("\0\0\0\x27\5\4\4\xff\0\x0c\0\0\0\0\0\0\1\2\3\4"
                  "\x30\x84\0\0\0\5\2\1\x09\x42\0" "abcdefghijkl"), 43 },
                { "what Kerberos sealed and is no longer than an unbind",
                  WHOLE("\0\0\0\x47\5\4\6\xff\0\0\0\x1c\0\0\0\0\1\2\3\4"
                  "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabc"), 75 },
                { "unbind that NTLM signed", WHOLE("\0\0\0\x17\1\0\0\0" "abcdefghijkl" "\x30\5\2\1\3\x42\0"), 27 },
                { "an alert that GnuTLS padded", CUT("\x15\x03\x03\0\xe0", 229), 5 },
                { "DISCONNECT of MQTT", WHOLE("\xe0\0"), 2 },
                { "DISCONNECT of MQTT 5 with a reason", WHOLE("\xe0\2\4\0"), 2 },
                { "GOAWAY of HTTP/2", CUT("\0\0\x08\7\0\0\0\0\0\0\0\0\0", 17), 9 },
                { "close of a websocket, masked", WHOLE("\x88\x82\1\2\3\4\5\6"), 2 },
                { "a mail server's farewell",
                  WHOLE("221 2.0.0 closing connection d2e1a72fcca58-00b2cfb1d1fsi1234567b3a.75 - gsmtp\r\n"), 4 },
                { "IMAP's", WHOLE("* BYE Logging out\r\na3 OK Logout completed.\r\n"), 6 },
                { "close of a websocket", WHOLE("\x88\0"), 2 },
                { "connection.close of AMQP", WHOLE("\1\0\0\0\0\0\x0b\0\x0a\0\x32\0\xc8\0\0\0\0\0\xce"), 11 },
                { "the end of an XMPP stream", WHOLE("</stream:stream>"), 16 },
                { "NOTIFICATION of BGP",
                  WHOLE("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\x15\3\6\2"), 19 },
                { "Disconnect-Peer-Request of Diameter", CUT("\1\0\0\x4c\x80\0\1\x1a\0\0\0\0", 76), 12 },
                { "CloseSecureChannel of OPC UA", CUT("CLOF\x39\0\0\0", 57), 8 },
                { "close of AMQP 1.0", WHOLE("\0\0\0\x0c\2\0\0\0\0\x53\x18\x45"), 11 },
                { "unbind of SMPP", WHOLE("\0\0\0\x10\0\0\0\6\0\0\0\0\0\0\0\3"), 8 },
                { "its answer", WHOLE("\0\0\0\x10\x80\0\0\6\0\0\0\0\0\0\0\3"), 8 },
                { "PPTP stops", WHOLE("\0\x10\0\1\x1a\x2b\x3c\x4d\0\3\0\0\1\0\0\0"), 10 },
                { "the end of data of Oracle", WHOLE("\0\x0a\0\0\6\0\0\0\0\x40"), 10 },
                { "DICOM releases", WHOLE("\6\0\0\0\0\4\0\0\0\0"), 6 },
                { "CloseConnection of GIOP", WHOLE("GIOP\1\2\1\5\0\0\0\0"), 12 },
                { "UnRegisterSession of EtherNet/IP", CUT("\x66\0\0\0\1\2\3\4", 24), 4 },
                { "DISCONNECT of STOMP", WHOLE("DISCONNECT\n\n\0"), 13 },
                { "IRC's last words", WHOLE("ERROR :Closing Link: 10.0.0.1 (Client Quit)\r\n"), 7 },
                { "NNTP's", WHOLE("205 closing connection\r\n"), 4 },
                { "LDAP's notice of disconnection",
                  WHOLE("\x30\x13\2\1\0\x78\x0e\x0a\1\x34\4\0\4\0\x8a\5" "1.3.6"), 21 },
                { "the disconnect of RDP", WHOLE("\3\0\0\x09\2\xf0\x80\x21\x80"), 8 },
        };

        (void)state;
        compare(rows, sizeof(rows) / sizeof(*rows));
}

static void a_request_is_no_good_bye(void **state)
{
        static const struct row rows[] = {
                { "nothing", WHOLE(""), 0 },
                { "one byte", WHOLE("x"), 0 },
                { "PING of Redis", WHOLE("*1\r\n$4\r\nPING\r\n"), 0 },
                { "a short line", WHOLE("STAT\r\n"), 0 },
                { "a word and more", WHOLE("QUIT smoking\r\n"), 0 },
                { "a word that goes on", WHOLE("QUITE\r\n"), 0 },
                { "a request before it", WHOLE("DELE 1\r\nQUIT\r\n"), 0 },
                { "LOGOUT in a sentence", WHOLE("do not LOGOUT\r\n"), 0 },
                { "a line without its end", WHOLE("QUIT"), 0 },
                { "data of TLS 1.3", CUT("\x17\x03\x03\0\x14", 25), 0 },
                { "a hidden alert behind other data", CUT("\x17\x03\x03\0\x13", 48), 0 },
                { "COM_PING of MySQL", WHOLE("\1\0\0\0\x0e"), 0 },
                { "Sync of PostgreSQL", WHOLE("S\0\0\0\4"), 0 },
                { "another reply", WHOLE("250 2.0.0 Ok: queued as 5D2A3\r\n"), 0 },
                { "a number", WHOLE("2210\r\n"), 0 },
                { "an LDAP message that is no unbind", WHOLE("\x30\5\2\1\3\x50\0"), 0 },
                { "PINGREQ of MQTT", WHOLE("\xc0\0"), 0 },
                { "PING of HTTP/2", CUT("\0\0\x08\6\0\0\0\0\0\0\0\0\0", 17), 0 },
                { "a ping of a websocket", WHOLE("\x89\0"), 0 },
                { "a websocket's close of another length", WHOLE("\x88\x05\1\2"), 0 },
                { "channel.close of AMQP", WHOLE("\1\0\0\0\0\0\x0b\0\x14\0\x28\0\xc8\0\0\0\0\0\xce"), 0 },
                { "an alert in more bytes than are looked at", CUT("\x15\x03\x03\1\x50", 341), 0 },
                { "an alert that goes on behind its end", CUT("\x15\x03\x03\0\xe0", 200), 0 },
                { "an unbind of another length", WHOLE("\x30\x84\0\0\0\7\2\2\0\xad\x42\0"), 0 },
                { "a length without its bytes", WHOLE("\x30\x84\0\0"), 0 },
                { "a length that is too long", WHOLE("\x30\x88\0\0\0\0\0\0\0\5\2\1\3\x42\0"), 0 },
                { "a search that Kerberos sealed", WHOLE("\0\0\0\x57\5\4\6\xff\0\0\0\x1c\0\0\0\0\1\2\3\4"
                  "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrs"), 0 },
                { "a request that Kerberos signed",
                  WHOLE("\0\0\0\x21\5\4\4\xff\0\x0c\0\x0c\0\0\0\0\1\2\3\4" "abcdefghijkl"
                  "\x30\3\2\1\x09"), 0 },
                { "KEEPALIVE of BGP",
                  WHOLE("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\x13\4"), 0 },
                { "a NOTIFICATION that goes on",
                  WHOLE("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\x16\3\6\2"), 0 },
                { "Device-Watchdog of Diameter", CUT("\1\0\0\x4c\x80\0\1\x18\0\0\0\0", 76), 0 },
                { "a stanza of XMPP before it", WHOLE("<a/></stream:stream>"), 0 },
                { "enquire_link of SMPP", WHOLE("\0\0\0\x10\0\0\0\x15\0\0\0\0\0\0\0\3"), 0 },
                { "open of AMQP 1.0", WHOLE("\0\0\0\x0c\2\0\0\0\0\x53\x10\x45"), 0 },
                { "RegisterSession of EtherNet/IP", CUT("\x65\0\0\0\1\2\3\4", 24), 0 },
                { "an LDAP response to a request", WHOLE("\x30\x0c\2\1\1\x78\7\x0a\1\0\4\0\4\0"), 0 },
                { "a CloseSecureChannel of another length", CUT("CLOF\x39\0\0\0", 58), 0 },
                { "one that was cut before its length", CUT("CLOF\x39\0", 57), 0 },
                { "QUIT that was cut", CUT("QUI", 6), 0 },
                { "an alert that was cut", CUT("\x15\x03\x03", 31), 0 },
                { "an unbind that was cut", CUT("\x30\5\2\1", 7), 0 },
        };

        (void)state;
        compare(rows, sizeof(rows) / sizeof(*rows));
}

static void an_alert_that_was_padded_gets_past_the_quick_looks(void **state)
{
        static const uint8_t header[] = { GOODBYE_TLS, 3, 3, (GOODBYE_TLS_MOST - 5) >> 8,
                                          (GOODBYE_TLS_MOST - 5) & 255 };
        uint8_t bytes[1 + GOODBYE_TLS_MOST] = {}, *payload = bytes + 1;

        (void)state;
        memcpy(payload, header, sizeof(header));
        assert_true(goodbye_bytes(payload, GOODBYE_TLS_MOST, GOODBYE_TLS_MOST) > 0);
        assert_true(goodbye_may_be(payload, GOODBYE_TLS_MOST, GOODBYE_TLS_MOST));
        assert_true(goodbye_perhaps(payload, GOODBYE_TLS_MOST));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_good_bye_is_known_by_its_form),
                cmocka_unit_test(a_request_is_no_good_bye),
                cmocka_unit_test(an_alert_that_was_padded_gets_past_the_quick_looks),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
