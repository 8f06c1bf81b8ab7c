/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/meta.h"

#include "cli/terminal.h"

enum { NAMES_MAX = 4 };

typedef struct Command {
    Str names[NAMES_MAX];
    const char *usage;
    const char *help;
    MetaResult (*run)(Session *session, Str arguments);
} Command;

static MetaResult done(bool ok)
{
    return ok ? META_OK : META_FAILED;
}

static void say(Session *session, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(Session *session, const char *format, ...)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(buf_done) Buf out = {0};
    va_list args;
    va_start(args, format);
    buf_str_append(&out, arena_vprintf(&ctx.arena, format, args));
    va_end(args);
    BUF_LIT(&out, "\n");
    session->output_closed |= !terminal_write(&out);
}

static MetaResult complain(Session *session, const char *what)
{
    CLEANUP(context_done) Context ctx = {0};
    fail(&ctx, STATUS_INVALID_INPUT, "%s", what);
    session_complain(session, &ctx);
    return META_FAILED;
}

/* Without what ends a statement; the backslash has ended it already. */
static Str without_semicolon(Str text)
{
    while (text.len && text.ptr[text.len - 1] == ';')
        text = str_trim(str_from(text.ptr, text.len - 1));
    return text;
}

/* ---- the commands ---- */

/* A statement that nobody typed: an error in it has no place to show. */
static MetaResult run_sql(Session *session, Str sql)
{
    return done(session_run(session, sql, 0));
}

static MetaResult run_quit(Session *session, Str arguments)
{
    (void)session;
    (void)arguments;
    return META_QUIT;
}

static MetaResult run_history(Session *session, Str arguments)
{
    (void)session;
    (void)arguments;
    return META_HISTORY;
}

/* Those who may not read system.tables see their own with SHOW TABLES. */
static MetaResult run_tables(Session *session, Str arguments)
{
    (void)arguments;
    CLEANUP(context_done) Context ctx = {0};
    const Json *result;
    if (!session_query(session,
                       &ctx,
                       STR("SELECT namespace_id AS namespace, table_name, table_type FROM "
                           "system.tables ORDER BY namespace_id, table_name"),
                       &result))
        return run_sql(session, STR("SHOW TABLES"));
    session_print(session, &ctx, result);
    return META_OK;
}

static MetaResult run_describe(Session *session, Str arguments)
{
    CLEANUP(buf_done) Buf sql = {0};
    Str table = without_semicolon(arguments);
    if (!table.len)
        return run_tables(session, arguments);
    BUF_LIT(&sql, "DESCRIBE TABLE ");
    if (session->namespace.len && str_find_byte(table, '.') == table.len)
        buf_printf(&sql, "%.*s.", STR_ARG(buf_str(&session->namespace)));
    buf_str_append(&sql, table);
    return run_sql(session, buf_str(&sql));
}

static MetaResult run_subscribe(Session *session, Str arguments)
{
    Str sql = without_semicolon(arguments);
    if (!sql.len)
        return complain(session, "\\subscribe needs a SELECT");
    return done(session_watch(session, sql));
}

static MetaResult run_unsubscribe(Session *session, Str arguments)
{
    (void)arguments;
    say(session, "No live query is open: \\subscribe shows one until Ctrl-C.");
    return META_OK;
}

static MetaResult run_format(Session *session, Str arguments)
{
    if (arguments.len && !output_format_parse(arguments, &session->format))
        return complain(session, "\\format takes table, json or csv");
    say(session, "Output format is %s.", output_format_name(session->format));
    return META_OK;
}

static MetaResult run_expanded(Session *session, Str arguments)
{
    (void)arguments;
    session->expanded = !session->expanded;
    say(session, "Expanded display is %s.", session->expanded ? "on" : "off");
    return META_OK;
}

static MetaResult run_info(Session *session, Str arguments)
{
    (void)arguments;
    Str namespace = buf_str(&session->namespace);
    say(session, "%-14s %.*s", "server", STR_ARG(session->url));
    say(session, "%-14s %.*s", "user", STR_ARG(client_user(session->client)));
    say(session, "%-14s %.*s", "role", STR_ARG(client_role(session->client)));
    say(session, "%-14s %.*s", "namespace", STR_ARG(namespace.len ? namespace : STR("default")));
    say(session, "%-14s %s", "format", output_format_name(session->format));
    return META_OK;
}

