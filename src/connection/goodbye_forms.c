/* Each is the whole of a payload: a length that the message states must be that of the payload, too. */
#include "connection/goodbye_forms.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "wire/bytes.h"

/* How a message says how long it is, itself included. */
enum length {
        LENGTH_FIXED,
        LENGTH_16,
        LENGTH_24,
        LENGTH_32,
        LENGTH_32_LITTLE,
};

#define PIECE(text) text, sizeof(text) - 1

/* Two pieces of it, and a length of @length or one that stands @at. */
static const struct form {
        const char *first;
        uint8_t n_first;
        const char *second;     /* after @skip bytes that may be any */
        uint8_t n_second;
        uint8_t skip;
        enum length how;
        uint8_t at;             /* where the length stands; LENGTH_FIXED: the length */
} forms[] = {
        /* XMPP (RFC 6120 4.4). */
        { PIECE("</stream:stream>"), PIECE(""), 0, LENGTH_FIXED, 16 },
        /* NOTIFICATION of BGP (RFC 4271 4.5). */
        { PIECE("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), PIECE("\3"), 2, LENGTH_16, 16 },
        /* Disconnect-Peer of Diameter, the request and the answer (RFC 6733 5.4). */
        { PIECE("\1"), PIECE("\0\1\x1a\0\0\0\0"), 4, LENGTH_24, 1 },
        /* OPC UA's CloseSecureChannel, which nothing answers (part 6, 7.1). */
        { PIECE("CLOF"), PIECE(""), 0, LENGTH_32_LITTLE, 4 },
        /* close of AMQP 1.0 (2.7.9). */
        { PIECE("\0\0"), PIECE("\2\0\0\0\0\x53\x18"), 2, LENGTH_32, 0 },
        /* unbind and unbind_resp of SMPP. */
        { PIECE("\0\0\0\x10\0\0\0\6"), PIECE(""), 0, LENGTH_FIXED, 16 },
        { PIECE("\0\0\0\x10\x80\0\0\6"), PIECE(""), 0, LENGTH_FIXED, 16 },
        /* Stop-Control-Connection of PPTP, the request and the reply, and Call-Clear (RFC 2637 2.3, 2.12). */
        { PIECE("\0\x10\0\1\x1a\x2b\x3c\x4d\0\3"), PIECE(""), 0, LENGTH_FIXED, 16 },
        { PIECE("\0\x10\0\1\x1a\x2b\x3c\x4d\0\4"), PIECE(""), 0, LENGTH_FIXED, 16 },
        { PIECE("\0\x10\0\1\x1a\x2b\x3c\x4d\0\x0c"), PIECE(""), 0, LENGTH_FIXED, 16 },
        /* The end of data of Oracle's TNS. */
        { PIECE("\0\x0a\0\0\6\0\0\0\0\x40"), PIECE(""), 0, LENGTH_FIXED, 10 },
        /* A-RELEASE of DICOM, asked for and granted, and A-ABORT (PS3.8 9.3). */
        { PIECE("\5\0\0\0\0\4"), PIECE(""), 0, LENGTH_FIXED, 10 },
        { PIECE("\6\0\0\0\0\4"), PIECE(""), 0, LENGTH_FIXED, 10 },
        { PIECE("\7\0\0\0\0\4"), PIECE(""), 0, LENGTH_FIXED, 10 },
        /* CloseConnection of GIOP. */
        { PIECE("GIOP\1"), PIECE("\5\0\0\0\0"), 2, LENGTH_FIXED, 12 },
        /* UnRegisterSession of EtherNet/IP, which nothing answers. */
        { PIECE("\x66\0\0\0"), PIECE(""), 0, LENGTH_FIXED, 24 },
        /* DISCONNECT of STOMP, without a receipt to be sent. */
        { PIECE("DISCONNECT\n\n\0"), PIECE(""), 0, LENGTH_FIXED, 13 },
};

static uint32_t stated(const struct form *form, const uint8_t *payload)
{
        const uint8_t *p = payload + form->at;

        switch (form->how) {
        case LENGTH_16: return bytes_get16(p);
        case LENGTH_24: return (uint32_t)p[0] << 16 | bytes_get16(p + 1);
        case LENGTH_32: return bytes_get32(p);
        case LENGTH_32_LITTLE: return __builtin_bswap32(bytes_get32(p));
        case LENGTH_FIXED:
        default: return form->at;
        }
}

uint32_t goodbye_form(const uint8_t *payload, uint32_t n_captured, uint32_t n_payload)
{
        for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
                const struct form *form = &forms[i];
                uint32_t second = (uint32_t)form->n_first + form->skip, n = second + form->n_second;

                if (form->how == LENGTH_32_LITTLE && n < form->at + 4u)
                        n = form->at + 4u;
                if (n_captured >= n && n_payload >= n && memcmp(payload, form->first, form->n_first) == 0 &&
                    memcmp(payload + second, form->second, form->n_second) == 0 && stated(form, payload) == n_payload)
                        return n;
        }
        return 0;
}
