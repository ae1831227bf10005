/* Whether the TCP checksum of a packet holds. */
#include "wire/checksum.h"
#include "wire/packet.h"

#include <netinet/in.h>

#include "wire/bytes.h"

void packet_check(struct packet *packet)
{
        const struct segment *segment = &packet->segment;
        size_t n = (size_t)segment->n_header + segment->n_payload;
        const uint8_t *tcp = segment->payload - segment->n_header;
        uint64_t pseudo;

        packet->checksum_known = false;
        packet->checksum_good = false;
        /* A header that is cut has no whole checksum, whatever its payload's length. */
        if (segment->n_header < 20 || (tcp[12] >> 4) * 4u != segment->n_header ||
            segment->n_captured < segment->n_payload)
                return;
        pseudo = checksum_pseudo(segment->family, segment->source, segment->destination, IPPROTO_TCP, n);
        if (checksum_fold(checksum_add(pseudo, tcp, n)) == 0) {
                packet->checksum_known = true;
                packet->checksum_good = true;
                return;
        }
        /* Left to the hardware: the field holds the sum of the pseudo header alone (CHECKSUM_PARTIAL). */
        if (bytes_get16(tcp + 16) + checksum_fold(pseudo) == 0xffff)
                return;
        packet->checksum_known = true;
}
