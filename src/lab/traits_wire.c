/* What is special of this kernel and only segments by hand can show. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/moment.h"
#include "lab/namespace.h"
#include "lab/peer.h"
#include "lab/traits.h"
#include "words/tcp_state.h"

#define PATIENCE_NS (2 * SECOND_NS)
#define PEER_PORT 4442
#define LISTENER_PORT 4441

static void closep(int *fd)
{
        if (*fd >= 0)
                close(*fd);
}

/* A socket that has begun to connect to a peer by hand, and is reset when it is closed. */
static int begin(struct peer **ret_peer, int *ret_fd)
{
        __attribute__((cleanup(closep))) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(PEER_PORT) };
        struct linger now = { .l_onoff = 1 };
        int r;

        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)) < 0)
                return -errno;
        inet_pton(AF_INET, NAMESPACE_PEER_IPV4, &address.sin_addr);
        r = peer_open(AF_INET, PEER_SERVER, PEER_PORT, 0, ret_peer);
        if (r < 0)
                return r;
        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 && errno != EINPROGRESS)
                return -errno;
        *ret_fd = fd;
        fd = -1;
        return 0;
}

/* The number of segments that a socket has taken in is raised under its lock, before the segment is
 * worked on: who sees the new number, under the same lock, sees all that the segment did. */
static int look(int fd, struct tcp_info *ret_info)
{
        socklen_t length = sizeof(*ret_info);

        *ret_info = (struct tcp_info){ 0 };
        return getsockopt(fd, IPPROTO_TCP, TCP_INFO, ret_info, &length) < 0 ? -errno : 0;
}

static int wait_segments(int fd, uint32_t n, struct tcp_info *ret_info)
{
        int64_t deadline = now_ns() + PATIENCE_NS;

        for (struct pause pause = { 0 };; pause_a_little(&pause)) {
                int r = look(fd, ret_info);

                if (r < 0 || (int32_t)(ret_info->tcpi_segs_in - n) >= 0)
                        return r;
                if (now_ns() > deadline)
                        return -ETIMEDOUT;
        }
}

/* A window of zero, then a byte: is it sent? */
static int try_zero_window(bool *ret_ignored)
{
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        __attribute__((cleanup(closep))) int fd = -1;
        struct tcp_info info;
        int unsent, r = begin(&peer, &fd);

        if (r < 0 || (r = peer_handshake(peer, now_ns() + PATIENCE_NS)) < 0 || (r = look(fd, &info)) < 0)
                return r;
        /* The first ACK moves snd_wl1 to where the second stands too: that one brings nothing new. */
        for (int i = 0; i < 2; i++) {
                r = peer_send(peer, &(struct peer_segment){ .has_window = i == 1 });
                if (r < 0 || (r = wait_segments(fd, info.tcpi_segs_in + 1, &info)) < 0)
                        return r;
        }
        if (send(fd, "", 1, MSG_NOSIGNAL) != 1 || ioctl(fd, SIOCOUTQNSD, &unsent) < 0)
                return -errno;
        *ret_ignored = unsent == 0;
        return 0;
}

/* SYNs cross, then the SYN-ACK of the peer comes, at the number of its SYN. */
static int try_crossing(bool *ret_refused)
{
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        __attribute__((cleanup(closep))) int fd = -1;
        struct tcp_info info;
        int r = begin(&peer, &fd);

        if (r < 0 || (r = peer_wait_flags(peer, SEGMENT_SYN, 0, now_ns() + PATIENCE_NS)) < 0 ||
            (r = peer_send(peer, &(struct peer_segment){ .flags = SEGMENT_SYN, .ack = PEER_ACK_NONE })) < 0 ||
            (r = peer_wait_flags(peer, SEGMENT_SYN | SEGMENT_ACK, 0, now_ns() + PATIENCE_NS)) < 0 ||
            (r = look(fd, &info)) < 0 ||
            (r = peer_send(peer, &(struct peer_segment){ .flags = SEGMENT_SYN, .seq_offset = -1 })) < 0 ||
            (r = wait_segments(fd, info.tcpi_segs_in + 1, &info)) < 0)
                return r;
        *ret_refused = info.tcpi_state == TCP_STATE_SYN_RECV;
        return 0;
}

