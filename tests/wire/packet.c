/* Frames of every kind down to the TCP segment in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/packet.h"

#include "hex.h"

enum {
        FRAME_MAX = 2048,
};

/* 192.0.2.1.46466 > 198.51.100.2.80: Flags [P.], seq 1000:1005, ack 2000, win 501, "hello" */
#define IP4 "4500 002d abcd 4000 4006 0000 c0000201 c6336402 "
#define TCP "b582 0050 000003e8 000007d0 5018 01f5 0000 0000 68656c6c6f "
/* 2001:db8::1.46466 > 2001:db8::2.80: the same */
#define IP6 "60012345 0019 06 40 20010db8000000000000000000000001 20010db8000000000000000000000002 "
/* from a Teredo client, 2001:0:…  */
#define IP6_TEREDO "60012345 0019 06 40 20010000000000000000000000000001 20010db8000000000000000000000002 "
/* 02:00:00:00:00:01 > 02:00:00:00:00:02 */
#define MAC "020000000002 020000000001 "
#define ETHERNET MAC "0800"
/* 10.0.0.1 > 10.0.0.2, 2001:db8:1::1 > 2001:db8:1::2, a length and a protocol: what tunnels run over */
#define OUTER4(length, protocol) "4500" length "0001 0000 40" protocol "0000 0a000001 0a000002 "
#define OUTER6(length, protocol) "60000000" length protocol "40 20010db8000100000000000000000001 " \
        "20010db8000100000000000000000002 "
/* 49152 > a port */
#define UDP(port, length) "c000" port length "0000 "
/* data, to the distribution system */
#define WIFI "0801 0000 020000000009 020000000001 020000000002 1000 "
#define SNAP "aaaa03 000000 "

struct row {
        const char *what;
        uint32_t link_type;
        const char *frame;
        enum packet_kind kind;
        uint32_t vlan;
        uint8_t depth;
};

