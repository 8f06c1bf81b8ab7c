/* SPDX-License-Identifier: Apache-2.0 */
#include "live_fixture.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#undef fail

static Fixture *fixture;

static int open_fixture(void **state)
{
    (void)state;
    fixture = fixture_open((LiveEngineOptions){0});
    fixture_sql(fixture, "root", "CREATE NAMESPACE app");
    fixture_sql(fixture,
                "root",
                "CREATE SHARED TABLE app.msgs (id BIGINT PRIMARY KEY, room INT, body TEXT) "
                "WITH (ACCESS_LEVEL = 'PUBLIC')");
    fixture_sql(fixture, "root", "CREATE USER TABLE app.notes (id BIGINT PRIMARY KEY, body TEXT)");
    fixture_sql(
        fixture, "root", "CREATE STREAM TABLE app.events (kind TEXT) WITH (TTL_SECONDS = 60)");
    return 0;
}

static int close_fixture(void **state)
{
    (void)state;
    fixture_close(fixture);
    return 0;
}

#define SQL(text) fixture_sql(fixture, "root", text)

static void without(const char *message, const char *text)
{
    if (strstr(message, text))
        printf("# %s is in %s\n", text, message);
    assert_null(strstr(message, text));
}

static void r38_an_insert_carries_the_full_new_row(void **state)
{
    (void)state;
    TestClient *client = client_open(fixture, "alice");
    client_subscribe(client, "s1", "SELECT * FROM app.msgs", NULL);
    client_expect(client, "\"subscription_ack\"");
    SQL("INSERT INTO app.msgs VALUES (1, 7, 'hi')");
    const char *message = client_expect(client, "\"change_type\":\"insert\"");
    assert_non_null(strstr(message, "{\"id\":\"1\",\"room\":7,\"body\":\"hi\",\"_seq\":\""));
    assert_non_null(strstr(message, "\"_deleted\":false"));
    assert_non_null(strstr(message, "\"commit\":\""));
    client_close(client);
}

static void r39_an_update_carries_old_and_new_values(void **state)
{
    (void)state;
    TestClient *client = client_open(fixture, "alice");
    SQL("INSERT INTO app.msgs VALUES (1, 7, 'a')");
    client_subscribe(client, "s1", "SELECT * FROM app.msgs", NULL);
    client_expect(client, "\"subscription_ack\"");
    SQL("UPDATE app.msgs SET body = 'b' WHERE id = 1");
    const char *message = client_expect(client, "\"change_type\":\"update\"");
    assert_non_null(strstr(message, "\"rows\":[{\"id\":\"1\",\"room\":7,\"body\":\"b\",\"_seq\":"));
    assert_non_null(strstr(message, "\"old_values\":[{\"id\":\"1\",\"body\":\"a\",\"_seq\":"));
    SQL("UPDATE app.msgs SET body = NULL WHERE id = 1");
    message = client_expect(client, "\"change_type\":\"update\"");
    assert_non_null(strstr(message, "\"rows\":[{\"id\":\"1\",\"room\":7,\"_seq\":"));
    client_close(client);
}

static void r40_a_delete_carries_the_last_row_and_its_own_number(void **state)
{
    (void)state;
    TestClient *client = client_open(fixture, "alice");
    SQL("INSERT INTO app.msgs VALUES (1, 7, 'a')");
    client_subscribe(client, "s1", "SELECT * FROM app.msgs", NULL);
    client_expect(client, "\"subscription_ack\"");
    SQL("DELETE FROM app.msgs WHERE id = 1");
    const char *message = client_expect(client, "\"change_type\":\"delete\"");
    assert_non_null(strstr(message, "\"body\":\"a\""));
    assert_non_null(strstr(message, "\"_deleted\":true"));
    without(message, "\"rows\"");
    without(message, "\"left\"");
    without(message, "\"hard\"");
    client_close(client);
}

