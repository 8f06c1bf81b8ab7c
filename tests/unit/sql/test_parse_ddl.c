/* SPDX-License-Identifier: Apache-2.0 */
#include "sql_fixture.h"

/* name <type> flags.. := default, one column after the other */
static void shape_columns(Buf *out, const AstColumnDef *columns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const AstColumnDef *column = &columns[i];
        buf_printf(out, "%s", i ? ", " : "");
        shape_name(out, &column->name);
        buf_byte(out, ' ');
        shape_type(out, &column->type);
        buf_printf(out,
                   "%s%s%s%s%s",
                   column->primary_key ? " key" : "",
                   column->not_null ? " not-null" : "",
                   column->null_given ? " null" : "",
                   column->unique ? " unique" : "",
                   column->auto_increment ? " auto" : "");
        if (column->default_value) {
            BUF_LIT(out, " := ");
            shape_expr(out, column->default_value);
        }
    }
}

static void assert_columns(const AstColumnDef *columns, size_t count, const char *expected)
{
    CLEANUP(buf_done) Buf text = {0};
    shape_columns(&text, columns, count);
    assert_str(buf_str(&text), expected);
}

static const AstCreateTable *must_parse_create(Context *ctx, const char *text)
{
    return &must_parse_kind(ctx, text, AST_CREATE_TABLE)->create_table;
}

static void assert_syntax_error(const char *text)
{
    CLEANUP(context_done) Context ctx = {0};
    AstScript script;
    Status status = sql_parse(&ctx, str_from_c(text), &script);
    if (status != STATUS_SYNTAX_ERROR)
        print_error("# accepted: %s\n", text);
    assert_int_equal(status, STATUS_SYNTAX_ERROR);
}

/* ---- R3: the six behaviours of the CREATE STREAM TABLE parser ---- */

static void r3_simple_create(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstCreateTable *create =
        must_parse_create(&ctx, "CREATE STREAM TABLE app.events (id TEXT, payload JSON)");
    assert_int_equal(create->table_kind, AST_TABLE_STREAM);
    assert_false(create->if_not_exists);
    assert_name(&create->table.namespace_name, "app", 20);
    assert_name(&create->table.name, "events", 24);
    assert_columns(create->columns, create->column_count, "id <text>, payload <json>");
    assert_int_equal(create->options.count, 0);
    assert_int_equal(create->primary_key.count, 0);
}

static void r3_if_not_exists(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstCreateTable *create =
        must_parse_create(&ctx, "create stream table IF NOT EXISTS events (id int)");
    assert_true(create->if_not_exists);
    assert_table_name(&create->table, "events");
    assert_syntax_error("CREATE STREAM TABLE IF EXISTS events (id INT)");
    /* A table may be called so: the words count only together. */
    assert_table_name(&must_parse_create(&ctx, "CREATE TABLE if (a INT)")->table, "if");
}

/* What is no name at all fails here; what is a name, but no table's, is for the catalog. */
static void r2_r3_name_validation(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstTableName *name =
        &must_parse_create(&ctx, "CREATE STREAM TABLE \"App\".\"Foo\" (a INT)")->table;
    assert_true(name->name.quoted && name->namespace_name.quoted);
    assert_table_name(name, "\"App\".\"Foo\"");
    name = &must_parse_create(&ctx, "CREATE STREAM TABLE App.Foo_1 (a INT)")->table;
    assert_false(name->name.quoted || name->namespace_name.quoted);
    assert_table_name(name, "app.foo_1");
    assert_table_name(&must_parse_create(&ctx, "CREATE STREAM TABLE _foo (a INT)")->table, "_foo");

    assert_syntax_error("CREATE STREAM TABLE 1foo (a INT)");
    assert_syntax_error("CREATE STREAM TABLE 'foo' (a INT)");
    assert_syntax_error("CREATE STREAM TABLE select (a INT)");
    assert_syntax_error("CREATE STREAM TABLE \"\" (a INT)");
    assert_syntax_error("CREATE STREAM TABLE app. (a INT)");
    assert_syntax_error("CREATE STREAM TABLE foo-bar (a INT)");
}

