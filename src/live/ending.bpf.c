/*
 * Watches TCP sockets meet their ends, in the running kernel, by five tracepoints and no program per segment.
 *
 * Who did it: inet_sock_set_state fires in whatever task is at hand. Only where the socket's lock is owned
 * (sk_lock.owned) does that task work the socket; else it is softirq or a timer, and the task a bystander. An
 * owner of the lock may still only be serving the backlog, where another's RST or a time-out waited for it:
 * then tcp_reset() or sk_err was there first, and the end is not laid to him.
 *
 * What was in it: when the state becomes CLOSE all counts stand, though the queues may be drained already
 * (__tcp_close()); after it tcp_disconnect() may wipe them.
 *
 * SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
 */
#include "live/ending_maps.bpf.h"
#include "live/ending_reset.bpf.h"
#include "live/ending_seed.bpf.h"

static __always_inline __u32 class_of(const struct live_end *end)
{
        if (end->flags & LIVE_RST_OUT) {
                if (end->flags & LIVE_RST_REPLY)
                        return LIVE_TOTAL_RESET_REPLY;
                if (end->error == E_CONNABORTED)
                        return LIVE_TOTAL_DESTROYED;
                if (end->unread)
                        return LIVE_TOTAL_RESET_UNREAD;
                return end->flags & LIVE_LINGER && !end->linger_jiffies
                       ? LIVE_TOTAL_RESET_LINGER : LIVE_TOTAL_RESET_OTHER;
        }
        if (end->error == E_CONNREFUSED)
                return LIVE_TOTAL_REFUSED;
        if (end->flags & LIVE_RST_IN)
                return LIVE_TOTAL_RESET_RECEIVED;
        if (end->error == E_CONNABORTED)
                return LIVE_TOTAL_DESTROYED;
        if (!(end->flags & LIVE_ESTABLISHED) && end->flags & LIVE_BEGAN)
                return LIVE_TOTAL_UNANSWERED;
        if (end->error)
                return end->error == E_TIMEDOUT || end->error == E_HOSTUNREACH || end->error == E_NETUNREACH
                               ? LIVE_TOTAL_TIMED_OUT : LIVE_TOTAL_OTHER;
        if (end->flags & LIVE_FIN_OUT && end->flags & LIVE_FIN_IN)
                return LIVE_TOTAL_ORDERLY;
        return end->flags & LIVE_FIN_OUT ? LIVE_TOTAL_HALF_CLOSED : LIVE_TOTAL_OTHER;
}

static __always_inline void give_out(struct live_end *end, struct sock *sk)
{
        __u32 class = class_of(end);

        count(class);
        if (class == LIVE_TOTAL_ORDERLY && !end->unread && !end->unacked && !tell_orderly) {
                count(LIVE_TOTAL_PASSED_OVER);
                return;
        }
        if (!end->cookie && bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_check_mtu___asked))
                end->cookie = bpf_get_socket_cookie(sk);
        end->kind = LIVE_END;
        tell(end, sizeof(*end));
}

static __always_inline struct live_end *follow(__u64 key, struct sock *sk)
{
        struct live_end *end;

        if (bpf_map_update_elem(&sockets, &key, &nothing, BPF_ANY)) {
                count(LIVE_TOTAL_UNFOLLOWED);
                return NULL;
        }
        end = bpf_map_lookup_elem(&sockets, &key);
        if (end)
                end->remote_port = sk->__sk_common.skc_dport;
        return end;
}

