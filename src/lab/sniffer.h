/* Collects the TCP segments, and the ICMP errors about them, that pass one device of the namespace:
 * both directions, each packet once, with the kernel's time. Frames begin with the IP header
 * (PCAP_LINK_RAW). Needs CAP_NET_RAW. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sniffer_frame {
        int64_t time_ns;             /* since 1970 */
        uint32_t n_bytes;            /* at hand: frames beyond 4000 bytes or so are cut */
        uint32_t n_frame;            /* on the wire */
        bool outgoing;               /* left by this device; always false on lo */
        uint8_t *bytes;              /* the IP packet, TCP checksum completed */
};

/* Read freely; written by the functions below only. */
struct sniffer {
        int fd;
        bool loopback;
        struct sniffer_frame *frames;
        size_t n_frames;
        size_t n_room;
        uint64_t n_lost;             /* dropped by the kernel because the ring was full */
        uint16_t *ports;
        size_t n_ports;
        uint8_t *ring;
        size_t n_slots;
        size_t slot;
};

/* Starts collecting on @device ("lo", NAMESPACE_WIRE). Returns 0 or a negative errno. */
int sniffer_open(const char *device, struct sniffer **ret_sniffer);

/* Takes NULL and returns NULL. */
struct sniffer *sniffer_close(struct sniffer *sniffer);

/* From now on keeps only what goes from or to one of @ports, or is about such; @n_ports 0: all. */
int sniffer_ports(struct sniffer *sniffer, const uint16_t *ports, size_t n_ports);

/* Takes in what has passed so far, without waiting. Returns the number of frames added, or a
 * negative errno. */
int sniffer_drain(struct sniffer *sniffer);

/* Takes in frames until @enough says so. @deadline_ns is CLOCK_MONOTONIC. Returns 0, -ETIMEDOUT,
 * or another negative errno. */
int sniffer_wait(struct sniffer *sniffer, bool (*enough)(const struct sniffer *sniffer, void *context),
                 void *context, int64_t deadline_ns);

/* Forgets all frames so far, those not yet drained too. The count of losses stays. */
int sniffer_clear(struct sniffer *sniffer);

static inline void sniffer_closep(struct sniffer **sniffer)
{
        *sniffer = sniffer_close(*sniffer);
}
