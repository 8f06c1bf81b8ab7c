/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bound expression as SQL, for EXPLAIN: every operator in parentheses, so
 * that it shows how it was understood.
 */
#include "expr/functions.h"
#include "expr/value_set.h"

#include "sql/printer.h"

typedef struct Printer {
    Buf *out;
    const Table *table;
} Printer;

static void print(const Printer *printer, const Expr *expr);

static const char *op_text(AstOp op)
{
    switch (op) {
    case AST_OP_EQ:
        return " = ";
    case AST_OP_NE:
        return " <> ";
    case AST_OP_LT:
        return " < ";
    case AST_OP_LE:
        return " <= ";
    case AST_OP_GT:
        return " > ";
    case AST_OP_GE:
        return " >= ";
    case AST_OP_ADD:
        return " + ";
    case AST_OP_SUBTRACT:
        return " - ";
    case AST_OP_MULTIPLY:
        return " * ";
    case AST_OP_DIVIDE:
        return " / ";
    default:
        return " % ";
    }
}

static void print_text(const Printer *printer, const char *text)
{
    buf_str_append(printer->out, str_from_c(text));
}

static void print_column(const Printer *printer, const Expr *expr)
{
    static const char *const SYSTEM_NAMES[] = {
        [SYSTEM_COLUMN_SEQ] = "_seq",
        [SYSTEM_COLUMN_UPDATED] = "_updated",
        [SYSTEM_COLUMN_DELETED] = "_deleted",
    };
    const Table *table = printer->table;
    if (table && expr->column < table->column_count)
        sql_print_name(printer->out, table->columns[expr->column].name);
    else if (table && expr->column < table_row_width(table))
        print_text(printer, SYSTEM_NAMES[expr->column - table->column_count]);
    else
        buf_printf(printer->out, "#%u", (unsigned)expr->column + 1);
}

/* args[from], args[from + 1] .. */
static void
print_list(const Printer *printer, const Expr *expr, uint32_t from, const char *separator)
{
    for (uint32_t i = from; i < expr->arg_count; i++) {
        if (i > from)
            print_text(printer, separator);
        print(printer, expr->args[i]);
    }
}

static void print_infix(const Printer *printer, const Expr *expr, const char *op)
{
    BUF_LIT(printer->out, "(");
    print_list(printer, expr, 0, op);
    BUF_LIT(printer->out, ")");
}

static void print_call(const Printer *printer, const Expr *expr, Str name)
{
    buf_str_append(printer->out, name);
    BUF_LIT(printer->out, "(");
    print_list(printer, expr, 0, ", ");
    BUF_LIT(printer->out, ")");
}

static void print_is(const Printer *printer, const Expr *expr)
{
    static const char *const WORDS[] = {
        [AST_IS_NULL] = "NULL",
        [AST_IS_TRUE] = "TRUE",
        [AST_IS_FALSE] = "FALSE",
        [AST_IS_UNKNOWN] = "UNKNOWN",
    };
    BUF_LIT(printer->out, "(");
    print(printer, expr->args[0]);
    print_text(printer, expr->negated ? " IS NOT " : " IS ");
    print_text(printer, WORDS[expr->is_what]);
    BUF_LIT(printer->out, ")");
}

static void print_in(const Printer *printer, const Expr *expr)
{
    BUF_LIT(printer->out, "(");
    print(printer, expr->args[0]);
    print_text(printer, expr->negated ? " NOT IN (" : " IN (");
    for (uint32_t i = 0; i < expr->set->count; i++) {
        if (i > 0)
            BUF_LIT(printer->out, ", ");
        value_write_sql(printer->out, &expr->set->values[i]);
    }
    if (expr->has_null)
        print_text(printer, expr->set->count > 0 ? ", NULL" : "NULL");
    if (expr->arg_count > 1 && (expr->set->count > 0 || expr->has_null))
        BUF_LIT(printer->out, ", ");
    print_list(printer, expr, 1, ", ");
    BUF_LIT(printer->out, "))");
}

