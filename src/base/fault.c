/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fault.h"

#include <signal.h>
#include <unistd.h>

static atomic_bool armed;
static atomic_int steps_left; /* 0 = not counting */
static atomic_bool injected;
static char crash_name[64];
static atomic_int crash_countdown;

static bool crashes_here(const char *name)
{
    return crash_name[0] && strcmp(name, crash_name) == 0 &&
           atomic_fetch_sub(&crash_countdown, 1) == 1;
}

Status fault_point(Context *ctx, const char *name)
{
    if (!atomic_load_explicit(&armed, memory_order_relaxed))
        return STATUS_OK;
    if (crashes_here(name))
        kill(getpid(), SIGKILL);
    if (atomic_load(&steps_left) > 0 && atomic_fetch_sub(&steps_left, 1) == 1) {
        atomic_store(&injected, true);
        return fail(ctx, STATUS_IO_ERROR, "injected fault at %s", name);
    }
    return STATUS_OK;
}

void fault_fail_nth(int step)
{
    atomic_store(&injected, false);
    atomic_store(&steps_left, step);
    atomic_store(&armed, true);
}

bool fault_disarm(void)
{
    atomic_store(&armed, crash_name[0] != '\0');
    atomic_store(&steps_left, 0);
    return atomic_load(&injected);
}

void fault_read_environment(void)
{
    Str rest = str_from_c(getenv("KALAMDB_CRASH_AT"));
    Str name;
    Str count;
    if (!rest.len || !str_split(&rest, ':', &name) || name.len >= sizeof(crash_name))
        return;
    int64_t times = 1;
    if (str_split(&rest, ':', &count) && !str_to_int64(count, &times))
        return;
    memcpy(crash_name, name.ptr, name.len);
    atomic_store(&crash_countdown, (int)times);
    atomic_store(&armed, true);
}
