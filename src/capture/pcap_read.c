/* The classic pcap format (draft-ietf-opsawg-pcap): a file header, then frames one behind the other. Also
 * Alexey Kuznetzov's variant, whose frames have eight bytes more of header. */
#include "capture/reader.h"

enum {
        MAGIC_US = 0xa1b2c3d4,
        MAGIC_NS = 0xa1b23c4d,
        MAGIC_KUZNETZOV = 0xa1b2cd34,
        N_FILE_HEADER = 24,
        N_FRAME_HEADER = 16,
        N_FRAME_HEADER_KUZNETZOV = 24,
        SNAPLEN_USUAL = 262144,
};

static bool known_magic(uint32_t magic)
{
        return magic == MAGIC_US || magic == MAGIC_NS || magic == MAGIC_KUZNETZOV;
}

bool pcap_begins(const uint8_t *bytes, size_t n)
{
        return n >= 4 && (known_magic(get32(bytes, false)) || known_magic(get32(bytes, true)));
}

/* The header of a frame that never was: where its writer had made a file longer than what came, it is zeroes. */
static bool is_nothing(const uint8_t *header)
{
        static const uint8_t zeroes[N_FRAME_HEADER];

        return memcmp(header, zeroes, sizeof(zeroes)) == 0;
}

/* Inlined with @other_order and @n_header known: the common kind pays for no other. */
static inline __attribute__((always_inline)) size_t
take_frames(struct capture *capture, struct frame *frames, size_t n, bool other_order, size_t n_header)
{
        const struct pcap *pcap = &capture->pcap;
        struct block *block = &capture->block;
        const uint8_t *p = block->bytes + block->start;
        size_t left = block_at_hand(block);
        size_t i;

        for (i = 0; i < n; i++) {
                uint32_t n_bytes, n_frame;

                if (left < n_header) {
                        capture->need = n_header;
                        capture->within = WITHIN_FRAME;
                        break;
                }
                n_bytes = get32(p + 8, other_order);
                n_frame = get32(p + 12, other_order);
                if (__builtin_expect(pcap->lengths != LENGTHS_AS_NOW, 0) &&
                    (pcap->lengths == LENGTHS_TURNED || n_bytes > n_frame)) {
                        uint32_t turned = n_bytes;

                        n_bytes = n_frame;
                        n_frame = turned;
                }
                if (__builtin_expect(n_bytes > pcap->largest, 0)) {
                        capture_note(capture, "frame %llu at byte %llu is said to have %u bytes, which makes no "
                                     "sense: the rest cannot be read",
                                     (unsigned long long)capture->number + 1,
                                     (unsigned long long)(block->offset + (uint64_t)(p - block->bytes)), n_bytes);
                        capture->ended = true;
                        break;
                }
                if (__builtin_expect(n_frame == 0, 0) && is_nothing(p)) {
                        capture_note(capture, "at byte %llu, after frame %llu, there are only zeroes",
                                     (unsigned long long)(block->offset + (uint64_t)(p - block->bytes)),
                                     (unsigned long long)capture->number);
                        capture->ended = true;
                        break;
                }
                if (left < n_header + n_bytes) {
                        capture->need = n_header + n_bytes;
                        capture->within = WITHIN_FRAME;
                        break;
                }
                frames[i] = (struct frame){
                        .time_ns = (int64_t)get32(p, other_order) * 1000000000 +
                                (int64_t)get32(p + 4, other_order) * pcap->unit_ns,
                        .bytes = p + n_header,
                        .n_bytes = n_bytes,
                        .n_frame = n_frame > n_bytes ? n_frame : n_bytes,
                        .link_type = pcap->link_type,
                        .number = ++capture->number,
                };
                p += n_header + n_bytes;
                left -= n_header + n_bytes;
                /* Where the one after the next begins, if the next is as long; they often are. */
                __builtin_prefetch(p + n_header + n_bytes);
        }
        block->start = (size_t)(p - block->bytes);
        return i;
}

static size_t take(struct capture *capture, struct frame *frames, size_t n)
{
        return take_frames(capture, frames, n, false, N_FRAME_HEADER);
}

bool capture_run(struct capture *capture, struct frame_run *ret_run)
{
        const struct pcap *pcap = &capture->pcap;
        const struct block *block = &capture->block;
        size_t n;

        if (capture->take != take || pcap->lengths != LENGTHS_AS_NOW || capture->ended || capture->skip > 0)
                return false;
        n = block_at_hand(block) < pcap->largest ? block_at_hand(block) : pcap->largest;
        *ret_run = (struct frame_run){
                .at = block->bytes + block->start, .end = block->bytes + block->start + n, .link_type = pcap->link_type,
                .unit_ns = pcap->unit_ns, .number = capture->number,
        };
        return true;
}

void capture_ran(struct capture *capture, const struct frame_run *run)
{
        capture->block.start = (size_t)(run->at - capture->block.bytes);
        capture->number = run->number;
}

static size_t take_uncommon(struct capture *capture, struct frame *frames, size_t n)
{
        return take_frames(capture, frames, n, capture->pcap.other_order, capture->pcap.n_header);
}

/* Before 2.3 the two lengths stood the other way round; of 2.3 there are files of both kinds (libpcap's
 * sf-pcap.c). 543 is what AIX wrote. */
static void read_version(struct pcap *pcap, unsigned int major, unsigned int minor)
{
        if (major == 543 || (major == 2 && minor < 3))
                pcap->lengths = LENGTHS_TURNED;
        else if (major == 2 && minor == 3)
                pcap->lengths = LENGTHS_UNSURE;
}

static size_t take_file_header(struct capture *capture, struct frame *frames, size_t n)
{
        struct pcap *pcap = &capture->pcap;
        struct block *block = &capture->block;
        const uint8_t *p = block->bytes + block->start;
        uint32_t magic, snaplen;

        if (block_at_hand(block) < N_FILE_HEADER) {
                capture->need = N_FILE_HEADER;
                capture->within = WITHIN_FILE_HEADER;
                return 0;
        }
        pcap->other_order = !known_magic(get32(p, false));
        magic = get32(p, pcap->other_order);
        pcap->n_header = magic == MAGIC_KUZNETZOV ? N_FRAME_HEADER_KUZNETZOV : N_FRAME_HEADER;
        pcap->unit_ns = magic == MAGIC_NS ? 1 : 1000;
        read_version(pcap, get16(p + 4, pcap->other_order), get16(p + 6, pcap->other_order));
        snaplen = get32(p + 16, pcap->other_order);
        pcap->largest = snaplen < SNAPLEN_USUAL ? SNAPLEN_USUAL : snaplen;
        if (pcap->largest > CAPTURE_FRAME_MAX)
                pcap->largest = CAPTURE_FRAME_MAX;
        /* Above the type stand the length of the frame check sequence and bits that are not given out. */
        pcap->link_type = capture_link_type(get32(p + 20, pcap->other_order) & 0xffff);
        capture->take = pcap->other_order || pcap->n_header != N_FRAME_HEADER ? take_uncommon : take;
        block->start += N_FILE_HEADER;
        return capture->take(capture, frames, n);
}

void pcap_begin(struct capture *capture)
{
        capture->pcap = (struct pcap){ .lengths = LENGTHS_AS_NOW };
        capture->take = take_file_header;
}
