/*
 * What the BPF programs share: the sockets that are followed, the ring of records, the sums.
 *
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
 */
#pragma once

#include "live/kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "live/event.h"

enum { ESTABLISHED = 1, SYN_SENT, SYN_RECV, FIN_WAIT1, FIN_WAIT2, TIME_WAIT,
       CLOSE, CLOSE_WAIT, LAST_ACK, LISTEN, CLOSING };
enum { E_PIPE = 32, E_CONNABORTED = 103, E_TIMEDOUT = 110, E_CONNREFUSED = 111,
       E_HOSTUNREACH = 113, E_NETUNREACH = 101 };
enum { SHUT_BOTH = 3 };
enum { NS_IN_US = 1000 };

/* Set before loading. */
const volatile __u32 tell_orderly;      /* a record of those, too: else they are only counted */
const volatile __u32 wake_bytes = 1 << 18;
const volatile __u32 stand_ins;         /* enum live_stand_ins */

struct {
        __uint(type, BPF_MAP_TYPE_HASH);
        __uint(max_entries, 65536);
        __type(key, __u64);
        __type(value, struct live_end);
} sockets SEC(".maps");

struct {
        __uint(type, BPF_MAP_TYPE_RINGBUF);
        __uint(max_entries, 1 << 22);
} records SEC(".maps");

struct {
        __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
        __uint(max_entries, N_LIVE_TOTALS);
        __type(key, __u32);
        __type(value, __u64);
} totals SEC(".maps");

static const struct live_end nothing;

/*
 * The kernel does not run a program on a CPU where it runs already: what an interrupt brings meanwhile is passed over,
 * and where tracepoints may be preempted (7.0 and later) all that other tasks do there until the first goes on. So the
 * programs that run while interrupts are let in have a stand-in each, the same under another name, which goes first
 * and works only then. That is too rare to be tested, so it can be rehearsed: then an event is left to the stand-in by
 * choice. And Linux 6.18 was seen to run no program at all for what a timer or a segment brought on top of a certain
 * task, and not to count that: it is rehearsed by leaving such events to nobody.
 */
enum program { ON_STATE, ON_RESET_SENT, ON_DESTROY, N_PROGRAMS };

struct {
        __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
        __uint(max_entries, N_PROGRAMS);
        __type(key, __u32);
        __type(value, __u64);
} at_work SEC(".maps");

static __always_inline void set_at_work(enum program program, __u64 is)
{
        __u32 key = program;
        __u64 *at;

        if (stand_ins == LIVE_NO_STAND_INS)
                return;
        at = bpf_map_lookup_elem(&at_work, &key);
        if (at)
                *(volatile __u64 *)at = is;
}

/* Of one socket in eight, by its ports; what stands in for one that is gone has no lock. */
static __always_inline int is_left_to_nobody(struct sock *sk)
{
        __u64 ports;

        if (stand_ins != LIVE_STAND_INS_FOR_NONE || BPF_CORE_READ(sk, __sk_common.skc_state) == TIME_WAIT ||
            BPF_CORE_READ(sk, sk_lock.owned))
                return 0;
        ports = BPF_CORE_READ((struct inet_sock *)sk, inet_sport) << 16 | BPF_CORE_READ(sk, __sk_common.skc_dport);
        return ports * 0x9e3779b97f4a7c15 >> 61 == 0;
}

/* @more tells events of one socket apart. */
static __always_inline int is_left_to_stand_in(struct sock *sk, int more)
{
        if (stand_ins <= LIVE_STAND_INS)
                return 0;
        if (stand_ins == LIVE_STAND_INS_FOR_ALL)
                return 1;
        if (stand_ins == LIVE_STAND_INS_FOR_NONE)
                return is_left_to_nobody(sk);
        return (__u64)(BPF_CORE_READ(sk, __sk_common.skc_num) + more) * 0x9e3779b97f4a7c15 >> 63;
}

/* Is the program itself kept from it? */
static __always_inline int stands_in(enum program program, struct sock *sk, int more)
{
        __u32 key = program;
        __u64 *at;

        if (stand_ins == LIVE_STAND_INS_FOR_NONE)
                return 0;
        at = bpf_map_lookup_elem(&at_work, &key);
        return is_left_to_stand_in(sk, more) || (at && *(volatile __u64 *)at);
}

/* As ps shows it: threads have names of their own. */
static __always_inline void name_program(char name[LIVE_COMM])
{
        struct task_struct *leader;

        if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf___asked))
                leader = bpf_get_current_task_btf()->group_leader;
        else
                leader = BPF_CORE_READ((struct task_struct *)(void *)bpf_get_current_task(), group_leader);
        bpf_probe_read_kernel(name, LIVE_COMM, &leader->comm);
}

/* In one instruction: an interrupt that comes between two would count the same. */
static __always_inline void count(__u32 which)
{
        __u64 *n = bpf_map_lookup_elem(&totals, &which);

        if (n)
                __sync_fetch_and_add(n, 1);
}

/* Lazily: waking the reader costs as much as all the rest. It comes by itself a few times a second. */
static __always_inline int tell(void *record, __u64 size)
{
        __u64 waiting = bpf_ringbuf_query(&records, BPF_RB_AVAIL_DATA);

        if (bpf_ringbuf_output(&records, record, size,
                               waiting >= wake_bytes ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP)) {
                count(LIVE_TOTAL_LOST);
                return 0;
        }
        count(LIVE_TOTAL_TOLD);
        return 1;
}