/* Where a destruction was missed, what is left of that socket stands in the place of a new one. */
static __always_inline int is_left_over(const struct live_end *end, struct sock *sk)
{
        return end->remote_port != sk->__sk_common.skc_dport ||
               (end->flags & LIVE_SNAPPED && end->local_port != BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
}

/* One whose beginning was not seen is followed from where it is first met. */
static __always_inline struct live_end *find_or_follow(__u64 key, struct sock *sk, int state)
{
        struct live_end *end = bpf_map_lookup_elem(&sockets, &key);

        if (end && !is_left_over(end, sk))
                return end;
        if (end)
                count(LIVE_TOTAL_UNSEEN);
        end = follow(key, sk);
        if (!end)
                return NULL;
        if (state != SYN_SENT)
                end->flags = LIVE_ESTABLISHED;
        else
                end->flags = LIVE_OPENED;
        return end;
}

static __always_inline void note_task(struct live_end *end)
{
        end->act.tgid = bpf_get_current_pid_tgid() >> 32;
        name_program(end->act.comm);
        end->flags |= LIVE_ACT;
        if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf___asked)) {
                struct task_struct *task = bpf_get_current_task_btf();

                if (task->flags & PF_EXITING)
                        end->flags |= LIVE_EXITING;
                else
                        end->flags &= ~LIVE_EXITING;
                end->act.exit_code = task->exit_code;
                if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs___asked)) {
                        struct pt_regs *regs = (void *)bpf_task_pt_regs(task);

                        end->flags |= LIVE_CALL_KNOWN;
#if defined(__TARGET_ARCH_arm64)
                        end->act.call = regs->syscallno;
#else
                        end->act.call = (__s32)regs->orig_ax;
#endif
                }
        } else {
                struct task_struct *task = (void *)bpf_get_current_task();

                if (BPF_CORE_READ(task, flags) & PF_EXITING)
                        end->flags |= LIVE_EXITING;
                end->act.exit_code = BPF_CORE_READ(task, exit_code);
        }
}

/* The last close() comes to a file that nobody holds any more (__fput()); shutdown() is called on one that is held. */
static __always_inline __u8 is_held(struct sock *sk)
{
        struct file *file = sk->sk_socket ? sk->sk_socket->file : NULL;

        if (!file || !bpf_core_field_exists(file->f_count))
                return LIVE_HELD_UNKNOWN;
        return file->f_count.counter > 0 ? LIVE_HELD : LIVE_NOT_HELD;
}

static __always_inline void act(struct live_end *end, struct sock *sk, int from, int to, __u64 now)
{
        if (!sk->sk_lock.owned)
                return;
        end->act_ns = now;
        end->act_from = from;
        end->act_to = to;
        end->act_shutdown = sk->sk_shutdown;
        end->act_error = sk->sk_err;
        if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs___asked))
                end->act_held = is_held(sk);
        note_task(end);
}

static __always_inline void take_addresses(struct live_end *end, struct sock *sk, struct tcp_sock *tp)
{
        end->family = sk->__sk_common.skc_family;
        end->local_port = tp->inet_conn.icsk_inet.inet_sport;
        end->remote_port = sk->__sk_common.skc_dport;
        end->netns = sk->__sk_common.skc_net.net->ns.inum;
        if (end->family == AF_INET6) {
                bpf_probe_read_kernel(end->local, 16, &sk->__sk_common.skc_v6_rcv_saddr);
                bpf_probe_read_kernel(end->remote, 16, &sk->__sk_common.skc_v6_daddr);
        } else {
                *(__u32 *)end->local = sk->__sk_common.skc_rcv_saddr;
                *(__u32 *)end->remote = sk->__sk_common.skc_daddr;
        }
}

static __always_inline __u32 unread_by(struct tcp_sock *tp, unsigned long flags)
{
        __u32 unread = tp->rcv_nxt - tp->copied_seq;

        /* The FIN took a number, too. */
        return unread && flags & 1UL << SOCK_DONE___asked ? unread - 1 : unread;
}

