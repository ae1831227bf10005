/*
 * What may stand at the end of a row and is not in order. Of RSTs, only one whose validity is beyond doubt is kept so
 * (validity() in reset.c): it stands right behind all that its sender sent, of which nothing is missing; or it answers
 * a SYN that nothing else answered. Of such a connection it is known without asking further that it has ended. Of ICMP
 * errors, only one that quotes the SYN that nobody answered: it is believed, and ends nothing.
 */
#include "connection/orderly.h"

#include <string.h>
#include <sys/socket.h>

#include "connection/icmp.h"
#include "connection/table.h"

static struct row *
last_row(const struct table *table, const struct orderly *o)
{
        unsigned i = o->n - 1u;

        return table_row(table, o, i);
}

/* It comes neither too early nor too late, and nothing of the kind is there. */
static bool
fits(const struct orderly *o, const struct tracker_input *input)
{
        return !(o->flags & (ORDERLY_PACKED | ORDERLY_GIVEN | ORDERLY_LAST)) && !input->cut &&
               input->frame <= UINT32_MAX && input->file == o->file && input->time_ns >= o->last &&
               ((uint64_t)input->time_ns - (uint64_t)o->first) >> ROW_WHAT_SHIFT == 0;
}

/* Nothing of it says what a row has no place for. */
static bool
is_plain_reset(const struct segment *s)
{
        const unsigned flags = SEGMENT_SYN | SEGMENT_FIN | SEGMENT_RST | SEGMENT_AE;

        return (s->flags & flags) == SEGMENT_RST && s->n_payload == 0 && !(s->options & ~SEGMENT_HAS_TIMESTAMPS);
}

bool
orderly_take_reset(struct table *table, struct orderly *o, unsigned sender, const struct tracker_input *input)
{
        const struct segment *s = &input->packet.segment;

        if (!is_plain_reset(s) || !fits(o, input))
                return false;
        if (o->flags & ORDERLY_ANSWERED ? s->seq != o->next[sender]
                                        : sender == 0 || !(s->flags & SEGMENT_ACK) || s->ack != o->next[0] ||
                                          s->options & SEGMENT_HAS_TIMESTAMPS)
                return false;
        if (!orderly_add(table, o, sender, input, 0, 0))
                return false;
        /* Where it stands follows from those before it only if its sender sent any. */
        if (!(o->flags & ORDERLY_ANSWERED))
                last_row(table, o)->ts_value = s->seq;
        o->flags |= ORDERLY_RESET;
        return true;
}

bool
orderly_take_icmp(struct table *table, struct orderly *o, unsigned sender, const struct tracker_input *input)
{
        const struct packet *packet = &input->packet;
        const struct segment *s = &packet->segment;
        struct row *row;

        if (o->flags & ORDERLY_ANSWERED || sender != 0 || packet->n_quoted < ICMP_QUOTED_SEQ ||
            s->seq + 1 != o->next[0] || !fits(o, input) || !orderly_add(table, o, 0, input, 0, packet->icmp))
                return false;
        row = last_row(table, o);
        row->window = memcmp(packet->icmp_from, s->destination, sizeof(packet->icmp_from)) == 0;
        o->flags |= ORDERLY_ICMP;
        return true;
}

static void
set_icmp(const struct orderly *o, const struct row *row, struct tracker_input *ret_input)
{
        struct packet *packet = &ret_input->packet;

        ret_input->kind = PACKET_ICMP_ERROR;
        packet->icmp = (enum icmp_error)row->n_payload;
        packet->n_quoted = ICMP_QUOTED_SEQ;
        /* From the addressee, or from anybody else. */
        packet->icmp_from[0] = !row->window;
        packet->segment.seq = o->next[0] - 1;
}

static void
set_reset(const struct orderly *o, const struct row *row, unsigned sender, struct segment *s)
{
        bool answered = o->flags & ORDERLY_ANSWERED;

        s->flags = row_what(row) & ROW_FLAGS;
        s->options = row_what(row) & ROW_TIMESTAMPS ? SEGMENT_HAS_TIMESTAMPS : 0;
        s->seq = answered ? o->next[sender] : row->ts_value;
        s->ack = row->ack;
        s->ts_value = answered ? row->ts_value : 0;
        s->ts_echo = row->ts_echo;
        s->window = row->window;
        s->ip_id = row->ip_id;
        s->ttl = row->ttl;
}

void
orderly_last_of(const struct table *table, const struct orderly *o, unsigned *ret_sender,
                struct tracker_input *ret_input)
{
        const struct row *row = last_row(table, o);

        *ret_sender = row_what(row) & ROW_BY_1 ? 1 : 0;
        *ret_input = (struct tracker_input){ .kind = PACKET_TCP, .file = o->file, .frame = row->frame,
                                             .time_ns = o->last };
        ret_input->packet.segment.family = o->head.realm & REALM_IPV4 ? AF_INET : AF_INET6;
        if (o->flags & ORDERLY_ICMP)
                set_icmp(o, row, ret_input);
        else
                set_reset(o, row, *ret_sender, &ret_input->packet.segment);
}

struct orderly
orderly_before_last(const struct table *table, const struct orderly *o)
{
        struct orderly before = *o;

        before.flags &= (uint16_t)~ORDERLY_LAST;
        before.n--;
        before.last = before.first + (int64_t)(last_row(table, &before)->at_and_what << 16 >> 16);
        return before;
}