static const struct row rows[] = {
        /* Link types. */
        { "Ethernet, IPv4", 1, ETHERNET IP4 TCP, PACKET_TCP, 0, 0 },
        { "Ethernet, IPv6", 1, MAC "86dd" IP6 TCP, PACKET_TCP, 0, 0 },
        { "raw IPv4", 101, IP4 TCP, PACKET_TCP, 0, 0 },
        { "raw IPv4, as BSD wrote it", 12, IP4 TCP, PACKET_TCP, 0, 0 },
        { "raw IPv6", 229, IP6 TCP, PACKET_TCP, 0, 0 },
        { "loopback of a small-endian BSD", 0, "02000000" IP4 TCP, PACKET_TCP, 0, 0 },
        { "loopback of a big-endian BSD", 0, "0000001e" IP6 TCP, PACKET_TCP, 0, 0 },
        { "loopback of OpenBSD", 108, "00000018" IP6 TCP, PACKET_TCP, 0, 0 },
        { "cooked Linux", 113, "0000 0001 0006 020000000001 0000 0800" IP4 TCP, PACKET_TCP, 0, 0 },
        { "cooked Linux with 802.2", 113, "0000 0001 0006 020000000001 0000 0004" SNAP "0800" IP4 TCP,
          PACKET_TCP, 0, 0 },
        { "cooked Linux with a tag", 113, "0000 0001 0006 020000000001 0000 8100 0123 0800" IP4 TCP,
          PACKET_TCP, 0x123, 0 },
        { "cooked Linux, second version", 276, "86dd 0000 00000001 0001 04 06 020000000001 0000" IP6 TCP,
          PACKET_TCP, 0, 0 },
        { "PPP", 9, "0021" IP4 TCP, PACKET_TCP, 0, 0 },
        { "PPP in HDLC's framing", 9, "ff03 0057" IP6 TCP, PACKET_TCP, 0, 0 },
        { "PPP with its number compressed", 50, "ff03 21" IP4 TCP, PACKET_TCP, 0, 0 },
        { "PPP in two links, in one piece", 9, "ff03 003d c0000001 0021" IP4 TCP, PACKET_TCP, 0, 0 },
        { "PPP of pppd", 166, "0003 0021" IP4 TCP, PACKET_TCP, 0, 0 },
        { "PPP with a direction", 204, "01 ff03 0021" IP4 TCP, PACKET_TCP, 0, 0 },
        { "Cisco's HDLC", 104, "0f00 0800" IP4 TCP, PACKET_TCP, 0, 0 },
        { "Cisco's HDLC, by PPP's number", 50, "0f00 86dd" IP6 TCP, PACKET_TCP, 0, 0 },
        { "Cisco's HDLC, from who took the line for PPP", 9, "0f00 0800" IP4 TCP, PACKET_TCP, 0, 0 },
        { "its keepalive", 9, "8f00 8035 00000002 00000000 00000000 ffff", PACKET_NOT_IP, 0, 0 },
        { "frame relay", 107, "1841 03 cc" IP4 TCP, PACKET_TCP, 0, 0 },
        { "frame relay with SNAP", 107, "1841 03 00 80 000000 0800" IP4 TCP, PACKET_TCP, 0, 0 },
        { "frame relay of Cisco", 107, "1841 0800" IP4 TCP, PACKET_TCP, 0, 0 },
        { "ATM", 100, SNAP "0800" IP4 TCP, PACKET_TCP, 0, 0 },
        { "bridged over ATM", 100, "aaaa03 0080c2 0007 0000" ETHERNET IP4 TCP, PACKET_TCP, 0, 0 },
        { "token ring", 6, "1040 020000000002 820000000001 06b0 0011 0012" SNAP "0800" IP4 TCP, PACKET_TCP, 0, 0 },
        { "FDDI", 10, "50 020000000002 020000000001" SNAP "0800" IP4 TCP, PACKET_TCP, 0, 0 },
        { "ARCnet of Linux", 129, "0102 0000 d4 00 0001" IP4 TCP, PACKET_TCP, 0, 0 },
        { "ARCnet of BSD", 7, "0102 f0" IP4 TCP, PACKET_TCP, 0, 0 },
        { "SLIP", 8, "00 000000000000000000000000000000" IP4 TCP, PACKET_TCP, 0, 0 },
        { "IP over FireWire", 138, "0000000000000001 0000000000000002 0800" IP4 TCP, PACKET_TCP, 0, 0 },
        { "log of pf", 117, "3d 02 00 00 656d3000 0000000000000000 0000000000000000 0000000000000000 0000000000000000"
          "0000000000000000 0000000000000000 0000000000000000" IP4 TCP, PACKET_TCP, 0, 0 },
        { "log of Linux's firewall", 239, "02 00 0000 0800 0100 08000100 0600 0a00 6100 0000 3100 0900" IP4 TCP,
          PACKET_TCP, 0, 0 },
        { "Juniper, Ethernet", 178, "4d4743 80 000e 00000000000000000000000000 00" ETHERNET IP4 TCP, PACKET_TCP, 0, 0 },
        { "Juniper, PPP", 179, "4d4743 00 ff03 0021" IP4 TCP, PACKET_TCP, 0, 0 },
        { "Endace's record, Ethernet", 197, "0000000000000000 02 04 0055 0000 0047 0000" ETHERNET IP4 TCP,
          PACKET_TCP, 0, 0 },
        { "Endace's record with two more headers", 197, "0000000000000000 96 04 0051 0000 0031 8000000000000000"
          "0000000000000000" IP4 TCP, PACKET_TCP, 0, 0 },
        { "Endace's record, packet over SONET", 197, "0000000000000000 01 04 0045 0000 0035 ff03 0057" IP6 TCP,
          PACKET_TCP, 0, 0 },
        { "Endace's record of something else", 197, "0000000000000000 1b 04 0045 0000 0035 ff03 0057" IP6 TCP,
          PACKET_NOT_IP, 0, 0 },
        { "Sun's ATM", 123, "0200 0005" SNAP "0800" IP4 TCP, PACKET_TCP, 0, 0 },
        { "Sun's ATM, LAN emulation", 123, "0100 0005 0001" ETHERNET IP4 TCP, PACKET_TCP, 0, 0 },
        { "a cable modem's frame", 143, "00 00 0047 0000" ETHERNET IP4 TCP, PACKET_TCP, 0, 0 },
        { "a cable modem's frame with an extended header", 143, "01 03 0047 102030 0000" ETHERNET IP4 TCP,
          PACKET_TCP, 0, 0 },
        { "a cable modem's own", 143, "c0 00 0047 0000" ETHERNET IP4 TCP, PACKET_NOT_IP, 0, 0 },
        { "a switch's tag", 284, MAC "c0000005 0800" IP4 TCP, PACKET_TCP, 0, 0 },
        { "a switch's long tag", 285, MAC "dada0000 c0000005 86dd" IP6 TCP, PACKET_TCP, 0, 0 },
        { "a switch's tag in front", 282, "20000001" ETHERNET IP4 TCP, PACKET_TCP, 0, 0 },
        { "Ethernet with its preamble", 274, "55555555555555d5" ETHERNET IP4 TCP, PACKET_TCP, 0, 0 },
        { "Apple's tap", 258, "0c000000 01000000 01000000" ETHERNET IP4 TCP, PACKET_TCP, 0, 0 },
        { "802.11", 105, WIFI SNAP "0800" IP4 TCP, PACKET_TCP, 0, 0 },
        { "802.11 with quality of service and HT control", 105,
          "8881 0000 020000000009 020000000001 020000000002 1000 0000 00000000" SNAP "0800" IP4 TCP, PACKET_TCP, 0, 0 },
        { "802.11 between two access points", 105, "0803 0000 020000000009 020000000001 020000000002 1000 020000000003"
          SNAP "86dd" IP6 TCP, PACKET_TCP, 0, 0 },
        { "802.11, packets in a row", 105, "8801 0000 020000000009 020000000001 020000000002 1000 8000" MAC "0035"
          SNAP "0800" IP4 TCP, PACKET_TCP, 0, 0 },
        { "radiotap", 127, "00 00 0900 02000000 00" WIFI SNAP "0800" IP4 TCP, PACKET_TCP, 0, 0 },
        { "radiotap with the time, and padding", 127, "00 00 1100 03000000 0000000000000000 20"
          "8801 0000 020000000009 020000000001 020000000002 1000 0000 0000" SNAP "0800" IP4 TCP, PACKET_TCP, 0, 0 },
        { "AVS", 163, "80211001 0000000c 00000000" WIFI SNAP "0800" IP4 TCP, PACKET_TCP, 0, 0 },
        { "per-packet information", 192, "00 00 0800 69000000" WIFI SNAP "0800" IP4 TCP, PACKET_TCP, 0, 0 },

        /* Tags and labels. */
        { "one VLAN tag", 1, MAC "8100 6123 0800" IP4 TCP, PACKET_TCP, 0x123, 0 },
        { "two VLAN tags", 1, MAC "88a8 0001 8100 6123 86dd" IP6 TCP, PACKET_TCP, 0x1123, 0 },
        { "two VLAN tags of old", 1, MAC "9100 0001 8100 6123 0800" IP4 TCP, PACKET_TCP, 0x1123, 0 },
        { "three VLAN tags", 1, MAC "88a8 0001 8100 0002 8100 0003 0800" IP4 TCP, PACKET_TCP, 0x1002, 0 },
        { "a ring's tag", 1, MAC "892f 1043 0001 0800" IP4 TCP, PACKET_TCP, 0, 0 },
        { "a tag of frames that come twice", 1, MAC "f1c1 0000 0001 86dd" IP6 TCP, PACKET_TCP, 0, 0 },
        { "TRILL", 1, MAC "22f3 0001 0001 0002" ETHERNET IP4 TCP, PACKET_TCP, 0, 0 },
        { "TRILL with an option", 1, MAC "22f3 0041 0001 0002 00000000" MAC "8100 6123 0800" IP4 TCP,
          PACKET_TCP, 0x123, 0 },
        { "FabricPath", 1, MAC "8903 0401" ETHERNET IP4 TCP, PACKET_TCP, 0, 0 },
        { "batman-adv", 1, MAC "4305 40 0f 32 00 020000000009" ETHERNET IP4 TCP, PACKET_TCP, 0, 0 },
        { "batman-adv by two addresses", 1, MAC "4305 42 0f 32 00 020000000009 020000000008 01 00" ETHERNET IP4 TCP,
          PACKET_TCP, 0, 0 },
        { "batman-adv of old", 1, MAC "4305 03 0e 32 00 020000000009" ETHERNET IP4 TCP, PACKET_TCP, 0, 0 },
        { "batman-adv, a piece", 1, MAC "4305 41 0f 32 00 020000000009" ETHERNET IP4 TCP, PACKET_FRAGMENT, 0, 0 },
        { "Arista's stamp", 1, MAC "d28b 0001 0010 0000000000000000 0800" IP4 TCP, PACKET_TCP, 0, 0 },
        { "Arista's short stamp", 1, MAC "d28b 0001 0120 000000000000 0800" IP4 TCP, PACKET_TCP, 0, 0 },
        { "Cisco ISL", 1, "01000c0000 00 020000000003 0051 aaaa03 00000c 0247 0000 0000" ETHERNET IP4 TCP, PACKET_TCP,
          0x123, 0 },
        { "802.3 with SNAP", 1, MAC "0035" SNAP "0800" IP4 TCP, PACKET_TCP, 0, 0 },
        { "a tag, then 802.3", 1, MAC "8100 0005 0035" SNAP "0800" IP4 TCP, PACKET_TCP, 5, 0 },
        { "802.1ah", 1, MAC "88e7 00000001" ETHERNET IP4 TCP, PACKET_TCP, 0, 0 },
        { "MPLS", 1, MAC "8847 00010040 00011140" IP4 TCP, PACKET_TCP, 0, 0 },
        { "MPLS, IPv6", 1, MAC "8848 00011140" IP6 TCP, PACKET_TCP, 0, 0 },
        { "a pseudowire with its control word", 1, MAC "8847 00011140 00000001" ETHERNET IP4 TCP, PACKET_TCP, 0, 0 },
        { "a pseudowire without", 1, MAC "8847 00011140" ETHERNET IP4 TCP, PACKET_TCP, 0, 0 },
        { "a pseudowire whose address looks like a control word", 1,
          MAC "8847 00011140 000000000002 020000000001 0800" IP4 TCP, PACKET_TCP, 0, 0 },
        { "PPPoE", 1, MAC "8864 11 00 0001 002f 0021" IP4 TCP, PACKET_TCP, 0, 0 },
        { "PPPoE with padding", 1, MAC "8864 11 00 0001 002f 0021" IP4 TCP "000000", PACKET_TCP, 0, 0 },
        { "MACsec that only authenticates", 1, MAC "88e5 0000 00000001 0800" IP4 TCP "0102030405060708090a0b0c0d0e0f10",
          PACKET_TCP, 0, 0 },
        { "MACsec that only authenticates, with its channel", 1, MAC "88e5 2035 00000001 0200000000010001 86dd" IP6 TCP
          "0102030405060708090a0b0c0d0e0f10", PACKET_TCP, 0, 0 },
        { "a service header", 1, MAC "894f 0fc2 0201 00000100" IP4 TCP, PACKET_TCP, 0, 0 },

        /* IP in IP. */
        { "IPv4 options", 101, "4700 0035 abcd 4000 4006 0000 c0000201 c6336402 9404 0000 01 01 01 00" TCP,
          PACKET_TCP, 0, 0 },
        { "IPv6 with three more headers", 101, "60012345 0031 00 40 20010db8000000000000000000000001"
          "20010db8000000000000000000000002 3c00 0104 00000000 3c00 0104 00000000 0600 0104 00000000" TCP,
          PACKET_TCP, 0, 0 },
        { "a fragment header around all", 101, "60012345 0021 2c 40 20010db8000000000000000000000001"
          "20010db8000000000000000000000002 06 00 0000 00000001" TCP, PACKET_TCP, 0, 0 },
        { "authenticated", 101, "4500 0045 abcd 4000 4033 0000 c0000201 c6336402 06 04 0000 00000001 00000001"
          "000000000000000000000000" TCP, PACKET_TCP, 0, 0 },
        { "IPv4 in IPv4", 101, OUTER4("0041", "04") IP4 TCP, PACKET_TCP, 0, 1 },
        { "IPv6 in IPv4", 101, OUTER4("0055", "29") IP6 TCP, PACKET_TCP, 0, 1 },
        { "IPv4 in IPv6", 101, OUTER6("002d", "04") IP4 TCP, PACKET_TCP, 0, 1 },
        { "IPv6 in IPv6", 101, OUTER6("0041", "29") IP6 TCP, PACKET_TCP, 0, 1 },
        { "three deep", 101, OUTER4("0055", "04") OUTER4("0041", "04") IP4 TCP, PACKET_TCP, 0, 2 },
        { "Ethernet in IP", 101, OUTER4("0051", "61") "3000" ETHERNET IP4 TCP, PACKET_TCP, 0, 1 },
        { "MPLS in IP", 101, OUTER4("0045", "89") "00011140" IP4 TCP, PACKET_TCP, 0, 1 },

        /* GRE. */
        { "GRE", 101, OUTER4("0045", "2f") "0000 0800" IP4 TCP, PACKET_TCP, 0, 1 },
        { "GRE with all fields", 101, OUTER4("0051", "2f") "b000 0800 12340000 00000001 00000002" IP4 TCP,
          PACKET_TCP, 0, 1 },
        { "GRE with a route", 101, OUTER4("0055", "2f") "4000 0800 00000000 0800 00 04 01020304 0000 0000" IP4 TCP,
          PACKET_TCP, 0, 1 },
        { "GRE, IPv6 over IPv6", 101, OUTER6("0045", "2f") "0000 86dd" IP6 TCP, PACKET_TCP, 0, 1 },
        { "GRE, bridged", 101, OUTER4("0053", "2f") "0000 6558" ETHERNET IP4 TCP, PACKET_TCP, 0, 1 },
        { "GRE, redirected by WCCP", 101, OUTER4("0049", "2f") "0000 883e 00000000" IP4 TCP, PACKET_TCP, 0, 1 },
        { "ERSPAN I", 101, OUTER4("0053", "2f") "0000 88be" ETHERNET IP4 TCP, PACKET_TCP, 0, 1 },
        { "ERSPAN II", 101, OUTER4("005f", "2f") "1000 88be 00000001 1001000100000000" ETHERNET IP4 TCP,
          PACKET_TCP, 0, 1 },
        { "ERSPAN III", 101, OUTER4("0063", "2f") "1000 22eb 00000001 20010001 00000000 00000000" ETHERNET IP4 TCP,
          PACKET_TCP, 0, 1 },
        { "ERSPAN III with more", 101, OUTER4("006b", "2f") "1000 22eb 00000001 20010001 00000000 00000001"
          "0000000000000000" ETHERNET IP4 TCP, PACKET_TCP, 0, 1 },
        { "PPTP", 101, OUTER4("0051", "2f") "3001 880b 00310001 00000001 ff03 0021" IP4 TCP, PACKET_TCP, 0, 1 },
        { "PPTP with an acknowledgement", 101, OUTER4("0055", "2f") "3081 880b 00310001 00000001 00000001 ff03 0021" IP4
          TCP, PACKET_TCP, 0, 1 },

        /* UDP. */
        { "VXLAN", 101, OUTER4("005f", "11") UDP("12b5", "004b") "0800 0000 00002a00" ETHERNET IP4 TCP,
          PACKET_TCP, 0, 1 },
        { "VXLAN of old", 101, OUTER4("005f", "11") UDP("2118", "004b") "0800 0000 00002a00" ETHERNET IP4 TCP,
          PACKET_TCP, 0, 1 },
        { "VXLAN for any protocol", 101, OUTER4("0051", "11") UDP("12b6", "003d") "0c00 0001 00002a00" IP4 TCP,
          PACKET_TCP, 0, 1 },
        { "Geneve", 101, OUTER4("005f", "11") UDP("17c1", "004b") "0000 6558 00002a00" ETHERNET IP4 TCP,
          PACKET_TCP, 0, 1 },
        { "Geneve with options", 101, OUTER4("0059", "11") UDP("17c1", "0045") "0200 0800 00002a00 0102030405060708" IP4
          TCP, PACKET_TCP, 0, 1 },
        { "GTP", 101, OUTER4("0051", "11") UDP("0868", "003d") "30ff 002d 00000001" IP4 TCP, PACKET_TCP, 0, 1 },
        { "GTP with an extension", 101, OUTER4("0059", "11") UDP("0868",
                                                                 "0045") "34ff 0035 00000001 0001 00 85 01 1001 00"
          IP4 TCP, PACKET_TCP, 0, 1 },
        { "Teredo", 101, OUTER4("005d", "11") UDP("0dd8", "0049") IP6 TCP, PACKET_TCP, 0, 1 },
        { "Teredo with its origin", 101, OUTER4("0065", "11") UDP("0dd8", "0051") "0000 fedc 01020304" IP6 TCP,
          PACKET_TCP, 0, 1 },
        { "Teredo between two clients", 101, OUTER4("005d", "11") UDP("c001", "0049") IP6_TEREDO TCP,
          PACKET_TCP, 0, 1 },
        { "L2TP", 101, OUTER4("0055", "11") UDP("06a5", "0041") "4002 0039 0001 0001 ff03 0021" IP4 TCP,
          PACKET_TCP, 0, 1 },
        { "TZSP", 101, OUTER4("005f", "11") UDP("9090", "004b") "0100 0001 0a0105 01" ETHERNET IP4 TCP,
          PACKET_TCP, 0, 1 },
        { "CAPWAP, its 802.11 exchanged", 101, OUTER4("0071", "11") UDP("147f", "005d") "00 100300 00000000"
          "0108 0000 020000000009 020000000001 020000000002 0010" SNAP "0800" IP4 TCP, PACKET_TCP, 0, 1 },
        { "CAPWAP with Ethernet", 101, OUTER4("005f", "11") UDP("147f", "004b") "00 100000 00000000" ETHERNET IP4 TCP,
          PACKET_TCP, 0, 1 },
        { "CAPWAP, encrypted", 101, OUTER4("0028", "11") UDP("147f", "0014") "01000000 17feff0001000000",
          PACKET_ENCRYPTED, 0, 0 },
        { "GRE in UDP", 101, OUTER4("004d", "11") UDP("1292", "0039") "0000 0800" IP4 TCP, PACKET_TCP, 0, 1 },
        { "MPLS in UDP", 101, OUTER4("004d", "11") UDP("19eb", "0039") "00011140" IP4 TCP, PACKET_TCP, 0, 1 },

        /* What is no TCP. */
        { "plain UDP", 101, OUTER4("0020", "11") UDP("0035", "000c") "01020304", PACKET_UDP, 0, 0 },
        { "a port of VXLAN, and no VXLAN", 101, OUTER4("005f", "11") UDP("12b5", "004b") "0800 0000 00002a00" ETHERNET
          "4500 00ff abcd 4000 4006 0000 c0000201 c6336402" TCP, PACKET_UDP, 0, 0 },
        { "VXLAN with ARP", 101, OUTER4("0036", "11") UDP("12b5", "0022") "0800 0000 00002a00" MAC "0806 00010800",
          PACKET_UDP, 0, 0 },
        { "QUIC", 101, OUTER4("0026", "11") UDP("01bb", "0012") "c0 00000001 04 01020304", PACKET_QUIC, 0, 0 },
        { "a version that QUIC does not have", 101, OUTER4("0026", "11") UDP("01bb", "0012") "c0 00000f01 04 01020304",
          PACKET_UDP, 0, 0 },
        { "SCTP", 101, OUTER4("0020", "84") "000000000000000000000000", PACKET_SCTP, 0, 0 },
        { "ping", 101, OUTER4("001c", "01") "0800 0000 0001 0001", PACKET_ICMP, 0, 0 },
        { "IPsec", 101, OUTER4("0020", "32") "000000000000000000000000", PACKET_ENCRYPTED, 0, 0 },
        { "IPsec in UDP", 101, OUTER4("0028", "11") UDP("1194", "0014") "000000010000000200000003",
          PACKET_ENCRYPTED, 0, 0 },
        { "MACsec", 1, MAC "88e5 2c00 00000001", PACKET_ENCRYPTED, 0, 0 },
        { "802.11, protected", 105, "0841 0000 020000000009 020000000001 020000000002 1000 00000000",
          PACKET_ENCRYPTED, 0, 0 },
        { "compressed PPP", 9, "ff03 00fd 9001", PACKET_ENCRYPTED, 0, 0 },
        { "OSPF", 101, OUTER4("0018", "59") "02010000", PACKET_OTHER_IP, 0, 0 },
        { "ARP in GRE", 101, OUTER4("001c", "2f") "0000 0806 00010800", PACKET_OTHER_IP, 0, 0 },
        { "ARP", 1, MAC "0806 0001 0800 0604 0001", PACKET_NOT_IP, 0, 0 },
        { "spanning tree", 1, "0180c2000000 020000000001 0026 424203 0000", PACKET_NOT_IP, 0, 0 },
        { "a beacon", 105, "8000 0000 ffffffffffff 020000000001 020000000001 0000", PACKET_NOT_IP, 0, 0 },
        { "LCP", 9, "ff03 c021 01010004", PACKET_NOT_IP, 0, 0 },
        { "a link type of one's own", 147, "0102", PACKET_LINK_UNKNOWN, 0, 0 },
        { "an IPv4 header of 16 bytes", 101, "4400 002d abcd 4000 4006 0000 c0000201 c6336402" TCP,
          PACKET_BROKEN, 0, 0 },
        { "an IPv4 length less than its header", 101, "4500 0010 abcd 4000 4006 0000 c0000201 c6336402" TCP,
          PACKET_BROKEN, 0, 0 },
        { "a TCP header of 16 bytes", 101, IP4 "b582 0050 000003e8 000007d0 4018 01f5 0000 0000 68656c6c6f",
          PACKET_BROKEN, 0, 0 },
        { "a TCP header longer than the packet", 101, IP4 "b582 0050 000003e8 000007d0 f018 01f5 0000 0000 68656c6c6f",
          PACKET_BROKEN, 0, 0 },
        { "too short for TCP", 101, "4500 0024 abcd 4000 4006 0000 c0000201 c6336402 b582 0050 000003e8 000007d0 5018",
          PACKET_BROKEN, 0, 0 },
        { "nine IP headers", 101, OUTER4("00cd", "04") OUTER4("00b9", "04") OUTER4("00a5", "04") OUTER4("0091", "04")
          OUTER4("007d", "04") OUTER4("0069", "04") OUTER4("0055", "04") OUTER4("0041", "04") IP4 TCP,
          PACKET_BROKEN, 0, 0 },
};

