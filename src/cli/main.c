/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/build_info.h"
#include "cli/prompt.h"
#include "cli/terminal.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { EXIT_USAGE = 2 };

static Status read_all(Context *ctx, FILE *from, const char *name, Buf *ret_text)
{
    enum { STEP = 64 * 1024 };
    for (;;) {
        char *room = buf_reserve(ret_text, STEP);
        size_t len = fread(room, 1, STEP, from);
        buf_advance(ret_text, len);
        if (ferror(from))
            return fail(ctx, STATUS_INVALID_INPUT, "%s: %s", name, strerror(errno));
        if (len == 0)
            return STATUS_OK;
    }
}

static Status read_script(Context *ctx, Str file, Buf *ret_text)
{
    if (!file.ptr || str_equal(file, STR("-")))
        return read_all(ctx, stdin, "standard input", ret_text);
    FILE *from = fopen(file.ptr, "re");
    if (!from)
        return fail(ctx, STATUS_INVALID_INPUT, "%s: %s", file.ptr, strerror(errno));
    Status status = read_all(ctx, from, file.ptr, ret_text);
    (void)fclose(from); /* it was only read */
    return status;
}

static void greet(const Session *session)
{
    printf("kalam %s at %.*s; \\? for help, \\q to leave\n", BUILD_VERSION, STR_ARG(session->url));
    (void)fflush(stdout); /* the next write would tell */
}

static bool run(Session *session, const Options *options)
{
    CLEANUP(buf_done) Buf script = {0};
    CLEANUP(context_done) Context ctx = {0};
    if (options->subscribe.ptr)
        return session_watch(session, options->subscribe);
    if (options->command.ptr)
        return script_run(session, options->command);
    if (!options->file.ptr && isatty(STDIN_FILENO)) {
        greet(session);
        prompt_run(session);
        return true;
    }
    if (read_script(&ctx, options->file, &script) != STATUS_OK) {
        session_complain(session, &ctx);
        return false;
    }
    return script_run(session, buf_str(&script));
}

int main(int argc, char **argv)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(session_close) Session session = {0};
    Options options;
    terminal_init();
    if (options_parse(&ctx, argc, argv, &options) != STATUS_OK) {
        fprintf(stderr, "kalam: %.*s; see kalam --help\n", STR_ARG(ctx.message));
        return EXIT_USAGE;
    }
    if (options.action == ACTION_HELP)
        return fputs(OPTIONS_HELP, stdout) < 0;
    if (options.action == ACTION_VERSION)
        return printf("kalam %s\nCommit: %s\n", BUILD_VERSION, BUILD_COMMIT) < 0;
    if (!session_open(&session, &options))
        return EXIT_FAILURE;
    return run(&session, &options) ? EXIT_SUCCESS : EXIT_FAILURE;
}
