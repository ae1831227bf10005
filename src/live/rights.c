/* Capabilities, lockdown, BTF: who may load tracing programs, and why it was refused. */
#include "live/rights.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Older headers lack them. */
enum { BIT_SYS_ADMIN = 21, BIT_PERFMON = 38, BIT_BPF = 39 };

static uint64_t effective(void)
{
        struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[2] = { 0 };

        if (syscall(SYS_capget, &head, data) < 0)
                return 0;
        return data[0].effective | (uint64_t)data[1].effective << 32;
}

/* "integrity", "confidentiality", or "" */
static void lockdown(char *ret_mode, size_t size)
{
        FILE *file = fopen("/sys/kernel/security/lockdown", "re");
        char text[128] = "", *open, *close;

        ret_mode[0] = 0;
        if (!file)
                return;
        if (fgets(text, sizeof(text), file) && (open = strchr(text, '[')) && (close = strchr(open, ']'))) {
                *close = 0;
                if (strcmp(open + 1, "none") != 0)
                        snprintf(ret_mode, size, "%s", open + 1);
        }
        fclose(file);
}

void rights_explain(const char *what, int r, char *why, size_t size)
{
        uint64_t have = effective();
        bool admin = have >> BIT_SYS_ADMIN & 1;
        char missing[64] = "", mode[32];

        if (!(have >> BIT_BPF & 1) && !admin)
                strcat(missing, " CAP_BPF");
        if (!(have >> BIT_PERFMON & 1) && !admin)
                strcat(missing, " CAP_PERFMON");
        lockdown(mode, sizeof(mode));
        if (missing[0])
                snprintf(why, size, "%s: %s; missing:%s", what, strerror(-r), missing);
        else if (access("/sys/kernel/btf/vmlinux", R_OK) < 0)
                snprintf(why, size, "%s: %s; this kernel has no BTF (/sys/kernel/btf/vmlinux, CONFIG_DEBUG_INFO_BTF)",
                         what, strerror(-r));
        else if (mode[0])
                snprintf(why, size, "%s: %s; the kernel is locked down (%s)", what, strerror(-r), mode);
        else
                snprintf(why, size, "%s: %s", what, strerror(-r));
}

int rights_drop(void)
{
        struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[2] = { 0 };

        data[1].effective = data[1].permitted = (uint32_t)((effective() & UINT64_C(1) << BIT_BPF) >> 32);
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
            prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 || syscall(SYS_capset, &head, data) < 0)
                return -errno;
        return 0;
}