/* All that stands in a socket as it meets its end. */
static __always_inline void snap(struct live_end *end, struct sock *sk, struct tcp_sock *tp, int from, __u64 now)
{
        unsigned long flags = sk->__sk_common.skc_flags;
        __u32 more = LIVE_SNAPPED;

        take_addresses(end, sk, tp);
        end->over_ns = now;
        end->last_state = from;
        end->bytes_sent = tp->bytes_sent;
        end->bytes_acked = tp->bytes_acked;
        end->bytes_received = tp->bytes_received;
        end->bytes_again = tp->bytes_retrans;
        end->unread = unread_by(tp, flags);
        end->unsent = tp->write_seq - tp->snd_nxt;
        end->unacked = tp->snd_nxt - tp->snd_una;
        end->send_start = tp->snd_una - (__u32)tp->bytes_acked;
        end->recv_start = tp->rcv_nxt - (__u32)tp->bytes_received;
        end->last_sent = tp->lsndtime;
        end->last_received = tp->inet_conn.icsk_ack.lrcvtime;
        end->user_timeout_ms = tp->inet_conn.icsk_user_timeout;
        end->linger_jiffies = sk->sk_lingertime > 0xffffffff ? 0xffffffff : sk->sk_lingertime;
        end->error = end->error_last = sk->sk_err;
        end->soft_error = sk->sk_err_soft;
        end->retransmits = tp->inet_conn.icsk_retransmits;
        end->probes = tp->inet_conn.icsk_probes_out;
        end->backoff = tp->inet_conn.icsk_backoff;
        end->shutdown = sk->sk_shutdown;
        if (flags & 1UL << SOCK_DONE___asked)
                more |= LIVE_FIN_IN;
        if (flags & 1UL << SOCK_LINGER___asked)
                more |= LIVE_LINGER;
        if (flags & 1UL << SOCK_KEEPOPEN___asked)
                more |= LIVE_KEEPALIVE;
        if (flags & 1UL << SOCK_DEAD___asked)
                more |= LIVE_ORPHAN;
        if (!sk->sk_socket)
                more |= LIVE_NO_FILE;
        if (tp->linger2 < 0)
                more |= LIVE_LINGER2_NEGATIVE;
        if (BPF_CORE_READ_BITFIELD(tp, repair))
                more |= LIVE_REPAIR;
        if (bpf_core_field_exists(tp->is_mptcp) && tp->is_mptcp)
                more |= LIVE_MPTCP;
        end->flags |= more;
        if (bpf_core_field_exists(sk->sk_cgrp_data.cgroup))
                end->cgroup = sk->sk_cgrp_data.cgroup->kn->id;
}

/* Is this change of state its program's own doing, if a task holds the lock? */
static __always_inline int may_be_an_act(const struct live_end *end, struct sock *sk, struct tcp_sock *tp, int from)
{
        unsigned long done = sk->__sk_common.skc_flags & 1UL << SOCK_DONE___asked;

        if (end->flags & LIVE_RST_IN)
                return 0;
        if (sk->sk_err)
                return sk->sk_err == E_CONNABORTED;
        if (from == FIN_WAIT1 || from == FIN_WAIT2)
                return !done;
        /* The backlog may have held the last ACK. */
        return (from != LAST_ACK && from != CLOSING) || tp->snd_una != tp->write_seq;
}

static __always_inline void closes(struct live_end *end, struct sock *sk, struct tcp_sock *tp, int from, __u64 now)
{
        int mine = may_be_an_act(end, sk, tp, from);

        snap(end, sk, tp, from, now);
        if (!mine) {
                if (sk->sk_lock.owned)
                        end->flags |= LIVE_BACKLOG;
        } else if (!(end->flags & LIVE_ACT) || from != FIN_WAIT2 || end->unread || end->error ||
                   sk->sk_shutdown != SHUT_BOTH || (end->flags & LIVE_LINGER && !end->linger_jiffies)) {
                /* But a close after shutdown() adds nothing to what that began. */
                act(end, sk, from, CLOSE, now);
                if (from == ESTABLISHED || from == CLOSE_WAIT)
                        end->before_ns = tp->tcp_mstamp * NS_IN_US;
        }
        /* Its program still holds it, perhaps for long. */
        if (end->error && !(end->flags & LIVE_ORPHAN)) {
                if (!end->cookie && bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_check_mtu___asked))
                        end->cookie = bpf_get_socket_cookie(sk);
                end->kind = LIVE_NEWS;
                count(LIVE_TOTAL_NEWS);
                if (tell(end, sizeof(*end)))
                        end->flags |= LIVE_TOLD;
        }
}

static __always_inline void opens(__u64 key, struct sock *sk, __u64 now)
{
        struct live_end *end = bpf_map_lookup_elem(&sockets, &key);

        /* After a connect() that failed a socket may try again: that was another connection. */
        if (end && end->flags & LIVE_SNAPPED) {
                end->flags |= LIVE_REUSED;
                end->ended_ns = now;
                give_out(end, sk);
        } else if (end) {
                count(LIVE_TOTAL_UNSEEN);
        }
        end = follow(key, sk);
        if (!end)
                return;
        end->began_ns = now;
        end->flags = LIVE_BEGAN | LIVE_OPENED;
        end->owner = bpf_get_current_pid_tgid() >> 32;
        name_program(end->owner_comm);
}

