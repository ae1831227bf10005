/* An AF_PACKET socket with a ring of blocks (TPACKET_V3), read into the memory of recent packets. */
#include "live/packets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/packet.h"

enum { BLOCK = 1 << 18, N_BLOCKS = 32, FRAME = 2048 };

struct packets {
        int fd;
        uint8_t *ring;
        unsigned block;
        uint64_t n_lost;
        struct recent *recent;
        struct packet_reader *reader;
};

/* TCP and ICMP, over loopback only as it comes in: there each packet passes twice. */
static int filter(int fd)
{
        struct sock_filter code[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 2),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_HATYPE)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARPHRD_LOOPBACK, 14, 0),
                BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
                BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 4, 0, 3),
                BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 8, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMP, 7, 8),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 6, 0, 7),
                BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 6),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 4, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 3, 0),
                /* Headers before it. */
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_HOPOPTS, 2, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ROUTING, 1, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_DSTOPTS, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, PACKETS_SNAP),
                BPF_STMT(BPF_RET | BPF_K, 0),
        };
        struct sock_fprog program = { .len = sizeof(code) / sizeof(*code), .filter = code };

        return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno : 0;
}

static int set_up(struct packets *packets, const char **ret_what)
{
        struct tpacket_req3 ring = {
                .tp_block_size = BLOCK, .tp_block_nr = N_BLOCKS, .tp_frame_size = FRAME,
                .tp_frame_nr = BLOCK / FRAME * N_BLOCKS, .tp_retire_blk_tov = PACKETS_DELAY_MS,
        };
        struct sockaddr_ll any = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
        int version = TPACKET_V3, r;
        void *ring_at;

        *ret_what = "opening a packet socket";
        /* Without a protocol it hears nothing yet. */
        packets->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (packets->fd < 0)
                return -errno;
        *ret_what = "setting up the packet socket";
        r = filter(packets->fd);
        if (r < 0)
                return r;
        if (setsockopt(packets->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) < 0 ||
            setsockopt(packets->fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof(ring)) < 0)
                return -errno;
        ring_at = mmap(NULL, (size_t)BLOCK * N_BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED, packets->fd, 0);
        if (ring_at == MAP_FAILED)
                return -errno;
        packets->ring = ring_at;
        return bind(packets->fd, (struct sockaddr *)&any, sizeof(any)) < 0 ? -errno : 0;
}

int packets_open(size_t memory, struct packets **ret_packets, const char **ret_what)
{
        struct packets *packets = calloc(1, sizeof(*packets));
        int r;

        *ret_what = "taking memory for packets";
        if (!packets)
                return -ENOMEM;
        packets->fd = -1;
        r = recent_new(memory, &packets->recent);
        if (r == 0)
                r = packet_reader_new(&packets->reader);
        if (r == 0)
                r = set_up(packets, ret_what);
        if (r < 0) {
                packets_close(packets);
                return r;
        }
        *ret_packets = packets;
        return 0;
}

struct packets *packets_close(struct packets *packets)
{
        if (!packets)
                return NULL;
        if (packets->ring)
                munmap(packets->ring, (size_t)BLOCK * N_BLOCKS);
        if (packets->fd >= 0)
                close(packets->fd);
        recent_free(packets->recent);
        packet_reader_free(packets->reader);
        free(packets);
        return NULL;
}

static void take_one(struct packets *packets, const uint8_t *bytes, uint32_t n_bytes, uint32_t n_frame, int64_t time_ns)
{
        struct packet packet;
        enum packet_kind kind = packet_read(packets->reader, PACKETS_LINK_TYPE,
                                            bytes, n_bytes, n_frame, time_ns, &packet);
        const struct segment *segment = &packet.segment;
        struct recent_key key;

        if (kind != PACKET_TCP && kind != PACKET_ICMP_ERROR)
                return;
        key = recent_key(segment->family, segment->source, segment->source_port, segment->destination,
                         segment->destination_port);
        recent_add(packets->recent, &key, time_ns, bytes, n_bytes, n_frame);
}

static void take_block(struct packets *packets, const uint8_t *block, const struct tpacket_hdr_v1 *head)
{
        uint32_t offset = head->offset_to_first_pkt;

        for (uint32_t i = 0; i < head->num_pkts && offset + sizeof(struct tpacket3_hdr) <= BLOCK; i++) {
                const struct tpacket3_hdr *h = (const void *)(block + offset);

                if (offset + h->tp_net + (uint64_t)h->tp_snaplen <= BLOCK)
                        take_one(packets, block + offset + h->tp_net, h->tp_snaplen, h->tp_len,
                                 h->tp_sec * INT64_C(1000000000) + h->tp_nsec);
                offset += h->tp_next_offset;
        }
}

void packets_take(struct packets *packets)
{
        for (unsigned i = 0; i < N_BLOCKS; i++) {
                struct tpacket_block_desc *block = (void *)(packets->ring + (size_t)packets->block * BLOCK);
                uint32_t *status = &block->hdr.bh1.block_status;

                if (!(__atomic_load_n(status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
                        return;
                take_block(packets, (const uint8_t *)block, &block->hdr.bh1);
                __atomic_store_n(status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
                packets->block = (packets->block + 1) % N_BLOCKS;
        }
}

const struct recent *packets_recent(const struct packets *packets)
{
        return packets->recent;
}

uint64_t packets_lost(struct packets *packets)
{
        struct tpacket_stats_v3 stats = { 0 };
        socklen_t size = sizeof(stats);

        /* Asking sets it to 0. */
        if (getsockopt(packets->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0)
                packets->n_lost += stats.tp_drops;
        return packets->n_lost;
}
