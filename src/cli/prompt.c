/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/prompt.h"

#include "base/memory.h"
#include "cli/meta.h"
#include "cli/statement.h"
#include "cli/terminal.h"

#include <errno.h>
#include <histedit.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HISTORY_MAX = 2000 };

/* libedit wants printing of what has no width put between these. */
#define UNSEEN "\1"

typedef struct Prompt {
    Session *session;
    EditLine *editor;
    History *history;
    char history_file[PATH_MAX];
    Buf pending; /* the lines of a statement that is not complete */
    char text[512];
} Prompt;

/* ---- history ---- */

static bool contains_nocase(Str text, Str word)
{
    for (size_t i = 0; i + word.len <= text.len; i++) {
        if (str_equal_nocase(str_from(text.ptr + i, word.len), word))
            return true;
    }
    return false;
}

static void remember(Prompt *prompt, const char *line)
{
    HistEvent event;
    Str text = str_trim(str_from_c(line));
    if (!text.len || contains_nocase(text, STR("password")))
        return;
    history(prompt->history, &event, H_ENTER, line);
}

static void load_history(Prompt *prompt)
{
    HistEvent event;
    const char *home = getenv("HOME");
    history(prompt->history, &event, H_SETSIZE, HISTORY_MAX);
    history(prompt->history, &event, H_SETUNIQUE, 1);
    if (!home)
        return;
    int len =
        snprintf(prompt->history_file, sizeof(prompt->history_file), "%s/.kalam_history", home);
    if (len < 0 || (size_t)len >= sizeof(prompt->history_file))
        prompt->history_file[0] = '\0';
    else
        history(prompt->history, &event, H_LOAD, prompt->history_file);
}

/* For its owner's eyes only. */
static void save_history(const Prompt *prompt)
{
    HistEvent event;
    if (!prompt->history_file[0])
        return;
    mode_t saved = umask(S_IRWXG | S_IRWXO);
    history(prompt->history, &event, H_SAVE, prompt->history_file);
    umask(saved);
}

static void print_history(const Prompt *prompt)
{
    HistEvent event;
    for (int more = history(prompt->history, &event, H_LAST); more >= 0;
         more = history(prompt->history, &event, H_PREV)) {
        CLEANUP(buf_done) Buf line = {0};
        buf_str_append(&line, str_trim(str_from_c(event.str)));
        BUF_LIT(&line, "\n");
        if (!terminal_write(&line))
            return;
    }
}

/* ---- the editor ---- */

static char *prompt_text(EditLine *editor)
{
    Prompt *prompt;
    el_get(editor, EL_CLIENTDATA, &prompt);
    const Session *session = prompt->session;
    Str namespace = buf_str(&session->namespace);
    Str user = client_user(session->client);
    const char *on = style_escape(&session->style, PAINT_BLUE);
    const char *off = style_escape(&session->style, PAINT_NONE);
    const char *mark = session->style.color ? UNSEEN : "";
    if (prompt->pending.len)
        on = style_escape(&session->style, PAINT_DIM);
    snprintf(prompt->text, sizeof(prompt->text), "%s%s%s", mark, on, mark);
    size_t len = strlen(prompt->text);
    if (prompt->pending.len)
        snprintf(prompt->text + len, sizeof(prompt->text) - len, "   -> %s%s%s", mark, off, mark);
    else
        snprintf(prompt->text + len,
                 sizeof(prompt->text) - len,
                 "%.*s@%.*s>%s%s%s ",
                 STR_ARG(user),
                 STR_ARG(namespace.len ? namespace : STR("default")),
                 mark,
                 off,
                 mark);
    return prompt->text;
}

