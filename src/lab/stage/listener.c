/* The listener, and the endings that it makes itself: refused, unanswered, accept queue full. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lab/moment.h"
#include "lab/stage/connection.h"
#include "lab/stage/probe.h"

#define BACKLOG 4096
#define MEMINFO_DROPS 8 /* SK_MEMINFO_DROPS */
/* A refusal that is seen (the probe hears of a SYN before TCP does) is over after so long. */
#define REFUSAL_NS (2 * MILLISECOND_NS)
/* Where refusals cannot be seen, and no time is given. */
#define BLIND_REFUSAL_NS (500 * MILLISECOND_NS)

int silence(int fd)
{
        int most = 255, v4, v6;

        /* Segments that came through any router, or from a host that begins with less, are not taken:
         * tcp_v4_rcv, tcp_v6_rcv: min_ttl, min_hopcount. */
        v4 = setsockopt(fd, IPPROTO_IP, IP_MINTTL, &most, sizeof(most));
        v6 = setsockopt(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, &most, sizeof(most));
        return v4 < 0 && v6 < 0 ? -errno : 0;
}

uint64_t ignored_segments(int fd)
{
        uint32_t info[MEMINFO_DROPS + 1] = { 0 };
        socklen_t length = sizeof(info);

        if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &length) < 0 || length < sizeof(info))
                return 0;
        return info[MEMINFO_DROPS];
}

static const struct stage_step *step(const struct stage *stage)
{
        return &stage->options.steps[stage->step];
}

/* Our own clients take the places of the accept queue; the listener says when none is left. */
static int fill(struct stage *stage)
{
        struct tcp_info info;
        socklen_t length = sizeof(info);

        stage->filler = socket(stage->address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (stage->filler < 0 ||
            connect(stage->filler, (const struct sockaddr *)&stage->address.storage, stage->address.length) < 0)
                return -errno;
        if (getsockopt(stage->listener, IPPROTO_TCP, TCP_INFO, &info, &length) < 0)
                return -errno;
        /* Of a listener: the queue's length and its limit. */
        return info.tcpi_unacked > info.tcpi_sacked ? 0 : -EAGAIN;
}

static int refuse(struct stage *stage)
{
        const struct stage_step *s = step(stage);
        struct epoll_event event = { 0 };
        int64_t span = BLIND_REFUSAL_NS;

        /* What the probe heard so far belongs to connections that were let in. */
        for (size_t i = 0; i < STAGE_PROBES; i++)
                while (stage->probes[i] >= 0 && recv(stage->probes[i], stage->scratch, STAGE_BUFFER, MSG_DONTWAIT) >= 0)
                        ;
        if (stage->listening && shutdown(stage->listener, SHUT_RD) < 0)
                return -errno;
        /* A socket that does not listen would be reported as hung up without end. */
        epoll_ctl(stage->epoll, EPOLL_CTL_DEL, stage->listener, &event);
        stage->listening = false;
        stage->refusing = true;
        if (s->n_after)
                span = (int64_t)s->after[0].n;
        else if (stage->probes[0] >= 0)
                return 0;
        return stage->options.cycle || stage->step + 1 < stage->options.n_steps
                       ? timers_set(&stage->timers, &stage->alarm, now_ns() + span) : 0;
}

int listener_prepare(struct stage *stage)
{
        struct epoll_event event = { .events = EPOLLIN };
        enum stage_act act = step(stage)->ending->act;
        int r;

        stage->refusing = false;
        if (act == STAGE_REFUSE)
                return refuse(stage);
        if (act == STAGE_UNANSWERED && (r = silence(stage->listener)) < 0)
                return r;
        if ((!stage->listening || act == STAGE_BACKLOG_FULL) &&
            listen(stage->listener, act == STAGE_BACKLOG_FULL ? 0 : BACKLOG) < 0)
                return -errno;
        stage->listening = true;
        if (act == STAGE_BACKLOG_FULL) {
                epoll_ctl(stage->epoll, EPOLL_CTL_DEL, stage->listener, &event);
                return fill(stage);
        }
        event.data.u64 = 0;
        if (epoll_ctl(stage->epoll, EPOLL_CTL_ADD, stage->listener, &event) < 0 && errno != EEXIST)
                return -errno;
        return 0;
}

/* With the right to do so, a raw socket hears the SYNs that a port refuses: nothing else tells of them.
 * A listener on all IPv6 addresses may take IPv4 too. */
static void open_probes(struct stage *stage)
{
        struct epoll_event event = { .events = EPOLLIN, .data.u64 = 1 };
        int families[] = { stage->address.storage.ss_family, AF_UNSPEC };
        bool refuses = false;

        for (size_t i = 0; i < stage->options.n_steps; i++)
                refuses = refuses || stage->options.steps[i].ending->act == STAGE_REFUSE;
        if (families[0] == AF_INET6 &&
            IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)(const void *)&stage->address.storage)->sin6_addr))
                families[1] = AF_INET;
        for (size_t i = 0; i < STAGE_PROBES && refuses && families[i] != AF_UNSPEC; i++) {
                if (probe_open((uint8_t)families[i], (uint16_t)stage_address_port(&stage->address),
                               &stage->probes[i]) == 0 &&
                    epoll_ctl(stage->epoll, EPOLL_CTL_ADD, stage->probes[i], &event) < 0) {
                        close(stage->probes[i]);
                        stage->probes[i] = -1;
                }
        }
}

