/* SPDX-License-Identifier: Apache-2.0 */
#include "expr/translate.h"

#include "duck/duck.h"
#include "expr/functions.h"
#include "expr/value_set.h"
#include "value/decimal.h"

/* Longer lists are looked up in our set rather than compared one by one. */
enum { IN_ITEMS_MAX = 32 };

static void write_expr(const ExprWriter *writer, const Expr *expr);

/* ---- what is the same there ---- */

static bool any_arg(const Expr *expr, bool (*test)(const Expr *))
{
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        if (test(expr->args[i]))
            return true;
    }
    return false;
}

/* A DECIMAL constant takes only the digits it has. */
static Type narrow_type(const Expr *expr)
{
    Type type = expr->type;
    const Value *value = &expr->constant;
    if (expr->kind != EXPR_CONSTANT || value->kind != TYPE_DECIMAL)
        return type;
    type.precision = value->scale > 0 ? value->scale : 1;
    type.scale = value->scale;
    while (type.precision < DECIMAL_PRECISION_MAX && !decimal_fits(value->decimal, type.precision))
        type.precision++;
    return type;
}

static int decimal_digits_left(Type type)
{
    static const int DIGITS[TYPE_KIND_COUNT] = {
        [TYPE_SMALLINT] = 5, [TYPE_INT] = 10, [TYPE_BIGINT] = 19};
    return type.kind == TYPE_DECIMAL ? type.precision - type.scale : DIGITS[type.kind];
}

/* DuckDB compares decimals in a type that must hold both. */
static bool decimals_meet(Type a, Type b)
{
    int left = decimal_digits_left(a) > decimal_digits_left(b) ? decimal_digits_left(a)
                                                               : decimal_digits_left(b);
    int scale = a.scale > b.scale ? a.scale : b.scale;
    return left + scale <= DECIMAL_PRECISION_MAX;
}

static bool is_exact(TypeKind kind)
{
    return type_is_integer(kind) || kind == TYPE_DECIMAL;
}

static bool is_moment(TypeKind kind)
{
    return kind == TYPE_DATE || kind == TYPE_TIMESTAMP || kind == TYPE_DATETIME;
}

/* Does a = b, a < b .. mean the same?  Reals meet only their like: DuckDB would round. */
static bool compares_alike(Type a, Type b)
{
    if (a.kind == TYPE_NULL || b.kind == TYPE_NULL)
        return true;
    if (is_exact(a.kind) && is_exact(b.kind))
        return (type_is_integer(a.kind) && type_is_integer(b.kind)) || decimals_meet(a, b);
    return a.kind == b.kind || (is_moment(a.kind) && is_moment(b.kind));
}

static bool args_compare_alike(const Expr *expr)
{
    Type first = narrow_type(expr->args[0]);
    for (uint32_t i = 1; i < expr->arg_count; i++) {
        if (!compares_alike(first, narrow_type(expr->args[i])))
            return false;
    }
    return true;
}

static bool set_compares_alike(const Expr *expr)
{
    const ValueSet *set = expr->set;
    for (uint32_t i = 0; set && i < set->count; i++) {
        const Value *value = &set->values[i];
        Type type = {
            .kind = value->kind, .precision = DECIMAL_PRECISION_MAX, .scale = value->scale};
        if (value->kind == TYPE_DECIMAL || !compares_alike(expr->args[0]->type, type))
            return false;
    }
    return (set ? set->count : 0) + expr->arg_count <= IN_ITEMS_MAX && args_compare_alike(expr);
}

static bool is_plain_pattern(const Expr *expr)
{
    const Expr *pattern = expr->args[1];
    return expr->arg_count == 2 && !expr->nocase && pattern->kind == EXPR_CONSTANT &&
           pattern->type.kind == TYPE_TEXT && !value_is_null(&pattern->constant) &&
           str_find_byte(pattern->constant.text, '\\') == pattern->constant.text.len;
}

static bool is_integer_sum(const Expr *expr)
{
    return type_is_integer(expr->type.kind) &&
           (expr->op == AST_OP_ADD || expr->op == AST_OP_SUBTRACT || expr->op == AST_OP_MULTIPLY);
}