/*
 * Who asked, and who was asked. Where two SYNs crossed, both come here from SYN_RECV, but each has asked and is held
 * by its program; a socket that is yet to be accepted nobody holds. What is left of another at the same place says
 * nothing.
 */
static __always_inline void stands(__u64 key, struct sock *sk, int from, __u64 now)
{
        struct live_end *end = bpf_map_lookup_elem(&sockets, &key);
        int asks = end && end->flags & LIVE_OPENED && !(end->flags & (LIVE_ESTABLISHED | LIVE_SNAPPED));

        if (!asks || (from == SYN_RECV && !sk->sk_socket)) {
                if (end)
                        count(LIVE_TOTAL_UNSEEN);
                end = follow(key, sk);
                if (!end)
                        return;
                if (from == SYN_RECV) {
                        end->began_ns = now;
                        end->flags = LIVE_BEGAN;
                } else {
                        end->flags = LIVE_OPENED;
                }
        }
        end->flags |= LIVE_ESTABLISHED;
}

static __always_inline void changes(struct sock *sk, int from, int to)
{
        struct live_end *end;
        struct tcp_sock *tp;
        __u64 key = (__u64)sk, now = bpf_ktime_get_ns();

        if (to == SYN_SENT) {
                opens(key, sk, now);
                return;
        }
        if (to == ESTABLISHED) {
                stands(key, sk, from, now);
                return;
        }
        if (from == SYN_RECV && to == CLOSE && !bpf_map_lookup_elem(&sockets, &key))
                return;
        end = find_or_follow(key, sk, from);
        if (!end)
                return;
        switch (to) {
        case CLOSE_WAIT:
                end->flags |= LIVE_FIN_IN | LIVE_ESTABLISHED;
                end->fin_in_ns = now;
                tp = bpf_skc_to_tcp_sock(sk);
                if (tp) {
                        end->saw_fin = 1;
                        end->sent_at_fin = tp->bytes_acked + (tp->snd_nxt - tp->snd_una);
                        end->answered_at_fin = (__s32)(tp->lsndtime - tp->inet_conn.icsk_ack.lrcvtime) < 0;
                }
                break;
        case CLOSING:
                end->flags |= LIVE_FIN_IN | LIVE_CROSSED;
                end->fin_in_ns = now;
                break;
        case FIN_WAIT1:
        case LAST_ACK:
                end->flags |= LIVE_FIN_OUT;
                end->fin_out_ns = now;
                if (from == CLOSE_WAIT && !(end->flags & LIVE_FIN_IN)) {
                        /* That was before it was followed. */
                        end->flags |= LIVE_FIN_IN;
                        end->fin_in_ns = now - 1;
                }
                act(end, sk, from, to, now);
                tp = bpf_skc_to_tcp_sock(sk);
                if (tp)
                        end->before_ns = tp->tcp_mstamp * NS_IN_US;
                break;
        case CLOSE:
                tp = bpf_skc_to_tcp_sock(sk);
                /* Or the program and its stand-in both had it. */
                if (tp && !(end->flags & LIVE_SNAPPED))
                        closes(end, sk, tp, from, now);
                break;
        }
}

/* A close after a shutdown sets the state that there is already (tcp_close_state()): the FIN was the shutdown's. */
static __always_inline int is_of_interest(struct sock *sk, int from, int to)
{
        return from != to && to != FIN_WAIT2 && to != SYN_RECV && to != LISTEN && to != TIME_WAIT && from != LISTEN &&
               sk->sk_protocol == IPPROTO_TCP;
}

SEC("tp_btf/inet_sock_set_state")
int in_place_of_on_state(__u64 *ctx)
{
        struct sock *sk = (void *)ctx[0];
        int from = (int)ctx[1], to = (int)ctx[2];

        if (!stands_in(ON_STATE, sk, to))
                return 0;
        count(LIVE_TOTAL_STOOD_IN);
        if (is_of_interest(sk, from, to))
                changes(sk, from, to);
        return 0;
}

