/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs tests/sql/ *.test, written in the manner of sqllogictest:
 *
 *     # comment                          to the end of the line
 *     user ann                           who runs what follows; root is an administrator
 *
 *     statement ok                       the SQL, to the next empty line, succeeds
 *     statement error <words>            it fails, and the message contains the words
 *
 *     query [rowsort]                    the SQL, to the line ----, then what it answers:
 *     SELECT ..                          rows with | between values, messages in [brackets];
 *     ----                               rowsort: in any order
 *     1|a
 *
 * Each file runs four times, each in a namespace of its own: as a reactor would
 * run it, wholly on a worker, with a sink that is full after every row, and with
 * DuckDB for every SELECT.
 */
#include "query_fixture.h"

#include <dirent.h>
#include <stdlib.h>

enum { FILES_MAX = 200 };

static const char *directory;
static char names[FILES_MAX][64];
static size_t name_count;

typedef struct Script {
    const char *path;
    char *text; /* the whole file; heap */
    Str rest;
    int line; /* of the block that runs */
    int next_line;
    char namespace_name[32];
    char user[64];
    QueryFixture *fixture;
} Script;

/* ---- reading ---- */

static char *read_whole(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *text = malloc((size_t)size + 1);
    assert_int_equal(fread(text, 1, (size_t)size, file), (size_t)size);
    text[size] = 0;
    fclose(file);
    *ret_size = (size_t)size;
    return text;
}

static bool next_line(Script *script, Str *ret_line)
{
    if (!str_split(&script->rest, '\n', ret_line))
        return false;
    script->next_line++;
    return true;
}

/* The lines up to an empty one, or to `stop`. */
static const char *read_block(Script *script, const char *stop, bool *ret_stopped)
{
    CLEANUP(buf_done) Buf block = {0};
    Str line;
    *ret_stopped = false;
    while (!*ret_stopped && next_line(script, &line) && str_trim(line).len > 0) {
        *ret_stopped = stop && str_equal(str_trim(line), str_from_c(stop));
        if (!*ret_stopped) {
            buf_str_append(&block, line);
            BUF_LIT(&block, "\n");
        }
    }
    return arena_str(&script->fixture->ctx.arena, buf_str(&block)).ptr;
}

/* ---- comparing ---- */

static int compare_lines(const void *a, const void *b)
{
    return str_compare(*(const Str *)a, *(const Str *)b);
}

/* Without white space at the end; with its lines sorted on demand. */
static Str normalise(Script *script, const char *text, bool sorted)
{
    Arena *arena = &script->fixture->ctx.arena;
    Str rest = str_trim(str_from_c(text));
    if (!sorted)
        return rest;
    Str *lines = ARENA_ARRAY(arena, Str, rest.len + 1);
    size_t count = 0;
    while (str_split(&rest, '\n', &lines[count]))
        count++;
    qsort(lines, count, sizeof(*lines), compare_lines);
    CLEANUP(buf_done) Buf joined = {0};
    for (size_t i = 0; i < count; i++)
        buf_printf(&joined, "%.*s\n", STR_ARG(lines[i]));
    return str_trim(arena_str(arena, buf_str(&joined)));
}

static void report(const Script *script, const char *expected, const char *got)
{
    print_error("# %s:%d\n# expected: %s\n# got: %s\n", script->path, script->line, expected, got);
    assert_string_equal(got, expected);
}

/* ---- running ---- */

static const char *run_sql(Script *script, const char *sql)
{
    bool admin = strcmp(script->user, "root") == 0;
    TestRequest request = {
        .user = script->user,
        .role = admin ? ROLE_SYSTEM : ROLE_USER,
        .sql = sql,
        .namespace_name = script->namespace_name,
    };
    return query_run(script->fixture, &request);
}

static void run_statement(Script *script, Str how)
{
    bool stopped;
    const char *text = run_sql(script, read_block(script, NULL, &stopped));
    bool succeeded = script->fixture->status == STATUS_OK;
    Str word = {0};
    (void)!str_split(&how, ' ', &word);
    if (str_equal(word, STR("ok"))) {
        if (!succeeded)
            report(script, "success", text);
        return;
    }
    char words[256];
    snprintf(words, sizeof(words), "%.*s", STR_ARG(str_trim(how)));
    if (succeeded || !strstr(text, words))
        report(script, words, text);
}

static void run_query(Script *script, Str how)
{
    bool stopped;
    const char *sql = read_block(script, "----", &stopped);
    const char *expected = stopped ? read_block(script, NULL, &stopped) : "";
    const char *got = run_sql(script, sql);
    bool sorted = str_equal(str_trim(how), STR("rowsort"));
    if (!str_equal(normalise(script, expected, sorted), normalise(script, got, sorted)))
        report(script, expected, got);
}

static void run_line(Script *script, Str line)
{
    Str word;
    Str rest = str_trim(line);
    if (rest.len == 0 || rest.ptr[0] == '#')
        return;
    script->line = script->next_line;
    (void)!str_split(&rest, ' ', &word);
    if (str_equal(word, STR("user")))
        snprintf(script->user, sizeof(script->user), "%.*s", STR_ARG(str_trim(rest)));
    else if (str_equal(word, STR("statement")))
        run_statement(script, rest);
    else if (str_equal(word, STR("query")))
        run_query(script, rest);
    else
        report(script, "user, statement or query", line.ptr);
}

static void run_script(QueryFixture *fixture, const char *path, const char *namespace_name)
{
    Script script = {.path = path, .fixture = fixture, .user = "root"};
    snprintf(script.namespace_name, sizeof(script.namespace_name), "%s", namespace_name);
    char sql[64];
    snprintf(sql, sizeof(sql), "CREATE NAMESPACE %s", namespace_name);
    query_admin(fixture, sql);
    assert_int_equal(fixture->status, STATUS_OK);

    size_t size;
    script.text = read_whole(path, &size);
    script.rest = str_from(script.text, size);
    for (Str line; next_line(&script, &line);)
        run_line(&script, line);
    free(script.text);
}

static void run_file(void **state)
{
    char path[512];
    QueryFixture fixture;
    snprintf(path, sizeof(path), "%s/%s", directory, (const char *)*state);
    query_fixture_init(&fixture);
    run_script(&fixture, path, "on_reactor");
    fixture.only_on_worker = true;
    run_script(&fixture, path, "on_worker");
    fixture.sink_is_tiny = true;
    fixture.only_on_worker = false;
    run_script(&fixture, path, "tiny_sink");
    fixture.engine.only_duck = true;
    run_script(&fixture, path, "only_duck");
    query_fixture_done(&fixture);
}

/* ---- the files ---- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void find_files(void)
{
    DIR *dir = opendir(directory);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) && name_count < FILES_MAX;)
        if (str_ends_with(str_from_c(entry->d_name), STR(".test")))
            snprintf(names[name_count++], sizeof(names[0]), "%.63s", entry->d_name);
    closedir(dir);
    qsort(names, name_count, sizeof(names[0]), compare_names);
}

int main(int argc, char **argv)
{
    struct CMUnitTest tests[FILES_MAX];
    directory = argc > 1 ? argv[1] : "tests/sql";
    find_files();
    for (size_t i = 0; i < name_count; i++)
        tests[i] =
            (struct CMUnitTest){.name = names[i], .test_func = run_file, .initial_state = names[i]};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return _cmocka_run_group_tests("sql", tests, name_count, NULL, NULL);
}
