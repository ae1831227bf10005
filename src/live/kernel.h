/*
 * What the BPF program looks at of the kernel: only the members used, by name. libbpf finds where each
 * stands in the running kernel (CO-RE), so neither order nor size matters here.
 *
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
 */
#pragma once

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed short __s16;
typedef signed int __s32;
typedef signed long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6
#define SOCK_STREAM 1
#define PF_EXITING 4

enum {
        BPF_MAP_TYPE_HASH = 1,
        BPF_MAP_TYPE_PERCPU_ARRAY = 6,
        BPF_MAP_TYPE_RINGBUF = 27,
        BPF_ANY = 0,
        BPF_NOEXIST = 1,
        BPF_F_NO_PREALLOC = 1,
        BPF_RB_NO_WAKEUP = 1,
        BPF_RB_FORCE_WAKEUP = 2,
        BPF_RB_AVAIL_DATA = 0,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct in6_addr {
        struct {
        } in6_u;
};

struct ns_common {
        unsigned int inum;
};

struct net {
        struct ns_common ns;
};

struct sock_common {
        __be32 skc_daddr;
        __be32 skc_rcv_saddr;
        __be16 skc_dport;
        __u16 skc_num;
        short unsigned int skc_family;
        volatile unsigned char skc_state;
        unsigned long skc_flags;
        struct {
                struct net *net;
        } skc_net;
        struct in6_addr skc_v6_daddr;
        struct in6_addr skc_v6_rcv_saddr;
};

struct kernfs_node {
        __u64 id;
};

struct cgroup {
        struct kernfs_node *kn;
};

struct sock;

/* Before 6.13. */
struct file {
        struct {
                long counter;
        } f_count;
};

struct socket {
        struct sock *sk;
        struct file *file;
};

struct sock {
        struct sock_common __sk_common;
        int sk_err;
        int sk_err_soft;
        struct socket *sk_socket;
        struct {
                int owned;
        } sk_lock;
        __u16 sk_protocol;
        __u16 sk_type;
        __u8 sk_shutdown;
        unsigned long sk_lingertime;
        struct {
                struct cgroup *cgroup;
        } sk_cgrp_data;
};

struct inet_sock {
        struct sock sk;
        __be16 inet_sport;
};

struct inet_connection_sock {
        struct inet_sock icsk_inet;
        __u8 icsk_retransmits;
        __u8 icsk_backoff;
        __u8 icsk_probes_out;
        struct {
                __u32 lrcvtime;
        } icsk_ack;
        __u32 icsk_user_timeout;
};

struct tcp_sock {
        struct inet_connection_sock inet_conn;
        __u32 copied_seq;
        __u32 rcv_nxt;
        __u32 write_seq;
        __u32 snd_una;
        __u32 snd_nxt;
        __u64 bytes_sent;
        __u64 bytes_acked;
        __u64 bytes_received;
        __u64 bytes_retrans;
        __u32 lsndtime;
        __u64 tcp_mstamp;
        int linger2;
        __u8 repair : 1;
        unsigned char is_mptcp;
};

struct net_device {
        struct {
                struct net *net;
        } nd_net;
};

struct sk_buff {
        struct net_device *dev;
        unsigned int len;
        unsigned char *head, *data;
        unsigned int tail;
        __u16 transport_header;
        __u16 network_header;
};

/* The same, as programs for packets see it. */
struct __sk_buff {
        __u32 len;
};

struct task_struct {
        unsigned int flags;
        char comm[16];
        struct task_struct *group_leader;
        int exit_code;
        int tgid;
};

struct bpf_iter__task_file {
        struct task_struct *task;
        struct file *file;
};

/* x86-64 keeps the system call's number in one, arm64 in the other. */
struct pt_regs {
        unsigned long orig_ax;
        __s32 syscallno;
};

struct bpf_dynptr {
        __u64 __opaque[2];
};

#pragma clang attribute pop

/* Asked for only whether the running kernel has them. What follows three underscores is not part of a name. */
enum sk_rst_reason {
        SK_RST_REASON_NO_SOCKET___asked = 1,
};

enum bpf_func_id {
        BPF_FUNC_get_current_task_btf___asked = 158,
        BPF_FUNC_sock_from_file___asked = 162,
        BPF_FUNC_check_mtu___asked = 163,
        BPF_FUNC_task_pt_regs___asked = 175,
};

enum sock_flags {
        SOCK_DEAD___asked = 0,
        SOCK_DONE___asked = 1,
        SOCK_KEEPOPEN___asked = 3,
        SOCK_LINGER___asked = 4,
};
