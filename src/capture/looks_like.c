/* Says what a file seems to be that is no capture, or a capture of a kind that is not read here, and what
 * can be done. */
#include "capture/reader.h"

struct look {
        const char *bytes;
        size_t n;
        const char *why;
};

#define LOOK(bytes, why) { bytes, sizeof(bytes) - 1, why }

static const struct look looks[] = {
        LOOK("snoop\0\0\0", "it is a snoop capture, which is not read here; try: editcap -F pcapng FILE OUT"),
        LOOK("\x54\x52\x53\x4e\x49\x46\x46\x20",
             "it is a Sniffer capture, which is not read here; try: editcap -F pcapng FILE OUT"),
        LOOK("XCP\0", "it is a NetXRay capture, which is not read here; try: editcap -F pcapng FILE OUT"),
        LOOK("GMBU",
             "it is a Microsoft Network Monitor capture, which is not read here; try: editcap -F pcapng FILE OUT"),
        LOOK("RTSS",
             "it is a Microsoft Network Monitor capture, which is not read here; try: editcap -F pcapng FILE OUT"),
        LOOK("iptrace ", "it is an iptrace capture, which is not read here; try: editcap -F pcapng FILE OUT"),
        LOOK("btsnoop\0", "it is a Bluetooth capture: there is no TCP in it"),
        LOOK("\xfd" "7zXZ\0", "it is packed with xz; try: xz -dc FILE | finis read -"),
        LOOK("BZh", "it is packed with bzip2; try: bzip2 -dc FILE | finis read -"),
        LOOK("\x04\x22\x4d\x18", "it is packed with lz4; try: lz4 -dc FILE | finis read -"),
        LOOK("PK\x03\x04", "it is a zip archive; try: unzip -p FILE | finis read -"),
        LOOK("7z\xbc\xaf\x27\x1c", "it is a 7z archive; unpack it first"),
        LOOK("\x1f\x9d", "it is packed with compress; try: gzip -dc FILE | finis read -"),
        LOOK("\x7f" "ELF", "it is a program, not a capture"),
        LOOK("%PDF", "it is a PDF, not a capture"),
        LOOK("SQLite format 3\0", "it is a database, not a capture"),
        LOOK("<?xml", "it is XML, not a capture (of a packet dissection, the capture itself is needed)"),
        LOOK("<pdml", "it is a packet dissection in XML; the capture itself is needed"),
        LOOK("#separator", "it is a log of Zeek, not a capture"),
        LOOK("\xef\xbb\xbf", "it is text, not a capture"),
};

/* No control characters, and most of it ASCII: what is not may be UTF-8 or an older kind of letters. */
static bool is_text(const uint8_t *bytes, size_t n)
{
        size_t n_ascii = 0;

        for (size_t i = 0; i < n; i++) {
                if (bytes[i] == 0x7f || (bytes[i] < 0x20 && !memchr("\t\n\r\f\x1b", bytes[i], 5)))
                        return false;
                n_ascii += bytes[i] < 0x80;
        }
        return n_ascii >= n / 4 * 3;
}

static bool all_zero(const uint8_t *bytes, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (bytes[i])
                        return false;
        return true;
}

/* A record of ERF: a time stamp, a type, flags, then a length that leads to the next record's type. */
static bool is_erf(const uint8_t *bytes, size_t n)
{
        size_t next;

        if (n < 16 || (bytes[8] & 0x7f) == 0 || (bytes[8] & 0x7f) > 48)
                return false;
        next = ((size_t)bytes[10] << 8) | bytes[11];
        if (next < 16 || next + 16 > n)
                return false;
        /* Two records that follow each other within a second of their little-endian clock. */
        return bytes[next + 8] == bytes[8] && get32(bytes + next + 4, false) - get32(bytes + 4, false) <= 1;
}

/* A tar archive's mark stands behind the first member's name and numbers. */
static bool is_tar(const uint8_t *bytes, size_t n)
{
        return n >= 262 && !memcmp(bytes + 257, "ustar", 5);
}

const char *looks_like(const uint8_t *bytes, size_t n)
{
        if (n == 0)
                return "it is empty";
        for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
                if (n >= looks[i].n && !memcmp(bytes, looks[i].bytes, looks[i].n))
                        return looks[i].why;
        if (n < 4)
                return "it is too short to be a capture";
        if (n > 4096)
                n = 4096;
        if (is_tar(bytes, n))
                return "it is a tar archive; try: tar -xOf FILE | finis read -";
        if (all_zero(bytes, n))
                return "it begins with nothing but zeros: whatever it was has been lost";
        if (is_text(bytes, n)) {
                size_t i = 0;

                while (i < n && memchr(" \t\r\n", bytes[i], 4))
                        i++;
                if (i < n && (bytes[i] == '{' || bytes[i] == '['))
                        return "it is JSON, not a capture (of a packet dissection, the capture itself is needed)";
                return "it is text, not a capture (tcpdump and tshark write captures with -w FILE)";
        }
        if (is_erf(bytes, n))
                return "it looks like an ERF capture, which is not read here; try: editcap -F pcapng FILE OUT";
        return "it is neither pcap nor pcapng, nor either of them in gzip or zstd";
}