static void r40_a_hard_delete_says_so(void **state)
{
    (void)state;
    SQL("CREATE SHARED TABLE app.gone (id BIGINT PRIMARY KEY) WITH (DELETED_RETENTION_HOURS = 0, "
        "ACCESS_LEVEL = 'PUBLIC')");
    TestClient *client = client_open(fixture, "alice");
    client_subscribe(client, "s1", "SELECT * FROM app.gone", NULL);
    client_expect(client, "\"subscription_ack\"");
    SQL("INSERT INTO app.gone VALUES (1); DELETE FROM app.gone WHERE id = 1");
    client_expect(client, "\"insert\"");
    client_expect(client, "\"hard\":true");
    client_close(client);
}

static void r49_only_rows_that_match_arrive_and_leaving_is_a_delete(void **state)
{
    (void)state;
    TestClient *client = client_open(fixture, "alice");
    client_subscribe(client, "s1", "SELECT id, body FROM app.msgs WHERE room = 1", NULL);
    client_expect(client, "\"subscription_ack\"");
    SQL("INSERT INTO app.msgs VALUES (1, 1, 'in'), (2, 2, 'out'), (3, NULL, 'null')");
    const char *message = client_expect(client, "\"insert\"");
    assert_non_null(strstr(message, "\"in\""));
    without(message, "\"out\"");
    without(message, "\"null\"");
    SQL("UPDATE app.msgs SET room = 2 WHERE id = 1");
    message = client_expect(client, "\"change_type\":\"delete\"");
    assert_non_null(strstr(message, "\"left\":true"));
    SQL("UPDATE app.msgs SET room = 1 WHERE id = 2");
    message = client_expect(client, "\"change_type\":\"insert\"");
    assert_non_null(strstr(message, "\"out\""));
    SQL("UPDATE app.msgs SET body = 'x' WHERE id = 1");
    client_expect_nothing(client);
    client_close(client);
}

static void an_update_of_unselected_columns_sends_only_keys(void **state)
{
    (void)state;
    TestClient *client = client_open(fixture, "alice");
    SQL("INSERT INTO app.msgs VALUES (1, 1, 'a')");
    client_subscribe(client, "s1", "SELECT room FROM app.msgs", NULL);
    client_expect(client, "\"subscription_ack\"");
    SQL("UPDATE app.msgs SET body = 'b' WHERE id = 1");
    const char *message = client_expect(client, "\"update\"");
    assert_non_null(strstr(message, "\"rows\":[{\"id\":\"1\",\"_seq\":"));
    assert_non_null(strstr(message, "\"old_values\":[{\"id\":\"1\",\"_seq\":"));
    SQL("UPDATE app.msgs SET body = 'b' WHERE id = 1");
    client_expect_nothing(client);
    client_close(client);
}

static void r42_a_batch_arrives_row_by_row_in_order(void **state)
{
    (void)state;
    enum { ROWS = 1000 };
    CLEANUP(buf_done) Buf sql = {0};
    BUF_LIT(&sql, "INSERT INTO app.msgs VALUES ");
    for (int i = 0; i < ROWS; i++)
        buf_printf(&sql, "%s(%d, 1, 'b')", i ? ", " : "", i);
    buf_byte(&sql, '\0');
    TestClient *client = client_open(fixture, "alice");
    client_subscribe(client, "s1", "SELECT id FROM app.msgs", NULL);
    client_expect(client, "\"subscription_ack\"");
    SQL(sql.ptr);
    int next = 0;
    bool committed = false;
    while (next < ROWS) {
        assert_false(committed);
        const char *message = client_expect(client, "\"insert\"");
        committed = strstr(message, "\"commit\":") != NULL;
        for (const char *at = message; (at = strstr(at, "{\"id\":\"")); next++) {
            at += strlen("{\"id\":\"");
            assert_int_equal(strtol(at, NULL, 10), next);
        }
    }
    assert_true(committed);
    client_close(client);
}