static int listen_at_wire(int *ret_fd)
{
        __attribute__((cleanup(closep))) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(LISTENER_PORT) };

        inet_pton(AF_INET, NAMESPACE_SOCKETS_IPV4, &address.sin_addr);
        if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0)
                return -errno;
        *ret_fd = fd;
        fd = -1;
        return 0;
}

/* A RST in the window of a request, then the SYN once more, which is answered in any case: so the wait for a
 * challenge that may not come has an end. */
static int try_request(bool *ret_believes)
{
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        __attribute__((cleanup(closep))) int listener = -1;
        struct peer_segment syn = { .flags = SEGMENT_SYN, .ack = PEER_ACK_NONE };
        struct peer_segment rst = { .flags = SEGMENT_RST, .ack = PEER_ACK_NONE, .seq_offset = 100 };
        size_t answered;
        int r = listen_at_wire(&listener);

        if (r < 0 || (r = peer_open(AF_INET, PEER_CLIENT, PEER_PORT, LISTENER_PORT, &peer)) < 0 ||
            (r = peer_send(peer, &syn)) < 0 ||
            (r = peer_wait_flags(peer, SEGMENT_SYN | SEGMENT_ACK, 0, now_ns() + PATIENCE_NS)) < 0)
                return r;
        answered = peer->n_seen;
        syn.seq_offset = -1;
        if ((r = peer_send(peer, &rst)) < 0 || (r = peer_send(peer, &syn)) < 0 ||
            (r = peer_wait_flags(peer, SEGMENT_SYN | SEGMENT_ACK, answered, now_ns() + PATIENCE_NS)) < 0)
                return r;
        *ret_believes = peer->seen[answered].segment.flags & SEGMENT_SYN;
        return 0;
}

/* After the FIN is acknowledged, an ACK from before, then a byte, which is acknowledged in any case: so the
 * wait for a challenge that may not come has an end. */
static int try_old_ack(bool *ret_refused)
{
        __attribute__((cleanup(peer_closep))) struct peer *peer = NULL;
        __attribute__((cleanup(closep))) int fd = -1;
        struct peer_segment old = { .ack = PEER_ACK_FEWER, .ack_value = 1 };
        struct tcp_info info;
        size_t answered;
        int r = begin(&peer, &fd);

        if (r < 0 || (r = peer_handshake(peer, now_ns() + PATIENCE_NS)) < 0)
                return r;
        if (shutdown(fd, SHUT_WR) < 0)
                return -errno;
        if ((r = peer_wait_flags(peer, SEGMENT_FIN, 0, now_ns() + PATIENCE_NS)) < 0 || (r = look(fd, &info)) < 0 ||
            (r = peer_send(peer, &(struct peer_segment){ 0 })) < 0 ||
            (r = wait_segments(fd, info.tcpi_segs_in + 1, &info)) < 0)
                return r;
        answered = peer->n_seen;
        if ((r = peer_send(peer, &old)) < 0 || (r = peer_send(peer, &(struct peer_segment){ .n_payload = 1 })) < 0 ||
            (r = peer_wait_acked(peer, now_ns() + PATIENCE_NS)) < 0)
                return r;
        *ret_refused = peer->seen[answered].segment.ack != peer->next;
        return 0;
}

int traits_probe_wire(struct kernel_traits *traits)
{
        int r, failed = 0;

        if ((r = try_zero_window(&traits->ignores_zero_windows)) < 0)
                failed = r;
        if ((r = try_crossing(&traits->refuses_crossed_syn_acks)) < 0)
                failed = r;
        if ((r = try_old_ack(&traits->refuses_old_acks)) < 0)
                failed = r;
        if ((r = try_request(&traits->believes_any_reset_of_a_request)) < 0)
                failed = r;
        return failed;
}
