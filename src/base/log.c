/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum { MESSAGE_MAX = 4096 };

static const char *const LEVEL_WORDS[] = {"error", "warn", "info", "debug", "trace"};

LogLevel log_level_ = LOG_INFO;

static struct {
    pthread_mutex_t lock; /* guards the descriptors; a line is one write() */
    LogFormat format;
    int file;
    bool to_console;
} sink = {PTHREAD_MUTEX_INITIALIZER, LOG_COMPACT, -1, true};

bool log_start(const LogOptions *options)
{
    int file = -1;
    if (options->file) {
        file = open(options->file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
        if (file < 0)
            return false;
    }
    log_level_ = options->level;
    pthread_mutex_lock(&sink.lock);
    sink.format = options->format;
    sink.file = file;
    sink.to_console = options->to_console;
    pthread_mutex_unlock(&sink.lock);
    return true;
}

void log_stop(void)
{
    pthread_mutex_lock(&sink.lock);
    if (sink.file >= 0)
        close(sink.file);
    sink.file = -1;
    sink.to_console = true;
    sink.format = LOG_COMPACT;
    pthread_mutex_unlock(&sink.lock);
}

bool log_level_parse(const char *word, LogLevel *ret_level)
{
    for (size_t i = 0; i < sizeof(LEVEL_WORDS) / sizeof(*LEVEL_WORDS); i++) {
        if (strcasecmp(word, LEVEL_WORDS[i]) == 0) {
            *ret_level = (LogLevel)i;
            return true;
        }
    }
    return false;
}

static void put_time(Buf *line)
{
    int64_t now = clock_wall_us();
    time_t seconds = (time_t)(now / 1000000);
    struct tm utc;
    char text[32];
    gmtime_r(&seconds, &utc);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    buf_printf(line, "%s.%06dZ", text, (int)(now % 1000000));
}

/* A message must not forge a second line or break the JSON around it. */
static void put_escaped(Buf *line, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20)
            buf_printf(line, "\\u%04x", c);
        else if (sink.format == LOG_JSON && (c == '"' || c == '\\'))
            buf_printf(line, "\\%c", c);
        else
            buf_byte(line, (char)c);
    }
}

static void write_whole(int fd, const Buf *line)
{
    for (size_t done = 0; done < line->len;) {
        ssize_t wrote = write(fd, line->ptr + done, line->len - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return; /* nowhere left to complain */
        done += (size_t)wrote;
    }
}

void log_write(LogLevel level, const char *module, const char *format, ...)
{
    char message[MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);

    CLEANUP(buf_done) Buf line = {0};
    bool json = sink.format == LOG_JSON;
    if (json)
        BUF_LIT(&line, "{\"time\":\"");
    put_time(&line);
    buf_printf(&line,
               json ? "\",\"level\":\"%s\",\"module\":\"%s\",\"message\":\"" : " %-5s %s: ",
               LEVEL_WORDS[level],
               module);
    put_escaped(&line, message);
    buf_printf(&line, json ? "\"}\n" : "\n");

    pthread_mutex_lock(&sink.lock);
    if (sink.to_console)
        write_whole(STDERR_FILENO, &line);
    if (sink.file >= 0)
        write_whole(sink.file, &line);
    pthread_mutex_unlock(&sink.lock);
}