static void r43_every_one_of_a_hundred_updates_arrives_in_order(void **state)
{
    (void)state;
    TestClient *client = client_open(fixture, "alice");
    SQL("INSERT INTO app.msgs VALUES (1, 0, 'a')");
    client_subscribe(client, "s1", "SELECT * FROM app.msgs", NULL);
    client_expect(client, "\"subscription_ack\"");
    for (int i = 1; i <= 100; i++)
        SQL("UPDATE app.msgs SET room = room + 1 WHERE id = 1");
    for (int i = 1; i <= 100; i++) {
        char expected[32];
        snprintf(expected, sizeof(expected), "\"room\":%d,", i);
        client_expect(client, expected);
    }
    client_expect_nothing(client);
    client_close(client);
}

static void r55_a_user_sees_only_his_own_rows(void **state)
{
    (void)state;
    TestClient *alice = client_open(fixture, "alice");
    TestClient *bob = client_open(fixture, "bob");
    client_subscribe(alice, "s1", "SELECT * FROM app.notes", "{}");
    client_subscribe(bob, "s1", "SELECT * FROM app.notes", "{}");
    for (int i = 0; i < 2; i++) {
        client_next(alice);
        client_next(bob);
    }
    fixture_sql(fixture, "alice", "INSERT INTO app.notes VALUES (1, 'of alice')");
    fixture_sql(fixture, "bob", "INSERT INTO app.notes VALUES (1, 'of bob')");
    client_expect(alice, "of alice");
    client_expect(bob, "of bob");
    client_expect_nothing(alice);
    client_expect_nothing(bob);
    client_close(alice);
    client_close(bob);
}

static void initial_rows_come_in_batches_in_order_of_their_numbers(void **state)
{
    (void)state;
    SQL("INSERT INTO app.msgs VALUES (1, 1, 'first'), (2, 1, 'second'), (3, 1, 'third')");
    SQL("UPDATE app.msgs SET body = 'last' WHERE id = 1");
    TestClient *client = client_open(fixture, "alice");
    client_subscribe(client, "s1", "SELECT * FROM app.msgs", "{\"batch_size\":2}");
    client_expect(client, "\"status\":\"loading\"");
    const char *batch = client_expect(client, "\"initial_data_batch\"");
    assert_non_null(strstr(batch, "second"));
    assert_non_null(strstr(batch, "third"));
    assert_non_null(strstr(batch, "\"has_more\":true"));
    SQL("INSERT INTO app.msgs VALUES (4, 1, 'meanwhile')");
    fixture_settle(fixture);
    live_next_batch(client->client, STR("s1"), false, 0);
    batch = client_expect(client, "\"status\":\"ready\"");
    assert_non_null(strstr(batch, "last"));
    without(batch, "meanwhile");
    client_expect(client, "meanwhile");
    client_expect_nothing(client);
    client_close(client);
}

static void r54_last_rows_are_the_newest_in_ascending_order(void **state)
{
    (void)state;
    SQL("INSERT INTO app.msgs VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 1, 'c')");
    TestClient *client = client_open(fixture, "alice");
    client_subscribe(client, "s1", "SELECT body FROM app.msgs", "{\"last_rows\":2}");
    client_expect(client, "\"ready\"");
    const char *batch = client_expect(client, "\"initial_data_batch\"");
    without(batch, "\"a\"");
    assert_true(strstr(batch, "\"b\"") < strstr(batch, "\"c\""));
    client_close(client);
}

/* Digits behind `name` in the message. */
static SeqNo number_in(const char *message, const char *name)
{
    const char *at = strstr(message, name);
    assert_non_null(at);
    return strtoull(at + strlen(name), NULL, 10);
}

