/* SPDX-License-Identifier: Apache-2.0 */
#include "server/descriptors.h"

#include <sys/resource.h>

enum {
    RESERVED = 128, /* listeners, event loops, logs, the store's own */
    CONNECTIONS_MIN = 16,
    UNLIMITED = 1 << 30,
};

static size_t as_count(rlim_t limit)
{
    return limit == RLIM_INFINITY || limit > UNLIMITED ? UNLIMITED : (size_t)limit;
}

size_t descriptors_raise(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return RESERVED;
    struct rlimit raised = {.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
        limit = raised;
    return as_count(limit.rlim_cur);
}

size_t descriptors_limit_connections(size_t wanted, size_t store_files)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return wanted;
    size_t total = as_count(limit.rlim_cur);
    size_t taken = store_files + RESERVED;
    size_t room = total > taken + CONNECTIONS_MIN ? total - taken : CONNECTIONS_MIN;
    return wanted < room ? wanted : room;
}