static void notice(struct stage *stage)
{
        const struct stage_options *o = &stage->options;

        for (size_t i = 0; i < o->n_steps; i++)
                if (o->steps[i].ending->act == STAGE_REFUSE && stage->probes[0] < 0)
                        stage->notice = o->n_steps > 1 && !o->steps[i].n_after
                                ? "refused attempts cannot be seen without CAP_NET_RAW: each refusal lasts 500 ms "
                                  "(refused@time=T sets another time)"
                                : o->n_steps > 1 ? NULL
                                : "refused attempts cannot be seen without CAP_NET_RAW: no line will tell of them";
}

static int bound(const struct stage_address *address, const char **ret_why)
{
        int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1, r;

        *ret_why = "making a socket for";
        if (fd < 0)
                return -errno;
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        *ret_why = "binding";
        if (bind(fd, (const struct sockaddr *)&address->storage, address->length) == 0)
                return fd;
        r = -errno;
        close(fd);
        return r;
}

int listener_open(struct stage *stage, const char **ret_why)
{
        int fd = bound(&stage->options.listen, ret_why), error = 0;

        if (fd < 0)
                return fd;
        stage->address.length = sizeof(stage->address.storage);
        if (getsockname(fd, (struct sockaddr *)&stage->address.storage, &stage->address.length) < 0)
                error = -errno;
        /* A port that the kernel chose goes back when the listener ceases to listen (tcp_set_state:
         * SOCK_BINDPORT_LOCK): the same port, asked for by its number, stays. */
        stage->listener = error ? error : bound(&stage->address, ret_why);
        close(fd);
        if (stage->listener < 0)
                return stage->listener;
        open_probes(stage);
        notice(stage);
        *ret_why = "listening on";
        return listener_prepare(stage);
}

/* A line for what no connection tells: an attempt that was refused, or all that were not answered. */
static void tell(struct stage *stage, const struct stage_address *client, uint64_t number, uint64_t ignored,
                 const char *note)
{
        struct stage_result r = { .number = number, .step = step(stage), .server = stage->address, .staged = true,
                                  .ignored = ignored, .note = note };
        struct timespec t;

        clock_gettime(CLOCK_REALTIME, &t);
        r.started_ns = t.tv_sec * SECOND_NS + t.tv_nsec;
        r.wire = step(stage)->ending->act == STAGE_REFUSE ? "RST" : "nothing";
        if (client)
                r.client = *client;
        stage->ended(&r, stage->context);
}

/* A SYN without ACK for our port? An IPv4 raw socket gives the IP header too. */
static bool is_attempt(const struct stage *stage, const uint8_t *bytes, size_t n, struct stage_address *from)
{
        const struct sockaddr_storage *own = &stage->address.storage;
        uint16_t ports[2];

        if (from->storage.ss_family == AF_INET) {
                const struct in_addr *address = &((const struct sockaddr_in *)(const void *)own)->sin_addr;
                size_t header = n > 0 ? (size_t)(bytes[0] & 15) * 4 : 0;

                if (header < 20 || n < header)
                        return false;
                if (own->ss_family == AF_INET && address->s_addr != INADDR_ANY && memcmp(bytes + 16, address, 4) != 0)
                        return false;
                bytes += header;
                n -= header;
        }
        if (n < 20 || (bytes[13] & 0x12) != 0x02)
                return false;
        memcpy(ports, bytes, sizeof(ports));
        if (from->storage.ss_family == AF_INET6)
                ((struct sockaddr_in6 *)(void *)&from->storage)->sin6_port = ports[0];
        else
                ((struct sockaddr_in *)(void *)&from->storage)->sin_port = ports[0];
        return ntohs(ports[1]) == stage_address_port(&stage->address);
}

static void hear(struct stage *stage, int probe)
{
        const struct stage_options *o = &stage->options;

        for (;;) {
                struct stage_address from = { .length = sizeof(from.storage) };
                ssize_t n = recvfrom(probe, stage->scratch, STAGE_BUFFER, MSG_DONTWAIT,
                                     (struct sockaddr *)&from.storage, &from.length);

                if (n < 0)
                        return;
                if (!stage->refusing || !is_attempt(stage, stage->scratch, (size_t)n, &from))
                        continue;
                tell(stage, &from, ++stage->n_accepted, 0,
                     stage->alarm.place && !step(stage)->n_after
                     ? "came while the one before was being refused" : NULL);
                stage->n_ended++;
                if (!stage->alarm.place && (o->cycle || stage->step + 1 < o->n_steps))
                        timers_set(&stage->timers, &stage->alarm, now_ns() + REFUSAL_NS);
        }
}

void listener_refused(struct stage *stage)
{
        for (size_t i = 0; i < STAGE_PROBES; i++)
                if (stage->probes[i] >= 0)
                        hear(stage, stage->probes[i]);
}

void listener_woken(struct stage *stage)
{
        if (!stage->refusing)
                return;
        listener_refused(stage);
        stage_advance(stage);
}

void listener_close(struct stage *stage)
{
        enum stage_act act = step(stage)->ending->act;

        if (stage->listener >= 0 && stage->listening && (act == STAGE_UNANSWERED || act == STAGE_BACKLOG_FULL))
                tell(stage, NULL, 0, ignored_segments(stage->listener), NULL);
        if (stage->filler >= 0)
                close(stage->filler);
        if (stage->next_upstream >= 0)
                close(stage->next_upstream);
        for (size_t i = 0; i < STAGE_PROBES; i++)
                if (stage->probes[i] >= 0)
                        close(stage->probes[i]);
        if (stage->listener >= 0)
                close(stage->listener);
        stage->filler = stage->next_upstream = stage->probes[0] = stage->probes[1] = stage->listener = -1;
}
