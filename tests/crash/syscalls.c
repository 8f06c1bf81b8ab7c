/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library to preload into the server: writes down, in order and with times,
 * what it writes to log files of the store and to sockets, and when it syncs
 * them; and makes the disk fail on demand.
 *
 *   KALAMDB_TRACE       the file to write down to (the server's own descriptors
 *                       and memory are not touched: one O_APPEND write a call)
 *   KALAMDB_FAIL_SYNC   while a file of this name exists, fdatasync() and
 *                       fsync() of log files fail with EIO
 *
 * A record: the header below, the file's name ("socket" for sockets), the bytes
 * written.  Begin is taken before the call and end after it, so that "A ended
 * before B began" in the trace is true in the world, too.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { NAME_MAX_BYTES = 256, PART_MAX = 64 };

typedef struct TraceHeader {
    uint32_t kind; /* 'W'rite, 'S'ync, 'F'ailed sync */
    uint32_t fd;
    uint64_t begin_ns;
    uint64_t end_ns;
    uint32_t name_bytes;
    uint32_t data_bytes;
} TraceHeader;

/* The next definition of a function of the C library. */
#define NEXT(name) (__extension__(__typeof__(&name)) dlsym(RTLD_NEXT, #name))

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static bool ends_with(const char *text, size_t len, const char *end)
{
    size_t end_len = strlen(end);
    return len >= end_len && memcmp(text + len - end_len, end, end_len) == 0;
}

/* The name to record fd under; 0 bytes when it is of no interest. */
static uint32_t name_of(int fd, char name[NAME_MAX_BYTES])
{
    char link[32] = "/proc/self/fd/";
    char digits[12];
    size_t count = 0;
    for (unsigned rest = (unsigned)fd; count == 0 || rest; rest /= 10)
        digits[count++] = (char)('0' + rest % 10);
    size_t at = strlen(link);
    while (count)
        link[at++] = digits[--count];
    ssize_t len = readlink(link, name, NAME_MAX_BYTES);
    if (len <= 0)
        return 0;
    if ((size_t)len > 7 && memcmp(name, "socket:", 7) == 0)
        return 6;
    return ends_with(name, (size_t)len, ".log") ? (uint32_t)len : 0;
}

/* -1 when nothing is to be written down. */
static int trace_fd(void)
{
    static int fd = -2;
    if (fd == -2) {
        const char *path = getenv("KALAMDB_TRACE");
        fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    }
    return fd;
}

static void
record(TraceHeader *header, const char *name, const struct iovec *parts, int count, size_t bytes)
{
    struct iovec all[PART_MAX + 2] = {{header, sizeof(*header)},
                                      {(void *)(uintptr_t)name, header->name_bytes}};
    int used = 2;
    header->data_bytes = (uint32_t)bytes;
    for (int i = 0; i < count && i < PART_MAX && bytes; i++) {
        size_t len = parts[i].iov_len < bytes ? parts[i].iov_len : bytes;
        all[used++] = (struct iovec){parts[i].iov_base, len};
        bytes -= len;
    }
    if (NEXT(writev)(trace_fd(), all, used) < 0)
        abort(); /* a trace with a hole proves nothing */
}

static ssize_t
write_down(int fd, const struct iovec *parts, int count, uint64_t begin_ns, ssize_t written)
{
    int error = errno;
    char name[NAME_MAX_BYTES];
    TraceHeader header = {
        .kind = 'W', .fd = (uint32_t)fd, .begin_ns = begin_ns, .end_ns = now_ns()};
    if (written > 0 && trace_fd() >= 0 && (header.name_bytes = name_of(fd, name)) > 0)
        record(&header, name, parts, count, (size_t)written);
    errno = error;
    return written;
}

ssize_t write(int fd, const void *data, size_t len)
{
    uint64_t begin_ns = now_ns();
    struct iovec part = {(void *)(uintptr_t)data, len};
    return write_down(fd, &part, 1, begin_ns, NEXT(write)(fd, data, len));
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t offset)
{
    uint64_t begin_ns = now_ns();
    struct iovec part = {(void *)(uintptr_t)data, len};
    return write_down(fd, &part, 1, begin_ns, NEXT(pwrite)(fd, data, len, offset));
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    uint64_t begin_ns = now_ns();
    return write_down(fd, parts, count, begin_ns, NEXT(writev)(fd, parts, count));
}

ssize_t send(int fd, const void *data, size_t len, int flags)
{
    uint64_t begin_ns = now_ns();
    struct iovec part = {(void *)(uintptr_t)data, len};
    return write_down(fd, &part, 1, begin_ns, NEXT(send)(fd, data, len, flags));
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    uint64_t begin_ns = now_ns();
    ssize_t sent = NEXT(sendmsg)(fd, message, flags);
    return write_down(fd, message->msg_iov, (int)message->msg_iovlen, begin_ns, sent);
}

static int sync_traced(int fd, int (*sync)(int))
{
    char name[NAME_MAX_BYTES];
    const char *trigger = getenv("KALAMDB_FAIL_SYNC");
    TraceHeader header = {.kind = 'S', .fd = (uint32_t)fd, .begin_ns = now_ns()};
    header.name_bytes = name_of(fd, name);
    int result = -1;
    if (header.name_bytes && trigger && access(trigger, F_OK) == 0)
        errno = EIO;
    else
        result = sync(fd);
    int error = errno;
    header.end_ns = now_ns();
    if (result != 0)
        header.kind = 'F';
    if (header.name_bytes && trace_fd() >= 0)
        record(&header, name, NULL, 0, 0);
    errno = error;
    return result;
}

int fdatasync(int fd)
{
    return sync_traced(fd, NEXT(fdatasync));
}

int fsync(int fd)
{
    return sync_traced(fd, NEXT(fsync));
}
