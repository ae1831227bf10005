/*
 * pcapng (draft-ietf-opsawg-pcapng): blocks one behind the other. A section has a byte order of its own
 * and numbers its interfaces from 0; each interface has its own link type and clock. Blocks that hold no frame
 * are passed over without being gathered, however long they are.
 *
 * A block begins and ends with its length. Where both agree, the block can be passed over even if it makes no
 * sense within; where they do not, nothing says where the next one begins, and reading ends there.
 */
#include <errno.h>
#include <stdlib.h>

#include "capture/pcapng_time.h"
#include "capture/reader.h"

enum {
        BLOCK_SECTION = 0x0a0d0d0a,
        BLOCK_INTERFACE = 1,
        BLOCK_PACKET = 2,               /* obsolete, but there are files */
        BLOCK_SIMPLE_PACKET = 3,
        BLOCK_STATISTICS = 5,
        BLOCK_ENHANCED_PACKET = 6,
        BLOCK_JOURNAL = 9,              /* of systemd */
        BLOCK_CUSTOM = 0xbad,
        BLOCK_CUSTOM_NOT_COPIED = 0x40000bad,
        BLOCK_SYSDIG = 0x204,
        BLOCK_SYSDIG_V2 = 0x216,
        BLOCK_SYSDIG_LARGE = 0x221,

        ORDER_MARK = 0x1a2b3c4d,
        OPTION_END = 0,
        OPTION_TSRESOL = 9,
        OPTION_TSOFFSET = 14,
        OPTION_IF_DROP = 5,             /* of statistics: by the interface, … */
        OPTION_OS_DROP = 7,             /* … and by the system */

        N_ENVELOPE = 12,                /* type and length in front, length behind */
        N_SECTION = 28,
        N_INTERFACE = 20,
        N_SIMPLE_PACKET = 16,
        N_PACKET = 32,                  /* enhanced or not */
        N_STATISTICS = 24,
        STATISTICS_MAX = 4096,          /* beyond that they are something else */

        INTERFACES_MAX = 65536,         /* what a hostile file may make us remember */
};

static unsigned long long place(const struct capture *capture)
{
        return block_place(&capture->block);
}

bool pcapng_begins(const uint8_t *bytes, size_t n)
{
        return n >= 4 && get32(bytes, false) == BLOCK_SECTION;
}

static uint64_t get64(const uint8_t *p, bool other_order)
{
        uint64_t first = get32(p, other_order), second = get32(p + 4, other_order);

        return other_order ? first << 32 | second : second << 32 | first;
}

/* Options lie one behind the other. */
struct options {
        const uint8_t *p;
        size_t n;
        bool other_order;
};

struct option {
        uint16_t code, length;
        const uint8_t *value;
};

static bool next_option(struct options *options, struct option *ret_option)
{
        struct option option;
        size_t span;

        if (options->n < 4)
                return false;
        option = (struct option){ .code = get16(options->p, options->other_order),
                                   .length = get16(options->p + 2, options->other_order), .value = options->p + 4 };
        span = 4 + (((size_t)option.length + 3) & ~(size_t)3);
        if (option.code == OPTION_END || options->n - 4 < option.length)
                return false;
        if (span > options->n)
                span = options->n;
        options->p += span;
        options->n -= span;
        *ret_option = option;
        return true;
}

static void read_options(struct pcapng_interface *interface, const uint8_t *p, size_t n, bool other_order)
{
        struct options options = { .p = p, .n = n, .other_order = other_order };
        uint8_t resolution = PCAPNG_MICROSECONDS;
        struct option option;

        while (next_option(&options, &option)) {
                if (option.code == OPTION_TSRESOL && option.length >= 1)
                        resolution = option.value[0];
                if (option.code == OPTION_TSOFFSET && option.length >= 8)
                        interface->offset_s = (int64_t)get64(option.value, other_order);
        }
        pcapng_time_set(interface, resolution);
}