static MetaResult run_health(Session *session, Str arguments)
{
    (void)arguments;
    return done(session_show(session, STR("/v1/api/healthcheck")));
}

static MetaResult run_stats(Session *session, Str arguments)
{
    (void)arguments;
    return run_sql(session,
                   STR("SELECT metric_name, metric_value FROM system.stats "
                       "ORDER BY metric_name LIMIT 5000"));
}

static MetaResult run_as(Session *session, Str arguments)
{
    CLEANUP(buf_done) Buf sql = {0};
    Str rest = arguments;
    Str user;
    if (!str_split(&rest, ' ', &user) || !str_trim(rest).len)
        return complain(session, "\\as needs a user and a statement");
    BUF_LIT(&sql, "EXECUTE AS USER '");
    for (size_t i = 0; i < user.len; i++) {
        if (user.ptr[i] == '\'')
            BUF_LIT(&sql, "'");
        buf_byte(&sql, user.ptr[i]);
    }
    buf_printf(&sql, "' (%.*s)", STR_ARG(without_semicolon(str_trim(rest))));
    return run_sql(session, buf_str(&sql));
}

static MetaResult run_help(Session *session, Str arguments);

#define NAMES(...)                                                                                 \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static const Command COMMANDS[] = {
    {NAMES(STR_INIT("\\?"), STR_INIT("\\help")), "\\?", "this list", run_help},
    {NAMES(STR_INIT("\\q"), STR_INIT("\\quit"), STR_INIT("exit"), STR_INIT("quit")),
     "\\q",
     "end (also exit, quit, Ctrl-D)",
     run_quit},
    {NAMES(STR_INIT("\\dt"), STR_INIT("\\tables")), "\\dt", "the tables", run_tables},
    {NAMES(STR_INIT("\\d"), STR_INIT("\\describe")),
     "\\d [NAMESPACE.]TABLE",
     "a table's columns and properties",
     run_describe},
    {NAMES(STR_INIT("\\subscribe"), STR_INIT("\\watch"), STR_INIT("\\live")),
     "\\subscribe SELECT ..",
     "its rows and every change, until Ctrl-C",
     run_subscribe},
    {NAMES(STR_INIT("\\unsubscribe"), STR_INIT("\\unwatch")),
     "\\unsubscribe",
     "which live query is open",
     run_unsubscribe},
    {NAMES(STR_INIT("\\as")), "\\as USER SQL", "a statement in another user's name", run_as},
    {NAMES(STR_INIT("\\format")), "\\format [table|json|csv]", "how results are shown", run_format},
    {NAMES(STR_INIT("\\x")), "\\x", "one line for each column, on and off", run_expanded},
    {NAMES(STR_INIT("\\info"), STR_INIT("\\session")), "\\info", "this session", run_info},
    {NAMES(STR_INIT("\\health")), "\\health", "the server's health", run_health},
    {NAMES(STR_INIT("\\stats"), STR_INIT("\\metrics")), "\\stats", "its metrics", run_stats},
    {NAMES(STR_INIT("\\history"), STR_INIT("\\h")), "\\history", "earlier lines", run_history},
};

enum { COMMAND_COUNT = sizeof(COMMANDS) / sizeof(*COMMANDS) };

static MetaResult run_help(Session *session, Str arguments)
{
    (void)arguments;
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        say(session, "  %-26s %s", COMMANDS[i].usage, COMMANDS[i].help);
    say(session, "\nAnything else is SQL and ends with a semicolon.");
    return META_OK;
}

static const Command *find_command(Str name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        for (size_t j = 0; j < NAMES_MAX && COMMANDS[i].names[j].ptr; j++) {
            if (str_equal_nocase(COMMANDS[i].names[j], name))
                return &COMMANDS[i];
        }
    }
    return NULL;
}

MetaResult meta_run(Session *session, Str line)
{
    Str rest = str_trim(line);
    size_t len = str_find_byte(rest, ' ');
    Str name = without_semicolon(str_from(rest.ptr, len));
    const Command *command = find_command(name);
    if (!command)
        return complain(session, "there is no such command; \\? lists them");
    return command->run(session, str_trim(str_from(rest.ptr + len, rest.len - len)));
}