static void r3_type_names_and_arguments_are_kept(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstCreateTable *create =
        must_parse_create(&ctx,
                          "CREATE STREAM TABLE t (a BIGINT, b Decimal(10, 2), c DOUBLE PRECISION, "
                          "d TIMESTAMP(6) WITH TIME ZONE, e EMBEDDING(384), f VARCHAR(20), "
                          "g INT UNSIGNED, h TIME WITHOUT TIME ZONE, i CHARACTER VARYING(5))");
    assert_columns(create->columns,
                   create->column_count,
                   "a <bigint>, b <decimal:10,2>, c <double precision>, "
                   "d <timestamp with time zone:6>, e <embedding:384>, f <varchar:20>, "
                   "g <int unsigned>, h <time without time zone>, i <character varying:5>");
    assert_int_equal(create->columns[0].type.offset, 25);
}

static void r3_schema_parse(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstCreateTable *create =
        must_parse_create(&ctx,
                          "CREATE STREAM TABLE app.t (\n"
                          "  id BIGINT PRIMARY KEY DEFAULT SNOWFLAKE_ID(),\n"
                          "  name TEXT NOT NULL,\n"
                          "  note TEXT NULL DEFAULT 'a' || 'b',\n"
                          "  n INT DEFAULT -1 NOT NULL UNIQUE,\n"
                          "  at TIMESTAMP DEFAULT CURRENT_TIMESTAMP\n"
                          ")");
    assert_columns(create->columns,
                   create->column_count,
                   "id <bigint> key := (snowflake_id()), name <text> not-null, "
                   "note <text> null := (|| 'a' 'b'), n <int> not-null unique := (neg 1), "
                   "at <timestamp> := (current_timestamp())");
    assert_name(&create->columns[0].name, "id", 30);
}

static void r3_no_system_columns_are_added(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstCreateTable *create = must_parse_create(&ctx, "CREATE STREAM TABLE t (only INT)");
    assert_columns(create->columns, create->column_count, "only <int>");
}

/* ---- R4: options ---- */

static void r4_with_options(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstCreateTable *create = must_parse_create(
        &ctx,
        "CREATE STREAM TABLE t (a INT) WITH (retention='10s', EPHEMERAL = true, Max_Buffer=1000)");
    assert_options(&create->options, "retention=10s ephemeral=true max_buffer=1000");
    assert_int_equal(create->options.items[1].offset, 53);
}

static void r4_option_values_are_quoted_or_bare(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstCreateTable *create =
        must_parse_create(&ctx,
                          "CREATE TABLE t (a INT) USING parquet WITH (TYPE = 'SHARED', "
                          "ACCESS_LEVEL = PUBLIC, FLUSH_POLICY = 'rows:10,interval:5', "
                          "x = -1, 'Quoted_Key' = 1.5, y = \"Y\")");
    assert_options(&create->options,
                   "type=SHARED access_level=public flush_policy=rows:10,interval:5 x=-1 "
                   "quoted_key=1.5 y=Y");
    assert_int_equal(must_parse_create(&ctx, "CREATE TABLE t (a INT) WITH ()")->options.count, 0);
}

