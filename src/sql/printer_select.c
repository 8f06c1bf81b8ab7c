/* SPDX-License-Identifier: Apache-2.0 */
#include "sql/printer.h"

#include "sql/printer_internal.h"

/* ---- FROM ---- */

static void print_alias(Buf *out, const AstName *alias)
{
    if (!alias->text.ptr)
        return;
    BUF_LIT(out, " AS ");
    sql_print_name(out, alias->text);
}

static void print_from(Buf *out, const AstFrom *from);

static void print_from_alias(Buf *out, const AstFrom *from)
{
    print_alias(out, &from->alias);
    if (from->column_aliases.count) {
        buf_byte(out, '(');
        print_name_list(out, &from->column_aliases);
        buf_byte(out, ')');
    }
}

static void print_join(Buf *out, const AstFrom *from)
{
    static const char *const WORDS[] = {
        [AST_JOIN_INNER] = "JOIN",
        [AST_JOIN_LEFT] = "LEFT JOIN",
        [AST_JOIN_RIGHT] = "RIGHT JOIN",
        [AST_JOIN_FULL] = "FULL JOIN",
        [AST_JOIN_CROSS] = "CROSS JOIN",
    };
    print_from(out, from->left);
    buf_printf(out, " %s%s ", from->natural ? "NATURAL " : "", WORDS[from->join]);
    bool nested = from->right->kind == AST_FROM_JOIN && !from->right->alias.text.ptr;
    if (nested)
        buf_byte(out, '(');
    print_from(out, from->right);
    if (nested)
        buf_byte(out, ')');
    if (from->on) {
        BUF_LIT(out, " ON ");
        sql_print_expr(out, from->on);
    }
    if (from->using_columns.count) {
        BUF_LIT(out, " USING (");
        print_name_list(out, &from->using_columns);
        buf_byte(out, ')');
    }
}

static void print_from(Buf *out, const AstFrom *from)
{
    if (from->lateral)
        BUF_LIT(out, "LATERAL ");
    switch (from->kind) {
    case AST_FROM_TABLE:
        print_table_name(out, &from->table);
        break;
    case AST_FROM_SELECT:
    case AST_FROM_VALUES:
        print_query_in_parentheses(out, from->select);
        break;
    case AST_FROM_FUNCTION:
        sql_print_expr(out, from->function);
        break;
    case AST_FROM_JOIN:
        if (!from->alias.text.ptr) {
            print_join(out, from);
            return;
        }
        buf_byte(out, '(');
        print_join(out, from);
        buf_byte(out, ')');
        break;
    }
    print_from_alias(out, from);
}

static void print_ctes(Buf *out, const AstSelect *select)
{
    buf_printf(out, "WITH %s", select->recursive ? "RECURSIVE " : "");
    for (size_t i = 0; i < select->cte_count; i++) {
        const AstCte *cte = &select->ctes[i];
        if (i)
            BUF_LIT(out, ", ");
        sql_print_name(out, cte->name.text);
        if (cte->columns.count) {
            buf_byte(out, '(');
            print_name_list(out, &cte->columns);
            buf_byte(out, ')');
        }
        BUF_LIT(out, " AS ");
        print_query_in_parentheses(out, cte->select);
    }
    buf_byte(out, ' ');
}

static void print_values(Buf *out, const AstValues *values)
{
    BUF_LIT(out, "VALUES ");
    for (size_t i = 0; i < values->row_count; i++) {
        buf_printf(out, "%s(", i ? ", " : "");
        print_expr_list(out, values->rows[i], values->width);
        buf_byte(out, ')');
    }
}

/* INTERSECT binds tighter than UNION and EXCEPT. */
static int rank_of_set(const AstSelect *select)
{
    switch (select->set_op) {
    case AST_SET_NONE:
        return 3;
    case AST_SET_INTERSECT:
        return 2;
    case AST_SET_UNION:
    case AST_SET_EXCEPT:
        return 1;
    }
    return 0;
}

/* In parentheses when it has clauses of its own or binds less tightly than `rank`. */
static void print_set_operand(Buf *out, const AstSelect *select, int rank)
{
    bool has_clauses = select->cte_count || select->order_by.count || select->limit ||
                       select->limit_offset || select->as_of_seq;
    if (has_clauses || rank_of_set(select) < rank)
        print_query_in_parentheses(out, select);
    else
        sql_print_select(out, select);
}

static void print_set(Buf *out, const AstSelect *select)
{
    static const char *const WORDS[] = {
        [AST_SET_UNION] = "UNION", [AST_SET_INTERSECT] = "INTERSECT", [AST_SET_EXCEPT] = "EXCEPT"};
    int rank = rank_of_set(select);
    print_set_operand(out, select->left, rank);
    buf_printf(out, " %s%s ", WORDS[select->set_op], select->set_all ? " ALL" : "");
    print_set_operand(out, select->right, rank + 1);
}

static void print_block(Buf *out, const AstSelect *select)
{
    BUF_LIT(out, "SELECT ");
    if (select->distinct)
        BUF_LIT(out, "DISTINCT ");
    if (select->distinct_on_count) {
        BUF_LIT(out, "ON (");
        print_expr_list(out, select->distinct_on, select->distinct_on_count);
        BUF_LIT(out, ") ");
    }
    for (size_t i = 0; i < select->item_count; i++) {
        if (i)
            BUF_LIT(out, ", ");
        sql_print_expr(out, select->items[i].expr);
        print_alias(out, &select->items[i].alias);
    }
    if (select->from) {
        BUF_LIT(out, " FROM ");
        print_from(out, select->from);
    }
    if (select->where) {
        BUF_LIT(out, " WHERE ");
        sql_print_expr(out, select->where);
    }
    if (select->group_by_count) {
        BUF_LIT(out, " GROUP BY ");
        print_expr_list(out, select->group_by, select->group_by_count);
    }
    if (select->having) {
        BUF_LIT(out, " HAVING ");
        sql_print_expr(out, select->having);
    }
}

static void print_clause(Buf *out, const char *word, const AstExpr *expr)
{
    if (!expr)
        return;
    buf_printf(out, " %s ", word);
    sql_print_expr(out, expr);
}

void sql_print_select(Buf *out, const AstSelect *select)
{
    if (select->cte_count)
        print_ctes(out, select);
    if (select->set_op != AST_SET_NONE)
        print_set(out, select);
    else if (select->values)
        print_values(out, select->values);
    else
        print_block(out, select);
    if (select->order_by.count) {
        BUF_LIT(out, " ORDER BY ");
        print_order_list(out, &select->order_by);
    }
    print_clause(out, "LIMIT", select->limit);
    print_clause(out, "OFFSET", select->limit_offset);
    print_clause(out, "AS OF SEQ", select->as_of_seq);
}