static void r54_a_resume_brings_what_changed_and_deletes_in_between(void **state)
{
    (void)state;
    TestClient *client = client_open(fixture, "alice");
    SQL("INSERT INTO app.msgs VALUES (1, 1, 'stays'), (2, 1, 'goes'), (3, 1, 'leaves'), (4, 1, "
        "'old')");
    client_subscribe(client, "s1", "SELECT * FROM app.msgs WHERE room = 1", "{}");
    client_expect(client, "\"ready\"");
    SeqNo from = number_in(client_next(client), "\"last_seq\":\"");
    live_unsubscribe(client->client, STR("s1"));

    SQL("UPDATE app.msgs SET body = 'changed' WHERE id = 1");
    SQL("DELETE FROM app.msgs WHERE id = 2");
    SQL("INSERT INTO app.msgs VALUES (5, 1, 'new')");
    SQL("UPDATE app.msgs SET room = 2 WHERE id = 3");
    SQL("INSERT INTO app.msgs VALUES (6, 1, 'brief'); DELETE FROM app.msgs WHERE id = 6");

    char options[64];
    snprintf(options, sizeof(options), "{\"from\":\"%llu\"}", (unsigned long long)from);
    client_subscribe(client, "s2", "SELECT * FROM app.msgs WHERE room = 1", options);
    const char *ack = client_expect(client, "\"subscription_ack\"");
    assert_int_equal(number_in(ack, "\"last_seq\":\""), from);
    const char *batch = client_expect(client, "changed");
    assert_non_null(strstr(batch, "\"has_more\":true"));
    without(batch, "new");
    client_expect(client, "goes");
    live_next_batch(client->client, STR("s2"), false, 0);
    client_expect(client, "\"new\"");
    client_expect(client, "\"left\":true");
    live_next_batch(client->client, STR("s2"), false, 0);
    batch = client_expect(client, "\"status\":\"ready\"");
    assert_non_null(strstr(batch, "\"rows\":[]"));
    SQL("DELETE FROM app.msgs WHERE id = 5");
    client_expect(client, "\"delete\"");
    client_expect_nothing(client);
    client_close(client);
}

static void a_number_that_was_never_given_makes_a_resync(void **state)
{
    (void)state;
    SQL("INSERT INTO app.msgs VALUES (1, 1, 'a')");
    TestClient *client = client_open(fixture, "alice");
    client_subscribe(client, "s1", "SELECT * FROM app.msgs", "{\"from\":\"9000000000000000000\"}");
    client_expect(client, "\"resync\":true");
    client_expect(client, "\"a\"");
    client_close(client);
}

static void a_slow_client_lags_and_catches_up_without_a_gap(void **state)
{
    (void)state;
    TestClient *client = client_open(fixture, "alice");
    client_subscribe(client, "s1", "SELECT id FROM app.msgs", NULL);
    client_expect(client, "\"subscription_ack\"");
    SQL("INSERT INTO app.msgs VALUES (1, 1, 'a')");
    client_expect(client, "\"id\":\"1\"");
    client->pretended_queue = 2 << 20;
    SQL("INSERT INTO app.msgs VALUES (2, 1, 'a')");
    SQL("INSERT INTO app.msgs VALUES (3, 1, 'a')");
    client_expect_nothing(client);
    SQL("UPDATE app.msgs SET room = 2 WHERE id = 2");
    client->pretended_queue = 0;
    live_client_drained(client->client);
    client_expect(client, "\"id\":\"2\"");
    client_expect(client, "\"id\":\"3\"");
    client_expect(client, "\"update\"");
    SQL("INSERT INTO app.msgs VALUES (4, 1, 'a')");
    client_expect(client, "\"id\":\"4\"");
    client_expect_nothing(client);
    client_close(client);
}

