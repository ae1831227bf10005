/*
 * The RST at the end of a row. Only one whose validity is beyond doubt is kept so (validity() in reset.c): it stands
 * right behind all that its sender sent, of which nothing is missing; or it answers a SYN that nothing else
 * answered. Of such a connection it is known without asking further that it has ended.
 */
#include "connection/orderly.h"

#include <sys/socket.h>

#include "connection/table.h"

static struct row *
last_row(const struct table *table, const struct orderly *o)
{
        unsigned i = o->n - 1u;

        return &table_piece(table, o->piece[i / ROW_PIECE])[i % ROW_PIECE];
}

/* No bit of it says what a row has no place for, and it comes neither too early nor too late. */
static bool
fits(const struct orderly *o, const struct tracker_input *input)
{
        const struct segment *s = &input->packet.segment;
        const unsigned flags = SEGMENT_SYN | SEGMENT_FIN | SEGMENT_RST | SEGMENT_AE;

        return (s->flags & flags) == SEGMENT_RST && s->n_payload == 0 && !(s->options & ~SEGMENT_HAS_TIMESTAMPS) &&
               !input->cut && input->frame <= UINT32_MAX && input->file == o->file && input->time_ns >= o->last &&
               ((uint64_t)input->time_ns - (uint64_t)o->first) >> ROW_WHAT_SHIFT == 0;
}

bool
orderly_take_reset(struct table *table, struct orderly *o, unsigned sender, const struct tracker_input *input)
{
        const struct segment *s = &input->packet.segment;

        if (o->flags & (ORDERLY_PACKED | ORDERLY_GIVEN | ORDERLY_RESET) || !fits(o, input))
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

void
orderly_reset_of(const struct table *table, const struct orderly *o, unsigned *ret_sender,
                 struct tracker_input *ret_input)
{
        const struct row *row = last_row(table, o);
        unsigned sender = row_what(row) & ROW_BY_1 ? 1 : 0;
        bool answered = o->flags & ORDERLY_ANSWERED;

        *ret_input = (struct tracker_input){
                .kind = PACKET_TCP, .file = o->file, .frame = row->frame, .time_ns = o->last,
                .packet.segment = {
                        .family = o->head.realm & REALM_IPV4 ? AF_INET : AF_INET6,
                        .flags = row_what(row) & ROW_FLAGS,
                        .options = row_what(row) & ROW_TIMESTAMPS ? SEGMENT_HAS_TIMESTAMPS : 0,
                        .seq = answered ? o->next[sender] : row->ts_value, .ack = row->ack,
                        .ts_value = answered ? row->ts_value : 0, .ts_echo = row->ts_echo,
                        .window = row->window, .ip_id = row->ip_id, .ttl = row->ttl,
                },
        };
        *ret_sender = sender;
}

struct orderly
orderly_before_reset(const struct table *table, const struct orderly *o)
{
        struct orderly before = *o;

        before.flags &= (uint16_t)~ORDERLY_RESET;
        before.n--;
        before.last = before.first + (int64_t)(last_row(table, &before)->at_and_what << 16 >> 16);
        return before;
}
