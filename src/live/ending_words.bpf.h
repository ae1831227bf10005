/*
 * What a segment said that draws a RST, where its payload stands in pages, as over loopback and between containers:
 * Linux 6.12 and later let a program read those of a packet that a tracepoint gives it (bpf_dynptr_from_skb(),
 * skb__nullable). It runs for RSTs only, before the program that tells of them, and leaves the words for that.
 *
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
 */
#pragma once

#include "live/ending_maps.bpf.h"

struct last_words {
        __u64 skb;
        __u32 n;
        __u8 words[2 * LIVE_WORDS];     /* the half of it is used */
};

struct {
        __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
        __uint(max_entries, 1);
        __type(key, __u32);
        __type(value, struct last_words);
} last_words SEC(".maps");

extern int bpf_dynptr_from_skb(struct __sk_buff *skb, __u64 flags, struct bpf_dynptr *dynptr) __ksym __weak;

static __always_inline struct last_words *last_words_here(void)
{
        __u32 key = 0;

        return bpf_map_lookup_elem(&last_words, &key);
}

SEC("tp_btf/tcp_send_reset")
int on_reset_words(__u64 *ctx)
{
        struct last_words *last = last_words_here();
        struct sk_buff *skb = (void *)ctx[1];
        struct bpf_dynptr packet;
        __u8 words = 0;
        __s64 at;
        __u32 n;

        if (!last)
                return 0;
        last->skb = 0;
        if (!skb)
                return 0;
        /* Its data may begin at either header by now. */
        at = (__s64)(skb->head + skb->transport_header - skb->data);
        if (bpf_probe_read_kernel(&words, 1, skb->head + skb->transport_header + 12))
                return 0;
        at += (words >> 4) * 4;
        if (at < 0 || at >= skb->len)
                return 0;
        n = skb->len - (__u32)at;
        if (n > LIVE_WORDS)
                n = LIVE_WORDS;
        /* What the compiler knows by now the verifier does not. */
        asm volatile("" : "+r"(n));
        n &= 2 * LIVE_WORDS - 1;
        if (bpf_dynptr_from_skb((struct __sk_buff *)skb, 0, &packet) ||
            bpf_dynptr_read(last->words, n, &packet, (__u32)at, 0))
                return 0;
        last->n = n;
        last->skb = (__u64)skb;
        return 0;
}