static void on_lag_latest_sends_only_the_newest_versions(void **state)
{
    (void)state;
    TestClient *client = client_open(fixture, "alice");
    SQL("INSERT INTO app.msgs VALUES (1, 1, 'v0'), (2, 1, 'w')");
    client_subscribe(client, "s1", "SELECT body FROM app.msgs", "{\"on_lag\":\"latest\"}");
    client_expect(client, "\"ready\"");
    client_next(client);
    client->pretended_queue = 2 << 20;
    SQL("UPDATE app.msgs SET body = 'v1' WHERE id = 1");
    SQL("UPDATE app.msgs SET body = 'v2' WHERE id = 1");
    SQL("DELETE FROM app.msgs WHERE id = 2");
    client_expect_nothing(client);
    client->pretended_queue = 0;
    live_client_drained(client->client);
    const char *message = client_expect(client, "\"v2\"");
    assert_non_null(strstr(message, "\"v0\""));
    client_expect(client, "\"delete\"");
    client_expect_nothing(client);
    client_close(client);
}

static void on_lag_close_ends_the_stream(void **state)
{
    (void)state;
    TestClient *client = client_open(fixture, "alice");
    client_subscribe(client, "s1", "SELECT body FROM app.msgs", "{\"on_lag\":\"close\"}");
    client_expect(client, "\"ready\"");
    client_next(client);
    client->pretended_queue = 2 << 20;
    SQL("INSERT INTO app.msgs VALUES (1, 1, 'a')");
    client_expect(client, "SLOW_CONSUMER");
    assert_int_equal(live_client_count(client->client), 0);
    client_close(client);
}

static void r50_a_filter_is_compiled_once_and_gone_after_unsubscribe(void **state)
{
    (void)state;
    LiveStats stats;
    TestClient *client = client_open(fixture, "alice");
    client_subscribe(client, "s1", "SELECT id FROM app.msgs WHERE room = 1 AND body <> 'x'", NULL);
    client_subscribe(client, "s2", "SELECT id FROM app.msgs WHERE room = 1 AND body <> 'x'", NULL);
    client_expect(client, "\"s1\"");
    client_expect(client, "\"s2\"");
    for (int i = 0; i < 100; i++) {
        char sql[96];
        snprintf(sql, sizeof(sql), "INSERT INTO app.msgs VALUES (%d, %d, 'a')", i, i % 2);
        SQL(sql);
    }
    fixture_settle(fixture);
    live_engine_stats(fixture->engine, &stats);
    assert_int_equal(stats.filters_compiled, 1);
    assert_int_equal(stats.groups, 1);
    assert_int_equal(stats.evaluations, 50); /* the index spares the other room */
    live_unsubscribe(client->client, STR("s1"));
    live_unsubscribe(client->client, STR("s2"));
    live_engine_stats(fixture->engine, &stats);
    assert_int_equal(stats.groups, 0);
    assert_int_equal(stats.subscriptions, 0);
    client_close(client);
}

static void r16_a_watched_table_is_not_dropped_unless_forced(void **state)
{
    (void)state;
    char message[512];
    TestClient *client = client_open(fixture, "alice");
    client_subscribe(client, "query-7", "SELECT * FROM app.msgs", NULL);
    client_expect(client, "\"subscription_ack\"");
    assert_int_not_equal(fixture_try_sql(fixture, "root", "DROP TABLE app.msgs", message),
                         STATUS_OK);
    assert_non_null(strstr(message, "query-7"));
    assert_non_null(strstr(message, "alice"));
    assert_non_null(strstr(message, "c0ffee"));
    SQL("DROP TABLE app.msgs FORCE");
    client_expect(client, "TABLE_DROPPED");
    client_close(client);
}

static void a_revoked_user_gets_nothing_that_is_committed_later(void **state)
{
    (void)state;
    TestClient *client = client_open(fixture, "alice");
    client_subscribe(client, "s1", "SELECT * FROM app.msgs", NULL);
    client_expect(client, "\"subscription_ack\"");
    SQL("INSERT INTO app.msgs VALUES (1, 1, 'before')");
    SQL("ALTER USER 'alice' SET PASSWORD 'another password'");
    SQL("INSERT INTO app.msgs VALUES (2, 1, 'after')");
    client_expect(client, "before");
    client_expect(client, "REVOKED");
    client_expect_nothing(client);
    client_close(client);
}

