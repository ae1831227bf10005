/*
 * What may stand behind a row and is not in order. Of RSTs, only one whose validity is beyond doubt is kept so
 * (validity() in reset.c): it stands right behind all that its sender sent, of which nothing is missing; or it answers
 * a SYN that nothing else answered. Of such a connection it is known without asking further that it has ended. Of ICMP
 * errors, only one that quotes the SYN that nobody answered: it is believed, and ends nothing.
 *
 * Behind a RST comes what was on its way to its sender, and draws more of them. As long as that leaves no doubt that
 * the first was taken (reset_after()), the row goes on with it.
 */
#include "connection/orderly_take.h"

#include <string.h>
#include <sys/socket.h>

#include "connection/icmp.h"
#include "connection/orderly_look.h"
#include "connection/reset.h"

/* It comes neither too early nor too late. */
static inline bool is_near(const struct orderly *o, int64_t time_ns, uint32_t file)
{
        return file == o->file && time_ns >= o->last &&
               ((uint64_t)time_ns - (uint64_t)o->first) >> ROW_WHAT_SHIFT == 0;
}

/* … and nothing of the kind is there. */
static inline bool fits(const struct orderly *o, int64_t time_ns, uint32_t file)
{
        return !(o->flags & (ORDERLY_PACKED | ORDERLY_GIVEN | ORDERLY_LAST)) && is_near(o, time_ns, file);
}

bool orderly_take_reset(struct table *table, struct orderly *o, unsigned sender, const struct tracker_frame *f,
                        uint32_t file)
{
        const unsigned not = SEGMENT_SYN | SEGMENT_FIN | SEGMENT_AE | PLAIN_OPTIONS | PLAIN_CUT;
        /* Beside them stands @n. */
        const unsigned has = f->plain.has, flags = o->flags, n = o->n;
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
        o->n_before = (uint8_t)n;
        o->flags = (uint16_t)(flags | ORDERLY_RESET);
        return true;
}

/* Another RST. The numbers of such a one stand where its timestamps would. */
static bool take_late_reset(struct table *table, struct orderly *o, unsigned sender, const struct tracker_frame *f)
{
        const unsigned not = SEGMENT_FIN | PLAIN_TIMESTAMPS;
        struct row *row;

        if (f->plain.has & not || f->plain.n_payload > 0)
                return false;
        /* It may be a twin (twin_seen()). */
        for (unsigned i = o->n_before; i < o->n && f->plain.ip_id != 0; i++) {
                row = table_row(table, o, i);
                if (row_what(row) & SEGMENT_RST && row->ip_id == f->plain.ip_id)
                        return false;
        }
        row = orderly_add_here(table, o, sender, f, 0);
        if (row)
                row->ts_value = f->plain.seq;
        return row;
}

/* Whether a segment in order comes so soon behind the RST of the other end that it does not show whether that was
 * taken (talks_later() in reset.c). */
static bool may_know_nothing(const struct table *table, const struct orderly *o, int64_t time_ns)
{
        const struct row *reset = table_row(table, o, o->n_before);
        int64_t rtt = row_since(table_row(table, o, 2));

        return time_ns - o->first - row_since(reset) <= reset_margin(rtt);
}

bool orderly_take_late(struct table *table, struct orderly *o, unsigned sender, const struct tracker_frame *f,
                       uint32_t file)
{
        const unsigned not = SEGMENT_SYN | SEGMENT_AE | PLAIN_OPTIONS | PLAIN_CUT, has = f->plain.has;
        const unsigned flags = o->flags, mask = ORDERLY_ANSWERED | ORDERLY_RESET | ORDERLY_PACKED | ORDERLY_GIVEN;
        const uint32_t room = f->plain.n_payload + (has & SEGMENT_FIN), acks = f->plain.ack - o->acked[!sender];
        unsigned what = room > 0 ? ROW_GOODBYE_KNOWN : 0;

        if (has & not || (flags & mask) != (ORDERLY_ANSWERED | ORDERLY_RESET) ||
            o->n - o->n_before > ORDERLY_LATE_MAX || !is_near(o, f->time_ns, file))
                return false;
        if (has & SEGMENT_RST)
                return take_late_reset(table, o, sender, f);
        if (!(has & SEGMENT_ACK) || f->plain.seq != o->next[sender] || f->plain.window == 0 || f->plain.ack == 0 ||
            acks > o->next[!sender] - o->acked[!sender] || !(flags & ORDERLY_OPEN) || flags & ORDERLY_ENDED ||
            (room > 0 && flags & (unsigned)ORDERLY_FIN_0 << sender) ||
            look_by(table_row(table, o, o->n_before)) == sender || !may_know_nothing(table, o, f->time_ns))
                return false;
        if (f->plain.n_payload > 0 && orderly_goodbye_of(&f->plain) != what)
                return false;
        if (!orderly_add_here(table, o, sender, f, what))
                return false;
        o->next[sender] += room;
        o->acked[!sender] = f->plain.ack;
        o->flags = (uint16_t)(flags | (has & SEGMENT_FIN) << sender);
        return true;
}