static void check(const struct row *row, const struct packet *packet)
{
        const struct segment *segment = &packet->segment;

        assert_int_equal(packet->vlan, row->vlan);
        assert_int_equal(packet->depth, row->depth);
        assert_int_equal(segment->source_port, 46466);
        assert_int_equal(segment->destination_port, 80);
        assert_int_equal(segment->seq, 1000);
        assert_int_equal(segment->ack, 2000);
        assert_int_equal(segment->flags, SEGMENT_ACK | SEGMENT_PSH);
        assert_int_equal(segment->window, 501);
        assert_int_equal(segment->n_payload, 5);
        assert_int_equal(segment->n_captured, 5);
        assert_memory_equal(segment->payload, "hello", 5);
        assert_int_equal(segment->options, 0);
        assert_int_equal(segment->ttl, 64);
}

static void frames_of_every_kind_are_read(void **state)
{
        struct packet_reader *reader;
        (void)state;

        assert_int_equal(packet_reader_new(&reader), 0);
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); ++i) {
                uint8_t frame[FRAME_MAX];
                struct packet packet;
                enum packet_kind kind;
                size_t n;

                n = hex(rows[i].frame, frame);
                kind = packet_read(reader, rows[i].link_type, frame, (uint32_t)n, (uint32_t)n, 0, &packet);
                if (kind != rows[i].kind)
                        print_message("# %s: %s\n", rows[i].what, packet_kind_name(kind));
                assert_int_equal(kind, rows[i].kind);
                if (kind == PACKET_TCP)
                        check(&rows[i], &packet);
        }
        assert_null(packet_reader_free(reader));
}

