/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/session.h"

#include "base/clock.h"
#include "cli/complaint.h"
#include "cli/display.h"
#include "cli/live_view.h"
#include "cli/result.h"
#include "cli/statement.h"
#include "cli/terminal.h"
#include "client/client_live.h"

enum { RECEIVE_STEP_MS = 1000 };

static void print(Session *session, const Buf *out)
{
    if (!terminal_write(out))
        session->output_closed = true;
}

void session_complain(const Session *session, const Context *ctx)
{
    CLEANUP(buf_done) Buf out = {0};
    Complaint complaint = complaint_from_context(ctx);
    complaint_write(&complaint, STR_NULL, 1, &session->error_style, &out);
    terminal_write_error(&out);
}

/* ---- life ---- */

static Status log_in(Context *ctx, Session *session, const Options *options)
{
    Str password = options->password;
    if (options->token.len) {
        client_set_token(session->client, options->token);
        return client_identify(ctx, session->client);
    }
    if (options->ask_password || !password.ptr)
        TRY(terminal_ask_password(ctx, options->user, &password));
    return client_login(ctx, session->client, options->user, password);
}

bool session_open(Session *session, const Options *options)
{
    CLEANUP(context_done) Context ctx = {0};
    ClientOptions client_options = {
        .url = options->url,
        .connect_timeout_ms = options->connection_timeout_s * 1000,
        .request_timeout_ms = options->timeout_s * 1000,
    };
    *session = (Session){
        .url = options->url,
        .format = options->format,
        .style = terminal_style(options->no_color),
        .error_style = terminal_error_style(options->no_color),
        .subscription_timeout_s = options->subscription_timeout_s,
    };
    terminal_watch_interrupt(&ctx);
    Status status = client_connect(&ctx, &client_options, &session->client);
    if (status == STATUS_OK)
        status = log_in(&ctx, session, options);
    terminal_watch_interrupt(NULL);
    if (status != STATUS_OK)
        session_complain(session, &ctx);
    return status == STATUS_OK;
}

void session_close(Session *session)
{
    client_close(session->client);
    buf_done(&session->namespace);
    *session = (Session){0};
}

/* ---- results ---- */

static Str member_text(const Json *json, Str name)
{
    const Json *member = json_member(json, name);
    return member && member->kind == JSON_STRING ? member->text : STR_NULL;
}

static bool member_true(const Json *json, Str name)
{
    const Json *member = json_member(json, name);
    return member && member->kind == JSON_TRUE;
}

static int64_t row_count_of(const Json *result)
{
    int64_t count = 0;
    return json_to_int64(json_member(result, STR("row_count")), &count) ? count : 0;
}

static bool is_dml(Str message)
{
    return str_starts_with(message, STR("Inserted")) || str_starts_with(message, STR("Updated")) ||
           str_starts_with(message, STR("Deleted"));
}

/* What a result says beside its rows. */
static void write_message(const Json *result, const Style *style, Buf *out)
{
    Str message = member_text(result, STR("message"));
    long long count = row_count_of(result);
    if (!message.len)
        return;
    display_clean(message, out);
    BUF_LIT(out, "\n");
    if (!is_dml(message))
        return;
    style_printf(style, PAINT_GREEN, out, "Query OK");
    buf_printf(out, ", %lld row%s affected\n", count, count == 1 ? "" : "s");
}

static void
write_table_result(Context *ctx, const Json *result, bool expanded, const Style *style, Buf *out)
{
    if (result_has_columns(result)) {
        long long count = row_count_of(result);
        result_write_table(ctx, result, expanded, style, out);
        buf_printf(out, "(%lld row%s)", count, count == 1 ? "" : "s");
        if (member_true(result, STR("truncated")))
            BUF_LIT(out, ", cut by a limit of the server");
        BUF_LIT(out, "\n");
    }
    write_message(result, style, out);
}

static void write_footer(const Json *envelope, const Style *style, Buf *out)
{
    const Json *results = json_member(envelope, STR("results"));
    Str user = member_text(json_element(results, -1), STR("as_user"));
    double took;
    if (user.len) {
        style_printf(style, PAINT_DIM, out, "As: %.*s", STR_ARG(user));
        BUF_LIT(out, "\n");
    }
    if (json_to_double(json_member(envelope, STR("took")), &took)) {
        style_printf(style, PAINT_DIM, out, "Took: %.3f ms", took);
        BUF_LIT(out, "\n");
    }
}

static void write_table(Context *ctx, const Session *session, const Json *envelope, Buf *out)
{
    const Json *results = json_member(envelope, STR("results"));
    for (const Json *result = results ? results->first : NULL; result; result = result->next) {
        write_table_result(ctx, result, session->expanded, &session->style, out);
        if (result_has_columns(result) && result->next)
            BUF_LIT(out, "\n");
    }
    write_footer(envelope, &session->style, out);
}

