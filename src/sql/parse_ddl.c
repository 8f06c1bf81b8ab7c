/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/parser_internal.h"

/* ---- columns ---- */

static bool is_serial(Str type)
{
    return str_equal(type, STR("serial")) || str_equal(type, STR("bigserial"));
}

/* Anything in parentheses: CHECK (..), REFERENCES t (..), the options of IDENTITY. */
static Status skip_parentheses(Parser *parser)
{
    const Token *open = parser->token;
    int depth = 0;
    do {
        if (AT_SYMBOL(parser, "("))
            depth++;
        else if (AT_SYMBOL(parser, ")"))
            depth--;
        else if (parser->token->kind == TOKEN_END)
            return parser_expect_close(parser, open);
        parser_advance(parser);
    } while (depth > 0);
    return STATUS_OK;
}

/* ON DELETE|UPDATE CASCADE | RESTRICT | NO ACTION | SET NULL | SET DEFAULT */
static Status parse_reference_action(Parser *parser)
{
    if (!TAKE_WORD(parser, "delete"))
        TRY(EXPECT_WORD(parser, "update"));
    bool known = TAKE_WORD(parser, "cascade") || TAKE_WORD(parser, "restrict") ||
                 TAKE_WORDS(parser, "no", "action") || TAKE_WORDS(parser, "set", "null") ||
                 TAKE_WORDS(parser, "set", "default");
    return known ? STATUS_OK : parser_fail(parser, "CASCADE, RESTRICT, NO ACTION or SET NULL");
}

/* t [(columns)] [ON ..]: accepted and ignored */
static Status parse_references(Parser *parser)
{
    AstTableName ignored;
    TRY(parse_table_name(parser, &ignored));
    if (AT_SYMBOL(parser, "("))
        TRY(skip_parentheses(parser));
    while (TAKE_WORD(parser, "on"))
        TRY(parse_reference_action(parser));
    return STATUS_OK;
}

static Status parse_check(Parser *parser)
{
    return AT_SYMBOL(parser, "(") ? skip_parentheses(parser) : EXPECT_SYMBOL(parser, "(");
}

/* IDENTITY [(start, step)] */
static Status parse_identity(Parser *parser, AstColumnDef *column)
{
    column->auto_increment = true;
    return AT_SYMBOL(parser, "(") ? skip_parentheses(parser) : STATUS_OK;
}

/* GENERATED {ALWAYS | BY DEFAULT} AS IDENTITY [(..)] */
static Status parse_generated(Parser *parser, AstColumnDef *column)
{
    if (!TAKE_WORD(parser, "always") && !TAKE_WORDS(parser, "by", "default"))
        return parser_fail(parser, "ALWAYS or BY DEFAULT");
    TRY(EXPECT_WORD(parser, "as"));
    TRY(EXPECT_WORD(parser, "identity"));
    return parse_identity(parser, column);
}

/* What a column may say in words alone. */
static bool take_column_flag(Parser *parser, AstColumnDef *column)
{
    if (TAKE_WORDS(parser, "primary", "key"))
        column->primary_key = true;
    else if (TAKE_WORDS(parser, "not", "null"))
        column->not_null = true;
    else if (TAKE_WORD(parser, "null"))
        column->null_given = true;
    else if (TAKE_WORD(parser, "unique"))
        column->unique = true;
    else if (TAKE_WORD(parser, "auto_increment") || TAKE_WORD(parser, "autoincrement"))
        column->auto_increment = true;
    else
        return false;
    return true;
}

/* One constraint behind a column's type; *ret_none when there is none. */
static Status parse_column_constraint(Parser *parser, AstColumnDef *column, bool *ret_none)
{
    *ret_none = false;
    bool named = TAKE_WORD(parser, "constraint");
    if (named) {
        AstName ignored;
        TRY(parse_name(parser, "the name of a constraint", &ignored));
    }
    if (take_column_flag(parser, column))
        return STATUS_OK;
    if (TAKE_WORD(parser, "default"))
        return parse_expr(parser, &column->default_value);
    if (TAKE_WORD(parser, "check"))
        return parse_check(parser);
    if (TAKE_WORD(parser, "references"))
        return parse_references(parser);
    if (TAKE_WORD(parser, "generated"))
        return parse_generated(parser, column);
    if (TAKE_WORD(parser, "identity"))
        return parse_identity(parser, column);
    *ret_none = true;
    return named ? parser_fail(parser, "a constraint") : STATUS_OK;
}