static bool cast_loses_nothing(Type from, Type to)
{
    if (from.kind == TYPE_NULL || type_equal(from, to))
        return true;
    if (type_is_integer(from.kind))
        return (type_is_integer(to.kind) && to.kind > from.kind) || to.kind == TYPE_DOUBLE;
    if (from.kind == TYPE_DATE)
        return to.kind == TYPE_TIMESTAMP || to.kind == TYPE_DATETIME;
    bool both_us = (from.kind == TYPE_TIMESTAMP && to.kind == TYPE_DATETIME) ||
                   (from.kind == TYPE_DATETIME && to.kind == TYPE_TIMESTAMP);
    return both_us || (from.kind == TYPE_FLOAT && to.kind == TYPE_DOUBLE) ||
           (from.kind == TYPE_JSON && to.kind == TYPE_TEXT);
}

static bool cast_never_fails(Type from, Type to)
{
    bool both_moments = is_moment(from.kind) && is_moment(to.kind);
    bool to_real = type_is_integer(from.kind) && (to.kind == TYPE_FLOAT || to.kind == TYPE_DOUBLE);
    return to.kind == TYPE_TEXT || both_moments || to_real || cast_loses_nothing(from, to);
}

static bool case_compares_alike(const Expr *expr)
{
    for (uint32_t i = 1; i + 1 < expr->arg_count && expr->has_operand; i += 2) {
        if (!compares_alike(expr->args[0]->type, expr->args[i]->type))
            return false;
    }
    return true;
}

/* This node; its arguments are asked by themselves. */
static bool is_same_there(const Expr *expr)
{
    switch (expr->kind) {
    case EXPR_CONSTANT:
    case EXPR_COLUMN:
    case EXPR_NOT:
    case EXPR_IS:
        return true;
    case EXPR_AND:
    case EXPR_OR:
    case EXPR_COALESCE:
        return !any_arg(expr, expr_may_fail);
    case EXPR_CASE:
        return !any_arg(expr, expr_may_fail) && case_compares_alike(expr);
    case EXPR_COMPARE:
    case EXPR_BETWEEN:
    case EXPR_DISTINCT:
        return args_compare_alike(expr);
    case EXPR_IN:
        return set_compares_alike(expr) && !any_arg(expr, expr_may_fail);
    case EXPR_LIKE:
        return is_plain_pattern(expr);
    case EXPR_ARITHMETIC:
        return is_integer_sum(expr);
    case EXPR_CAST:
        return cast_loses_nothing(expr->args[0]->type, expr->type);
    case EXPR_CONCAT:
        return expr->type.kind == TYPE_TEXT;
    case EXPR_NEGATE:
    case EXPR_NULLIF:
    case EXPR_CALL:
        break;
    }
    return false;
}

bool expr_may_fail(const Expr *expr)
{
    bool itself = false;
    switch (expr->kind) {
    case EXPR_ARITHMETIC:
    case EXPR_NEGATE:
        itself = true;
        break;
    case EXPR_CALL:
        itself = !function_never_fails(expr->function);
        break;
    case EXPR_CAST:
        itself = !cast_never_fails(expr->args[0]->type, expr->type);
        break;
    case EXPR_LIKE:
        itself = !is_plain_pattern(expr);
        break;
    default:
        break;
    }
    return itself || any_arg(expr, expr_may_fail);
}

bool expr_is_volatile(const Expr *expr)
{
    return expr->is_volatile;
}

/* ---- writing ---- */

static void write_list(const ExprWriter *writer, const Expr *expr, Str separator)
{
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        if (i > 0)
            buf_str_append(writer->out, separator);
        write_expr(writer, expr->args[i]);
    }
}

static const char *compare_words(AstOp op)
{
    static const char *const WORDS[] = {
        [AST_OP_EQ] = " = ",
        [AST_OP_NE] = " <> ",
        [AST_OP_LT] = " < ",
        [AST_OP_LE] = " <= ",
        [AST_OP_GT] = " > ",
        [AST_OP_GE] = " >= ",
    };
    return WORDS[op];
}