/* Rows to standard output, messages to standard error. */
static void write_csv(const Session *session, const Json *envelope, Buf *out)
{
    CLEANUP(buf_done) Buf remarks = {0};
    const Json *results = json_member(envelope, STR("results"));
    for (const Json *result = results ? results->first : NULL; result; result = result->next) {
        if (result_has_columns(result)) {
            if (out->len)
                BUF_LIT(out, "\n");
            result_write_csv(result, out);
        }
        write_message(result, &session->error_style, &remarks);
    }
    terminal_write_error(&remarks);
}

static void print_reply(Context *ctx, Session *session, const ClientReply *reply)
{
    CLEANUP(buf_done) Buf out = {0};
    if (session->format == FORMAT_JSON) {
        buf_str_append(&out, str_trim(reply->body));
        BUF_LIT(&out, "\n");
    } else if (session->format == FORMAT_CSV) {
        write_csv(session, reply->json, &out);
    } else {
        write_table(ctx, session, reply->json, &out);
    }
    print(session, &out);
}

void session_print(Session *session, Context *ctx, const Json *result)
{
    CLEANUP(buf_done) Buf out = {0};
    if (session->format == FORMAT_JSON) {
        json_write(&out, result);
        BUF_LIT(&out, "\n");
    } else if (session->format == FORMAT_CSV) {
        result_write_csv(result, &out);
    } else {
        write_table_result(ctx, result, session->expanded, &session->style, &out);
    }
    print(session, &out);
}

/* ---- statements ---- */

/* The envelope's error, or NULL.  A streamed result may end in one although the status is 200. */
static const Json *error_of(const ClientReply *reply)
{
    const Json *error = json_member(reply->json, STR("error"));
    return error && error->kind != JSON_NULL ? error : NULL;
}

static void complain_about(const Session *session, const ClientReply *reply, Str sql, size_t line)
{
    CLEANUP(buf_done) Buf out = {0};
    CLEANUP(context_done) Context scratch = {0};
    const Json *error = error_of(reply);
    Complaint complaint = complaint_from_json(error);
    if (!complaint.message.len) {
        complaint.code = arena_printf(&scratch.arena, "HTTP_%d", reply->http_status);
        complaint.message = member_text(reply->json, STR("message"));
    }
    if (!complaint.message.len)
        complaint.message = reply->body;
    if (line == 0)
        complaint.position = 0;
    complaint_write(&complaint, sql, line, &session->error_style, &out);
    terminal_write_error(&out);
}

static Status send(Context *ctx, Session *session, Str sql, ClientReply *ret_reply)
{
    ClientStatement statement = {.sql = sql, .namespace = buf_str(&session->namespace)};
    terminal_watch_interrupt(ctx);
    Status status = client_sql(ctx, session->client, &statement, ret_reply);
    terminal_watch_interrupt(NULL);
    return status;
}

static Str unquoted(Str name)
{
    if (name.len >= 2 && name.ptr[0] == '"')
        return str_from(name.ptr + 1, name.len - 2);
    return name;
}

/* USE holds for a request only; the session carries it on. */
static void remember_namespace(Session *session, Str sql)
{
    Str first = statement_word(sql, 0);
    Str second = statement_word(sql, 1);
    bool named = str_equal_nocase(second, STR("namespace"));
    bool uses = str_equal_nocase(first, STR("use"));
    if (!uses && !(named && str_equal_nocase(first, STR("set"))))
        return;
    Str name = unquoted(named ? statement_word(sql, 2) : second);
    if (!name.len)
        return;
    buf_clear(&session->namespace);
    buf_str_append(&session->namespace, name);
}

bool session_run(Session *session, Str sql, size_t line)
{
    CLEANUP(context_done) Context ctx = {0};
    ClientReply reply;
    if (send(&ctx, session, sql, &reply) != STATUS_OK) {
        session_complain(session, &ctx);
        return false;
    }
    bool ok = reply.http_status == 200 && reply.json && !error_of(&reply);
    if (ok || session->format == FORMAT_JSON ||
        json_element(json_member(reply.json, STR("results")), 0))
        print_reply(&ctx, session, &reply);
    if (ok)
        remember_namespace(session, sql);
    else
        complain_about(session, &reply, sql, line);
    return ok;
}

bool session_query(Session *session, Context *ctx, Str sql, const Json **ret_result)
{
    ClientReply reply;
    if (send(ctx, session, sql, &reply) != STATUS_OK || error_of(&reply))
        return false;
    *ret_result = json_element(json_member(reply.json, STR("results")), 0);
    return *ret_result != NULL;
}

