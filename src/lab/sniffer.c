/* A packet socket with a ring (packet(7), TPACKET_V2), for three reasons: each frame is stamped as
 * it passes rather than when it is read, the ring counts against no receive buffer (a plain user's
 * is a few packets), and draining costs one call however many there are. Each slot holds one frame;
 * longer ones are cut. */
#include "lab/sniffer.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/deadline.h"
#include "netlink/link.h"
#include "wire/checksum.h"
#include "wire/icmp.h"
#include "wire/segment.h"

enum {
        SLOT_SIZE = 4096,
        BLOCK_SIZE = 65536,
        N_BLOCKS = 128,              /* 8 MiB: 2048 frames between two drains */
};

static int open_ring(struct sniffer *sniffer, int ifindex)
{
        struct tpacket_req ring = {
                .tp_block_size = BLOCK_SIZE,
                .tp_block_nr = N_BLOCKS,
                .tp_frame_size = SLOT_SIZE,
                .tp_frame_nr = N_BLOCKS * (BLOCK_SIZE / SLOT_SIZE),
        };
        struct sockaddr_ll address = {
                .sll_family = AF_PACKET,
                .sll_protocol = htons(ETH_P_ALL),
                .sll_ifindex = ifindex,
        };
        int version = TPACKET_V2;
        void *map;

        /* Protocol 0 hears nothing until bind() has chosen the device. */
        sniffer->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (sniffer->fd < 0)
                return -errno;
        if (setsockopt(sniffer->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) < 0 ||
            setsockopt(sniffer->fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof(ring)) < 0)
                return -errno;
        map = mmap(NULL, (size_t)BLOCK_SIZE * N_BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED, sniffer->fd, 0);
        if (map == MAP_FAILED)
                return -errno;
        sniffer->ring = map;
        sniffer->n_slots = ring.tp_frame_nr;
        if (bind(sniffer->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                return -errno;
        return 0;
}

int sniffer_open(const char *device, struct sniffer **ret_sniffer)
{
        __attribute__((cleanup(sniffer_closep))) struct sniffer *sniffer = NULL;
        int ifindex, r;

        ifindex = link_index(device);
        if (ifindex < 0)
                return ifindex;
        sniffer = calloc(1, sizeof(*sniffer));
        if (!sniffer)
                return -ENOMEM;
        sniffer->fd = -1;
        sniffer->loopback = strcmp(device, "lo") == 0;
        r = open_ring(sniffer, ifindex);
        if (r)
                return r;
        *ret_sniffer = sniffer;
        sniffer = NULL;
        return 0;
}

static void forget(struct sniffer *sniffer)
{
        for (size_t i = 0; i < sniffer->n_frames; ++i)
                free(sniffer->frames[i].bytes);
        sniffer->n_frames = 0;
}

struct sniffer *sniffer_close(struct sniffer *sniffer)
{
        if (!sniffer)
                return NULL;
        forget(sniffer);
        if (sniffer->ring)
                munmap(sniffer->ring, (size_t)BLOCK_SIZE * N_BLOCKS);
        if (sniffer->fd >= 0)
                close(sniffer->fd);
        free(sniffer->frames);
        free(sniffer->ports);
        free(sniffer);
        return NULL;
}

int sniffer_ports(struct sniffer *sniffer, const uint16_t *ports, size_t n_ports)
{
        uint16_t *copy = NULL;

        if (n_ports > 0) {
                copy = malloc(n_ports * sizeof(*ports));
                if (!copy)
                        return -ENOMEM;
                memcpy(copy, ports, n_ports * sizeof(*ports));
        }
        free(sniffer->ports);
        sniffer->ports = copy;
        sniffer->n_ports = n_ports;
        return 0;
}

static bool wants_port(const struct sniffer *sniffer, uint16_t source, uint16_t destination)
{
        for (size_t i = 0; i < sniffer->n_ports; ++i)
                if (sniffer->ports[i] == source || sniffer->ports[i] == destination)
                        return true;
        return sniffer->n_ports == 0;
}

static bool wants(const struct sniffer *sniffer, const uint8_t *packet, size_t n)
{
        struct icmp_about about;
        struct segment segment;

        if (segment_read(packet, n, &segment) == 0)
                return wants_port(sniffer, segment.source_port, segment.destination_port);
        if (icmp_read(packet, n, &about) == 0)
                return wants_port(sniffer, about.source_port, about.destination_port);
        return false;
}

/* Two processors may stamp and store in a different order; what was stored first was first. */
static void order_times(struct sniffer *sniffer)
{
        for (size_t i = sniffer->n_frames; i-- > 1;) {
                if (sniffer->frames[i - 1].time_ns <= sniffer->frames[i].time_ns)
                        return;
                sniffer->frames[i - 1].time_ns = sniffer->frames[i].time_ns;
        }
}

static int add(struct sniffer *sniffer, const struct tpacket2_hdr *slot, const uint8_t *packet, bool outgoing)
{
        struct sniffer_frame *frame;

        if (sniffer->n_frames == sniffer->n_room) {
                size_t n_room = sniffer->n_room ? sniffer->n_room * 2 : 64;

                frame = reallocarray(sniffer->frames, n_room, sizeof(*frame));
                if (!frame)
                        return -ENOMEM;
                sniffer->frames = frame;
                sniffer->n_room = n_room;
        }
        frame = &sniffer->frames[sniffer->n_frames];
        *frame = (struct sniffer_frame){
                .time_ns = (int64_t)slot->tp_sec * 1000000000 + slot->tp_nsec,
                .n_bytes = slot->tp_snaplen,
                .n_frame = slot->tp_len,
                .outgoing = outgoing,
                .bytes = malloc(slot->tp_snaplen ? slot->tp_snaplen : 1),
        };
        if (!frame->bytes)
                return -ENOMEM;
        memcpy(frame->bytes, packet, slot->tp_snaplen);
        /* The kernel left the sum to hardware that is not there. A cut frame keeps what it has:
         * nobody can check it either. */
        if (slot->tp_status & TP_STATUS_CSUMNOTREADY)
                (void)checksum_mend(frame->bytes, frame->n_bytes);
        ++sniffer->n_frames;
        order_times(sniffer);
        return 0;
}

static int take(struct sniffer *sniffer, const struct tpacket2_hdr *slot)
{
        const uint8_t *bytes = (const uint8_t *)slot;
        struct sockaddr_ll from;
        bool outgoing;

        memcpy(&from, bytes + TPACKET_ALIGN(sizeof(*slot)), sizeof(from));
        outgoing = from.sll_pkttype == PACKET_OUTGOING;
        /* Loopback passes each packet twice: going out, and coming in again. */
        if (sniffer->loopback && outgoing)
                return 0;
        if (from.sll_protocol != htons(ETH_P_IP) && from.sll_protocol != htons(ETH_P_IPV6))
                return 0;
        if (!wants(sniffer, bytes + slot->tp_net, slot->tp_snaplen))
                return 0;
        return add(sniffer, slot, bytes + slot->tp_net, outgoing);
}

static void count_losses(struct sniffer *sniffer)
{
        struct tpacket_stats stats;
        socklen_t n = sizeof(stats);

        /* Reading sets the kernel's count to zero. */
        if (getsockopt(sniffer->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &n) == 0)
                sniffer->n_lost += stats.tp_drops;
}

int sniffer_drain(struct sniffer *sniffer)
{
        size_t n_before = sniffer->n_frames;
        int r = 0;

        for (size_t n = 0; n < sniffer->n_slots && r == 0; ++n) {
                struct tpacket2_hdr *slot = (void *)(sniffer->ring + sniffer->slot * SLOT_SIZE);

                if (!(__atomic_load_n(&slot->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
                        break;
                r = take(sniffer, slot);
                __atomic_store_n(&slot->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
                sniffer->slot = (sniffer->slot + 1) % sniffer->n_slots;
        }
        count_losses(sniffer);
        return r < 0 ? r : (int)(sniffer->n_frames - n_before);
}

int sniffer_wait(struct sniffer *sniffer, bool (*enough)(const struct sniffer *sniffer, void *context), void *context,
                 int64_t deadline_ns)
{
        for (;;) {
                struct pollfd poller = { .fd = sniffer->fd, .events = POLLIN };
                int ms, r;

                r = sniffer_drain(sniffer);
                if (r < 0)
                        return r;
                if (enough(sniffer, context))
                        return 0;
                ms = deadline_left_ms(deadline_ns);
                if (ms == 0)
                        return -ETIMEDOUT;
                if (poll(&poller, 1, ms) < 0 && errno != EINTR)
                        return -errno;
        }
}

int sniffer_clear(struct sniffer *sniffer)
{
        int r;

        r = sniffer_drain(sniffer);
        forget(sniffer);
        return r < 0 ? r : 0;
}