static void write_pair(const ExprWriter *writer, const Expr *expr, const char *between)
{
    write_expr(writer, expr->args[0]);
    buf_str_append(writer->out, str_from_c(between));
    write_expr(writer, expr->args[1]);
}

static void write_is(const ExprWriter *writer, const Expr *expr)
{
    write_expr(writer, expr->args[0]);
    buf_str_append(writer->out, expr->negated ? STR(" IS NOT ") : STR(" IS "));
    if (expr->is_what == AST_IS_TRUE)
        BUF_LIT(writer->out, "TRUE");
    else if (expr->is_what == AST_IS_FALSE)
        BUF_LIT(writer->out, "FALSE");
    else
        BUF_LIT(writer->out, "NULL");
}

static void write_between(const ExprWriter *writer, const Expr *expr)
{
    write_pair(writer, expr, expr->negated ? " NOT BETWEEN " : " BETWEEN ");
    BUF_LIT(writer->out, " AND ");
    write_expr(writer, expr->args[2]);
}

static void write_set_value(const ExprWriter *writer, const Value *value)
{
    writer->constant(writer->data, (Type){.kind = value->kind}, value);
}

/* An empty list of DuckDB's would not parse: FALSE stands for it, or NULL. */
static void write_in(const ExprWriter *writer, const Expr *expr)
{
    Buf *out = writer->out;
    bool first = true;
    write_expr(writer, expr->args[0]);
    buf_str_append(out, expr->negated ? STR(" NOT IN (") : STR(" IN ("));
    for (uint32_t i = 0; expr->set && i < expr->set->count; i++, first = false) {
        if (!first)
            BUF_LIT(out, ", ");
        write_set_value(writer, &expr->set->values[i]);
    }
    for (uint32_t i = 1; i < expr->arg_count; i++, first = false) {
        if (!first)
            BUF_LIT(out, ", ");
        write_expr(writer, expr->args[i]);
    }
    if (expr->has_null || first)
        buf_str_append(out, first ? STR("NULL") : STR(", NULL"));
    buf_byte(out, ')');
}

static void write_case(const ExprWriter *writer, const Expr *expr)
{
    Buf *out = writer->out;
    uint32_t at = 0;
    BUF_LIT(out, "CASE ");
    if (expr->has_operand)
        write_expr(writer, expr->args[at++]);
    for (; at + 1 < expr->arg_count; at += 2) {
        BUF_LIT(out, " WHEN ");
        write_expr(writer, expr->args[at]);
        BUF_LIT(out, " THEN ");
        write_expr(writer, expr->args[at + 1]);
    }
    BUF_LIT(out, " ELSE ");
    write_expr(writer, expr->args[at]);
    BUF_LIT(out, " END");
}

static void write_cast(const ExprWriter *writer, const Expr *expr, Type type)
{
    CLEANUP(arena_done) Arena arena = {.first_bytes = 128};
    BUF_LIT(writer->out, "CAST(");
    write_expr(writer, expr);
    BUF_LIT(writer->out, " AS ");
    buf_str_append(writer->out, duck_type_sql(&arena, type));
    buf_byte(writer->out, ')');
}

/* Both operands in the type of the result: there the overflow is noticed. */
static void write_operand(const ExprWriter *writer, const Expr *operand, Type type)
{
    if (type_equal(operand->type, type))
        write_expr(writer, operand);
    else
        write_cast(writer, operand, type);
}

static void write_arithmetic(const ExprWriter *writer, const Expr *expr)
{
    write_operand(writer, expr->args[0], expr->type);
    buf_str_append(writer->out,
                   expr->op == AST_OP_ADD        ? STR(" + ")
                   : expr->op == AST_OP_SUBTRACT ? STR(" - ")
                                                 : STR(" * "));
    write_operand(writer, expr->args[1], expr->type);
}