static void a_killed_live_query_ends_and_the_others_go_on(void **state)
{
    (void)state;
    char message[512];
    TestClient *client = client_open(fixture, "alice");
    client_subscribe(client, "s1", "SELECT * FROM app.msgs", NULL);
    client_subscribe(client, "s2", "SELECT * FROM app.msgs", NULL);
    client_expect(client, "\"s1\"");
    client_expect(client, "\"s2\"");
    SQL("KILL LIVE QUERY 'alice-c0ffee-s1'");
    client_expect(client, "\"s1\",\"code\":\"KILLED\"");
    SQL("INSERT INTO app.msgs VALUES (1, 1, 'a')");
    client_expect(client, "\"s2\",\"change_type\":\"insert\"");
    client_expect_nothing(client);
    assert_int_not_equal(
        fixture_try_sql(fixture, "root", "KILL LIVE QUERY 'alice-c0ffee-s1'", message), STATUS_OK);
    assert_non_null(strstr(message, "is not open"));
    client_close(client);
}

static void large_batches_are_gzipped(void **state)
{
    (void)state;
    for (int i = 0; i < 30; i++) {
        char sql[128];
        snprintf(sql, sizeof(sql), "INSERT INTO app.msgs VALUES (%d, 1, 'the same text again')", i);
        SQL(sql);
    }
    TestClient *client = client_open(fixture, "alice");
    client_subscribe(client, "s1", "SELECT * FROM app.msgs", "{}");
    client_expect(client, "\"subscription_ack\"");
    client_expect(client, "the same text again");
    assert_int_equal(client->binary_count, 1); /* the ack is small */
    client_close(client);
}

/* Adds as many as the client may have on workers, and ends them there. */
static void subscriptions_that_end_on_a_worker_leave_room_for_others(void **state)
{
    (void)state;
    TestClient *client = client_open(fixture, "alice");
    SQL("INSERT INTO app.msgs VALUES (1, 1, 'a')");
    for (int i = 0; i < 50; i++) {
        client_subscribe(client, "again", "SELECT * FROM app.msgs", "{}");
        live_unsubscribe(client->client, STR("again"));
    }
    client_subscribe(client, "last", "SELECT * FROM app.msgs", "{}");
    while (!strstr(client_next(client), "\"initial_data_batch\",\"subscription_id\":\"last\""))
        ;
    client_close(client);
}

static void r24_stream_events_arrive_once_in_order(void **state)
{
    (void)state;
    TestClient *client = client_open(fixture, "alice");
    client_subscribe(client, "s1", "SELECT * FROM app.events", "{}");
    client_expect(client, "\"ready\"");
    client_next(client);
    for (int i = 0; i < 5; i++)
        fixture_sql(fixture, "alice", "INSERT INTO app.events VALUES ('tick')");
    fixture_sql(fixture, "root", "INSERT INTO app.events VALUES ('of root')");
    SeqNo last = 0;
    for (int i = 0; i < 5; i++) {
        const char *message = client_expect(client, "\"tick\"");
        without(message, "_deleted");
        SeqNo seq = number_in(message, "\"_seq\":\"");
        assert_true(seq > last);
        last = seq;
    }
    client_expect_nothing(client);
    client_close(client);
}

