/* As Linux does (tcp_v4_err), an error is believed only if the number that it quotes lies in what its
 * connection has sent. */
#include "connection/icmp.h"

#include <string.h>

#include "connection/direction.h"

enum {
        QUOTED_FLAGS = 14,
};

static bool quoted_kind(const struct packet *packet, const struct direction *d, int64_t position,
                        enum segment_kind *ret_kind)
{
        const struct segment *s = &packet->segment;

        if (position == -1 && d->flags & DIRECTION_SYN && d->acked < 0) {
                *ret_kind = SEGMENT_KIND_SYN;
                return true;
        }
        if (packet->n_quoted < QUOTED_FLAGS)
                return false;
        if (s->flags & SEGMENT_RST)
                *ret_kind = SEGMENT_KIND_RST;
        else if (s->flags & SEGMENT_SYN)
                *ret_kind = s->flags & SEGMENT_ACK ? SEGMENT_KIND_SYN_ACK : SEGMENT_KIND_SYN;
        else if (s->flags & SEGMENT_FIN)
                *ret_kind = SEGMENT_KIND_FIN;
        else
                *ret_kind = s->n_payload > 0 ? SEGMENT_KIND_DATA : SEGMENT_KIND_ACK;
        return true;
}

bool icmp_take(struct step *step)
{
        const struct packet *packet = &step->input->packet;
        const struct segment *s = &packet->segment;
        struct direction *d = &step->c->side[step->sender];
        struct extra *extra;
        enum segment_kind kind;

        step->s = s;
        step->d = d;
        step->time = step->input->time_ns;
        if (packet->n_quoted < ICMP_QUOTED_SEQ || !(d->flags & DIRECTION_BASE))
                return false;
        step->position = direction_position(d, s->seq);
        if (step->position < -1 || (step->position > direction_end(d) && step->position > d->acked))
                return false;
        extra = step_extra(step);
        if (!extra)
                return false;
        if (step->time > step->c->last)
                step->c->last = step->time;
        step->c->last_file = step->input->file;
        step->c->last_frame = step->input->frame;
        extra->icmp_quoted_known = quoted_kind(packet, d, step->position, &kind);
        if (extra->icmp_quoted_known)
                extra->icmp_quoted = (uint8_t)(step->kind = kind);
        extra->icmp = true;
        extra->icmp_at = step->time;
        extra->icmp_frame = step->input->frame > UINT32_MAX ? 0 : (uint32_t)step->input->frame;
        extra->icmp_error = (uint8_t)packet->icmp;
        extra->icmp_to = (uint8_t)step->sender;
        extra->icmp_from_end = memcmp(packet->icmp_from, s->destination, 16) == 0;
        return true;
}