static Status parse_column_def(Parser *parser, AstColumnDef *column)
{
    *column = (AstColumnDef){0};
    TRY(parse_name(parser, "a column name", &column->name));
    TRY(parse_type(parser, &column->type));
    column->auto_increment = is_serial(column->type.name);
    for (bool none = false; !none;)
        TRY(parse_column_constraint(parser, column, &none));
    return STATUS_OK;
}

/* ---- CREATE TABLE ---- */

static Status parse_primary_key(Parser *parser, AstCreateTable *create)
{
    if (create->primary_key.count)
        return fail_at(parser->ctx,
                       STATUS_INVALID_SQL,
                       parser_offset(parser),
                       "a table has one PRIMARY KEY, this one is the second");
    return parse_name_list(parser, &create->primary_key);
}

/* PRIMARY KEY (..), and what is accepted and ignored: UNIQUE, CHECK, FOREIGN KEY. */
static Status parse_table_constraint(Parser *parser, AstCreateTable *create, bool *ret_none)
{
    AstNameList ignored;
    *ret_none = false;
    bool named = TAKE_WORD(parser, "constraint");
    if (named) {
        AstName name;
        TRY(parse_name(parser, "the name of a constraint", &name));
    }
    if (TAKE_WORDS(parser, "primary", "key"))
        return parse_primary_key(parser, create);
    if (TAKE_WORD(parser, "unique"))
        return parse_name_list(parser, &ignored);
    if (TAKE_WORD(parser, "check"))
        return parse_check(parser);
    if (TAKE_WORDS(parser, "foreign", "key")) {
        TRY(parse_name_list(parser, &ignored));
        TRY(EXPECT_WORD(parser, "references"));
        return parse_references(parser);
    }
    *ret_none = true;
    return named ? parser_fail(parser, "a constraint") : STATUS_OK;
}

static Status parse_columns(Parser *parser, AstCreateTable *create)
{
    AstColumnDef *columns = NULL;
    size_t capacity = 0;
    const Token *open = parser->token;
    TRY(EXPECT_SYMBOL(parser, "("));
    do {
        bool none;
        TRY(parse_table_constraint(parser, create, &none));
        if (!none)
            continue;
        columns =
            arena_grow(parser->arena, columns, create->column_count, &capacity, sizeof(*columns));
        TRY(parse_column_def(parser, &columns[create->column_count++]));
    } while (TAKE_SYMBOL(parser, ","));
    create->columns = columns;
    return parser_expect_close(parser, open);
}

typedef struct OptionList {
    AstOption *items;
    size_t count;
    size_t capacity;
} OptionList;

static void add_option(Parser *parser, OptionList *list, uint32_t offset, Str key, Str value)
{
    list->items =
        arena_grow(parser->arena, list->items, list->count, &list->capacity, sizeof(AstOption));
    list->items[list->count++] = (AstOption){.key = key, .value = value, .offset = offset};
}

static Status parse_number_text(Parser *parser, Str *ret_text)
{
    if (parser->token->kind != TOKEN_NUMBER)
        return parser_fail(parser, "a number");
    *ret_text = parser->token->text;
    parser_advance(parser);
    return STATUS_OK;
}

/* FLUSH POLICY ROWS n | INTERVAL n [..] = FLUSH_POLICY 'rows:n,interval:n' */
static Status parse_flush_policy(Parser *parser, uint32_t offset, OptionList *list)
{
    Str policy = STR("");
    TRY(EXPECT_WORD(parser, "policy"));
    do {
        Str number = STR_NULL;
        bool rows = TAKE_WORD(parser, "rows");
        if (!rows)
            TRY(EXPECT_WORD(parser, "interval"));
        TRY(parse_number_text(parser, &number));
        policy = arena_printf(parser->arena,
                              "%.*s%s%s:%.*s",
                              STR_ARG(policy),
                              policy.len ? "," : "",
                              rows ? "rows" : "interval",
                              STR_ARG(number));
    } while (AT_WORD(parser, "rows") || AT_WORD(parser, "interval"));
    add_option(parser, list, offset, STR("flush_policy"), policy);
    return STATUS_OK;
}

