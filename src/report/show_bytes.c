/* What became of the bytes of a connection, a row a direction. */
#include "report/phrase.h"
#include "report/show_parts.h"
#include "report/totals.h"

static void add_acked(struct phrase *p, const struct record_direction *d)
{
        if (!d->acked.known) {
                phrase_add(p, ", how much was acknowledged was not seen");
                return;
        }
        if (d->bytes.known && d->acked.value == d->bytes.value) {
                phrase_add(p, ", all acknowledged");
                return;
        }
        phrase_add(p, ", ");
        phrase_count(p, d->acked.value);
        phrase_add(p, " acknowledged");
        if (d->acked_by_reset.known && d->acked_by_reset.value > d->acked.value) {
                phrase_add(p, ", ");
                phrase_count(p, d->acked_by_reset.value);
                phrase_add(p, " by the reset itself (which its receiver's kernel does not tell)");
        }
        if (d->uncertain.known && d->uncertain.value > 0) {
                phrase_add(p, ", ");
                phrase_bytes(p, d->uncertain.value);
                phrase_add(p, d->fate == FATE_LOST ? " not" : d->fate == FATE_UNCERTAIN ? " in doubt" : " not yet");
        }
}

static void add_told(struct phrase *p, const struct record_direction *d)
{
        if (d->unread.known && d->unread.value > 0) {
                phrase_add(p, ", ");
                phrase_bytes(p, d->unread.value);
                phrase_add(p, " never read by the program");
        }
        if (d->unsent.known && d->unsent.value > 0) {
                phrase_add(p, ", ");
                phrase_bytes(p, d->unsent.value);
                phrase_add(p, " never sent");
        }
        if (d->retransmitted.known && d->retransmitted.value > 0) {
                phrase_add(p, ", ");
                phrase_bytes(p, d->retransmitted.value);
                phrase_add(p, " sent again");
        }
        if (d->missing.known && d->missing.value > 0) {
                phrase_add(p, ", ");
                phrase_bytes(p, d->missing.value);
                phrase_add(p, " not in the capture");
        }
}

static void add_end(struct phrase *p, const struct record_direction *d)
{
        switch (d->closed) {
        case CLOSED_FIN:
                phrase_add(p, d->fin_acked.known && d->fin_acked.value ? "; then a FIN, acknowledged"
                              : d->fin_acked.known                     ? "; then a FIN, not acknowledged"
                                                                       : "; then a FIN");
                break;
        case CLOSED_RESET:
                phrase_add(p, "; then a reset");
                break;
        case CLOSED_NO:
                phrase_add(p, "; neither FIN nor reset");
                break;
        case CLOSED_UNKNOWN:
        case N_CLOSEDS:
                break;
        }
}

static void show_direction(FILE *file, const char *name, const struct record_direction *d, const struct style *style)
{
        struct phrase p = { 0 };

        if (!d->bytes.known) {
                phrase_add(&p, "not seen");
                add_acked(&p, d);
        } else if (d->bytes.value == 0) {
                phrase_add(&p, "none sent");
        } else {
                phrase_bytes(&p, d->bytes.value);
                phrase_add(&p, " sent");
                add_acked(&p, d);
        }
        add_told(&p, d);
        add_end(&p, d);
        phrase_add(&p, ".");
        if (d->fate == FATE_LOST)
                phrase_add(&p, " Some certainly never reached the program.");
        show_row(file, name, p.text, style);
}

void show_bytes(FILE *file, const struct record *r, const struct style *style)
{
        show_direction(file, "to server", &r->to_server, style);
        show_direction(file, "to client", &r->to_client, style);
        if (totals_lost(&r->to_server) + totals_lost(&r->to_client) == 0 &&
            (r->to_server.fate == FATE_ACKED || r->to_client.fate == FATE_ACKED))
                phrase_write(file,
                             "Acknowledged means by the other kernel; whether its program read them, no packet tells.",
                             style->width, SHOW_INDENT, 0);
}
