/* SPDX-License-Identifier: Apache-2.0 */
#include "disk.h"

#include "samples.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int disk_open(const char *directory)
{
    char path[4096];
    int len = snprintf(path, sizeof(path), "%s/fsync-XXXXXX", directory);
    if (len < 0 || (size_t)len >= sizeof(path))
        die("path too long: %s", directory);
    int fd = mkstemp(path);
    if (fd < 0 || unlink(path) != 0)
        die_errno(path);
    return fd;
}

int64_t disk_append(int fd)
{
    static const char record[DISK_RECORD_SIZE];
    int64_t started = now_ns();
    if (write(fd, record, sizeof(record)) != (ssize_t)sizeof(record) || fdatasync(fd) != 0)
        die_errno("append and fdatasync");
    return now_ns() - started;
}
