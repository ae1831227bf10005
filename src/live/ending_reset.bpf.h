/*
 * The RSTs that this host sends: with a socket, with what is left of one, and without any.
 *
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
 */
#pragma once

#include "live/ending_words.bpf.h"

/* The headers of the segment that a RST answers. */
struct answered {
        __u16 source, dest;
        __u8 flags, n_words;
        __u8 words[LIVE_WORDS];
        __u32 payload;
        __u8 family;
        __u8 from[16], to[16];
};

/* The first bytes of the payload, if they stand with the headers, or were read from their pages before. */
static __always_inline void read_words(struct sk_buff *skb, unsigned char *payload, unsigned char *end,
                                       struct answered *a)
{
        struct last_words *last = last_words_here();
        __u32 n = a->payload;

        if (n > LIVE_WORDS)
                n = LIVE_WORDS;
        if (n == 0)
                return;
        if (last && last->skb == (__u64)skb) {
                __builtin_memcpy(a->words, last->words, LIVE_WORDS);
                a->n_words = last->n < n ? last->n : n;
        } else if (payload + n <= end && !bpf_probe_read_kernel(a->words, n, payload)) {
                a->n_words = n;
        }
}

static __always_inline int read_answered(struct sk_buff *skb, struct answered *a)
{
        unsigned char *head = BPF_CORE_READ(skb, head), *ip, *tcp;
        __u8 version = 0, offset = 0;
        __u16 ports[2], length = 0;
        int room;

        ip = head + BPF_CORE_READ(skb, network_header);
        tcp = head + BPF_CORE_READ(skb, transport_header);
        if (bpf_probe_read_kernel(&version, 1, ip) || bpf_probe_read_kernel(ports, sizeof(ports), tcp))
                return 0;
        a->source = ports[0];
        a->dest = ports[1];
        bpf_probe_read_kernel(&offset, 1, tcp + 12);
        bpf_probe_read_kernel(&a->flags, 1, tcp + 13);
        if (version >> 4 == 4) {
                a->family = AF_INET;
                bpf_probe_read_kernel(a->from, 4, ip + 12);
                bpf_probe_read_kernel(a->to, 4, ip + 16);
                bpf_probe_read_kernel(&length, 2, ip + 2);
                room = __builtin_bswap16(length) - (int)(tcp - ip);
        } else {
                a->family = AF_INET6;
                bpf_probe_read_kernel(a->from, 16, ip + 8);
                bpf_probe_read_kernel(a->to, 16, ip + 24);
                bpf_probe_read_kernel(&length, 2, ip + 4);
                room = __builtin_bswap16(length) + 40 - (int)(tcp - ip);
        }
        room -= (offset >> 4) * 4;
        a->payload = room > 0 ? room : 0;
        read_words(skb, tcp + (offset >> 4) * 4, head + BPF_CORE_READ(skb, tail), a);
        return 1;
}

static __always_inline void tell_stray(struct sock *sk, struct sk_buff *skb, __u32 reason, int known)
{
        struct live_reset r = { .kind = LIVE_RESET, .reason = reason, .reason_known = known,
                                .at_ns = bpf_ktime_get_ns() };
        struct answered a = {};

        if (sk)
                r.state = BPF_CORE_READ(sk, __sk_common.skc_state);
        if (skb) {
                if (!read_answered(skb, &a))
                        return;
                r.family = a.family;
                r.local_port = a.dest;
                r.remote_port = a.source;
                r.answers_flags = a.flags;
                r.payload = a.payload;
                r.n_words = a.n_words;
                __builtin_memcpy(r.words, a.words, LIVE_WORDS);
                __builtin_memcpy(r.local, a.to, 16);
                __builtin_memcpy(r.remote, a.from, 16);
                /* A segment that waited for its socket has forgotten where it came in. */
                r.netns = sk ? BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum)
                             : BPF_CORE_READ(skb, dev, nd_net.net, ns.inum);
        } else {
                struct inet_sock *inet = (void *)sk;

                if (!sk)
                        return;
                r.family = BPF_CORE_READ(sk, __sk_common.skc_family);
                r.local_port = BPF_CORE_READ(inet, inet_sport);
                r.remote_port = BPF_CORE_READ(sk, __sk_common.skc_dport);
                r.netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
                if (r.family == AF_INET6) {
                        bpf_probe_read_kernel(r.local, 16, &sk->__sk_common.skc_v6_rcv_saddr);
                        bpf_probe_read_kernel(r.remote, 16, &sk->__sk_common.skc_v6_daddr);
                } else {
                        bpf_probe_read_kernel(r.local, 4, &sk->__sk_common.skc_rcv_saddr);
                        bpf_probe_read_kernel(r.remote, 4, &sk->__sk_common.skc_daddr);
                }
        }
        count(LIVE_TOTAL_STRAY_RESET);
        tell(&r, sizeof(r));
}

static __always_inline void resets(struct sock *sk, struct sk_buff *skb, __u32 reason, int known)
{
        struct live_end *end = NULL;
        __u64 key = (__u64)sk;

        if (sk)
                end = bpf_map_lookup_elem(&sockets, &key);
        if (!end) {
                tell_stray(sk, skb, reason, known);
                return;
        }
        if (end->n_resets_out < 255)
                end->n_resets_out++;
        if (end->flags & LIVE_RST_OUT)
                return;
        end->flags |= LIVE_RST_OUT;
        end->reason = reason;
        if (known)
                end->flags |= LIVE_REASON_KNOWN;
        if (skb) {
                struct answered a = {};

                end->flags |= LIVE_RST_REPLY;
                if (read_answered(skb, &a)) {
                        end->reset_flags = a.flags;
                        end->reset_payload = a.payload;
                        end->n_reset_words = a.n_words;
                        __builtin_memcpy(end->reset_words, a.words, LIVE_WORDS);
                }
        }
}

/* The number of a raw tracepoint's arguments grew (6.10), and the socket may be NULL or a stand-in: so
 * these are raw. */
static __always_inline void take_reset(__u64 *ctx)
{
        int known = bpf_core_type_exists(enum sk_rst_reason);

        resets((void *)ctx[0], (void *)ctx[1], known ? ctx[2] : 0, known);
}

SEC("raw_tp/tcp_send_reset")
int in_place_of_on_reset_sent(__u64 *ctx)
{
        if (stands_in(ON_RESET_SENT, (void *)ctx[0], 0)) {
                count(LIVE_TOTAL_STOOD_IN);
                take_reset(ctx);
        }
        return 0;
}

SEC("raw_tp/tcp_send_reset")
int on_reset_sent(__u64 *ctx)
{
        if (is_left_to_stand_in((void *)ctx[0], 0))
                return 0;
        set_at_work(ON_RESET_SENT, 1);
        take_reset(ctx);
        set_at_work(ON_RESET_SENT, 0);
        return 0;
}
