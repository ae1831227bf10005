/*
 * Whose sockets they are: those that were there before the watching began, and those that are accepted.
 *
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
 */
#pragma once

#include "live/ending_maps.bpf.h"

/* Goes over all open files once, when the tracepoints are attached: whose sockets there are already, and how far they
 * are. The file is held meanwhile, so none of them can be destroyed under it. */
SEC("iter/task_file")
int on_open_file(struct bpf_iter__task_file *ctx)
{
        struct task_struct *task = ctx->task;
        struct file *file = ctx->file;
        struct live_end *end;
        struct socket *socket;
        struct sock *sk;
        __u64 key;
        int state;

        if (!task || !file || !bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_sock_from_file___asked))
                return 0;
        socket = bpf_sock_from_file(file);
        if (!socket)
                return 0;
        sk = socket->sk;
        if (!sk || BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP || BPF_CORE_READ(sk, sk_type) != SOCK_STREAM)
                return 0;
        state = BPF_CORE_READ(sk, __sk_common.skc_family);
        if (state != AF_INET && state != AF_INET6)
                return 0;
        state = BPF_CORE_READ(sk, __sk_common.skc_state);
        if (state == CLOSE || state == LISTEN || state == SYN_RECV || state == TIME_WAIT)
                return 0;
        key = (__u64)sk;
        end = bpf_map_lookup_elem(&sockets, &key);
        if (!end) {
                if (bpf_map_update_elem(&sockets, &key, &nothing, BPF_NOEXIST))
                        return 0;
                end = bpf_map_lookup_elem(&sockets, &key);
                if (!end)
                        return 0;
                end->remote_port = BPF_CORE_READ(sk, __sk_common.skc_dport);
                end->flags |= state == SYN_SENT ? LIVE_OPENED : LIVE_ESTABLISHED;
                /* Then or before: a lower bound would be as good, only their order counts. */
                if (state == CLOSE_WAIT || state == CLOSING || state == LAST_ACK) {
                        end->flags |= LIVE_FIN_IN;
                        end->fin_in_ns = bpf_ktime_get_ns();
                }
                if (state == FIN_WAIT1 || state == FIN_WAIT2 || state == CLOSING) {
                        end->flags |= LIVE_FIN_OUT;
                        end->fin_out_ns = bpf_ktime_get_ns();
                }
        }
        if (!end->owner) {
                end->owner = BPF_CORE_READ(task, tgid);
                BPF_CORE_READ_STR_INTO(&end->owner_comm, task, group_leader, comm);
        }
        return 0;
}

/* The second tier, where the kernel lets functions be traced: who accepts is known at once, not only when he acts. */
SEC("fexit/inet_csk_accept")
int on_accept(__u64 *ctx)
{
        struct live_end *end;
        __u64 key = 0;

        if (bpf_get_func_ret(ctx, &key) || !key)
                return 0;
        end = bpf_map_lookup_elem(&sockets, &key);
        if (end && !end->owner) {
                end->owner = bpf_get_current_pid_tgid() >> 32;
                name_program(end->owner_comm);
        }
        return 0;
}