/* The clauses of the first specification (decision 25); *ret_none when there is none. */
static Status parse_table_clause(Parser *parser, OptionList *list, bool *ret_none)
{
    uint32_t offset = parser_offset(parser);
    Str key = parser->token->text;
    Str value;
    *ret_none = false;
    if (TAKE_WORD(parser, "using")) {
        AstName ignored;
        return parse_name_or_string(parser, "a word", &ignored);
    }
    if (TAKE_WORD(parser, "flush"))
        return parse_flush_policy(parser, offset, list);
    if (TAKE_WORD(parser, "ephemeral")) {
        value = TAKE_WORD(parser, "false") ? STR("false") : STR("true");
        (void)TAKE_WORD(parser, "true");
        add_option(parser, list, offset, key, value);
        return STATUS_OK;
    }
    if (TAKE_WORD(parser, "storage") || TAKE_WORD(parser, "location")) {
        AstName storage;
        TRY(parse_name_or_string(parser, "a storage", &storage));
        add_option(parser, list, offset, key, storage.text);
        return STATUS_OK;
    }
    if (TAKE_WORD(parser, "retention") || TAKE_WORD(parser, "max_buffer")) {
        bool is_string = parser->token->kind == TOKEN_STRING;
        TRY(is_string ? parse_string(parser, "a number", &value)
                      : parse_number_text(parser, &value));
        add_option(parser, list, offset, key, value);
        return STATUS_OK;
    }
    *ret_none = true;
    return STATUS_OK;
}

static Status parse_table_options(Parser *parser, AstOptionList *ret_options)
{
    OptionList list = {0};
    for (bool none = false; !none;) {
        if (!TAKE_WORD(parser, "with")) {
            TRY(parse_table_clause(parser, &list, &none));
            continue;
        }
        AstOptionList given;
        TRY(parse_options(parser, &given));
        for (size_t i = 0; i < given.count; i++)
            add_option(
                parser, &list, given.items[i].offset, given.items[i].key, given.items[i].value);
    }
    *ret_options = (AstOptionList){list.items, list.count};
    return STATUS_OK;
}

static AstTableKind take_table_kind(Parser *parser)
{
    return TAKE_WORD(parser, "user")     ? AST_TABLE_USER
           : TAKE_WORD(parser, "shared") ? AST_TABLE_SHARED
           : TAKE_WORD(parser, "stream") ? AST_TABLE_STREAM
                                         : AST_TABLE_UNSPECIFIED;
}

/* USER, SHARED or STREAM TABLE, or TABLE */
static bool at_table(const Parser *parser)
{
    const Token *token = parser->token;
    bool kind = at_word_of(token, STR("user")) || at_word_of(token, STR("shared")) ||
                at_word_of(token, STR("stream"));
    return at_word_of(token + kind, STR("table"));
}

static Status parse_create_table(Parser *parser, AstStatement *statement)
{
    AstCreateTable *create = &statement->create_table;
    statement->kind = AST_CREATE_TABLE;
    create->table_kind = take_table_kind(parser);
    TRY(EXPECT_WORD(parser, "table"));
    create->if_not_exists = parse_if_not_exists(parser);
    TRY(parse_table_name(parser, &create->table));
    TRY(parse_columns(parser, create));
    return parse_table_options(parser, &create->options);
}

/* ---- ALTER TABLE ---- */

