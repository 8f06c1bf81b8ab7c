/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { PASSWORD_MAX = 1024 };

static atomic_bool *volatile watched_flag;
static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    atomic_bool *flag = watched_flag;
    interrupted = 1;
    if (flag)
        atomic_store(flag, true);
}

void terminal_init(void)
{
    /* Without SA_RESTART: whoever waits for input is to notice. */
    const struct sigaction on_int = {.sa_handler = on_interrupt};
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGINT, &on_int, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
    setlocale(LC_CTYPE, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setlocale(LC_CTYPE, "C.UTF-8");
}

void terminal_watch_interrupt(Context *ctx)
{
    watched_flag = ctx ? &ctx->cancelled : NULL;
}

bool terminal_take_interrupt(void)
{
    bool was = interrupted != 0;
    interrupted = 0;
    return was;
}

static size_t width_of(int fd)
{
    struct winsize size;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static Style style_of(int fd, bool no_color)
{
    if (!isatty(fd))
        return (Style){0};
    return (Style){.color = !no_color, .width = width_of(fd)};
}

Style terminal_style(bool no_color)
{
    return style_of(STDOUT_FILENO, no_color);
}

Style terminal_error_style(bool no_color)
{
    return style_of(STDERR_FILENO, no_color);
}

/* ---- password ---- */

static bool read_line(int fd, char *line, size_t size, size_t *ret_len)
{
    size_t len = 0;
    while (len < size) {
        ssize_t got = read(fd, line + len, 1);
        if (got <= 0)
            return false;
        if (line[len] == '\n') {
            *ret_len = len;
            return true;
        }
        len++;
    }
    return false;
}

Status terminal_ask_password(Context *ctx, Str user, Str *ret_password)
{
    char line[PASSWORD_MAX];
    size_t len = 0;
    struct termios saved;
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (fd < 0 || tcgetattr(fd, &saved) != 0) {
        if (fd >= 0)
            close(fd);
        fail(ctx, STATUS_INVALID_INPUT, "there is no terminal to ask for the password on");
        fail_hint(ctx, "put it into the environment: KALAMDB_PASSWORD");
        return STATUS_INVALID_INPUT;
    }
    struct termios silent = saved;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    dprintf(fd, "Password for %.*s: ", STR_ARG(user));
    tcsetattr(fd, TCSAFLUSH, &silent);
    bool read = read_line(fd, line, sizeof(line), &len);
    tcsetattr(fd, TCSAFLUSH, &saved);
    dprintf(fd, "\n");
    close(fd);
    if (read)
        *ret_password = arena_str(&ctx->arena, str_from(line, len));
    explicit_bzero(line, sizeof(line));
    return read ? STATUS_OK : fail(ctx, STATUS_INVALID_INPUT, "no password was typed");
}

/* ---- output ---- */

static bool write_all(int fd, Str text)
{
    while (text.len) {
        ssize_t written = write(fd, text.ptr, text.len);
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0)
            text = str_from(text.ptr + written, text.len - (size_t)written);
    }
    return true;
}

bool terminal_write(const Buf *text)
{
    return write_all(STDOUT_FILENO, buf_str(text));
}

bool terminal_write_error(const Buf *text)
{
    return write_all(STDERR_FILENO, buf_str(text));
}