/* Counts of an interface since it was described; the last of them holds. */
static void read_statistics(struct capture *capture, const uint8_t *p, size_t length)
{
        struct pcapng *ng = &capture->pcapng;
        uint32_t id = get32(p + 8, ng->other_order);
        struct options options = { .p = p + 20, .n = length - N_STATISTICS, .other_order = ng->other_order };
        struct pcapng_interface *interface;
        uint64_t n_dropped = 0;
        struct option option;

        if (id >= ng->n_interfaces)
                return;
        interface = &ng->interfaces[id];
        while (next_option(&options, &option))
                if ((option.code == OPTION_IF_DROP || option.code == OPTION_OS_DROP) && option.length >= 8)
                        n_dropped += get64(option.value, ng->other_order);
        if (n_dropped > interface->n_dropped) {
                capture->n_dropped += n_dropped - interface->n_dropped;
                interface->n_dropped = n_dropped;
        }
}

static int add_interface(struct capture *capture, const uint8_t *p, size_t length)
{
        struct pcapng *ng = &capture->pcapng;
        struct pcapng_interface *interface;

        if (ng->n_interfaces == INTERFACES_MAX) {
                capture_note(capture, "more than %d interfaces in a section, at byte %llu: the frames of the others "
                             "are left out", INTERFACES_MAX, place(capture));
                return 0;
        }
        if (ng->n_interfaces == ng->n_room) {
                size_t n_room = ng->n_room ? 2 * ng->n_room : 8;
                struct pcapng_interface *more = realloc(ng->interfaces, n_room * sizeof(*more));

                if (!more)
                        return -ENOMEM;
                ng->interfaces = more;
                ng->n_room = n_room;
        }
        interface = &ng->interfaces[ng->n_interfaces++];
        *interface = (struct pcapng_interface){
                .link_type = capture_link_type(get16(p + 8, ng->other_order)),
                .snaplen = get32(p + 12, ng->other_order),
        };
        read_options(interface, p + 16, length - N_INTERFACE, ng->other_order);
        return 0;
}

/* Returns whether there is a frame; a block without one that makes sense is noted. */
static bool read_packet(struct capture *capture, const uint8_t *p, size_t length, uint32_t type, bool other_order,
                        struct frame *ret_frame)
{
        const struct pcapng *ng = &capture->pcapng;
        const struct pcapng_interface *interface;
        uint32_t id = type == BLOCK_PACKET ? get16(p + 8, other_order) : get32(p + 8, other_order);
        uint32_t n_bytes = get32(p + 20, other_order), n_frame = get32(p + 24, other_order);

        capture->number++;
        if (__builtin_expect(n_bytes > length - N_PACKET, 0)) {
                capture_note(capture, "frame %llu at byte %llu is said to have %u bytes, in a block of %zu; left out",
                             (unsigned long long)capture->number, place(capture), n_bytes, length);
                return false;
        }
        if (__builtin_expect(id >= ng->n_interfaces, 0)) {
                capture_note(capture, "frame %llu at byte %llu names interface %u, which is not described; left out",
                             (unsigned long long)capture->number, place(capture), id);
                return false;
        }
        interface = &ng->interfaces[id];
        *ret_frame = (struct frame){
                .time_ns = pcapng_time(interface, (uint64_t)get32(p + 12, other_order) << 32 |
                                       get32(p + 16, other_order)),
                .bytes = p + 28,
                .n_bytes = n_bytes,
                .n_frame = n_frame > n_bytes ? n_frame : n_bytes,
                .link_type = interface->link_type,
                .number = capture->number,
        };
        return true;
}

/* Has neither interface nor time: it is of the first one. What is at hand follows from all there was, from the
 * interface's limit and from the room in the block. */
static bool read_simple_packet(struct capture *capture, const uint8_t *p, size_t length, struct frame *ret_frame)
{
        const struct pcapng *ng = &capture->pcapng;
        uint32_t n_frame = get32(p + 8, ng->other_order), n_bytes = n_frame;

        capture->number++;
        if (ng->n_interfaces == 0) {
                capture_note(capture, "frame %llu at byte %llu comes before any interface is described; left out",
                             (unsigned long long)capture->number, place(capture));
                return false;
        }
        if (ng->interfaces[0].snaplen && n_bytes > ng->interfaces[0].snaplen)
                n_bytes = ng->interfaces[0].snaplen;
        if (n_bytes > length - N_SIMPLE_PACKET)
                n_bytes = (uint32_t)(length - N_SIMPLE_PACKET);
        *ret_frame = (struct frame){
                .bytes = p + 12,
                .n_bytes = n_bytes,
                .n_frame = n_frame,
                .link_type = ng->interfaces[0].link_type,
                .number = capture->number,
        };
        return true;
}

