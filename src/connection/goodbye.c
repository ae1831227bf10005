/*
 * The last words of usual protocols. Each is known by the whole of its form and by the length of the payload, so that
 * a request is not taken for one: who says "quit" says no more than that.
 *
 * TLS 1.3 calls everything data (RFC 8446 5.2); what is as long as an alert is one.
 */
#include "connection/goodbye.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "connection/goodbye_forms.h"
#include "wire/bytes.h"

enum {
        TLS_DATA = 23,
        TLS_HEADER = 5,
        TLS_HIDDEN_ALERT = TLS_HEADER + 2 + 1 + 16,     /* two bytes, their type, a tag */
        HTTP2_HEADER = 9,
        HTTP2_GOAWAY = 7,
        AMQP_METHOD = 11,                               /* a frame's header, class and method */
        SIZE_ENOUGH = 11,
        SIZE_GSS = 16,
        SIZE_GSS_SEALED = 16 + 16 + 16 + 12,            /* header, confounder, the header again, checksum of AES */
        UNBIND_LEAST = 7,
        UNBIND_MOST = 14,
};

const uint8_t goodbye_first[UINT8_MAX + 1] = {
        [0] = 1, [1] = 1, [3] = 1, [5] = 1, [6] = 1, [7] = 1, [GOODBYE_TLS] = 1, [TLS_DATA] = 1, ['*'] = 1, [0x30] = 1,
        ['2'] = 1, ['<'] = 1, ['C'] = 1, ['D'] = 1, ['G'] = 1, [0x66] = 1, ['X'] = 1, ['q'] = 1, ['Q'] = 1, ['b'] = 1,
        ['B'] = 1, ['e'] = 1, ['E'] = 1, ['l'] = 1, ['L'] = 1, [0x88] = 1, [0xe0] = 1, [0xff] = 1,
};

/* Commands of a line: FTP, SMTP, POP3, NNTP, memcached, shells. */
static const char *const words[] = { "quit", "bye", "exit", "logout" };

/* What a shorter payload lacks is read as zero. */
struct head {
        uint8_t p[SIZE_ENOUGH];
        uint32_t n;             /* at hand */
        uint32_t n_payload;
};

static uint32_t if_at_hand(const struct head *h, bool fits, uint32_t n)
{
        return fits && h->n >= n && h->n_payload >= n ? n : 0;
}

static uint32_t tls(const struct head *h)
{
        uint32_t n = TLS_HEADER + (uint32_t)bytes_get16(h->p + 3);
        bool plain = h->p[0] == GOODBYE_TLS && n <= h->n_payload;
        bool hidden = h->p[0] == TLS_DATA && n == TLS_HIDDEN_ALERT && h->n_payload == n;

        return if_at_hand(h, h->p[1] == 3 && (plain || hidden), TLS_HEADER);
}

/* A TPKT that disconnects: MCS's DisconnectProviderUltimatum (T.125), or X.224's request to do so. */
static uint32_t rdp(const struct head *h)
{
        bool fits = bytes_get16(h->p + 2) == h->n_payload &&
                    ((h->p[5] == 0xf0 && h->p[6] == 0x80 && (h->p[7] & 0xfc) == 0x20) || h->p[5] == 0x80);

        return if_at_hand(h, fits, 8);
}

/* The length of BER at @p, in its short form or its long one, as Windows writes it; 0: none. Moves @p behind it. */
static uint32_t ber_length(const uint8_t **p, const uint8_t *end)
{
        uint32_t length, n = *p < end && **p & 0x80 ? **p & 0x7fu : 0;

        if (*p == end || n > 4 || (uint32_t)(end - *p) < 1 + n)
                return 0;
        length = n ? 0 : **p;
        for (++*p; n > 0; n--)
                length = length << 8 | *(*p)++;
        return length;
}

/* unbindRequest ::= [APPLICATION 2] NULL, behind a message's number of one to four bytes; controls may follow it
 * (RFC 4511 4.1.11, 4.3). */
static bool is_unbind(const uint8_t *p, const uint8_t *end)
{
        uint32_t n;

        if (p == end || *p++ != 0x30 || ber_length(&p, end) != (uint32_t)(end - p) || p == end || *p++ != 2)
                return false;
        n = ber_length(&p, end);
        if (n == 0 || n > 4 || (uint32_t)(end - p) < n + 2)
                return false;
        p += n;
        return p[0] == 0x42 && p[1] == 0 && (p + 2 == end || p[2] == 0xa0);
}

/* The same in SASL's buffers: a length, then a token of GSS-API, Kerberos's (RFC 4121 4.2.6.2) or NTLM's. What is
 * sealed in the former shows its length alone; of messages so short there are only unbind and abandon, which no answer
 * follows. */
static bool is_wrapped_unbind(const uint8_t *payload, uint32_t n)
{
        const uint8_t *p = payload + 4, *end = payload + n;

        if (n < 4 + SIZE_GSS || bytes_get32(payload) != n - 4)
                return false;
        if (bytes_get32(p) == 0x01000000)
                return is_unbind(p + SIZE_GSS, end);
        if (p[0] != 5 || p[1] != 4 || p[3] != 0xff)
                return false;
        if (p[2] & 2)
                return n >= 4 + SIZE_GSS_SEALED + UNBIND_LEAST && n <= 4 + SIZE_GSS_SEALED + UNBIND_MOST;
        /* What is only signed stands before the signature, or behind it if turned round. */
        if (n < 4 + SIZE_GSS + (uint32_t)bytes_get16(p + 4))
                return false;
        return bytes_get16(p + 6) ? is_unbind(p + SIZE_GSS + bytes_get16(p + 4), end)
                                  : is_unbind(p + SIZE_GSS, end - bytes_get16(p + 4));
}

