/* The same look at last words as the tracker of `finis read` has. */
#include "cli/watch_words.h"

#include "connection/goodbye.h"
#include "live/facts.h"

enum { PORT_SSH = 22 };
/* An alert of TLS 1.3, encrypted (RFC 8446 5.2): of two bytes, as it has them, no application makes a record of its
 * own. In TLS 1.2 by ChaCha20 and by AES-GCM; in TLS 1.3 these hold 1 and 9 bytes, which may be an application's, but
 * hardly its last ones. */
enum { TLS_ALERT = 24, TLS_1_2_ALERT = 23, TLS_1_2_ALERT_GCM = 31 };

static void look(struct facts *f, enum side speaker, const uint8_t *words, uint32_t n_words, uint32_t n_payload)
{
        if (goodbye_bytes(words, n_words, n_payload) > 0)
                LIVE_INFER(f->from[speaker].last_is_goodbye, true);
}

static enum side other(enum side side)
{
        return side == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;
}

static uint16_t server_port(const struct live_connection *c)
{
        uint16_t local = c->n_ends > 0 ? c->ends[0].local_port : c->resets[0].local_port;
        uint16_t remote = c->n_ends > 0 ? c->ends[0].remote_port : c->resets[0].remote_port;

        return c->first == SIDE_SERVER ? local : remote;
}

void watch_words_tell(struct facts *f, const struct live_connection *c)
{
        for (unsigned i = 0; i < c->n_ends; i++)
                look(f, other(connection_side(c, i)), c->ends[i].reset_words,
                     c->ends[i].n_reset_words, c->ends[i].reset_payload);
        for (unsigned i = 0; i < c->n_resets; i++)
                look(f, other(live_reset_by(c, i)), c->resets[i].words, c->resets[i].n_words, c->resets[i].payload);
        if (server_port(c) == PORT_SSH)
                LIVE_INFER(f->ssh, true);
}

static bool speaks_tls(uint16_t port)
{
        /* https, smtps, nntps, ldaps, dot, ftps, imaps, pop3s, sips, amqps, ircs, mqtts, and what is usual besides. */
        static const uint16_t ports[] = { 443, 465, 563, 636, 853, 990, 993, 995,
                                          2376, 3269, 5061, 5671, 6443, 6697, 8443, 8883, 9443 };

        for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++)
                if (ports[i] == port)
                        return true;
        return false;
}

bool watch_words_known(const struct live_connection *c)
{
        for (unsigned i = 0; i < c->n_ends; i++)
                if (c->ends[i].n_reset_words > 0)
                        return true;
        for (unsigned i = 0; i < c->n_resets; i++)
                if (c->resets[i].n_words > 0)
                        return true;
        return false;
}

/* How many of the last bytes sent to this end its program never got: left unread, or come too late. */
static uint64_t not_got(const struct live_connection *c, unsigned i)
{
        const struct live_end *end = &c->ends[i];
        uint64_t late = end->reset_payload, sent,
                 got = end->bytes_received - (end->flags & LIVE_FIN_IN && end->bytes_received > 0);

        if (!(end->flags & LIVE_SNAPPED) || !c->gone[i] || end->flags & LIVE_DISCONNECTED)
                return 0;
        for (unsigned k = 0; k < c->n_resets; k++)
                late += live_reset_by(c, k) == connection_side(c, i) ? c->resets[k].payload : 0;
        if (c->n_ends < 2)
                return end->unread + late;
        sent = live_sent(&c->ends[1 - i], connection_side(c, 1 - i));
        return end->unread + (sent > got ? sent - got : 0);
}

static bool is_alert(uint64_t n, bool fin_came)
{
        return n == TLS_ALERT || (fin_came && (n == TLS_1_2_ALERT || n == TLS_1_2_ALERT_GCM));
}

void watch_words_guess(struct facts *f, const struct live_connection *c)
{
        if (!speaks_tls(server_port(c)) || watch_words_known(c))
                return;
        for (unsigned i = 0; i < c->n_ends; i++) {
                struct facts_of_direction *from = &f->from[other(connection_side(c, i))];

                uint64_t n = not_got(c, i);

                if (fact_known(from->last_is_goodbye.how) || !is_alert(n, c->ends[i].flags & LIVE_FIN_IN))
                        continue;
                LIVE_INFER(from->last_is_goodbye, true);
                LIVE_INFER(from->goodbye_bytes, n);
        }
}