/* [COLUMN] c TYPE t | SET|DROP NOT NULL | SET DEFAULT x | DROP DEFAULT */
static Status parse_alter_column(Parser *parser, AstAlterTable *alter)
{
    (void)TAKE_WORD(parser, "column");
    TRY(parse_name(parser, "a column name", &alter->column.name));
    if (TAKE_WORD(parser, "type") || TAKE_WORDS(parser, "set", "type")) {
        alter->alter = AST_ALTER_MODIFY_COLUMN;
        return parse_type(parser, &alter->column.type);
    }
    if (TAKE_WORDS(parser, "set", "default")) {
        alter->alter = AST_ALTER_SET_DEFAULT;
        return parse_expr(parser, &alter->column.default_value);
    }
    if (TAKE_WORDS(parser, "drop", "default")) {
        alter->alter = AST_ALTER_DROP_DEFAULT;
        return STATUS_OK;
    }
    bool set = TAKE_WORD(parser, "set");
    if (!set && !TAKE_WORD(parser, "drop"))
        return parser_fail(parser, "SET, DROP or TYPE");
    alter->alter = set ? AST_ALTER_SET_NOT_NULL : AST_ALTER_DROP_NOT_NULL;
    return TAKE_WORDS(parser, "not", "null") ? STATUS_OK
                                             : parser_fail(parser, "NOT NULL or DEFAULT");
}

/* CREATE|DROP [VECTOR] INDEX column [USING word] */
static Status parse_alter_index(Parser *parser, AstAlterTable *alter)
{
    (void)TAKE_WORD(parser, "vector");
    TRY(EXPECT_WORD(parser, "index"));
    TRY(parse_name(parser, "a column name", &alter->column.name));
    if (!TAKE_WORD(parser, "using"))
        return STATUS_OK;
    return parse_name(parser, "COSINE, L2 or DOT", &alter->new_name);
}

/* SET TBLPROPERTIES (..), SET OPTIONS (..), SET (..), SET ACCESS LEVEL word */
static Status parse_alter_set(Parser *parser, AstAlterTable *alter)
{
    alter->alter = AST_ALTER_SET_OPTIONS;
    uint32_t offset = parser_offset(parser);
    if (!TAKE_WORDS(parser, "access", "level")) {
        if (!TAKE_WORD(parser, "tblproperties"))
            (void)TAKE_WORD(parser, "options");
        return parse_options(parser, &alter->options);
    }
    AstName level;
    OptionList list = {0};
    TRY(parse_name_or_string(parser, "an access level", &level));
    add_option(parser, &list, offset, STR("access_level"), level.text);
    alter->options = (AstOptionList){list.items, list.count};
    return STATUS_OK;
}

static Status parse_alter_drop(Parser *parser, AstAlterTable *alter)
{
    if (AT_WORD(parser, "index") || AT_WORDS(parser, "vector", "index")) {
        alter->alter = AST_ALTER_DROP_INDEX;
        return parse_alter_index(parser, alter);
    }
    alter->alter = AST_ALTER_DROP_COLUMN;
    (void)TAKE_WORD(parser, "column");
    return parse_name(parser, "a column name", &alter->column.name);
}

static Status parse_alter_rename(Parser *parser, AstAlterTable *alter)
{
    alter->alter = AST_ALTER_RENAME_COLUMN;
    (void)TAKE_WORD(parser, "column");
    TRY(parse_name(parser, "a column name", &alter->column.name));
    TRY(EXPECT_WORD(parser, "to"));
    return parse_name(parser, "a column name", &alter->new_name);
}

static Status parse_alter_table(Parser *parser, AstStatement *statement)
{
    AstAlterTable *alter = &statement->alter_table;
    statement->kind = AST_ALTER_TABLE;
    (void)take_table_kind(parser);
    TRY(EXPECT_WORD(parser, "table"));
    TRY(parse_table_name(parser, &alter->table));
    if (TAKE_WORD(parser, "add")) {
        (void)TAKE_WORD(parser, "column");
        return parse_column_def(parser, &alter->column);
    }
    if (TAKE_WORD(parser, "modify")) {
        alter->alter = AST_ALTER_MODIFY_COLUMN;
        (void)TAKE_WORD(parser, "column");
        return parse_column_def(parser, &alter->column);
    }
    if (TAKE_WORD(parser, "create")) {
        alter->alter = AST_ALTER_CREATE_INDEX;
        return parse_alter_index(parser, alter);
    }
    if (TAKE_WORD(parser, "drop"))
        return parse_alter_drop(parser, alter);
    if (TAKE_WORD(parser, "rename"))
        return parse_alter_rename(parser, alter);
    if (TAKE_WORD(parser, "alter"))
        return parse_alter_column(parser, alter);
    if (TAKE_WORD(parser, "set"))
        return parse_alter_set(parser, alter);
    return parser_fail(parser, "ADD, DROP, RENAME, MODIFY, ALTER, SET or CREATE INDEX");
}