/* connection.close and close-ok of AMQP 0-9-1; or COM_QUIT of MySQL. */
static uint32_t amqp_or_mysql(const struct head *h)
{
        bool closes = h->p[8] == 10 && h->p[9] == 0 && (h->p[10] == 50 || h->p[10] == 51);

        if (h->n_payload == 5)
                return if_at_hand(h, memcmp(h->p, "\1\0\0\0\1", 5) == 0, 5);
        return if_at_hand(h, h->p[1] == 0 && h->p[2] == 0 && bytes_get32(h->p + 3) + 8 == h->n_payload &&
                             h->p[7] == 0 && closes, AMQP_METHOD);
}

static uint32_t http2(const struct head *h)
{
        uint32_t length = bytes_get32(h->p) >> 8;

        return if_at_hand(h, h->p[3] == HTTP2_GOAWAY && length + HTTP2_HEADER == h->n_payload &&
                             bytes_get32(h->p + 5) == 0, HTTP2_HEADER);
}

/* A websocket's close: masked if it is the client's (RFC 6455 5.5.1). */
static uint32_t websocket(const struct head *h)
{
        uint32_t masked = h->p[1] & 0x80 ? 4 : 0;

        return if_at_hand(h, (h->p[1] & 0x7fu) + masked + 2 == h->n_payload, 2);
}

/* A server's notice of disconnection: the only response to no request, whose number is 0 (RFC 4511 4.4.1). */
static bool is_notice(const uint8_t *p, const uint8_t *end)
{
        return p != end && *p++ == 0x30 && ber_length(&p, end) == (uint32_t)(end - p) && end - p > 4 &&
               memcmp(p, "\2\1\0\x78", 4) == 0;
}

/* A line that is nothing but one of the words; IMAP's has a tag before it, IRC's a reason behind it. */
static uint32_t line(const uint8_t *payload, uint32_t n_captured, uint32_t n_payload)
{
        const char *text = (const char *)payload;
        uint32_t n = n_payload;

        if (n_captured >= 6 && (strncasecmp(text, "quit :", 6) == 0 || memcmp(text, "* BYE ", 6) == 0))
                return 6;
        /* An IRC server says so before it closes, and only then (RFC 2812 3.7.4). */
        if (n_captured >= 7 && memcmp(text, "ERROR :", 7) == 0)
                return 7;
        /* The reply to QUIT of SMTP, FTP and others (RFC 5321 4.2.3), and of NNTP (RFC 3977 5.4). */
        if (n_captured >= 4 && ((memcmp(text, "221", 3) == 0 && (text[3] == ' ' || text[3] == '-')) ||
                                memcmp(text, "205 ", 4) == 0))
                return 4;
        if (n_captured < n_payload || n == 0 || text[--n] != '\n')
                return 0;
        if (n > 0 && text[n - 1] == '\r')
                n--;
        for (unsigned i = 0; i < sizeof(words) / sizeof(*words); i++)
                if (n == strlen(words[i]) && strncasecmp(text, words[i], n) == 0)
                        return n_payload;
        if (n > 7 && strncasecmp(text + n - 7, " logout", 7) == 0 && !memchr(text, ' ', n - 7))
                return n_payload;
        return 0;
}

uint32_t goodbye_bytes(const uint8_t *payload, uint32_t n_captured, uint32_t n_payload)
{
        struct head h = { .n = n_captured, .n_payload = n_payload };
        uint32_t n;

        if (!goodbye_may_be(payload, n_captured, n_payload))
                return 0;
        memcpy(h.p, payload, n_captured < SIZE_ENOUGH ? n_captured : SIZE_ENOUGH);
        switch (payload[0]) {
        case GOODBYE_TLS:
        case TLS_DATA: return tls(&h);
        case 0:
                if (n_captured == n_payload && is_wrapped_unbind(payload, n_payload))
                        return n_payload;
                n = http2(&h);
                return n ? n : goodbye_form(payload, n_captured, n_payload);
        case 1:
                n = amqp_or_mysql(&h);
                return n ? n : goodbye_form(payload, n_captured, n_payload);
        case 5:
        case 6:
        case 7:
        case '<':
        case 'C':
        case 'D':
        case 'G':
        case 0x66:
        case 0xff:
                n = goodbye_form(payload, n_captured, n_payload);
                if (n > 0)
                        return n;
                break;
        case 3: return rdp(&h);
        case 0x30:
                if (n_captured == n_payload && (is_unbind(payload, payload + n_payload) ||
                                                is_notice(payload, payload + n_payload)))
                        return n_payload;
                return 0;
        case 0x88: return websocket(&h);
        /* DISCONNECT of MQTT, and with it a reason in version 5. */
        case 0xe0: return if_at_hand(&h, h.p[1] + 2u == n_payload, 2);
        /* Terminate of PostgreSQL. */
        case 'X':
                if (n_payload == 5 && n_captured == 5 && bytes_get32(payload + 1) == 4)
                        return n_payload;
                break;
        /* Redis. */
        case '*':
                if (n_payload == 14 && n_captured == 14 &&
                    strncasecmp((const char *)payload, "*1\r\n$4\r\nquit\r\n", 14) == 0)
                        return n_payload;
                break;
        default: break;
        }
        return line(payload, n_captured, n_payload);
}