static void r4_clauses_are_options(void **state)
{
    (void)state;
    static const struct {
        const char *clause;
        const char *options;
    } CASES[] = {
        {"RETENTION 10", "retention=10"},
        {"RETENTION '5m' EPHEMERAL MAX_BUFFER 100", "retention=5m ephemeral=true max_buffer=100"},
        {"EPHEMERAL FALSE", "ephemeral=false"},
        {"EPHEMERAL true", "ephemeral=true"},
        {"STORAGE 's3_main'", "storage=s3_main"},
        {"STORAGE s3_main", "storage=s3_main"},
        {"LOCATION '/data/x'", "location=/data/x"},
        {"FLUSH POLICY ROWS 100", "flush_policy=rows:100"},
        {"FLUSH POLICY INTERVAL 60", "flush_policy=interval:60"},
        {"FLUSH POLICY ROWS 100 INTERVAL 60", "flush_policy=rows:100,interval:60"},
        {"STORAGE 'a' FLUSH POLICY ROWS 1 WITH (durability = async)",
         "storage=a flush_policy=rows:1 durability=async"},
        {"USING parquet RETENTION 1", "retention=1"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        CLEANUP(context_done) Context ctx = {0};
        const char *text =
            arena_printf(&ctx.arena, "CREATE TABLE t (a INT) %s", CASES[i].clause).ptr;
        assert_options(&must_parse_create(&ctx, text)->options, CASES[i].options);
    }
}

static void r4_bad_options_are_refused(void **state)
{
    (void)state;
    assert_syntax_error("CREATE TABLE t (a INT) WITH (retention)");
    assert_syntax_error("CREATE TABLE t (a INT) WITH (retention = )");
    assert_syntax_error("CREATE TABLE t (a INT) WITH (retention = 10s)");
    assert_syntax_error("CREATE TABLE t (a INT) WITH (retention = '10s'");
    assert_syntax_error("CREATE TABLE t (a INT) WITH (retention = -'10s')");
    assert_syntax_error("CREATE TABLE t (a INT) WITH retention = '10s'");
    assert_syntax_error("CREATE TABLE t (a INT) RETENTION");
    assert_syntax_error("CREATE TABLE t (a INT) MAX_BUFFER many");
    assert_syntax_error("CREATE TABLE t (a INT) FLUSH POLICY 10");
    assert_syntax_error("CREATE TABLE t (a INT) STORAGE");
}

/* ---- CREATE TABLE ---- */

static void table_kinds(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    assert_int_equal(must_parse_create(&ctx, "CREATE TABLE t (a INT)")->table_kind,
                     AST_TABLE_UNSPECIFIED);
    assert_int_equal(must_parse_create(&ctx, "CREATE USER TABLE t (a INT)")->table_kind,
                     AST_TABLE_USER);
    assert_int_equal(must_parse_create(&ctx, "CREATE SHARED TABLE t (a INT)")->table_kind,
                     AST_TABLE_SHARED);
    assert_int_equal(must_parse_create(&ctx, "CREATE STREAM TABLE t (a INT)")->table_kind,
                     AST_TABLE_STREAM);
}

static void numbers_that_count_themselves(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstCreateTable *create = must_parse_create(
        &ctx,
        "CREATE TABLE t (a SERIAL, b BIGSERIAL, c BIGINT AUTO_INCREMENT, d INT IDENTITY, "
        "e BIGINT GENERATED ALWAYS AS IDENTITY (START 1 (2)), "
        "f BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY)");
    assert_columns(create->columns,
                   create->column_count,
                   "a <serial> auto, b <bigserial> auto, c <bigint> auto, d <int> auto, "
                   "e <bigint> auto, f <bigint> key auto");
}

static void table_constraints(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstCreateTable *create = must_parse_create(
        &ctx,
        "CREATE TABLE t (a INT CHECK (a > (0)) REFERENCES u (x), b INT, PRIMARY KEY (a, b), "
        "UNIQUE (b), CHECK (a < b), CONSTRAINT c FOREIGN KEY (a) REFERENCES ns.u (y))");
    assert_columns(create->columns, create->column_count, "a <int>, b <int>");
    assert_int_equal(create->primary_key.count, 2);
    assert_name(&create->primary_key.items[1], "b", 79);
}

static void common_words_name_columns(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    must_parse(&ctx,
               "CREATE TABLE t (name TEXT, type TEXT, status TEXT, date DATE, time TIME, "
               "timestamp TIMESTAMP, user TEXT, role TEXT, key TEXT, value TEXT, text TEXT, "
               "json JSON, data BYTES, options JSON, index INT, level INT, position INT, "
               "replace TEXT, storage TEXT, retention INT, flush TEXT, \"left\" INT)");
    assert_syntax_error("CREATE TABLE t (left INT)");
    assert_syntax_error("CREATE TABLE t (right INT)");
}

static void bad_tables_are_refused(void **state)
{
    (void)state;
    assert_syntax_error("CREATE TABLE");
    assert_syntax_error("CREATE TABLE t");
    assert_syntax_error("CREATE TABLE t ()");
    assert_syntax_error("CREATE TABLE t (a)");
    assert_syntax_error("CREATE TABLE t (a INT,)");
    assert_syntax_error("CREATE TABLE t (a INT");
    assert_syntax_error("CREATE TABLE t (a DECIMAL(x))");
    assert_syntax_error("CREATE TABLE t (a DECIMAL(10,))");
    assert_syntax_error("CREATE TABLE t (a INT NOT)");
    assert_syntax_error("CREATE TABLE t (a INT DEFAULT)");
    assert_syntax_error("CREATE TABLE t (a INT CHECK a)");
    assert_syntax_error("CREATE TABLE t (a INT CHECK (a)");
    assert_syntax_error("CREATE TABLE t (a INT) nonsense");
}

/* ---- ALTER TABLE ---- */

static const AstAlterTable *
must_parse_alter(Context *ctx, const char *text, AstAlterKind kind, const char *column)
{
    const AstAlterTable *alter = &must_parse_kind(ctx, text, AST_ALTER_TABLE)->alter_table;
    assert_int_equal(alter->alter, kind);
    assert_table_name(&alter->table, "app.t");
    if (column)
        assert_str(alter->column.name.text, column);
    return alter;
}

static void alter_columns(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstAlterTable *alter =
        must_parse_alter(&ctx,
                         "ALTER TABLE app.t ADD COLUMN c TEXT NOT NULL DEFAULT 'x'",
                         AST_ALTER_ADD_COLUMN,
                         "c");
    assert_columns(&alter->column, 1, "c <text> not-null := 'x'");
    alter = must_parse_alter(&ctx, "ALTER USER TABLE app.t ADD c INT", AST_ALTER_ADD_COLUMN, "c");
    assert_columns(&alter->column, 1, "c <int>");
    alter = must_parse_alter(
        &ctx, "ALTER SHARED TABLE app.t MODIFY COLUMN c BIGINT NULL", AST_ALTER_MODIFY_COLUMN, "c");
    assert_columns(&alter->column, 1, "c <bigint> null");
    alter = must_parse_alter(
        &ctx, "ALTER TABLE app.t ALTER c TYPE DECIMAL(5)", AST_ALTER_MODIFY_COLUMN, "c");
    assert_columns(&alter->column, 1, "c <decimal:5>");
    must_parse_alter(&ctx, "ALTER TABLE app.t DROP COLUMN c", AST_ALTER_DROP_COLUMN, "c");
    must_parse_alter(&ctx, "ALTER STREAM TABLE app.t DROP c", AST_ALTER_DROP_COLUMN, "c");
    must_parse_alter(&ctx, "ALTER TABLE app.t DROP COLUMN index", AST_ALTER_DROP_COLUMN, "index");
    alter = must_parse_alter(
        &ctx, "ALTER TABLE app.t RENAME COLUMN a TO b", AST_ALTER_RENAME_COLUMN, "a");
    assert_name(&alter->new_name, "b", 37);
    alter = must_parse_alter(&ctx, "ALTER TABLE app.t RENAME a TO b", AST_ALTER_RENAME_COLUMN, "a");
    assert_name(&alter->new_name, "b", 30);
}

static void alter_one_property_of_a_column(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    must_parse_alter(
        &ctx, "ALTER TABLE app.t ALTER COLUMN c SET NOT NULL", AST_ALTER_SET_NOT_NULL, "c");
    must_parse_alter(&ctx, "ALTER TABLE app.t ALTER c DROP NOT NULL", AST_ALTER_DROP_NOT_NULL, "c");
    const AstAlterTable *alter = must_parse_alter(
        &ctx, "ALTER TABLE app.t ALTER COLUMN c SET DEFAULT 1 + 2", AST_ALTER_SET_DEFAULT, "c");
    assert_expr(alter->column.default_value, "(+ 1 2)");
    must_parse_alter(
        &ctx, "ALTER TABLE app.t ALTER COLUMN c DROP DEFAULT", AST_ALTER_DROP_DEFAULT, "c");
}

static void alter_options(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstAlterTable *alter =
        must_parse_alter(&ctx,
                         "ALTER TABLE app.t SET TBLPROPERTIES (ACCESS_LEVEL = 'PUBLIC', x = 1)",
                         AST_ALTER_SET_OPTIONS,
                         NULL);
    assert_options(&alter->options, "access_level=PUBLIC x=1");
    alter = must_parse_alter(
        &ctx, "ALTER TABLE app.t SET (retention = '5m')", AST_ALTER_SET_OPTIONS, NULL);
    assert_options(&alter->options, "retention=5m");
    alter = must_parse_alter(
        &ctx, "ALTER TABLE app.t SET ACCESS LEVEL private", AST_ALTER_SET_OPTIONS, NULL);
    assert_options(&alter->options, "access_level=private");
}

static void alter_indexes(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstAlterTable *alter = must_parse_alter(
        &ctx, "ALTER TABLE app.t CREATE VECTOR INDEX c USING COSINE", AST_ALTER_CREATE_INDEX, "c");
    assert_str(alter->new_name.text, "cosine");
    alter = must_parse_alter(&ctx, "ALTER TABLE app.t CREATE INDEX c", AST_ALTER_CREATE_INDEX, "c");
    assert_null(alter->new_name.text.ptr);
    must_parse_alter(&ctx, "ALTER TABLE app.t DROP VECTOR INDEX c", AST_ALTER_DROP_INDEX, "c");
    must_parse_alter(&ctx, "ALTER TABLE app.t DROP INDEX c", AST_ALTER_DROP_INDEX, "c");
}

static void bad_alterations_are_refused(void **state)
{
    (void)state;
    assert_syntax_error("ALTER TABLE t");
    assert_syntax_error("ALTER TABLE t FOO");
    assert_syntax_error("ALTER TABLE t ADD");
    assert_syntax_error("ALTER TABLE t ADD c");
    assert_syntax_error("ALTER TABLE t RENAME COLUMN a b");
    assert_syntax_error("ALTER TABLE t ALTER COLUMN a INT");
    assert_syntax_error("ALTER TABLE t ALTER COLUMN a SET NULL");
    assert_syntax_error("ALTER TABLE t SET ACCESS LEVEL");
}

/* ---- DROP ---- */

static void drop_tables(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstDropTable *drop =
        &must_parse_kind(&ctx, "DROP STREAM TABLE IF EXISTS app.t FORCE", AST_DROP_TABLE)
             ->drop_table;
    assert_true(drop->if_exists && drop->force);
    assert_table_name(&drop->table, "app.t");
    drop = &must_parse_kind(&ctx, "DROP TABLE t", AST_DROP_TABLE)->drop_table;
    assert_false(drop->if_exists || drop->force);
    assert_int_equal(drop->table_kind, AST_TABLE_UNSPECIFIED);
    drop = &must_parse_kind(&ctx, "DROP STREAM TABLE t", AST_DROP_TABLE)->drop_table;
    assert_int_equal(drop->table_kind, AST_TABLE_STREAM);
}

/* ---- views ---- */

static void views(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstView *view = &must_parse_kind(&ctx,
                                           "CREATE OR REPLACE VIEW app.v AS  SELECT a, 1 FROM t ; ",
                                           AST_CREATE_VIEW)
                               ->view;
    assert_true(view->or_replace);
    assert_table_name(&view->name, "app.v");
    assert_select(view->select, "(select a 1 (from t))");
    assert_str(view->text, "SELECT a, 1 FROM t");
    assert_false(
        must_parse_kind(&ctx, "CREATE VIEW v AS VALUES (1)", AST_CREATE_VIEW)->view.or_replace);
    view = &must_parse_kind(&ctx, "DROP VIEW IF EXISTS app.v", AST_DROP_VIEW)->view;
    assert_true(view->if_exists);
    assert_table_name(&view->name, "app.v");
}

/* ---- namespaces ---- */

static void namespaces(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstNamespace *space =
        &must_parse_kind(&ctx, "CREATE NAMESPACE IF NOT EXISTS app", AST_CREATE_NAMESPACE)->space;
    assert_true(space->if_not_exists);
    assert_name(&space->name, "app", 31);
    space = &must_parse_kind(
                 &ctx, "ALTER NAMESPACE app SET OPTIONS (a = 1, b = 'x')", AST_ALTER_NAMESPACE)
                 ->space;
    assert_options(&space->options, "a=1 b=x");
    space = &must_parse_kind(&ctx, "DROP NAMESPACE IF EXISTS \"App\" CASCADE", AST_DROP_NAMESPACE)
                 ->space;
    assert_true(space->if_exists && space->cascade);
    assert_name(&space->name, "\"App\"", 25);
    assert_syntax_error("CREATE NAMESPACE");
    assert_syntax_error("CREATE NAMESPACE 1app");
    assert_syntax_error("DROP NAMESPACE a b");
}

/* ---- users ---- */

static void users(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstUser *user =
        &must_parse_kind(&ctx,
                         "CREATE USER 'a@b.c' WITH PASSWORD 'it''s' ROLE dba EMAIL 'x@y.z'",
                         AST_CREATE_USER)
             ->user;
    assert_str(user->user.text, "a@b.c");
    assert_str(user->password, "it's");
    assert_str(user->role.text, "dba");
    assert_str(user->email, "x@y.z");
    user = &must_parse_kind(&ctx,
                            "CREATE USER u WITH OAUTH '{\"provider\":\"p\"}' ROLE 'user'",
                            AST_CREATE_USER)
                ->user;
    assert_str(user->oauth, "{\"provider\":\"p\"}");
    assert_null(user->password.ptr);
    assert_null(user->email.ptr);
    user = &must_parse_kind(&ctx, "CREATE USER u WITH INTERNAL ROLE system", AST_CREATE_USER)->user;
    assert_true(user->internal);
    assert_syntax_error("CREATE USER u ROLE dba");
    assert_syntax_error("CREATE USER u WITH PASSWORD secret ROLE dba");
    assert_syntax_error("CREATE USER u WITH PASSWORD 'x'");
}

static void users_change_and_go(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstUser *user =
        &must_parse_kind(&ctx, "ALTER USER u SET PASSWORD 'p'", AST_ALTER_USER)->user;
    assert_str(user->password, "p");
    user = &must_parse_kind(&ctx, "ALTER USER 'u' SET ROLE service", AST_ALTER_USER)->user;
    assert_str(user->role.text, "service");
    user = &must_parse_kind(&ctx, "ALTER USER u SET EMAIL 'e'", AST_ALTER_USER)->user;
    assert_str(user->email, "e");
    user = &must_parse_kind(&ctx, "DROP USER IF EXISTS 'u'", AST_DROP_USER)->user;
    assert_true(user->if_exists);
    assert_str(user->user.text, "u");
    assert_syntax_error("ALTER USER u SET NAME 'x'");
}

/* ---- storages ---- */

static void storages(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    const AstStorage *storage =
        &must_parse_kind(&ctx,
                         "CREATE STORAGE s1 TYPE s3 BUCKET 'b' REGION 'eu' CREDENTIALS '{}' "
                         "SHARED_TABLES_TEMPLATE '{namespace}'",
                         AST_CREATE_STORAGE)
             ->storage;
    assert_name(&storage->id, "s1", 15);
    assert_options(&storage->options,
                   "type=s3 bucket=b region=eu credentials={} shared_tables_template={namespace}");
    assert_int_equal(storage->options.items[0].offset, 18);
    storage = &must_parse_kind(
                   &ctx, "ALTER STORAGE s1 SET NAME 'n' SET DESCRIPTION 'd'", AST_ALTER_STORAGE)
                   ->storage;
    assert_options(&storage->options, "name=n description=d");
    storage = &must_parse_kind(&ctx, "DROP STORAGE IF EXISTS s1", AST_DROP_STORAGE)->storage;
    assert_true(storage->if_exists);
    assert_syntax_error("ALTER STORAGE s1");
    assert_syntax_error("ALTER STORAGE s1 SET");
    assert_syntax_error("CREATE STORAGE s1 TYPE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r3_simple_create),
        cmocka_unit_test(r3_if_not_exists),
        cmocka_unit_test(r2_r3_name_validation),
        cmocka_unit_test(r3_type_names_and_arguments_are_kept),
        cmocka_unit_test(r3_schema_parse),
        cmocka_unit_test(r3_no_system_columns_are_added),
        cmocka_unit_test(r4_with_options),
        cmocka_unit_test(r4_option_values_are_quoted_or_bare),
        cmocka_unit_test(r4_clauses_are_options),
        cmocka_unit_test(r4_bad_options_are_refused),
        cmocka_unit_test(table_kinds),
        cmocka_unit_test(numbers_that_count_themselves),
        cmocka_unit_test(table_constraints),
        cmocka_unit_test(common_words_name_columns),
        cmocka_unit_test(bad_tables_are_refused),
        cmocka_unit_test(alter_columns),
        cmocka_unit_test(alter_one_property_of_a_column),
        cmocka_unit_test(alter_options),
        cmocka_unit_test(alter_indexes),
        cmocka_unit_test(bad_alterations_are_refused),
        cmocka_unit_test(drop_tables),
        cmocka_unit_test(views),
        cmocka_unit_test(namespaces),
        cmocka_unit_test(users),
        cmocka_unit_test(users_change_and_go),
        cmocka_unit_test(storages),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("sql/parse_ddl", tests, NULL, NULL);
}