SEC("tp_btf/inet_sock_set_state")
int on_state(__u64 *ctx)
{
        struct sock *sk = (void *)ctx[0];
        int from = (int)ctx[1], to = (int)ctx[2];

        if (!is_of_interest(sk, from, to) || is_left_to_stand_in(sk, to))
                return 0;
        set_at_work(ON_STATE, 1);
        changes(sk, from, to);
        set_at_work(ON_STATE, 0);
        return 0;
}

static __always_inline void is_gone(struct sock *sk)
{
        __u64 key = (__u64)sk;
        struct live_end *end = bpf_map_lookup_elem(&sockets, &key);
        struct tcp_sock *tp;

        /* A connect() that failed has wiped the port. */
        if (end && !(end->flags & LIVE_SNAPPED) && sk->__sk_common.skc_dport)
                end = find_or_follow(key, sk, CLOSE);
        if (!end)
                return;
        tp = bpf_skc_to_tcp_sock(sk);
        end->ended_ns = bpf_ktime_get_ns();
        if (tp && !(end->flags & LIVE_SNAPPED)) {
                snap(end, sk, tp, CLOSE, end->ended_ns);
                end->flags |= LIVE_MISSED;
        }
        if (tp && end->flags & LIVE_SNAPPED) {
                end->error_last = sk->sk_err;
                if (tp->bytes_received != end->bytes_received || tp->bytes_acked != end->bytes_acked) {
                        end->flags |= LIVE_DISCONNECTED;
                } else {
                        end->unread = unread_by(tp, sk->__sk_common.skc_flags);
                        if (tp->copied_seq == tp->rcv_nxt && sk->__sk_common.skc_flags & 1UL << SOCK_DONE___asked)
                                end->flags |= LIVE_EOF_READ;
                }
                if (sk->sk_lock.owned && !end->owner) {
                        end->owner = bpf_get_current_pid_tgid() >> 32;
                        name_program(end->owner_comm);
                        end->flags |= LIVE_CLOSER;
                }
                if (!(end->flags & LIVE_ACT))
                        act(end, sk, CLOSE, CLOSE, end->ended_ns);
        }
        give_out(end, sk);
        bpf_map_delete_elem(&sockets, &key);
}

SEC("tp_btf/tcp_destroy_sock")
int in_place_of_on_destroy(__u64 *ctx)
{
        struct sock *sk = (void *)ctx[0];

        if (stands_in(ON_DESTROY, sk, 0)) {
                count(LIVE_TOTAL_STOOD_IN);
                is_gone(sk);
        }
        return 0;
}

SEC("tp_btf/tcp_destroy_sock")
int on_destroy(__u64 *ctx)
{
        struct sock *sk = (void *)ctx[0];

        if (is_left_to_stand_in(sk, 0))
                return 0;
        set_at_work(ON_DESTROY, 1);
        is_gone(sk);
        set_at_work(ON_DESTROY, 0);
        return 0;
}

SEC("tp_btf/tcp_receive_reset")
int on_reset_received(__u64 *ctx)
{
        struct sock *sk = (void *)ctx[0];
        int state = sk->__sk_common.skc_state;
        struct live_end *end;

        if (sk->sk_protocol != IPPROTO_TCP || is_left_to_nobody(sk))
                return 0;
        end = find_or_follow(ctx[0], sk, state);
        if (!end)
                return 0;
        end->flags |= LIVE_RST_IN;
        if (sk->sk_shutdown == SHUT_BOTH && (state == FIN_WAIT1 || state == FIN_WAIT2))
                end->flags |= LIVE_RST_IN_SHUT;
        return 0;
}

SEC("tp_btf/inet_sk_error_report")
int on_error_report(__u64 *ctx)
{
        struct sock *sk = (void *)ctx[0];
        struct live_end *end;
        __u64 key = ctx[0];

        if (sk->sk_err == 0 || is_left_to_nobody(sk))
                return 0;
        end = bpf_map_lookup_elem(&sockets, &key);
        if (end)
                end->flags |= LIVE_REPORTED;
        return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