/* ---- namespaces, users, storages, views ---- */

static Status parse_role(Parser *parser, AstName *ret_role)
{
    TRY(parse_name_or_string(parser, "a role", ret_role));
    return STATUS_OK;
}

/* PASSWORD 'p' | OAUTH '{..}' | INTERNAL */
static Status parse_credentials(Parser *parser, AstUser *user)
{
    if (TAKE_WORD(parser, "password"))
        return parse_string(parser, "a password in quotes", &user->password);
    if (TAKE_WORD(parser, "oauth"))
        return parse_string(parser, "JSON in quotes", &user->oauth);
    user->internal = TAKE_WORD(parser, "internal");
    return user->internal ? STATUS_OK : parser_fail(parser, "PASSWORD, OAUTH or INTERNAL");
}

static Status parse_create_user(Parser *parser, AstStatement *statement)
{
    AstUser *user = &statement->user;
    statement->kind = AST_CREATE_USER;
    TRY(parse_name_or_string(parser, "a user name", &user->user));
    TRY(EXPECT_WORD(parser, "with"));
    TRY(parse_credentials(parser, user));
    TRY(EXPECT_WORD(parser, "role"));
    TRY(parse_role(parser, &user->role));
    if (TAKE_WORD(parser, "email"))
        return parse_string(parser, "an address in quotes", &user->email);
    return STATUS_OK;
}

static Status parse_alter_user(Parser *parser, AstStatement *statement)
{
    AstUser *user = &statement->user;
    statement->kind = AST_ALTER_USER;
    TRY(parse_name_or_string(parser, "a user name", &user->user));
    TRY(EXPECT_WORD(parser, "set"));
    if (TAKE_WORD(parser, "password"))
        return parse_string(parser, "a password in quotes", &user->password);
    if (TAKE_WORD(parser, "role"))
        return parse_role(parser, &user->role);
    if (TAKE_WORD(parser, "email"))
        return parse_string(parser, "an address in quotes", &user->email);
    return parser_fail(parser, "PASSWORD, ROLE or EMAIL");
}

static bool is_storage_clause(Str word)
{
    static const Str WORDS[] = {
        STR_INIT("type"),
        STR_INIT("name"),
        STR_INIT("description"),
        STR_INIT("path"),
        STR_INIT("bucket"),
        STR_INIT("base_directory"),
        STR_INIT("region"),
        STR_INIT("config"),
        STR_INIT("shared_tables_template"),
        STR_INIT("credentials"),
        STR_INIT("user_tables_template"),
    };
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(*WORDS); i++)
        if (str_equal(word, WORDS[i]))
            return true;
    return false;
}

/* Clauses `WORD 'text'` in any order, each behind SET in ALTER; the words become option keys. */
static Status parse_storage_clauses(Parser *parser, bool set, AstOptionList *ret_options)
{
    OptionList list = {0};
    while (set ? TAKE_WORD(parser, "set") : parser->token->kind == TOKEN_WORD) {
        const Token *word = parser->token;
        if (word->kind != TOKEN_WORD || !is_storage_clause(word->text))
            return parser_fail(parser, "TYPE, NAME, DESCRIPTION, PATH, BUCKET, REGION, CONFIG ..");
        AstName value;
        parser_advance(parser);
        TRY(parse_name_or_string(parser, "a value in quotes", &value));
        add_option(parser, &list, word->offset, word->text, value.text);
    }
    if (set && list.count == 0)
        return parser_fail(parser, "SET");
    *ret_options = (AstOptionList){list.items, list.count};
    return STATUS_OK;
}

static Status parse_storage(Parser *parser, AstStatement *statement, AstKind kind)
{
    AstStorage *storage = &statement->storage;
    statement->kind = kind;
    if (kind == AST_DROP_STORAGE)
        storage->if_exists = parse_if_exists(parser);
    TRY(parse_name_or_string(parser, "a storage id", &storage->id));
    if (kind == AST_DROP_STORAGE)
        return STATUS_OK;
    return parse_storage_clauses(parser, kind == AST_ALTER_STORAGE, &storage->options);
}

