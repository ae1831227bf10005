/* What a reader of a ladder wants of a segment, in the order in which it matters: the flags that
 * change something, the bytes, what is acknowledged, and what is odd about it. */
#include "wire/segment_text.h"

#include <stdarg.h>
#include <stdio.h>

struct words {
        char *text;
        size_t n;
};

__attribute__((format(printf, 2, 3)))
static void add(struct words *words, const char *format, ...)
{
        size_t room = SEGMENT_TEXT_MAX - words->n;
        va_list args;
        int n;

        va_start(args, format);
        n = vsnprintf(words->text + words->n, room, format, args);
        va_end(args);
        if (n > 0)
                words->n += (size_t)n < room ? (size_t)n : room - 1;
}

char *segment_text(const struct segment *segment, uint32_t seq_base, uint32_t ack_base,
                   char text[static SEGMENT_TEXT_MAX])
{
        static const struct {
                uint16_t flag;
                const char *name;
        } flags[] = {
                { SEGMENT_SYN, "SYN" }, { SEGMENT_FIN, "FIN" }, { SEGMENT_RST, "RST" }, { SEGMENT_URG, "URG" },
        };
        struct words words = { .text = text };
        const char *space = "";
        uint32_t seq = segment->seq - seq_base;

        text[0] = '\0';
        for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); ++i)
                if (segment->flags & flags[i].flag) {
                        add(&words, "%s%s", space, flags[i].name);
                        space = " ";
                }
        if (segment->n_payload > 0) {
                add(&words, "%s%u byte%s %u:%u", space, segment->n_payload, segment->n_payload == 1 ? "" : "s",
                    seq, seq + segment->n_payload);
                space = " ";
        } else if (segment->flags & (SEGMENT_FIN | SEGMENT_RST)) {
                add(&words, "%s%u", space, seq);
                space = " ";
        }
        if (segment->flags & SEGMENT_ACK) {
                add(&words, "%sACK", space);
                if (!(segment->flags & SEGMENT_SYN))
                        add(&words, " %u", segment->ack - ack_base);
                space = " ";
        }
        if (!*space)
                add(&words, "no flags");
        for (unsigned i = 0; (segment->options & SEGMENT_HAS_SACK) && i < segment->n_sack; ++i)
                add(&words, " SACK %u:%u", segment->sack[i].start - ack_base, segment->sack[i].end - ack_base);
        if (segment->window == 0 || (segment->flags & SEGMENT_RST))
                add(&words, " win %u", segment->window);
        return text;
}