/* At every length in a block of its own, so that a sanitizer sees the first byte read too many. */
static void a_cut_frame_says_so_or_is_read_alike(void **state)
{
        struct packet_reader *reader;
        (void)state;

        assert_int_equal(packet_reader_new(&reader), 0);
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); ++i) {
                uint8_t frame[FRAME_MAX];
                size_t n, n_read = 0;
                uint8_t *payload;

                if (rows[i].kind != PACKET_TCP)
                        continue;
                n = hex(rows[i].frame, frame);
                for (size_t n_held = 0; n_held < n; ++n_held) {
                        uint8_t *block = malloc(n_held + 1);
                        struct packet packet;
                        enum packet_kind kind;

                        assert_non_null(block);
                        memcpy(block + 1, frame, n_held);
                        kind = packet_read(reader, rows[i].link_type, block + 1, (uint32_t)n_held, (uint32_t)n, 0,
                                           &packet);
                        if (kind == PACKET_TCP) {
                                ++n_read;
                                assert_int_equal(packet.segment.seq, 1000);
                                assert_int_equal(packet.segment.ack, 2000);
                                assert_int_equal(packet.segment.flags, SEGMENT_ACK | SEGMENT_PSH);
                                assert_int_equal(packet.segment.n_payload, 5);
                        } else if (kind != PACKET_CUT) {
                                /* Nothing has proved a tunnel in UDP yet. */
                                if (kind != PACKET_UDP)
                                        print_message("# %s, %zu bytes: %s\n", rows[i].what, n_held,
                                                      packet_kind_name(kind));
                                assert_int_equal(kind, PACKET_UDP);
                                assert_non_null(strstr(rows[i].frame, "c000"));
                        }
                        free(block);
                }
                /* From the flags on: the fourteenth byte of the TCP header, with the payload behind it. */
                payload = memmem(frame, n, "hello", 5);
                assert_non_null(payload);
                assert_int_equal(n_read, n - (size_t)(payload - frame - 20 + 14));
        }
        assert_null(packet_reader_free(reader));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(frames_of_every_kind_are_read),
                cmocka_unit_test(a_cut_frame_says_so_or_is_read_alike),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