static void what_cannot_be_kept_live_is_refused(void **state)
{
    (void)state;
    static const char *const CASES[][2] = {
        {"DELETE FROM app.msgs", "Only SELECT"},
        {"SELECT * FROM app.msgs; SELECT 1", "single statement"},
        {"SELECT * FROM app.msgs LIMIT 1", "LIMIT"},
        {"SELECT * FROM app.msgs ORDER BY id", "ORDER BY"},
        {"SELECT DISTINCT room FROM app.msgs", "DISTINCT"},
        {"SELECT room FROM app.msgs GROUP BY room", "GROUP BY"},
        {"SELECT a.id FROM app.msgs a JOIN app.msgs b ON a.id = b.id", "JOIN"},
        {"SELECT * FROM msgs", "namespace.table"},
        {"SELECT _seq FROM app.msgs", "cannot project system columns"},
        {"SELECT nope FROM app.msgs", "does not exist"},
        {"SELECT * FROM app.msgs WHERE nope = 1", "does not exist"},
        {"SELECT * FROM app.msgs WHERE _deleted", "kept live"},
        {"SELECT * FROM app.msgs WHERE body > 'a' AND NOW() > _updated", "kept live"},
        {"SELECT * FROM app.msgs WHERE room = $1", "expects 1 parameter(s), 0 were given"},
    };
    TestClient *client = client_open(fixture, "alice");
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        client_subscribe(client, "s1", CASES[i][0], NULL);
        const char *message = client_expect(client, CASES[i][1]);
        assert_non_null(strstr(message, "\"code\":\"INVALID_SQL\""));
        assert_non_null(strstr(message, "Invalid SQL: Invalid SQL: Subscription query "));
    }
    client_subscribe(client, "s1", "SELECT * FROM app.nope", NULL);
    client_expect(client, "\"NOT_FOUND\",\"message\":\"Requested table is not available\"");
    client_subscribe(client, "s1", "SELECT * FROM app.msgs WHERE", NULL);
    client_expect(client, "\"message\":\"SQL statement is invalid or not allowed\"");
    client_subscribe(client, "s1", "SELECT * FROM system.users", NULL);
    client_expect(client, "\"UNAUTHORIZED\"");
    client_subscribe(client, " ", "SELECT * FROM app.msgs", NULL);
    client_expect(client, "INVALID_SUBSCRIPTION_ID");
    client_expect_nothing(client);
    client_close(client);
}

static void administrators_are_told_why_a_live_query_is_refused(void **state)
{
    (void)state;
    SQL("CREATE USER 'keeper' WITH PASSWORD 'a long password' ROLE dba");
    TestClient *client = client_open(fixture, "keeper");
    client_subscribe(client, "s1", "SELECT * FROM app.nope", NULL);
    client_expect(client, "\"NOT_FOUND\",\"message\":\"Not found: Table not found: app.nope\"");
    client_subscribe(client, "s1", "SELECT * FROM app.msgs WHERE", NULL);
    client_expect(client, "Invalid SQL: Invalid SQL: Subscription query does not parse: ");
    client_close(client);
}

static void r32_r58_subscriptions_are_counted_and_replaced_by_id(void **state)
{
    (void)state;
    TestClient *client = client_open(fixture, "alice");
    client_subscribe(client, "a", "SELECT * FROM app.msgs", NULL);
    client_subscribe(client, "b", "SELECT * FROM app.msgs", NULL);
    client_subscribe(client, "b", "SELECT id FROM app.msgs", NULL);
    assert_int_equal(live_client_count(client->client), 2);
    assert_int_equal(live_registry_count(fixture->registry), 2);
    client_close(client);
    assert_int_equal(live_registry_count(fixture->registry), 0);
}

static bool is_watched(const char *full_name, const char *user_id)
{
    CLEANUP(snapshot_unref)
    Snapshot *snapshot = published_durable(sequencer_published(fixture->sequencer));
    const Table *table = map_get(&snapshot->catalog->tables, str_from_c(full_name));
    Owner owner = owner_of(str_from_c(user_id));
    return live_registry_has_watcher(fixture->registry, table->id, owner);
}

/* What an ephemeral stream asks before each INSERT, and DROP TABLE once. */
static void who_watches_is_counted_per_table_and_owner(void **state)
{
    (void)state;
    TestClient *alice = client_open(fixture, "alice");
    TestClient *bob = client_open(fixture, "bob");
    assert_false(is_watched("app.events", "alice"));
    client_subscribe(alice, "a", "SELECT * FROM app.events", NULL);
    client_subscribe(alice, "b", "SELECT kind FROM app.events", NULL);
    client_subscribe(bob, "a", "SELECT * FROM app.msgs", NULL);
    assert_true(is_watched("app.events", "alice"));
    assert_false(is_watched("app.events", "bob"));
    client_close(alice);
    assert_false(is_watched("app.events", "alice"));
    client_close(bob);
}

