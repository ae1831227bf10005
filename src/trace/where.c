/* The frames' addresses, and in which file each lies by /proc/PID/maps. */
#include "trace/where.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "trace/registers.h"

struct map {
        uint64_t first, end, at;        /* @at: in the file */
        char path[512];
};

/* The address that the file itself gives to the byte at @at: what addr2line(1) and nm(1) speak of. */
static uint64_t address_in_file(pid_t pid, const struct map *map, uint64_t at)
{
        char path[64];
        Elf64_Ehdr header;
        uint64_t address = at;
        int fd;

        /* By the mapping, not the name: the file may have been replaced, or lie in another mount namespace. */
        snprintf(path, sizeof(path), "/proc/%d/map_files/%llx-%llx", pid,
                 (unsigned long long)map->first, (unsigned long long)map->end);
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0)
                fd = open(map->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0)
                return at;
        if (pread(fd, &header, sizeof(header), 0) == sizeof(header) && memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
            header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_phentsize == sizeof(Elf64_Phdr)) {
                for (unsigned i = 0; i < header.e_phnum; i++) {
                        Elf64_Phdr part;

                        if (pread(fd, &part, sizeof(part), (off_t)(header.e_phoff + i * sizeof(part))) != sizeof(part))
                                break;
                        if (part.p_type == PT_LOAD && at >= part.p_offset && at - part.p_offset < part.p_filesz)
                                address = at - part.p_offset + part.p_vaddr;
                }
        }
        close(fd);
        return address;
}

static bool map_of(FILE *maps, uint64_t pc, struct map *ret_map)
{
        char line[768];

        rewind(maps);
        while (fgets(line, sizeof(line), maps)) {
                unsigned long long first, end, at;
                char path[512] = "";

                if (sscanf(line, "%llx-%llx %*s %llx %*s %*s %511[^\n]", &first, &end, &at, path) < 3 ||
                    pc < first || pc >= end)
                        continue;
                *ret_map = (struct map){ .first = first, .end = end, .at = at };
                memcpy(ret_map->path, path, sizeof(path));
                return true;
        }
        return false;
}

static void name(FILE *maps, pid_t pid, uint64_t pc, struct where_frame *frame)
{
        const char *file;
        struct map map;

        if (!maps || !map_of(maps, pc, &map) || !map.path[0]) {
                snprintf(frame->module, sizeof(frame->module), "?");
                frame->offset = pc;
                return;
        }
        file = strrchr(map.path, '/');
        snprintf(frame->module, sizeof(frame->module), "%.*s", (int)sizeof(frame->module) - 1,
                 file ? file + 1 : map.path);
        frame->offset = map.path[0] == '/' ? address_in_file(pid, &map, pc - map.first + map.at) : pc - map.first;
}

/* Each frame begins with its caller's frame pointer and the return address, on both machines. */
size_t where_by_frame_pointers(pid_t pid, uint64_t pc, uint64_t frame, uint64_t *pcs, size_t n)
{
        size_t found = 0;

        pcs[found++] = pc;
        while (found < n) {
                uint64_t two[2];
                struct iovec to = { two, sizeof(two) }, from = { (void *)(uintptr_t)frame, sizeof(two) };

                if (frame == 0 || frame % 8 != 0 || process_vm_readv(pid, &to, 1, &from, 1, 0) != sizeof(two) ||
                    two[1] == 0)
                        break;
                pcs[found++] = two[1] - 1;
                if (two[0] <= frame)
                        break;
                frame = two[0];
        }
        return found;
}

int where_of(pid_t pid, pid_t tid, struct where *ret_where)
{
        uint64_t pcs[WHERE_FRAMES_MAX];
        struct registers registers;
        char path[48];
        FILE *maps;
        int r;

        memset(ret_where, 0, sizeof(*ret_where));
        r = where_by_tables(pid, tid, pcs, WHERE_FRAMES_MAX, ret_where);
        if (r <= 0) {
                r = registers_of(tid, &registers);
                if (r < 0)
                        return r;
                ret_where->by_frame_pointers = true;
                r = (int)where_by_frame_pointers(pid, registers.pc, registers.frame, pcs, WHERE_FRAMES_MAX);
        }
        ret_where->n = (size_t)r;
        snprintf(path, sizeof(path), "/proc/%d/maps", tid);
        maps = fopen(path, "re");
        for (size_t i = 0; i < ret_where->n; i++)
                name(maps, pid, pcs[i], &ret_where->frames[i]);
        if (maps)
                fclose(maps);
        return 0;
}
