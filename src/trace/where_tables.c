/*
 * libdw walks the stack by the tables that exceptions use, which programs have even without debugging information. It
 * is loaded when it is first needed: a command that asks for no stack does not pay for it.
 */
#include "trace/where.h"

#include <errno.h>

#if FINIS_LIBDW

#include <dlfcn.h>
#include <elfutils/libdwfl.h>
#include <stdio.h>

static struct {
        bool tried;
        void *handle;
        typeof(dwfl_begin) *begin;
        typeof(dwfl_end) *end;
        typeof(dwfl_linux_proc_report) *report;
        typeof(dwfl_report_end) *report_end;
        typeof(dwfl_linux_proc_attach) *attach;
        typeof(dwfl_linux_proc_find_elf) *find_elf;
        typeof(dwfl_getthread_frames) *frames;
        typeof(dwfl_frame_pc) *frame_pc;
        typeof(dwfl_addrmodule) *module;
        typeof(dwfl_module_addrname) *name;
} dw;

#define LOAD(member, symbol) (*(void **)&dw.member = dlsym(dw.handle, symbol))

static bool load(void)
{
        if (dw.tried)
                return dw.handle != NULL;
        dw.tried = true;
        dw.handle = dlopen("libdw.so.1", RTLD_NOW | RTLD_LOCAL);
        if (!dw.handle)
                return false;
        if (LOAD(begin, "dwfl_begin") && LOAD(end, "dwfl_end") && LOAD(report, "dwfl_linux_proc_report") &&
            LOAD(report_end, "dwfl_report_end") && LOAD(attach, "dwfl_linux_proc_attach") &&
            LOAD(find_elf, "dwfl_linux_proc_find_elf") && LOAD(frames, "dwfl_getthread_frames") &&
            LOAD(frame_pc, "dwfl_frame_pc") && LOAD(module, "dwfl_addrmodule") && LOAD(name, "dwfl_module_addrname"))
                return true;
        dlclose(dw.handle);
        dw.handle = NULL;
        return false;
}

/* Separate debugging information is not sought: it might be asked for over the network. */
static int no_debuginfo(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base, const char *file,
                        const char *link, GElf_Word checksum, char **ret_file)
{
        (void)module, (void)user, (void)name, (void)base, (void)file, (void)link, (void)checksum, (void)ret_file;
        return -1;
}

struct walk {
        Dwfl *dwfl;
        uint64_t *pcs;
        size_t n, most;
        struct where *where;
};

static int take(Dwfl_Frame *frame, void *context)
{
        struct walk *walk = context;
        const char *name;
        Dwarf_Addr pc;
        bool is_exact;

        if (walk->n == walk->most || !dw.frame_pc(frame, &pc, &is_exact))
                return DWARF_CB_ABORT;
        walk->pcs[walk->n] = is_exact ? pc : pc - 1;
        name = dw.name(dw.module(walk->dwfl, walk->pcs[walk->n]), walk->pcs[walk->n]);
        if (name)
                snprintf(walk->where->frames[walk->n].symbol, WHERE_NAME_MAX, "%.*s", WHERE_NAME_MAX - 1, name);
        walk->n++;
        return DWARF_CB_OK;
}

int where_by_tables(pid_t pid, pid_t tid, uint64_t *pcs, size_t n, struct where *ret_where)
{
        static char *no_path;
        Dwfl_Callbacks callbacks = { .find_debuginfo = no_debuginfo, .debuginfo_path = &no_path };
        struct walk walk = { .pcs = pcs, .most = n, .where = ret_where };

        if (!load())
                return -EOPNOTSUPP;
        callbacks.find_elf = dw.find_elf;
        walk.dwfl = dw.begin(&callbacks);
        if (!walk.dwfl)
                return -ENOMEM;
        if (dw.report(walk.dwfl, pid) == 0 && dw.report_end(walk.dwfl, NULL, NULL) == 0 &&
            dw.attach(walk.dwfl, pid, true) == 0)
                dw.frames(walk.dwfl, tid, take, &walk); /* an error at the outermost frame is none to us */
        dw.end(walk.dwfl);
        return (int)walk.n;
}

#else

int where_by_tables(pid_t pid, pid_t tid, uint64_t *pcs, size_t n, struct where *ret_where)
{
        (void)pid, (void)tid, (void)pcs, (void)n, (void)ret_where;
        return -EOPNOTSUPP;
}

#endif