bool session_show(Session *session, Str path)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(buf_done) Buf out = {0};
    ClientReply reply;
    if (client_get(&ctx, session->client, path, &reply) != STATUS_OK) {
        session_complain(session, &ctx);
        return false;
    }
    if (reply.http_status != 200 || !reply.json) {
        complain_about(session, &reply, STR_NULL, 1);
        return false;
    }
    for (const Json *member = reply.json->first; member; member = member->next) {
        CLEANUP(buf_done) Buf value = {0};
        cell_write(member, CELL_TEXT, &value);
        buf_printf(&out, "%-14.*s ", STR_ARG(member->key));
        display_clean(buf_str(&value), &out);
        BUF_LIT(&out, "\n");
    }
    print(session, &out);
    return true;
}

/* ---- live queries ---- */

typedef struct Watch {
    Session *session;
    ClientLive *live;
    LiveView view;
    Str sql;
    bool refused;
} Watch;

static void watch_done(Watch *watch)
{
    client_live_close(watch->live);
    live_view_done(&watch->view);
}
DEFINE_CLEANUP_IN_PLACE(Watch, watch_done)

static void note_connection(Watch *watch, const ClientEvent *event)
{
    CLEANUP(buf_done) Buf remark = {0};
    CLEANUP(buf_done) Buf out = {0};
    if (event->kind == CLIENT_EVENT_LOST)
        buf_printf(&remark, "connection lost (%.*s); trying again", STR_ARG(event->reason));
    else
        BUF_LIT(&remark, "connected again; nothing was missed");
    live_view_remark(&watch->view, clock_wall_us(), buf_str(&remark), &out);
    terminal_write_error(&out);
}

static Status show_event(Context *ctx, Watch *watch, const ClientEvent *event)
{
    CLEANUP(buf_done) Buf out = {0};
    if (event->kind == CLIENT_EVENT_LOST || event->kind == CLIENT_EVENT_RESUMED)
        note_connection(watch, event);
    if (event->kind != CLIENT_EVENT_MESSAGE)
        return STATUS_OK;
    if (str_equal(event->type, STR("error"))) {
        Complaint complaint = complaint_from_json(event->message);
        complaint_write(&complaint, watch->sql, 1, &watch->session->error_style, &out);
        terminal_write_error(&out);
        watch->refused = true;
        return STATUS_OK;
    }
    TRY(live_view_write(ctx, &watch->view, event->message, clock_wall_us(), &out));
    print(watch->session, &out);
    return STATUS_OK;
}

static Status start_watch(Context *ctx, Watch *watch)
{
    Session *session = watch->session;
    TRY(client_live_open(ctx, session->client, &watch->live));
    return client_live_subscribe(
        ctx, watch->live, STR("kalam"), watch->sql, live_view_options(&watch->view));
}

/* Ctrl-C is the usual end, not a failure. */
static Status run_watch(Context *ctx, Watch *watch)
{
    int64_t seconds = watch->session->subscription_timeout_s;
    int64_t end_us = seconds ? clock_monotonic_us() + seconds * 1000000 : INT64_MAX;
    while (!watch->refused && !watch->session->output_closed) {
        ClientEvent event;
        int64_t left_ms = (end_us - clock_monotonic_us()) / 1000;
        if (left_ms <= 0)
            return STATUS_OK;
        int timeout_ms = left_ms < RECEIVE_STEP_MS ? (int)left_ms : RECEIVE_STEP_MS;
        arena_clear(&ctx->arena);
        TRY(client_live_receive(ctx, watch->live, timeout_ms, &event));
        TRY(show_event(ctx, watch, &event));
    }
    return STATUS_OK;
}

/* Behind the ^C that the terminal shows. */
static void end_line(const Session *session)
{
    CLEANUP(buf_done) Buf out = {0};
    if (!session->error_style.width)
        return;
    BUF_LIT(&out, "\n");
    terminal_write_error(&out);
}

bool session_watch(Session *session, Str sql)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(watch_done) Watch watch = {.session = session, .sql = sql};
    live_view_init(&watch.view, session->format, &session->style);
    terminal_watch_interrupt(&ctx);
    Status status = start_watch(&ctx, &watch);
    if (status == STATUS_OK)
        status = run_watch(&ctx, &watch);
    terminal_watch_interrupt(NULL);
    if (status == STATUS_CANCELLED) {
        end_line(session);
        return true;
    }
    if (status != STATUS_OK)
        session_complain(session, &ctx);
    return status == STATUS_OK && !watch.refused;
}