static void write_in_its_words(const ExprWriter *writer, const Expr *expr)
{
    switch (expr->kind) {
    case EXPR_AND:
        write_list(writer, expr, STR(" AND "));
        break;
    case EXPR_OR:
        write_list(writer, expr, STR(" OR "));
        break;
    case EXPR_NOT:
        BUF_LIT(writer->out, "NOT ");
        write_expr(writer, expr->args[0]);
        break;
    case EXPR_IS:
        write_is(writer, expr);
        break;
    case EXPR_COMPARE:
        write_pair(writer, expr, compare_words(expr->op));
        break;
    case EXPR_BETWEEN:
        write_between(writer, expr);
        break;
    case EXPR_DISTINCT:
        write_pair(writer, expr, expr->negated ? " IS NOT DISTINCT FROM " : " IS DISTINCT FROM ");
        break;
    case EXPR_IN:
        write_in(writer, expr);
        break;
    case EXPR_LIKE:
        write_pair(writer, expr, expr->negated ? " NOT LIKE " : " LIKE ");
        break;
    case EXPR_ARITHMETIC:
        write_arithmetic(writer, expr);
        break;
    case EXPR_CAST:
        write_cast(writer, expr->args[0], expr->type);
        break;
    case EXPR_CONCAT:
        write_pair(writer, expr, " || ");
        break;
    case EXPR_CASE:
        write_case(writer, expr);
        break;
    case EXPR_COALESCE:
        BUF_LIT(writer->out, "COALESCE(");
        write_list(writer, expr, STR(", "));
        buf_byte(writer->out, ')');
        break;
    default:
        break;
    }
}

static void write_expr(const ExprWriter *writer, const Expr *expr)
{
    if (expr->kind == EXPR_COLUMN) {
        writer->slot(writer->data, expr->column);
    } else if (expr->kind == EXPR_CONSTANT) {
        writer->constant(writer->data, narrow_type(expr), &expr->constant);
    } else if (!is_same_there(expr)) {
        writer->call(writer->data, expr);
    } else {
        buf_byte(writer->out, '(');
        write_in_its_words(writer, expr);
        buf_byte(writer->out, ')');
    }
}

void expr_translate(const ExprWriter *writer, const Expr *expr)
{
    write_expr(writer, expr);
}

/* ---- slots ---- */

static void collect_slots(Arena *arena, const Expr *expr, Buf *slots)
{
    if (expr->kind == EXPR_COLUMN)
        buf_append(slots, &expr->column, sizeof(expr->column));
    for (uint32_t i = 0; i < expr->arg_count; i++)
        collect_slots(arena, expr->args[i], slots);
}

static int compare_slots(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

size_t expr_slots(Arena *arena, const Expr *expr, const uint32_t **ret_slots)
{
    CLEANUP(buf_done) Buf found = {0};
    collect_slots(arena, expr, &found);
    size_t count = found.len / sizeof(uint32_t), kept = 0;
    uint32_t *slots = ARENA_ARRAY(arena, uint32_t, count + 1);
    if (count > 0)
        memcpy(slots, found.ptr, found.len);
    qsort(slots, count, sizeof(*slots), compare_slots);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || slots[kept - 1] != slots[i])
            slots[kept++] = slots[i];
    }
    *ret_slots = slots;
    return kept;
}

static uint32_t place_of(const ExprPlaces *places, uint32_t slot)
{
    const uint32_t *found =
        bsearch(&slot, places->slots, places->count, sizeof(slot), compare_slots);
    uint32_t index = (uint32_t)(found - places->slots);
    return places->places ? places->places[index] : index;
}

const Expr *expr_renumber(Arena *arena, const Expr *expr, const ExprPlaces *places)
{
    if (expr->arg_count == 0 && expr->kind != EXPR_COLUMN)
        return expr;
    Expr *copy = ARENA_NEW(arena, Expr);
    *copy = *expr;
    if (expr->kind == EXPR_COLUMN)
        copy->column = place_of(places, expr->column);
    const Expr **args = ARENA_ARRAY(arena, const Expr *, expr->arg_count);
    for (uint32_t i = 0; i < expr->arg_count; i++)
        args[i] = expr_renumber(arena, expr->args[i], places);
    copy->args = args;
    return copy;
}
