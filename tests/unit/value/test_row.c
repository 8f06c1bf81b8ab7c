/* SPDX-License-Identifier: Apache-2.0 */
#include "value/row.h"

#include "random_values.h"

enum { COLUMNS_MAX = 24 };

/* A layout with room of its own. */
typedef struct TestLayout {
    RowLayout layout;
    RowColumn columns[COLUMNS_MAX];
} TestLayout;

static void random_layout(TestLayout *test)
{
    uint32_t id = (uint32_t)dice_below(3);
    uint32_t count = (uint32_t)dice_below(COLUMNS_MAX + 1);
    for (uint32_t i = 0; i < count; i++) {
        test->columns[i] = (RowColumn){.id = id, .type = random_type(), .missing = VALUE_NULL};
        id += 1 + (uint32_t)dice_below(dice_below(4) == 0 ? 300 : 2);
    }
    test->layout = (RowLayout){count, test->columns};
}

static void random_row(Arena *arena, const RowLayout *layout, Value *values)
{
    for (uint32_t i = 0; i < layout->count; i++)
        values[i] = dice_below(5) == 0 ? VALUE_NULL : random_value(arena, layout->columns[i].type);
}

static bool same_or_null(const Value *a, const Value *b)
{
    return value_is_null(a) ? value_is_null(b) : same_value(a, b);
}

static void rows_read_back_under_their_own_layout(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        CLEANUP(context_done) Context ctx = {0};
        CLEANUP(buf_done) Buf buf = {0};
        TestLayout test;
        Value values[COLUMNS_MAX], read[COLUMNS_MAX];
        random_layout(&test);
        random_row(&ctx.arena, &test.layout, values);
        row_encode(&buf, &test.layout, values);
        assert_int_equal(row_decode(&ctx, buf_str(&buf), &test.layout, read), STATUS_OK);
        for (uint32_t c = 0; c < test.layout.count; c++)
            assert_true(same_or_null(&values[c], &read[c]));
    }
}

/* A type that holds every value of `type`. */
static Type widened(Type type)
{
    switch (type.kind) {
    case TYPE_SMALLINT:
        return dice() & 1 ? TYPE(INT) : TYPE(DOUBLE);
    case TYPE_INT:
        return dice() & 1 ? TYPE(BIGINT) : (Type){TYPE_DECIMAL, 38, 10};
    case TYPE_FLOAT:
        return TYPE(DOUBLE);
    case TYPE_DECIMAL:
        if (type.precision < DECIMAL_PRECISION_MAX)
            return (Type){TYPE_DECIMAL, (uint8_t)(type.precision + 1), (uint8_t)(type.scale + 1)};
        return type;
    case TYPE_UUID:
    case TYPE_BOOLEAN:
        return TYPE(TEXT);
    default:
        return type;
    }
}

/* What the new layout must answer for a column: the model. */
static Value
expected_value(Context *ctx, const TestLayout *old, const Value *values, const RowColumn *column)
{
    for (uint32_t i = 0; i < old->layout.count; i++) {
        Value converted = VALUE_NULL;
        if (old->columns[i].id != column->id)
            continue;
        assert_int_equal(value_cast(ctx, &values[i], column->type, &converted), STATUS_OK);
        return converted;
    }
    return column->missing;
}

/* Drops, keeps and widens columns of `old`, and adds new ones in between and behind. */
static void altered_layout(Arena *arena, const TestLayout *old, TestLayout *test)
{
    uint32_t count = 0, id = 0;
    for (uint32_t i = 0; i <= old->layout.count; i++) {
        uint32_t next_id = i < old->layout.count ? old->columns[i].id : UINT32_MAX;
        for (; id < next_id && count < COLUMNS_MAX && dice_below(3) == 0; id++) {
            Type type = random_type();
            Value missing = dice() & 1 ? random_value(arena, type) : VALUE_NULL;
            test->columns[count++] = (RowColumn){id, type, missing};
        }
        if (i == old->layout.count)
            break;
        id = next_id + 1;
        if (count < COLUMNS_MAX && dice_below(4) > 0) {
            test->columns[count] = old->columns[i];
            if (dice_below(3) == 0)
                test->columns[count].type = widened(old->columns[i].type);
            count++;
        }
    }
    test->layout = (RowLayout){count, test->columns};
}

static void rows_read_back_under_a_changed_layout(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        CLEANUP(context_done) Context ctx = {0};
        CLEANUP(buf_done) Buf buf = {0};
        TestLayout old, changed;
        Value values[COLUMNS_MAX], read[COLUMNS_MAX];
        random_layout(&old);
        random_row(&ctx.arena, &old.layout, values);
        row_encode(&buf, &old.layout, values);
        altered_layout(&ctx.arena, &old, &changed);
        assert_int_equal(row_decode(&ctx, buf_str(&buf), &changed.layout, read), STATUS_OK);
        for (uint32_t c = 0; c < changed.layout.count; c++) {
            Value expected = expected_value(&ctx, &old, values, &changed.columns[c]);
            assert_true(same_or_null(&expected, &read[c]));
        }
    }
}

