/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Structured log lines: time, level, module, message as key=value pairs.
 *
 *     log_info("server", "listening address=%s port=%d", ...);
 *
 * Layers up to query/ return errors instead of logging them; log_debug is
 * allowed everywhere.  Callable from any thread; a line is written whole.
 */
#pragma once

#include <stdbool.h>

typedef enum LogLevel { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_TRACE } LogLevel;

typedef enum LogFormat { LOG_COMPACT, LOG_JSON } LogFormat;

typedef struct LogOptions {
    LogLevel level;
    LogFormat format;
    const char *file; /* NULL = none */
    bool to_console;  /* standard error */
} LogOptions;

/* Before, and after log_stop(): INFO to standard error.  False when the file cannot be opened. */
bool log_start(const LogOptions *options);
void log_stop(void);

/* false for an unknown word */
bool log_level_parse(const char *word, LogLevel *ret_level);

extern LogLevel log_level_;

#define log_enabled(level) ((level) <= log_level_)

void log_write(LogLevel level, const char *module, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define LOG_AT(level, module, ...)                                                                 \
    do {                                                                                           \
        if (log_enabled(level))                                                                    \
            log_write((level), (module), __VA_ARGS__);                                             \
    } while (0)

#define log_error(module, ...) LOG_AT(LOG_ERROR, module, __VA_ARGS__)
#define log_warn(module, ...)  LOG_AT(LOG_WARN, module, __VA_ARGS__)
#define log_info(module, ...)  LOG_AT(LOG_INFO, module, __VA_ARGS__)
#define log_debug(module, ...) LOG_AT(LOG_DEBUG, module, __VA_ARGS__)