static void a_reactor_that_falls_behind_goes_on_from_the_log(void **state)
{
    (void)state;
    Fixture *small = fixture_open((LiveEngineOptions){.feed_bytes_max = 400});
    fixture_sql(small, "root", "CREATE NAMESPACE app");
    fixture_sql(small,
                "root",
                "CREATE SHARED TABLE app.t (id BIGINT PRIMARY KEY) WITH (ACCESS_LEVEL = 'PUBLIC')");
    TestClient *client = client_open(small, "alice");
    client_subscribe(client, "s1", "SELECT id FROM app.t", NULL);
    client_expect(client, "\"subscription_ack\"");
    for (int i = 0; i < 50; i++) {
        char sql[64];
        snprintf(sql, sizeof(sql), "INSERT INTO app.t VALUES (%d)", i);
        fixture_sql(small, "root", sql);
    }
    for (int i = 0; i < 50; i++) {
        char expected[32];
        snprintf(expected, sizeof(expected), "{\"id\":\"%d\",", i);
        client_expect(client, expected);
    }
    client_expect_nothing(client);
    client_close(client);
    fixture_close(small);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(r38_an_insert_carries_the_full_new_row),
        WITH_FIXTURE(r39_an_update_carries_old_and_new_values),
        WITH_FIXTURE(r40_a_delete_carries_the_last_row_and_its_own_number),
        WITH_FIXTURE(r40_a_hard_delete_says_so),
        WITH_FIXTURE(r49_only_rows_that_match_arrive_and_leaving_is_a_delete),
        WITH_FIXTURE(an_update_of_unselected_columns_sends_only_keys),
        WITH_FIXTURE(r42_a_batch_arrives_row_by_row_in_order),
        WITH_FIXTURE(r43_every_one_of_a_hundred_updates_arrives_in_order),
        WITH_FIXTURE(r55_a_user_sees_only_his_own_rows),
        WITH_FIXTURE(initial_rows_come_in_batches_in_order_of_their_numbers),
        WITH_FIXTURE(r54_last_rows_are_the_newest_in_ascending_order),
        WITH_FIXTURE(r54_a_resume_brings_what_changed_and_deletes_in_between),
        WITH_FIXTURE(a_number_that_was_never_given_makes_a_resync),
        WITH_FIXTURE(a_slow_client_lags_and_catches_up_without_a_gap),
        WITH_FIXTURE(on_lag_latest_sends_only_the_newest_versions),
        WITH_FIXTURE(on_lag_close_ends_the_stream),
        WITH_FIXTURE(r50_a_filter_is_compiled_once_and_gone_after_unsubscribe),
        WITH_FIXTURE(r16_a_watched_table_is_not_dropped_unless_forced),
        WITH_FIXTURE(a_revoked_user_gets_nothing_that_is_committed_later),
        WITH_FIXTURE(a_killed_live_query_ends_and_the_others_go_on),
        WITH_FIXTURE(large_batches_are_gzipped),
        WITH_FIXTURE(subscriptions_that_end_on_a_worker_leave_room_for_others),
        WITH_FIXTURE(r24_stream_events_arrive_once_in_order),
        WITH_FIXTURE(what_cannot_be_kept_live_is_refused),
        WITH_FIXTURE(administrators_are_told_why_a_live_query_is_refused),
        WITH_FIXTURE(r32_r58_subscriptions_are_counted_and_replaced_by_id),
        WITH_FIXTURE(who_watches_is_counted_per_table_and_owner),
        cmocka_unit_test(a_reactor_that_falls_behind_goes_on_from_the_log),
    };
    setvbuf(stdout, NULL, _IOLBF, 0);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("live_engine", tests, NULL, NULL);
}
