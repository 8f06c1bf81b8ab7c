/* SPDX-License-Identifier: Apache-2.0 */
#include "swift.h"

#include "value/json.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4096, EXIT_NOT_INSTALLED = 77 };

static void run_child(int in, int out)
{
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    execl(SWIFT_SCRIPT, SWIFT_SCRIPT, (char *)NULL);
    _exit(127);
}

static Str member(const Json *line, const char *name)
{
    return json_member(line, str_from_c(name))->text;
}

static bool read_line(Context *ctx, int descriptor, Swift *swift)
{
    char *text = arena_alloc(&ctx->arena, LINE_MAX_BYTES);
    size_t len = 0;
    while (len == 0 || text[len - 1] != '\n') {
        ssize_t got = read(descriptor, text + len, LINE_MAX_BYTES - len);
        if (got <= 0)
            return false;
        len += (size_t)got;
    }
    const Json *line;
    if (json_parse(ctx, str_from(text, len), &line) != STATUS_OK)
        return false;
    swift->endpoint = member(line, "endpoint");
    swift->bucket = member(line, "bucket");
    swift->region = member(line, "region");
    swift->access_key = member(line, "access_key");
    swift->secret_key = member(line, "secret_key");
    return true;
}

bool swift_start(Context *ctx, Swift *swift)
{
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
        abort();
    swift->pid = fork();
    if (swift->pid == 0)
        run_child(in[0], out[1]);
    close(in[0]);
    close(out[1]);
    swift->to_child = in[1];
    bool started = read_line(ctx, out[0], swift);
    close(out[0]);
    if (!started && swift_stop(swift) != EXIT_NOT_INSTALLED) {
        printf("Bail out! %s failed\n", SWIFT_SCRIPT);
        exit(1);
    }
    return started;
}

int swift_stop(Swift *swift)
{
    int result;
    close(swift->to_child);
    waitpid(swift->pid, &result, 0);
    return WIFEXITED(result) ? WEXITSTATUS(result) : -1;
}