static void text_is_borrowed_from_the_row(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(buf_done) Buf buf = {0};
    RowColumn column = {.id = 1, .type = TYPE(TEXT)};
    RowLayout layout = {1, &column};
    Value value = value_text(STR("borrowed")), read;
    row_encode(&buf, &layout, &value);
    assert_int_equal(row_decode(&ctx, buf_str(&buf), &layout, &read), STATUS_OK);
    assert_true(read.text.ptr > buf.ptr && read.text.ptr < buf.ptr + buf.len);
}

static void the_bytes_of_a_row_are_fixed(void **state)
{
    (void)state;
    CLEANUP(buf_done) Buf buf = {0};
    const RowColumn columns[] = {
        {.id = 1, .type = TYPE(BIGINT)},
        {.id = 2, .type = TYPE(TEXT)},
        {.id = 3, .type = TYPE(BOOLEAN)},
        {.id = 4, .type = TYPE(BOOLEAN)},
        {.id = 5, .type = TYPE(TEXT)},
        {.id = 105, .type = {TYPE_DECIMAL, 10, 2}},
    };
    const Value values[] = {value_bigint(-3),
                            value_text(STR("hi")),
                            value_boolean(true),
                            value_boolean(false),
                            VALUE_NULL,
                            value_decimal(-150, 2)};
    row_encode(&buf, &(RowLayout){6, columns}, values);
    assert_true(str_equal(buf_str(&buf),
                          STR("\x01"
                              "\x44\x05"
                              "\x28\x02hi"
                              "\x3f"
                              "\x21"
                              "\x20"
                              "\x07\x64\x02\xab\x02")));
}

static void a_value_that_does_not_convert_is_corruption(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(buf_done) Buf buf = {0};
    RowColumn column = {.id = 1, .type = TYPE(TEXT)};
    RowLayout layout = {1, &column};
    Value value = value_text(STR("abc")), read;
    row_encode(&buf, &layout, &value);
    column.type = TYPE(INT);
    assert_int_equal(row_decode(&ctx, buf_str(&buf), &layout, &read), STATUS_CORRUPT);
}

static void assert_corrupt(Str bytes)
{
    CLEANUP(context_done) Context ctx = {0};
    RowColumn column = {.id = 1, .type = TYPE(BIGINT)};
    Value value;
    assert_int_equal(row_decode(&ctx, bytes, &(RowLayout){1, &column}, &value), STATUS_CORRUPT);
    assert_true(ctx.message.len > 0);
}

static void damaged_rows_are_refused(void **state)
{
    (void)state;
    assert_corrupt(STR(""));
    assert_corrupt(STR("\x02"));
    assert_corrupt(STR("\x01\x44"));                                         /* no payload */
    assert_corrupt(STR("\x01\x44\x80"));                                     /* open varint */
    assert_corrupt(STR("\x01\x44\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02")); /* 65 bits */
    assert_corrupt(STR("\x01\x04\x00"));                                     /* no delta */
    assert_corrupt(STR("\x01\x5e"));                                         /* unknown tag */
    assert_corrupt(STR("\x01\x04\xff\xff\xff\xff\x7f\x00"));                 /* id too large */
    assert_corrupt(STR("\x01\x48\x05hell"));                                 /* text too long */
    assert_corrupt(STR("\x01\x42\x80\x80\x04"));                             /* SMALLINT 32768 */
    assert_corrupt(STR("\x01\x47\x27\x00"));                                 /* scale 39 */
    assert_corrupt(STR("\x01\x4f"
                       "0123456789abcde")); /* short UUID */
    assert_corrupt(STR("\x01\x47\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
                       "\xff\xff\xff\xff\xff"));
}

/* Every damaged row is either refused or read, never read past its end. */
static void random_damage_is_survived(void **state)
{
    (void)state;
    for (int i = 0; i < 50000; i++) {
        CLEANUP(context_done) Context ctx = {0};
        CLEANUP(buf_done) Buf buf = {0};
        TestLayout test;
        Value values[COLUMNS_MAX];
        random_layout(&test);
        random_row(&ctx.arena, &test.layout, values);
        row_encode(&buf, &test.layout, values);
        size_t len = dice_below(4) == 0 ? (size_t)dice_below(buf.len + 1) : buf.len;
        char *bytes = malloc(len ? len : 1);
        memcpy(bytes, buf.ptr, len);
        for (uint64_t damage = dice_below(4); len > 0 && damage > 0; damage--)
            bytes[dice_below(len)] ^= (char)(1 << dice_below(8));
        Status status = row_decode(&ctx, str_from(bytes, len), &test.layout, values);
        assert_true(status == STATUS_OK || status == STATUS_CORRUPT);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_read_back_under_their_own_layout),
        cmocka_unit_test(rows_read_back_under_a_changed_layout),
        cmocka_unit_test(text_is_borrowed_from_the_row),
        cmocka_unit_test(the_bytes_of_a_row_are_fixed),
        cmocka_unit_test(a_value_that_does_not_convert_is_corruption),
        cmocka_unit_test(damaged_rows_are_refused),
        cmocka_unit_test(random_damage_is_survived),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("row", tests, dice_seed, NULL);
}