static bool open_prompt(Prompt *prompt)
{
    prompt->history = history_init();
    prompt->editor = el_init("kalam", stdin, stdout, stderr);
    if (!prompt->history || !prompt->editor)
        return false;
    load_history(prompt);
    el_set(prompt->editor, EL_CLIENTDATA, prompt);
    el_set(prompt->editor, EL_PROMPT_ESC, prompt_text, UNSEEN[0]);
    el_set(prompt->editor, EL_EDITOR, "emacs");
    el_set(prompt->editor, EL_HIST, history, prompt->history);
    el_set(prompt->editor, EL_SIGNAL, 0);
    el_set(prompt->editor, EL_BIND, "^R", "em-inc-search-prev", NULL);
    el_source(prompt->editor, NULL);
    return true;
}

static void close_prompt(Prompt *prompt)
{
    if (prompt->editor)
        el_end(prompt->editor);
    if (prompt->history) {
        save_history(prompt);
        history_end(prompt->history);
    }
    buf_done(&prompt->pending);
}

/* The line without its newline; false at the end of input.  Ctrl-C gives up what was typed. */
static bool read_line(Prompt *prompt, Str *ret_line)
{
    for (;;) {
        int len = 0;
        errno = 0;
        const char *line = el_gets(prompt->editor, &len);
        if (line && len > 0 && !terminal_take_interrupt()) {
            remember(prompt, line);
            *ret_line = str_from(line, (size_t)len - (line[len - 1] == '\n' ? 1 : 0));
            return true;
        }
        if (len == 0 && !terminal_take_interrupt())
            return false;
        if (len < 0 && errno != EINTR)
            return false;
        terminal_take_interrupt();
        buf_clear(&prompt->pending);
        el_reset(prompt->editor);
        puts("^C");
    }
}

/* ---- what was typed ---- */

/* False when it is time to leave. */
static bool run_meta(Prompt *prompt, Str line)
{
    MetaResult result = meta_run(prompt->session, line);
    if (result == META_HISTORY)
        print_history(prompt);
    return result != META_QUIT;
}

/* Runs what is complete and keeps the rest. */
static bool run_pending(Prompt *prompt)
{
    Script script = {.text = buf_str(&prompt->pending)};
    for (;;) {
        size_t before = script.at;
        ScriptPart part = script_next(&script);
        if (part.kind == SCRIPT_END)
            break;
        if (part.kind == SCRIPT_META && !run_meta(prompt, part.text))
            return false;
        if (part.kind == SCRIPT_SQL && !part.closed) {
            buf_consume(&prompt->pending, before);
            return true;
        }
        if (part.kind == SCRIPT_SQL)
            session_run(prompt->session, part.text, 1);
        if (terminal_take_interrupt())
            break;
    }
    buf_clear(&prompt->pending);
    return true;
}

/* A command works in the middle of a statement too, but not inside of a text or a comment. */
static bool take_line(Prompt *prompt, Str line)
{
    Str pending = buf_str(&prompt->pending);
    if (pending.len && statement_is_command(line) && !statement_ends_quoted(pending))
        return run_meta(prompt, line);
    buf_str_append(&prompt->pending, line);
    BUF_LIT(&prompt->pending, "\n");
    return run_pending(prompt);
}

void prompt_run(Session *session)
{
    Prompt prompt = {.session = session};
    Str line;
    if (open_prompt(&prompt)) {
        bool goes_on = true;
        while (goes_on && !session->output_closed && read_line(&prompt, &line)) {
            goes_on = take_line(&prompt, line);
            session->style = terminal_style(!session->style.color); /* it may have been resized */
        }
        if (goes_on)
            puts("");
    }
    close_prompt(&prompt);
}

bool script_run(Session *session, Str text)
{
    Script script = {.text = text};
    while (!session->output_closed) {
        ScriptPart part = script_next(&script);
        if (part.kind == SCRIPT_END)
            return true;
        if (part.kind == SCRIPT_SQL && !session_run(session, part.text, part.line))
            return false;
        if (part.kind == SCRIPT_META) {
            MetaResult result = meta_run(session, part.text);
            if (result == META_QUIT || result == META_FAILED)
                return result == META_QUIT;
        }
        if (terminal_take_interrupt())
            return false;
    }
    return false;
}
