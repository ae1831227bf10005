/*
 * The packets of TCP that pass this network namespace, as AF_PACKET shows them, kept in memory for a while: the last of
 * each connection. Needs CAP_NET_RAW to open, and nothing after.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "live/recent.h"

/* What is kept of each begins with its IP header. */
#define PACKETS_LINK_TYPE 101
/* So many bytes of each. */
#define PACKETS_SNAP 512

struct packets;

/* Returns 0 or a negative errno; *@ret_what then says what failed. */
int packets_open(size_t memory, struct packets **ret_packets, const char **ret_what);
/* Takes NULL. */
struct packets *packets_close(struct packets *packets);

/* Takes in what is there, without waiting. What comes in is to be had within PACKETS_DELAY_MS. */
#define PACKETS_DELAY_MS 20
void packets_take(struct packets *packets);

const struct recent *packets_recent(const struct packets *packets);

/* How many the kernel had to drop. */
uint64_t packets_lost(struct packets *packets);