bool orderly_take_icmp(struct table *table, struct orderly *o, unsigned sender, const struct tracker_input *input)
{
        const struct packet *packet = &input->packet;
        const struct segment *s = &packet->segment;
        const unsigned n = o->n;
        struct row *row;

        if (o->flags & ORDERLY_ANSWERED || sender != 0 || packet->n_quoted < ICMP_QUOTED_SEQ ||
            s->seq + 1 != o->next[0] || input->cut || input->frame > UINT32_MAX ||
            !fits(o, input->time_ns, input->file) || !orderly_add(table, o, 0, input, 0, packet->icmp))
                return false;
        row = table_row(table, o, n);
        row->window = memcmp(packet->icmp_from, s->destination, sizeof(packet->icmp_from)) == 0;
        o->n_before = (uint8_t)n;
        o->flags |= ORDERLY_ICMP;
        return true;
}

/* Up to where the segments in order of who did not reset acknowledge. */
static uint32_t acked_before(const struct table *table, const struct orderly *o, unsigned side)
{
        const struct row *row;
        unsigned i = o->n_before;

        do
                row = table_row(table, o, --i);
        while (look_by(row) != side);
        return row->ack;
}

struct orderly orderly_before_last(const struct table *table, const struct orderly *o)
{
        struct orderly before = *o;

        before.flags &= (uint16_t)~ORDERLY_LAST;
        before.n = o->n_before;
        before.last = o->first + row_since(table_row(table, o, o->n_before - 1u));
        for (unsigned i = o->n_before + 1u; i < o->n; i++) {
                const struct row *row = table_row(table, o, i);
                const unsigned by = look_by(row), fin = row_what(row) & SEGMENT_FIN;

                if (row_what(row) & SEGMENT_RST)
                        continue;
                before.next[by] -= row->n_payload + fin;
                before.flags &= (uint16_t)~(fin << by);
                before.acked[!by] = acked_before(table, o, by);
        }
        return before;
}

void orderly_last_of(const struct table *table, const struct orderly *o, struct orderly_last *ret_last)
{
        ret_last->before = orderly_before_last(table, o);
        memcpy(ret_last->next, ret_last->before.next, sizeof(ret_last->next));
        ret_last->n = o->n - o->n_before;
        ret_last->i = 0;
        ret_last->icmp = o->flags & ORDERLY_ICMP;
        for (unsigned i = 0; i < ret_last->n; i++)
                ret_last->row[i] = *table_row(table, o, o->n_before + i);
}

static void set_icmp(const struct orderly *before, const struct row *row, struct tracker_input *ret_input)
{
        struct packet *packet = &ret_input->packet;

        ret_input->kind = PACKET_ICMP_ERROR;
        packet->icmp = (enum icmp_error)row->n_payload;
        packet->n_quoted = ICMP_QUOTED_SEQ;
        /* From the addressee, or from anybody else. */
        packet->icmp_from[0] = !row->window;
        packet->segment.seq = before->next[0] - 1;
}

static void set_segment(const struct orderly_last *last, const struct row *row, unsigned sender, struct segment *s)
{
        /* Of payload that is no good-bye nobody reads more than so much (note_goodbye_of()). */
        static const uint8_t payload[GOODBYE_MOST];
        const bool reset = row_what(row) & SEGMENT_RST;
        const bool numbered = reset && (last->i > 0 || !(last->before.flags & ORDERLY_ANSWERED));

        s->flags = row_what(row) & ROW_FLAGS;
        s->options = row_what(row) & ROW_TIMESTAMPS ? SEGMENT_HAS_TIMESTAMPS : 0;
        s->seq = numbered ? row->ts_value : last->next[sender];
        s->ack = row->ack;
        s->ts_value = numbered ? 0 : row->ts_value;
        s->ts_echo = row->ts_echo;
        s->window = row->window;
        s->ip_id = row->ip_id;
        s->ttl = row->ttl;
        s->payload = payload;
        s->n_payload = s->n_captured = row->n_payload;
}

bool orderly_last_next(struct orderly_last *last, unsigned *ret_sender, struct tracker_input *ret_input)
{
        const struct row *row = &last->row[last->i];
        struct segment *s = &ret_input->packet.segment;

        if (last->i == last->n)
                return false;
        *ret_sender = look_by(row);
        *ret_input = (struct tracker_input){ .kind = PACKET_TCP, .file = last->before.file, .frame = row->frame,
                                             .time_ns = last->before.first + row_since(row) };
        s->family = last->before.head.realm & REALM_IPV4 ? AF_INET : AF_INET6;
        if (last->icmp)
                set_icmp(&last->before, row, ret_input);
        else
                set_segment(last, row, *ret_sender, s);
        last->next[*ret_sender] += s->n_payload + (s->flags & SEGMENT_FIN);
        last->i++;
        return true;
}
