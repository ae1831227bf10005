/*
 * What may stand at the end of a row and is not in order. Of RSTs, only one whose validity is beyond doubt is kept so
 * (validity() in reset.c): it stands right behind all that its sender sent, of which nothing is missing; or it answers
 * a SYN that nothing else answered. Of such a connection it is known without asking further that it has ended. Of ICMP
 * errors, only one that quotes the SYN that nobody answered: it is believed, and ends nothing.
 */
#include "connection/orderly_take.h"

#include <string.h>
#include <sys/socket.h>

#include "connection/icmp.h"

static struct row *
last_row(const struct table *table, const struct orderly *o)
{
        unsigned i = o->n - 1u;

        return table_row(table, o, i);
}

/* It comes neither too early nor too late, and nothing of the kind is there. */
static inline bool
fits(const struct orderly *o, int64_t time_ns, uint32_t file)
{
        return !(o->flags & (ORDERLY_PACKED | ORDERLY_GIVEN | ORDERLY_LAST)) && file == o->file && time_ns >= o->last &&
               ((uint64_t)time_ns - (uint64_t)o->first) >> ROW_WHAT_SHIFT == 0;
}

bool
orderly_take_frame_reset(struct table *table, struct orderly *o, unsigned sender, const struct tracker_frame *f,
                         uint32_t file)
{
        const unsigned not = SEGMENT_SYN | SEGMENT_FIN | SEGMENT_AE | PLAIN_OPTIONS | PLAIN_CUT;
        /* Beside them stands @n. */
        const unsigned has = f->plain.has, flags = o->flags;
        struct row *row;

        /* Nothing of it says what a row has no place for. */
        if ((has & (SEGMENT_RST | not)) != SEGMENT_RST || f->plain.n_payload > 0 || !fits(o, f->time_ns, file))
                return false;
        if (flags & ORDERLY_ANSWERED ? f->plain.seq != o->next[sender]
                                     : sender == 0 || !(has & SEGMENT_ACK) || f->plain.ack != o->next[0] ||
                                       has & PLAIN_TIMESTAMPS)
                return false;
        row = orderly_add_here(table, o, sender, f, 0);
        if (!row)
                return false;
        /* Where it stands follows from those before it only if its sender sent any. */
        if (!(flags & ORDERLY_ANSWERED))
                row->ts_value = f->plain.seq;
        o->flags = (uint16_t)(flags | ORDERLY_RESET);
        return true;
}

bool
orderly_take_reset(struct table *table, struct orderly *o, unsigned sender, const struct tracker_input *input)
{
        const struct tracker_frame f = orderly_frame_of(input);

        return orderly_take_frame_reset(table, o, sender, &f, input->file);
}

bool
orderly_take_icmp(struct table *table, struct orderly *o, unsigned sender, const struct tracker_input *input)
{
        const struct packet *packet = &input->packet;
        const struct segment *s = &packet->segment;
        struct row *row;

        if (o->flags & ORDERLY_ANSWERED || sender != 0 || packet->n_quoted < ICMP_QUOTED_SEQ ||
            s->seq + 1 != o->next[0] || input->cut || input->frame > UINT32_MAX ||
            !fits(o, input->time_ns, input->file) || !orderly_add(table, o, 0, input, 0, packet->icmp))
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
