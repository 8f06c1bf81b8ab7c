/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random statements of two users against a table of 16 keys each, answered
 * twice: by the engine and by an array.  Every answer must be the same to the
 * letter, errors included; transactions are statements that are tried on a copy
 * of the array first.
 */
#include "query_fixture.h"

#include "base/clock.h"

#include <stdlib.h>

enum { USERS = 2, KEYS = 16, ROUNDS = 3000, SQL_MAX = 4000 };

typedef struct ModelRow {
    bool lives;
    int n;
} ModelRow;

typedef ModelRow ModelTable[KEYS];

static QueryFixture fixture;
static ModelTable tables[USERS];
static const char *const USER_NAMES[USERS] = {"ann", "bob"};
static uint64_t random_state;

/* xorshift64* (Vigna 2014) */
static int below(int bound)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (int)((random_state * 0x2545f4914f6cdd1du) >> 33) % bound;
}

static int set_up(void **state)
{
    (void)state;
    const char *seed = getenv("TEST_SEED");
    random_state = seed ? strtoull(seed, NULL, 10) : random_u64() | 1;
    printf("# TEST_SEED=%llu\n", (unsigned long long)random_state);
    query_fixture_init(&fixture);
    query_admin(&fixture,
                "CREATE USER TABLE m (id INT PRIMARY KEY, n INT) WITH (DURABILITY = 'async')");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    query_fixture_done(&fixture);
    return 0;
}

/* ---- conditions ---- */

typedef enum ConditionKind {
    KEY_IS,
    KEY_BETWEEN,
    N_IS_ABOVE,
    KEY_IN_AND_N,
    CONDITION_KINDS
} ConditionKind;

typedef struct Condition {
    ConditionKind kind;
    int a, b;
} Condition;

static Condition random_condition(void)
{
    return (Condition){(ConditionKind)below(CONDITION_KINDS), below(KEYS), below(KEYS)};
}

static void write_condition(Buf *sql, Condition condition)
{
    switch (condition.kind) {
    case KEY_IS:
        buf_printf(sql, " WHERE id = %d", condition.a);
        break;
    case KEY_BETWEEN:
        buf_printf(sql, " WHERE id > %d AND %d >= id", condition.a, condition.b);
        break;
    case N_IS_ABOVE:
        buf_printf(sql, " WHERE n > %d", condition.a);
        break;
    default:
        buf_printf(sql, " WHERE id IN (%d, %d) AND n %% 2 = 0", condition.a, condition.b);
    }
}

static bool holds(Condition condition, int id, int n)
{
    switch (condition.kind) {
    case KEY_IS:
        return id == condition.a;
    case KEY_BETWEEN:
        return id > condition.a && id <= condition.b;
    case N_IS_ABOVE:
        return n > condition.a;
    default:
        return (id == condition.a || id == condition.b) && n % 2 == 0;
    }
}

/* ---- statements: each writes its SQL and its answer; false = it fails ---- */

static bool random_insert(ModelTable table, Buf *sql, Buf *answer)
{
    int count = 1 + below(3);
    ModelTable before;
    memcpy(before, table, sizeof(before));
    BUF_LIT(sql, "INSERT INTO m VALUES ");
    int failed = -1;
    for (int i = 0; i < count; i++) {
        int id = below(KEYS);
        int n = below(20);
        buf_printf(sql, "%s(%d, %d)", i ? ", " : "", id, n);
        if (table[id].lives && failed < 0)
            failed = id;
        table[id] = (ModelRow){true, n};
    }
    if (failed < 0) {
        buf_printf(answer, "[Inserted %d row(s)]", count);
        return true;
    }
    memcpy(table, before, sizeof(before));
    buf_printf(answer,
               "Already exists: Primary key violation: value '%d' already exists in column 'id'",
               failed);
    return false;
}

static bool random_update(ModelTable table, Buf *sql, Buf *answer)
{
    Condition condition = random_condition();
    int add = below(3);
    int count = 0;
    buf_printf(sql, "UPDATE m SET n = n + %d", add);
    write_condition(sql, condition);
    for (int id = 0; id < KEYS; id++) {
        if (!table[id].lives || !holds(condition, id, table[id].n))
            continue;
        table[id].n += add;
        count++;
    }
    buf_printf(answer, "[Updated %d row(s)]", count);
    return true;
}

