/* The same look at last words as the tracker of `finis read` has. */
#include "cli/watch_words.h"

#include "connection/goodbye.h"
#include "live/facts.h"

enum { PORT_SSH = 22 };

static void look(struct facts *f, enum side speaker, const uint8_t *words, uint32_t n_words, uint32_t n_payload)
{
        if (goodbye_bytes(words, n_words, n_payload) > 0)
                LIVE_INFER(f->from[speaker].last_is_goodbye, true);
}

static enum side other(enum side side)
{
        return side == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;
}

void watch_words_tell(struct facts *f, const struct live_connection *c)
{
        uint16_t local, remote;

        for (unsigned i = 0; i < c->n_ends; i++)
                look(f, other(connection_side(c, i)), c->ends[i].reset_words, c->ends[i].n_reset_words, c->ends[i].reset_payload);
        for (unsigned i = 0; i < c->n_resets; i++)
                look(f, other(live_reset_by(c, i)), c->resets[i].words, c->resets[i].n_words, c->resets[i].payload);
        local = c->n_ends > 0 ? c->ends[0].local_port : c->resets[0].local_port;
        remote = c->n_ends > 0 ? c->ends[0].remote_port : c->resets[0].remote_port;
        if ((c->first == SIDE_SERVER ? local : remote) == PORT_SSH)
                LIVE_INFER(f->ssh, true);
}
