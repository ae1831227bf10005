/* What a segment was, as far as the answer to it goes. */
#pragma once

enum segment_kind {
        SEGMENT_KIND_SYN,
        SEGMENT_KIND_SYN_ACK,
        SEGMENT_KIND_ACK,
        SEGMENT_KIND_DATA,
        SEGMENT_KIND_FIN,
        SEGMENT_KIND_KEEPALIVE,
        SEGMENT_KIND_WINDOW_PROBE,
        SEGMENT_KIND_RST,
        N_SEGMENT_KINDS
};

/* The word, and what it means. NULL for a value out of range. */
const char *segment_kind_name(enum segment_kind value);
const char *segment_kind_sentence(enum segment_kind value);

/* 0, or -ENOENT. Case, '-' and '_' do not matter. */
int segment_kind_find(const char *name, enum segment_kind *ret);
