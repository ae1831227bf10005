/* The least that reading a capture with libpcap costs: pcap_next_ex() until the end, and nothing done. */
#include <pcap/pcap.h>
#include <stdio.h>

int main(int argc, char **argv)
{
        char why[PCAP_ERRBUF_SIZE];
        struct pcap_pkthdr *head;
        unsigned long long n = 0;
        const u_char *frame;
        pcap_t *pcap;
        int r;

        pcap = pcap_open_offline(argc == 2 ? argv[1] : "-", why);
        if (!pcap) {
                fprintf(stderr, "bench-pcap-loop: %s\n", why);
                return 2;
        }
        while ((r = pcap_next_ex(pcap, &head, &frame)) == 1)
                n += head->caplen;
        pcap_close(pcap);
        return r != PCAP_ERROR_BREAK || n == 0;
}
