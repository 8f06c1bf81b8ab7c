/* SPDX-License-Identifier: Apache-2.0 */
#include "value/type.h"

#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>

#include <cmocka.h>

static Type type_of(const char *name, const int64_t *args, size_t arg_count)
{
    CLEANUP(context_done) Context ctx = {0};
    Type type = TYPE(NULL);
    assert_int_equal(type_from_sql(&ctx, str_from_c(name), args, arg_count, &type), STATUS_OK);
    return type;
}

static void every_sql_name_has_its_type(void **state)
{
    (void)state;
    static const struct {
        TypeKind kind;
        const char *names[12];
    } CASES[] = {
        {TYPE_BOOLEAN, {"boolean", "bool", "BOOL"}},
        {TYPE_SMALLINT, {"smallint", "int2"}},
        {TYPE_INT, {"int", "integer", "int4", "mediumint", "signed", "serial"}},
        {TYPE_BIGINT, {"bigint", "int8", "bigserial"}},
        {TYPE_FLOAT, {"float", "real", "float4"}},
        {TYPE_DOUBLE, {"double", "double precision", "float8"}},
        {TYPE_TEXT, {"text", "varchar", "char", "string", "character varying"}},
        {TYPE_JSON, {"json", "jsonb"}},
        {TYPE_BYTES, {"bytea", "bytes", "blob", "binary", "varbinary"}},
        {TYPE_DATE, {"date"}},
        {TYPE_TIME, {"time"}},
        {TYPE_TIMESTAMP, {"timestamp", "timestamptz", "timestamp with time zone"}},
        {TYPE_DATETIME, {"datetime"}},
        {TYPE_UUID, {"uuid"}},
        {TYPE_DECIMAL, {"decimal", "numeric"}},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++)
        for (size_t name = 0; CASES[i].names[name]; name++)
            assert_int_equal(type_of(CASES[i].names[name], NULL, 0).kind, CASES[i].kind);
}

static void arguments_shape_decimal_and_float(void **state)
{
    (void)state;
    Type plain = type_of("decimal", NULL, 0);
    assert_true(type_equal(plain, (Type){TYPE_DECIMAL, 38, 10}));
    assert_true(type_equal(type_of("numeric", (int64_t[]){5}, 1), (Type){TYPE_DECIMAL, 5, 0}));
    assert_true(type_equal(type_of("decimal", (int64_t[]){10, 2}, 2), (Type){TYPE_DECIMAL, 10, 2}));
    assert_true(type_equal(type_of("varchar", (int64_t[]){20}, 1), TYPE(TEXT)));
    assert_true(type_equal(type_of("timestamp", (int64_t[]){3}, 1), TYPE(TIMESTAMP)));
    assert_true(type_equal(type_of("float", (int64_t[]){24}, 1), TYPE(FLOAT)));
    assert_true(type_equal(type_of("float", (int64_t[]){25}, 1), TYPE(DOUBLE)));
}

static void assert_refused(const char *name, const int64_t *args, size_t arg_count)
{
    CLEANUP(context_done) Context ctx = {0};
    Type type;
    assert_int_equal(type_from_sql(&ctx, str_from_c(name), args, arg_count, &type),
                     STATUS_INVALID_SQL);
    assert_true(ctx.message.len > 0);
}

static void unknown_types_and_wrong_arguments_are_refused(void **state)
{
    (void)state;
    assert_refused("tinyint", NULL, 0);
    assert_refused("int unsigned", NULL, 0);
    assert_refused("", NULL, 0);
    assert_refused("embedding", (int64_t[]){3}, 1);
    assert_refused("decimal", (int64_t[]){0}, 1);
    assert_refused("decimal", (int64_t[]){39}, 1);
    assert_refused("decimal", (int64_t[]){5, 6}, 2);
    assert_refused("decimal", (int64_t[]){5, -1}, 2);
    assert_refused("decimal", (int64_t[]){5, 1, 1}, 3);
    assert_refused("int", (int64_t[]){11}, 1);
    assert_refused("float", (int64_t[]){54}, 1);
    assert_refused("varchar", (int64_t[]){-1}, 1);
}