static void print_between(const Printer *printer, const Expr *expr)
{
    BUF_LIT(printer->out, "(");
    print(printer, expr->args[0]);
    print_text(printer, expr->negated ? " NOT BETWEEN " : " BETWEEN ");
    print_list(printer, expr, 1, " AND ");
    BUF_LIT(printer->out, ")");
}

static void print_like(const Printer *printer, const Expr *expr)
{
    BUF_LIT(printer->out, "(");
    print(printer, expr->args[0]);
    print_text(printer, expr->negated ? " NOT" : "");
    print_text(printer, expr->nocase ? " ILIKE " : " LIKE ");
    print_list(printer, expr, 1, " ESCAPE ");
    BUF_LIT(printer->out, ")");
}

static void print_case(const Printer *printer, const Expr *expr)
{
    uint32_t at = 0;
    BUF_LIT(printer->out, "CASE");
    if (expr->has_operand) {
        BUF_LIT(printer->out, " ");
        print(printer, expr->args[at++]);
    }
    for (; at + 1 < expr->arg_count; at += 2) {
        BUF_LIT(printer->out, " WHEN ");
        print(printer, expr->args[at]);
        BUF_LIT(printer->out, " THEN ");
        print(printer, expr->args[at + 1]);
    }
    BUF_LIT(printer->out, " ELSE ");
    print(printer, expr->args[at]);
    BUF_LIT(printer->out, " END");
}

static void print_cast(const Printer *printer, const Expr *expr)
{
    Arena scratch = {0};
    BUF_LIT(printer->out, "CAST(");
    print(printer, expr->args[0]);
    BUF_LIT(printer->out, " AS ");
    buf_str_append(printer->out, type_to_sql(&scratch, expr->type));
    BUF_LIT(printer->out, ")");
    arena_done(&scratch);
}

static void print_prefix(const Printer *printer, const Expr *expr, const char *op)
{
    BUF_LIT(printer->out, "(");
    print_text(printer, op);
    print(printer, expr->args[0]);
    BUF_LIT(printer->out, ")");
}

static void print(const Printer *printer, const Expr *expr)
{
    switch (expr->kind) {
    case EXPR_CONSTANT:
        value_write_sql(printer->out, &expr->constant);
        break;
    case EXPR_COLUMN:
        print_column(printer, expr);
        break;
    case EXPR_AND:
        print_infix(printer, expr, " AND ");
        break;
    case EXPR_OR:
        print_infix(printer, expr, " OR ");
        break;
    case EXPR_NOT:
        print_prefix(printer, expr, "NOT ");
        break;
    case EXPR_COMPARE:
    case EXPR_ARITHMETIC:
        print_infix(printer, expr, op_text(expr->op));
        break;
    case EXPR_CONCAT:
        print_infix(printer, expr, " || ");
        break;
    case EXPR_NEGATE:
        print_prefix(printer, expr, "- ");
        break;
    case EXPR_BETWEEN:
        print_between(printer, expr);
        break;
    case EXPR_IN:
        print_in(printer, expr);
        break;
    case EXPR_LIKE:
        print_like(printer, expr);
        break;
    case EXPR_IS:
        print_is(printer, expr);
        break;
    case EXPR_DISTINCT:
        print_infix(printer, expr, expr->negated ? " IS NOT DISTINCT FROM " : " IS DISTINCT FROM ");
        break;
    case EXPR_CAST:
        print_cast(printer, expr);
        break;
    case EXPR_CASE:
        print_case(printer, expr);
        break;
    case EXPR_COALESCE:
        print_call(printer, expr, STR("coalesce"));
        break;
    case EXPR_NULLIF:
        print_call(printer, expr, STR("nullif"));
        break;
    case EXPR_CALL:
        print_call(printer, expr, expr->function->name);
        break;
    }
}

void expr_print(Buf *out, const Expr *expr, const Table *table)
{
    Printer printer = {out, table};
    print(&printer, expr);
}
