/* Runs a fuzz target on files, once each: for seeds and findings, in any build. With --cut each file is also
 * given without its last byte, without its last two, and so on, to the first. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Exactly as large as it is, so that a sanitizer sees a read beyond its end. */
static void run(const uint8_t *bytes, size_t n) {
        uint8_t *copy = malloc(n ? n : 1);

        if (!copy)
                abort();
        memcpy(copy, bytes, n);
        (void) LLVMFuzzerTestOneInput(copy, n);
        free(copy);
}

static int replay(const char *path, int cut) {
        FILE *file = fopen(path, "rbe");
        uint8_t *bytes = NULL;
        size_t n = 0, r;

        if (!file) {
                fprintf(stderr, "%s: %s\n", path, strerror(errno));
                return 2;
        }
        do {
                uint8_t *more = realloc(bytes, n + (1 << 16));

                if (!more)
                        abort();
                bytes = more;
                r = fread(bytes + n, 1, 1 << 16, file);
                n += r;
        } while (r > 0);
        fclose(file);
        run(bytes, n);
        while (cut && n > 0)
                run(bytes, --n);
        free(bytes);
        return 0;
}

int main(int argc, char **argv) {
        int status = 0, cut = 0;

        for (int i = 1; i < argc; ++i)
                if (strcmp(argv[i], "--cut") == 0)
                        cut = 1;
                else if (replay(argv[i], cut))
                        status = 2;
        return status;
}