static Str json_name(Buf *buf, Type type)
{
    buf_clear(buf);
    type_write_json(buf, type);
    return buf_str(buf);
}

static void names_are_those_of_the_protocol(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    CLEANUP(buf_done) Buf buf = {0};
    Type decimal = {TYPE_DECIMAL, 10, 2};
    assert_true(str_equal(json_name(&buf, TYPE(BIGINT)), STR("\"BigInt\"")));
    assert_true(str_equal(json_name(&buf, TYPE(DATETIME)), STR("\"DateTime\"")));
    assert_true(str_equal(json_name(&buf, TYPE(NULL)), STR("\"Text\"")));
    assert_true(
        str_equal(json_name(&buf, decimal), STR("{\"Decimal\":{\"precision\":10,\"scale\":2}}")));
    assert_true(str_equal(type_to_sql(&arena, decimal), STR("DECIMAL(10,2)")));
    assert_true(str_equal(type_to_sql(&arena, TYPE(INT)), STR("INT")));
    assert_true(str_equal(type_display_name(&arena, decimal), STR("Decimal(10, 2)")));
    assert_true(str_equal(type_arrow_name(&arena, TYPE(BIGINT)), STR("Int64")));
    assert_true(str_equal(type_arrow_name(&arena, TYPE(TEXT)), STR("Utf8")));
    assert_true(str_equal(type_arrow_name(&arena, TYPE(TIMESTAMP)), STR("Timestamp(µs)")));
    assert_true(str_equal(type_arrow_name(&arena, decimal), STR("Decimal128(10, 2)")));
}

static void every_written_name_reads_back(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    CLEANUP(buf_done) Buf buf = {0};
    for (int kind = TYPE_BOOLEAN; kind < TYPE_KIND_COUNT; kind++) {
        Type type = {.kind = (TypeKind)kind};
        if (kind == TYPE_DECIMAL)
            type = (Type){TYPE_DECIMAL, 38, 38};
        Type json = TYPE(NULL), display = TYPE(NULL);
        assert_true(type_from_display_name(json_name(&buf, type), &json));
        assert_true(type_from_display_name(type_display_name(&arena, type), &display));
        assert_true(type_equal(json, type) && type_equal(display, type));
    }
}

static void other_names_do_not_read_back(void **state)
{
    (void)state;
    static const char *const NAMES[] = {
        "",
        "\"",
        "bigint",
        "Decimal",
        "Decimal(",
        "Decimal(10",
        "Decimal(10, )",
        "Decimal(10, 2",
        "Decimal(10, 2))",
        "Decimal(39, 2)",
        "Decimal(5, 6)",
        "Decimal(0, 0)",
        "Decimal(100, 2)",
        "{\"Decimal\":{\"precision\":10,\"scale\":2}",
        "{\"Decimal\":{\"precision\":10}}",
    };
    Type type;
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
        assert_false(type_from_display_name(str_from_c(NAMES[i]), &type));
}

static void kinds_are_classified(void **state)
{
    (void)state;
    assert_true(type_is_integer(TYPE_SMALLINT) && type_is_integer(TYPE_BIGINT));
    assert_false(type_is_integer(TYPE_DECIMAL) || type_is_integer(TYPE_DATE));
    assert_true(type_is_number(TYPE_DECIMAL) && type_is_number(TYPE_FLOAT));
    assert_false(type_is_number(TYPE_BOOLEAN) || type_is_number(TYPE_TEXT));
    assert_true(type_is_temporal(TYPE_TIME) && type_is_temporal(TYPE_DATETIME));
    assert_false(type_is_temporal(TYPE_BIGINT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sql_name_has_its_type),
        cmocka_unit_test(arguments_shape_decimal_and_float),
        cmocka_unit_test(unknown_types_and_wrong_arguments_are_refused),
        cmocka_unit_test(names_are_those_of_the_protocol),
        cmocka_unit_test(every_written_name_reads_back),
        cmocka_unit_test(other_names_do_not_read_back),
        cmocka_unit_test(kinds_are_classified),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("type", tests, NULL, NULL);
}
