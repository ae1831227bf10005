/* The least that reading a file costs: read() into one block of 256 KB, again and again. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
        static uint8_t block[256 << 10] __attribute__((aligned(4096)));
        ssize_t r;
        int fd;

        if (argc != 2) {
                fputs("usage: bench-read-loop FILE\n", stderr);
                return 2;
        }
        fd = open(argv[1], O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
                fprintf(stderr, "bench-read-loop: %s: %s\n", argv[1], strerror(errno));
                return 2;
        }
        while ((r = read(fd, block, sizeof(block))) > 0)
                ;
        return r < 0;
}