/* The byte order comes with the section, and is needed to read even the length in front. */
static bool begin_section(struct capture *capture, const uint8_t *p)
{
        struct pcapng *ng = &capture->pcapng;
        uint16_t major;

        ng->other_order = get32(p + 8, false) != ORDER_MARK;
        if (get32(p + 8, ng->other_order) != ORDER_MARK) {
                capture_note(capture, "the section at byte %llu has no byte order: the rest cannot be read",
                             place(capture));
                return false;
        }
        major = get16(p + 12, ng->other_order);
        if (major != 1) {
                capture_note(capture, "the section at byte %llu is of version %u, which is not known: the rest "
                             "cannot be read", place(capture), major);
                return false;
        }
        ng->n_interfaces = 0;
        return true;
}

static size_t smallest(uint32_t type)
{
        switch (type) {
        case BLOCK_SECTION:
                return N_SECTION;
        case BLOCK_INTERFACE:
                return N_INTERFACE;
        case BLOCK_PACKET:
        case BLOCK_ENHANCED_PACKET:
                return N_PACKET;
        case BLOCK_SIMPLE_PACKET:
                return N_SIMPLE_PACKET;
        default:
                return N_ENVELOPE;
        }
}

static bool holds_frame(uint32_t type)
{
        return type == BLOCK_ENHANCED_PACKET || type == BLOCK_SIMPLE_PACKET || type == BLOCK_PACKET;
}

/* Has to be at hand as a whole to be read. */
static bool is_gathered(uint32_t type, uint32_t length)
{
        return type == BLOCK_INTERFACE || holds_frame(type) ||
               (type == BLOCK_STATISTICS && length >= N_STATISTICS && length <= STATISTICS_MAX);
}

/* Wireshark shows these too, and numbers them (its wiretap/pcapng.c); there is no frame in them. */
static bool is_numbered(uint32_t type)
{
        switch (type) {
        case BLOCK_JOURNAL:
        case BLOCK_CUSTOM:
        case BLOCK_CUSTOM_NOT_COPIED:
        case BLOCK_SYSDIG:
        case BLOCK_SYSDIG_V2:
        case BLOCK_SYSDIG_LARGE:
                return true;
        default:
                return holds_frame(type);
        }
}

/* Some writers leave the padding out of the length, and write it all the same. */
static size_t with_padding(uint32_t length)
{
        return ((size_t)length + 3) & ~(size_t)3;
}

static bool trailer_agrees(struct capture *capture, const uint8_t *trailer, uint32_t length)
{
        uint32_t behind = get32(trailer, capture->pcapng.other_order);

        if (__builtin_expect(behind == length, 1))
                return true;
        capture_note(capture, "the block before byte %llu is of %u bytes by its beginning and of %u by its end: "
                     "the rest cannot be read",
                     (unsigned long long)(capture->block.offset + (uint64_t)(trailer + 4 - capture->block.bytes)),
                     length, behind);
        capture->ended = true;
        return false;
}

/* What take() does next. */
enum next {
        NEXT_STOP,      /* @need, @skip or @ended say what for */
        NEXT_BLOCK,
        NEXT_FRAME,     /* there is one; then the next block */
};

static enum next want(struct capture *capture, size_t need, bool within_frame)
{
        capture->need = need;
        capture->within = within_frame ? WITHIN_FRAME : WITHIN_OTHER;
        return NEXT_STOP;
}

static enum next pass_over(struct capture *capture, uint32_t length)
{
        capture->skip = with_padding(length) - 4;
        capture->pcapng.trailer_due = length;
        capture->owed = true;
        capture->within = WITHIN_OTHER;
        return NEXT_STOP;
}

/* The length behind a block that was passed over. */
static enum next take_trailer(struct capture *capture)
{
        struct block *block = &capture->block;

        if (block_at_hand(block) < 4)
                return want(capture, 4, false);
        if (!trailer_agrees(capture, block->bytes + block->start, capture->pcapng.trailer_due))
                return NEXT_STOP;
        capture->pcapng.trailer_due = 0;
        capture->owed = false;
        block->start += 4;
        return NEXT_BLOCK;
}

