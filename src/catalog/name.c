/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/catalog_parts.h"

static const Str RESERVED_NAMESPACES[] = {
    STR_INIT("system"),
    STR_INIT("sys"),
    STR_INIT("root"),
    STR_INIT("kalamdb"),
    STR_INIT("kalam"),
    STR_INIT("main"),
    STR_INIT("default"),
    STR_INIT("sql"),
    STR_INIT("admin"),
    STR_INIT("internal"),
    STR_INIT("information_schema"),
    STR_INIT("pg_catalog"),
    STR_INIT("datafusion"),
};

static const Str RESERVED_COLUMNS[] = {
    STR_INIT("_seq"),
    STR_INIT("_deleted"),
    STR_INIT("_id"),
    STR_INIT("_row_id"),
    STR_INIT("_rowid"),
    STR_INIT("_key"),
    STR_INIT("_updated"),
    STR_INIT("_created"),
    STR_INIT("_timestamp"),
    STR_INIT("_version"),
    STR_INIT("_hash"),
};

/* The words that give a statement its structure; "user", "timestamp" or "key" stay free to use. */
static const Str KEYWORDS[] = {
    STR_INIT("all"),     STR_INIT("alter"),   STR_INIT("and"),    STR_INIT("as"),
    STR_INIT("asc"),     STR_INIT("between"), STR_INIT("by"),     STR_INIT("case"),
    STR_INIT("cast"),    STR_INIT("create"),  STR_INIT("cross"),  STR_INIT("delete"),
    STR_INIT("desc"),    STR_INIT("drop"),    STR_INIT("else"),   STR_INIT("end"),
    STR_INIT("except"),  STR_INIT("exists"),  STR_INIT("false"),  STR_INIT("from"),
    STR_INIT("full"),    STR_INIT("group"),   STR_INIT("having"), STR_INIT("ilike"),
    STR_INIT("in"),      STR_INIT("inner"),   STR_INIT("insert"), STR_INIT("intersect"),
    STR_INIT("into"),    STR_INIT("is"),      STR_INIT("join"),   STR_INIT("left"),
    STR_INIT("like"),    STR_INIT("limit"),   STR_INIT("not"),    STR_INIT("null"),
    STR_INIT("on"),      STR_INIT("or"),      STR_INIT("order"),  STR_INIT("outer"),
    STR_INIT("primary"), STR_INIT("right"),   STR_INIT("select"), STR_INIT("table"),
    STR_INIT("then"),    STR_INIT("true"),    STR_INIT("union"),  STR_INIT("unique"),
    STR_INIT("update"),  STR_INIT("using"),   STR_INIT("when"),   STR_INIT("where"),
    STR_INIT("with"),
};

#define LIST_HAS(list, word) list_has((list), sizeof(list) / sizeof((list)[0]), (word))

static bool list_has(const Str *list, size_t count, Str word)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal_nocase(list[i], word))
            return true;
    return false;
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_letter(char c)
{
    return is_lower(ascii_lower(c));
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static Status check_length(Context *ctx, const char *what, AstName name)
{
    if (name.text.len == 0)
        return fail_at(ctx, STATUS_INVALID_SQL, name.offset, "%s name is empty", what);
    if (name.text.len > NAME_LENGTH_MAX)
        return fail_at(ctx,
                       STATUS_INVALID_SQL,
                       name.offset,
                       "%s name '%.*s..' is longer than %d characters",
                       what,
                       NAME_LENGTH_MAX,
                       name.text.ptr,
                       NAME_LENGTH_MAX);
    return STATUS_OK;
}

static Status check_lower_case(Context *ctx, const char *what, AstName name)
{
    TRY(check_length(ctx, what, name));
    if (!is_lower(name.text.ptr[0]))
        return fail_at(ctx,
                       STATUS_INVALID_SQL,
                       name.offset,
                       "%s name '%.*s' must start with a lower-case letter",
                       what,
                       STR_ARG(name.text));
    for (size_t i = 0; i < name.text.len; i++) {
        char c = name.text.ptr[i];
        if (!is_lower(c) && !is_digit(c) && c != '_')
            return fail_at(ctx,
                           STATUS_INVALID_SQL,
                           name.offset,
                           "%s name '%.*s' may hold lower-case letters, digits and _ only",
                           what,
                           STR_ARG(name.text));
    }
    return STATUS_OK;
}

Status name_check_namespace(Context *ctx, AstName name)
{
    return check_lower_case(ctx, "Namespace", name);
}

Status name_check_table(Context *ctx, AstName name)
{
    return check_lower_case(ctx, "Table", name);
}

Status name_check_column(Context *ctx, AstName name)
{
    TRY(check_length(ctx, "Column", name));
    Str text = name.text;
    if (LIST_HAS(RESERVED_COLUMNS, text))
        return fail_at(ctx,
                       STATUS_INVALID_SQL,
                       name.offset,
                       "Cannot add column '%.*s': reserved system column name",
                       STR_ARG(text));
    if (!is_letter(text.ptr[0]))
        return fail_at(ctx,
                       STATUS_INVALID_SQL,
                       name.offset,
                       "Column name '%.*s' must start with a letter",
                       STR_ARG(text));
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!is_letter(c) && !is_digit(c) && c != '_')
            return fail_at(ctx,
                           STATUS_INVALID_SQL,
                           name.offset,
                           "Column name '%.*s' may hold letters, digits and _ only",
                           STR_ARG(text));
    }
    if (LIST_HAS(KEYWORDS, text))
        return fail_at(ctx,
                       STATUS_INVALID_SQL,
                       name.offset,
                       "Column name '%.*s' is a SQL keyword",
                       STR_ARG(text));
    return STATUS_OK;
}

bool namespace_is_reserved(Str name)
{
    return LIST_HAS(RESERVED_NAMESPACES, name);
}

Status user_id_check(Context *ctx, Str id)
{
    if (id.len == 0 || id.len > USER_ID_LENGTH_MAX)
        return fail(ctx,
                    STATUS_INVALID_SQL,
                    "User name must have 1 to %d characters, not %zu",
                    USER_ID_LENGTH_MAX,
                    id.len);
    static const Str MARKS = STR_INIT("_-.@:");
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        if (!is_letter(c) && !is_digit(c) && str_find_byte(MARKS, c) == MARKS.len)
            return fail(ctx,
                        STATUS_INVALID_SQL,
                        "User name '%.*s' may hold letters, digits and _ - . @ : only",
                        STR_ARG(id));
    }
    return STATUS_OK;
}