static Status parse_create_view(Parser *parser, AstStatement *statement, bool or_replace)
{
    AstView *view = &statement->view;
    statement->kind = AST_CREATE_VIEW;
    view->or_replace = or_replace;
    TRY(parse_table_name(parser, &view->name));
    TRY(EXPECT_WORD(parser, "as"));
    uint32_t start = parser->token->offset;
    TRY(parse_select(parser, &view->select));
    view->text = str_from(parser->text.ptr + start, parser->token[-1].end - start);
    return STATUS_OK;
}

/* ---- CREATE, ALTER, DROP ---- */

Status parse_create(Parser *parser, AstStatement *statement)
{
    const Token *start = parser->token - 1;
    if (at_table(parser))
        return parse_create_table(parser, statement);
    if (TAKE_WORD(parser, "namespace")) {
        statement->kind = AST_CREATE_NAMESPACE;
        statement->space.if_not_exists = parse_if_not_exists(parser);
        return parse_namespace_name(parser, &statement->space.name);
    }
    if (TAKE_WORD(parser, "user"))
        return parse_create_user(parser, statement);
    if (TAKE_WORD(parser, "storage"))
        return parse_storage(parser, statement, AST_CREATE_STORAGE);
    bool or_replace = TAKE_WORDS(parser, "or", "replace");
    if (TAKE_WORD(parser, "view"))
        return parse_create_view(parser, statement, or_replace);
    return parser_fail_unsupported(parser, start, "CREATE ");
}

Status parse_alter(Parser *parser, AstStatement *statement)
{
    const Token *start = parser->token - 1;
    if (at_table(parser))
        return parse_alter_table(parser, statement);
    if (TAKE_WORD(parser, "namespace")) {
        statement->kind = AST_ALTER_NAMESPACE;
        TRY(parse_namespace_name(parser, &statement->space.name));
        TRY(EXPECT_WORD(parser, "set"));
        TRY(EXPECT_WORD(parser, "options"));
        return parse_options(parser, &statement->space.options);
    }
    if (TAKE_WORD(parser, "user"))
        return parse_alter_user(parser, statement);
    if (TAKE_WORD(parser, "storage"))
        return parse_storage(parser, statement, AST_ALTER_STORAGE);
    return parser_fail_unsupported(parser, start, "ALTER ");
}

static Status parse_drop_table(Parser *parser, AstStatement *statement)
{
    AstDropTable *drop = &statement->drop_table;
    statement->kind = AST_DROP_TABLE;
    drop->table_kind = take_table_kind(parser);
    TRY(EXPECT_WORD(parser, "table"));
    drop->if_exists = parse_if_exists(parser);
    TRY(parse_table_name(parser, &drop->table));
    drop->force = TAKE_WORD(parser, "force");
    return STATUS_OK;
}

static Status parse_drop_namespace(Parser *parser, AstStatement *statement)
{
    AstNamespace *space = &statement->space;
    statement->kind = AST_DROP_NAMESPACE;
    space->if_exists = parse_if_exists(parser);
    TRY(parse_namespace_name(parser, &space->name));
    space->cascade = TAKE_WORD(parser, "cascade");
    return STATUS_OK;
}

Status parse_drop(Parser *parser, AstStatement *statement)
{
    const Token *start = parser->token - 1;
    if (at_table(parser))
        return parse_drop_table(parser, statement);
    if (TAKE_WORD(parser, "namespace"))
        return parse_drop_namespace(parser, statement);
    if (TAKE_WORD(parser, "user")) {
        statement->kind = AST_DROP_USER;
        statement->user.if_exists = parse_if_exists(parser);
        return parse_name_or_string(parser, "a user name", &statement->user.user);
    }
    if (TAKE_WORD(parser, "storage"))
        return parse_storage(parser, statement, AST_DROP_STORAGE);
    if (TAKE_WORD(parser, "view")) {
        statement->kind = AST_DROP_VIEW;
        statement->view.if_exists = parse_if_exists(parser);
        return parse_table_name(parser, &statement->view.name);
    }
    return parser_fail_unsupported(parser, start, "DROP ");
}