static bool random_delete(ModelTable table, Buf *sql, Buf *answer)
{
    Condition condition = random_condition();
    int count = 0;
    BUF_LIT(sql, "DELETE FROM m");
    write_condition(sql, condition);
    for (int id = 0; id < KEYS; id++) {
        if (!table[id].lives || !holds(condition, id, table[id].n))
            continue;
        table[id].lives = false;
        count++;
    }
    buf_printf(answer, "[Deleted %d row(s)]", count);
    return true;
}

static bool random_select(ModelTable table, Buf *sql, Buf *answer)
{
    Condition condition = random_condition();
    bool descending = below(2);
    int limit = 1 + below(KEYS);
    BUF_LIT(sql, "SELECT id, n FROM m");
    write_condition(sql, condition);
    if (descending)
        BUF_LIT(sql, " ORDER BY id DESC");
    buf_printf(sql, " LIMIT %d", limit);
    for (int i = 0; i < KEYS && limit > 0; i++) {
        int id = descending ? KEYS - 1 - i : i;
        if (!table[id].lives || !holds(condition, id, table[id].n))
            continue;
        buf_printf(answer, "%d|%d\n", id, table[id].n);
        limit--;
    }
    return true;
}

static bool random_sum(ModelTable table, Buf *sql, Buf *answer)
{
    int count = 0;
    int sum = 0;
    BUF_LIT(sql, "SELECT count(*), sum(n) FROM m");
    for (int id = 0; id < KEYS; id++) {
        count += table[id].lives;
        sum += table[id].lives ? table[id].n : 0;
    }
    if (count)
        buf_printf(answer, "%d|%d\n", count, sum);
    else
        BUF_LIT(answer, "0|NULL\n");
    return true;
}

static bool random_statement(ModelTable table, Buf *sql, Buf *answer)
{
    switch (below(5)) {
    case 0:
        return random_insert(table, sql, answer);
    case 1:
        return random_update(table, sql, answer);
    case 2:
        return random_delete(table, sql, answer);
    case 3:
        return random_select(table, sql, answer);
    default:
        return random_sum(table, sql, answer);
    }
}

/* ---- comparing ---- */

static void check(int user, const Buf *sql, const Buf *answer, bool exact)
{
    char text[SQL_MAX];
    char expected[SQL_MAX];
    snprintf(text, sizeof(text), "%.*s", STR_ARG(buf_str(sql)));
    snprintf(expected, sizeof(expected), "%.*s", STR_ARG(buf_str(answer)));
    fixture.only_on_worker = below(4) == 0;
    fixture.sink_is_tiny = below(4) == 0;
    const char *got = query_user(&fixture, USER_NAMES[user], text);
    bool same = exact ? strcmp(got, expected) == 0 : strstr(got, expected) != NULL;
    if (!same)
        print_error("# %s: %s\n# expected: %s\n# got: %s\n", USER_NAMES[user], text, expected, got);
    assert_true(same);
}

static void one_statement(int user)
{
    CLEANUP(buf_done) Buf sql = {0};
    CLEANUP(buf_done) Buf answer = {0};
    bool succeeds = random_statement(tables[user], &sql, &answer);
    check(user, &sql, &answer, succeeds);
}

/*
 * Reads report at once, counts are summed at the end, so only reads and the
 * final state are compared; a failure takes everything back.
 */
static void one_transaction(int user)
{
    CLEANUP(buf_done) Buf sql = {0};
    CLEANUP(buf_done) Buf answer = {0};
    ModelTable copy;
    memcpy(copy, tables[user], sizeof(copy));
    BUF_LIT(&sql, "BEGIN; ");
    bool succeeds = true;
    for (int i = 2 + below(6); i > 0 && succeeds; i--) {
        CLEANUP(buf_done) Buf one = {0};
        succeeds = random_statement(copy, &sql, &one);
        BUF_LIT(&sql, "; ");
        if (one.len && one.ptr[0] != '[')
            buf_str_append(&answer, buf_str(&one));
    }
    bool commits = below(4) > 0;
    buf_str_append(&sql, commits ? STR("COMMIT") : STR("ROLLBACK"));
    if (succeeds && commits)
        memcpy(tables[user], copy, sizeof(copy));
    if (!succeeds)
        buf_clear(&answer);
    check(user, &sql, &answer, false);
    assert_int_equal(fixture.status == STATUS_OK, succeeds);
}

static void random_statements_answer_like_an_array(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        int user = below(USERS);
        if (below(5) == 0)
            one_transaction(user);
        else
            one_statement(user);
        if (round % 500 == 499)
            query_fixture_reopen(&fixture);
        arena_clear(&fixture.ctx.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_statements_answer_like_an_array),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("query_model", tests, set_up, tear_down);
}