/* A block that is whole, of @span bytes. */
static enum next read_block(struct capture *capture, const uint8_t *p, size_t span, uint32_t type,
                            struct frame *ret_frame)
{
        switch (type) {
        case BLOCK_INTERFACE:
                if (add_interface(capture, p, span) == 0)
                        return NEXT_BLOCK;
                capture_note(capture, "there is no memory for the interfaces, at byte %llu", place(capture));
                capture->ended = true;
                return NEXT_STOP;
        case BLOCK_STATISTICS:
                read_statistics(capture, p, span);
                return NEXT_BLOCK;
        case BLOCK_SIMPLE_PACKET:
                return read_simple_packet(capture, p, span, ret_frame) ? NEXT_FRAME : NEXT_BLOCK;
        default:
                return read_packet(capture, p, span, type, capture->pcapng.other_order, ret_frame) ? NEXT_FRAME
                                                                                                 : NEXT_BLOCK;
        }
}

/* The block at the front of what is at hand. */
static enum next take_block(struct capture *capture, struct frame *ret_frame)
{
        struct block *block = &capture->block;
        const uint8_t *p = block->bytes + block->start;
        size_t left = block_at_hand(block), span;
        uint32_t type, length;
        enum next next;

        if (left < N_ENVELOPE)
                return want(capture, N_ENVELOPE, false);
        type = get32(p, capture->pcapng.other_order);
        if (type == BLOCK_SECTION && left < N_SECTION)
                return want(capture, N_SECTION, false);
        if (type == BLOCK_SECTION && !begin_section(capture, p)) {
                capture->ended = true;
                return NEXT_STOP;
        }
        length = get32(p + 4, capture->pcapng.other_order);
        if (length < N_ENVELOPE) {
                capture_note(capture, "the block at byte %llu is said to have %u bytes: the rest cannot be read",
                             place(capture), length);
                capture->ended = true;
                return NEXT_STOP;
        }
        if (!is_gathered(type, length) || length < smallest(type) || length > CAPTURE_FRAME_MAX) {
                if (length < smallest(type) || is_gathered(type, length))
                        capture_note(capture, "the block at byte %llu is said to have %u bytes, which makes no sense; "
                                     "left out", place(capture), length);
                capture->number += is_numbered(type);
                return pass_over(capture, length);
        }
        span = with_padding(length);
        if (left < span)
                return want(capture, span, holds_frame(type));
        if (!trailer_agrees(capture, p + span - 4, length))
                return NEXT_STOP;
        next = read_block(capture, p, span, type, ret_frame);
        block->start += span;
        return next;
}

/* The common case without detours: an enhanced packet of this machine's byte order that is whole. */
static inline bool take_common(struct capture *capture, struct frame *ret_frame)
{
        struct block *block = &capture->block;
        const uint8_t *p = block->bytes + block->start;
        size_t left = block_at_hand(block);
        uint32_t length;

        if (capture->pcapng.other_order || capture->pcapng.trailer_due || left < N_PACKET ||
            get32(p, false) != BLOCK_ENHANCED_PACKET)
                return false;
        length = get32(p + 4, false);
        if (length < N_PACKET || length % 4 || length > left || length > CAPTURE_FRAME_MAX ||
            get32(p + length - 4, false) != length)
                return false;
        if (get32(p + 20, false) > length - N_PACKET || get32(p + 8, false) >= capture->pcapng.n_interfaces)
                return false;
        (void)read_packet(capture, p, length, BLOCK_ENHANCED_PACKET, false, ret_frame);
        block->start += length;
        return true;
}

static size_t take(struct capture *capture, struct frame *frames, size_t n)
{
        size_t n_taken = 0;

        while (n_taken < n) {
                enum next next = NEXT_FRAME;

                if (__builtin_expect(!take_common(capture, &frames[n_taken]), 0))
                        next = capture->pcapng.trailer_due ? take_trailer(capture)
                                                           : take_block(capture, &frames[n_taken]);
                if (next == NEXT_STOP)
                        break;
                n_taken += next == NEXT_FRAME;
        }
        return n_taken;
}

static void deinit(struct capture *capture)
{
        free(capture->pcapng.interfaces);
}

void pcapng_begin(struct capture *capture)
{
        capture->pcapng = (struct pcapng){ .other_order = false };
        capture->take = take;
        capture->deinit = deinit;
}
