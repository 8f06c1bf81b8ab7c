/* SPDX-License-Identifier: Apache-2.0 */
/* Decision 17: what an open live query does when its table is altered. */
#include "live_fixture.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#undef fail

enum { OVER_BUDGET = 2 << 20 };

static Fixture *fixture;
static TestClient *client;

static int open_fixture(void **state)
{
    (void)state;
    fixture = fixture_open((LiveEngineOptions){0});
    fixture_sql(fixture, "root", "CREATE NAMESPACE app");
    fixture_sql(fixture,
                "root",
                "CREATE SHARED TABLE app.msgs (id BIGINT PRIMARY KEY, room INT, body TEXT) "
                "WITH (ACCESS_LEVEL = 'PUBLIC')");
    client = client_open(fixture, "alice");
    return 0;
}

static int close_fixture(void **state)
{
    (void)state;
    client_close(client);
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

static void subscribe(const char *sql, const char *options)
{
    client_subscribe(client, "s1", sql, options);
    client_expect(client, "\"subscription_ack\"");
}

static const char *expect_ack(const char *text)
{
    client_expect(client, "\"subscription_ack\"");
    client->read--;
    return client_expect(client, text);
}

static void d17_an_added_column_is_told_before_the_first_change_that_has_it(void **state)
{
    (void)state;
    SQL("INSERT INTO app.msgs VALUES (1, 7, 'old')");
    subscribe("SELECT * FROM app.msgs WHERE room = 7", NULL);
    SQL("UPDATE app.msgs SET body = 'before' WHERE id = 1");
    SQL("ALTER TABLE app.msgs ADD COLUMN n INT DEFAULT 5");
    SQL("INSERT INTO app.msgs VALUES (2, 7, 'new', 6), (3, 8, 'elsewhere', 6)");
    SQL("UPDATE app.msgs SET body = 'after' WHERE id = 1");
    without(client_expect(client, "\"before\""), "\"n\"");
    const char *ack = expect_ack("{\"name\":\"n\",\"data_type\":\"Int\",\"index\":3}");
    assert_non_null(strstr(ack, "\"status\":\"ready\""));
    without(client_expect(client, "\"body\":\"new\",\"n\":6"), "elsewhere");
    const char *update = client_expect(client, "\"body\":\"after\",\"n\":5");
    assert_non_null(strstr(update, "\"old_values\":[{\"id\":\"1\",\"body\":\"before\",\"_seq\""));
    client_expect_nothing(client);
}

static void d17_what_happens_to_unselected_columns_ends_nothing(void **state)
{
    (void)state;
    subscribe("SELECT id, room FROM app.msgs WHERE room > 0", NULL);
    SQL("ALTER TABLE app.msgs RENAME COLUMN body TO words");
    expect_ack("\"schema\":[{\"name\":\"id\",\"data_type\":\"BigInt\",\"index\":0},"
               "{\"name\":\"room\",\"data_type\":\"Int\",\"index\":1}]");
    SQL("INSERT INTO app.msgs (id, room, words) VALUES (1, 7, 'a')");
    client_expect(client, "\"rows\":[{\"id\":\"1\",\"room\":7,\"_seq\":");
    SQL("ALTER TABLE app.msgs DROP COLUMN words");
    expect_ack("\"room\"");
    SQL("UPDATE app.msgs SET room = 8 WHERE id = 1");
    client_expect(client, "\"room\":8");
    client_expect_nothing(client);
}

static void d17_a_star_goes_with_renamed_and_dropped_columns(void **state)
{
    (void)state;
    subscribe("SELECT * FROM app.msgs", NULL);
    SQL("ALTER TABLE app.msgs RENAME COLUMN body TO words");
    expect_ack("{\"name\":\"words\",");
    SQL("INSERT INTO app.msgs VALUES (1, 7, 'a')");
    client_expect(client, "\"words\":\"a\"");
    SQL("ALTER TABLE app.msgs DROP COLUMN room");
    without(expect_ack("\"words\""), "room");
    SQL("DELETE FROM app.msgs WHERE id = 1");
    without(client_expect(client, "\"words\":\"a\""), "room");
    client_expect_nothing(client);
}

static void d17_a_query_whose_column_goes_ends_at_that_place(void **state)
{
    (void)state;
    subscribe("SELECT id FROM app.msgs WHERE room = 7", NULL);
    client_subscribe(client, "s2", "SELECT body FROM app.msgs", NULL);
    client_expect(client, "\"subscription_ack\"");
    SQL("INSERT INTO app.msgs VALUES (1, 7, 'a')");
    client_expect(client, "\"insert\"");
    client_expect(client, "\"insert\"");
    SQL("ALTER TABLE app.msgs DROP COLUMN room");
    SQL("INSERT INTO app.msgs VALUES (2, 'b')");
    bool ended = false;
    for (int i = 0; i < 2; i++) {
        const char *message = client_next(client);
        ended |= strstr(message, "\"s1\"") && strstr(message, "SCHEMA_CHANGED") &&
                 strstr(message, "app.msgs was altered (version 2)") && strstr(message, "'room'") &&
                 strstr(message, "\"seq\":\"");
    }
    assert_true(ended);
    assert_non_null(strstr(client_expect(client, "\"insert\""), "\"s2\""));
    SQL("ALTER TABLE app.msgs RENAME COLUMN body TO words");
    client_expect(client, "SCHEMA_CHANGED");
    client_expect_nothing(client);
    assert_int_equal(live_client_count(client->client), 0);
}

static void d17_a_widened_column_changes_its_type_and_its_form(void **state)
{
    (void)state;
    subscribe("SELECT id, room FROM app.msgs WHERE room >= 7", "{}");
    client_expect(client, "initial_data_batch");
    SQL("INSERT INTO app.msgs VALUES (1, 7, 'a')");
    client_expect(client, "\"room\":7");
    SQL("ALTER TABLE app.msgs MODIFY COLUMN room BIGINT");
    expect_ack("{\"name\":\"room\",\"data_type\":\"BigInt\",\"index\":1}");
    SQL("UPDATE app.msgs SET room = 9000000000 WHERE id = 1");
    const char *update = client_expect(client, "\"room\":\"9000000000\"");
    assert_non_null(strstr(update, "\"room\":\"7\""));
    client_expect_nothing(client);
}

static void d17_options_alone_are_not_told(void **state)
{
    (void)state;
    LiveStats stats;
    subscribe("SELECT * FROM app.msgs", NULL);
    SQL("ALTER TABLE app.msgs SET (DURABILITY = 'async')");
    SQL("ALTER TABLE app.msgs ALTER COLUMN room SET DEFAULT 3");
    client_expect_nothing(client);
    SQL("INSERT INTO app.msgs (id) VALUES (1)");
    client_expect(client, "\"room\":3");
    live_engine_stats(fixture->engine, &stats);
    assert_int_equal(stats.groups, 1);
}

static void d17_who_may_no_longer_read_is_revoked(void **state)
{
    (void)state;
    subscribe("SELECT * FROM app.msgs", NULL);
    SQL("ALTER TABLE app.msgs SET (ACCESS_LEVEL = 'RESTRICTED')");
    SQL("INSERT INTO app.msgs VALUES (1, 1, 'secret')");
    client_expect(client, "\"code\":\"REVOKED\"");
    client_expect_nothing(client);
}

static void d17_parameters_and_form_are_kept(void **state)
{
    (void)state;
    Value parameters[] = {value_bigint(7), value_text(STR("hidden"))};
    LiveSubscribe subscribe = {
        .subscription_id = STR("s1"),
        .sql = STR("SELECT * FROM app.msgs WHERE room = $1 AND body <> $2"),
        .parameters = parameters,
        .parameter_count = 2,
        .options = {.full = true},
    };
    live_subscribe(client->client, &subscribe);
    parameters[0] = value_bigint(8);
    client_expect(client, "\"subscription_ack\"");
    SQL("ALTER TABLE app.msgs ADD COLUMN n INT");
    expect_ack("\"n\"");
    SQL("INSERT INTO app.msgs VALUES (1, 8, 'a', NULL), (2, 7, 'hidden', NULL), (3, 7, 'c', 1)");
    without(client_expect(client, "\"rows\":[{\"id\":\"3\""), "\"id\":\"2\"");
    SQL("UPDATE app.msgs SET n = NULL WHERE id = 3");
    client_expect(client, "\"body\":\"c\",\"n\":null");
    client_expect_nothing(client);
}

static void d17_a_load_ends_under_the_definition_it_began_with(void **state)
{
    (void)state;
    SQL("INSERT INTO app.msgs VALUES (1, 7, 'a'), (2, 7, 'b')");
    subscribe("SELECT * FROM app.msgs", "{\"batch_size\":1}");
    client_expect(client, "\"room\":7,\"body\":\"a\"");
    SQL("ALTER TABLE app.msgs MODIFY COLUMN room BIGINT");
    SQL("ALTER TABLE app.msgs ADD COLUMN n INT DEFAULT 5");
    SQL("UPDATE app.msgs SET room = 9000000000 WHERE id = 2");
    client_expect_nothing(client);
    live_next_batch(client->client, STR("s1"), false, 0);
    client_expect(client, "\"room\":7,\"body\":\"b\"");
    const char *ack = expect_ack("{\"name\":\"room\",\"data_type\":\"BigInt\",\"index\":1}");
    assert_non_null(strstr(ack, "{\"name\":\"n\""));
    client_expect(client, "\"room\":\"9000000000\",\"body\":\"b\",\"n\":5");
    client_expect_nothing(client);
}

static void d17_a_load_under_way_ends_when_its_query_no_longer_binds(void **state)
{
    (void)state;
    SQL("INSERT INTO app.msgs VALUES (1, 7, 'a'), (2, 7, 'b')");
    subscribe("SELECT id FROM app.msgs WHERE room = 7", "{\"batch_size\":1}");
    client_expect(client, "initial_data_batch");
    SQL("ALTER TABLE app.msgs DROP COLUMN room");
    client_expect(client, "SCHEMA_CHANGED");
    live_next_batch(client->client, STR("s1"), false, 0);
    client_expect_nothing(client);
}

static void slow_reader(const char *options, const char *first, const char *last)
{
    SQL("INSERT INTO app.msgs VALUES (1, 1, 'a')");
    subscribe("SELECT id, room FROM app.msgs WHERE body <> 'z'", options);
    client_expect(client, "initial_data_batch");
    client->pretended_queue = OVER_BUDGET;
    SQL("UPDATE app.msgs SET room = 2 WHERE id = 1");
    SQL("ALTER TABLE app.msgs MODIFY COLUMN room BIGINT");
    SQL("UPDATE app.msgs SET room = 9000000000 WHERE id = 1");
    expect_ack("{\"name\":\"room\",\"data_type\":\"BigInt\",\"index\":1}");
    client_expect_nothing(client);
    client->pretended_queue = 0;
    live_client_drained(client->client);
    if (first)
        client_expect(client, first);
    client_expect(client, last);
    SQL("UPDATE app.msgs SET room = 3 WHERE id = 1");
    client_expect(client, "\"room\":\"3\"");
    client_expect_nothing(client);
}

static void d17_a_slow_reader_catches_up_across_the_change(void **state)
{
    (void)state;
    slow_reader("{}", "\"room\":\"2\"", "\"room\":\"9000000000\"");
}

static void d17_a_slow_reader_of_newest_versions_catches_up_across_the_change(void **state)
{
    (void)state;
    slow_reader("{\"on_lag\":\"latest\"}", NULL, "\"old_values\":[{\"id\":\"1\",\"room\":\"1\"");
}

/* The reactor has not come to the ALTER yet when somebody subscribes or catches up. */
static void d17_a_snapshot_ahead_of_the_feed_is_read_under_its_own_definition(void **state)
{
    (void)state;
    subscribe("SELECT id, room FROM app.msgs", NULL);
    client->pretended_queue = OVER_BUDGET;
    SQL("INSERT INTO app.msgs VALUES (1, 1, 'a')");
    fixture_settle(fixture);
    /* The mailbox rests: it is SQL's thread. */
    SQL("ALTER TABLE app.msgs MODIFY COLUMN room BIGINT");
    SQL("INSERT INTO app.msgs VALUES (2, 9000000000, 'b')");
    client->pretended_queue = 0;
    live_client_drained(client->client);
    expect_ack("\"BigInt\",\"index\":1");
    client_expect(client, "\"room\":\"1\"");
    client_expect(client, "\"room\":\"9000000000\"");
    client_expect_nothing(client);
}

static SeqNo number_in(const char *message, const char *name)
{
    const char *at = strstr(message, name);
    assert_non_null(at);
    return strtoull(at + strlen(name), NULL, 10);
}

static void d17_r54_a_resume_crosses_the_change(void **state)
{
    (void)state;
    char options[64];
    SQL("INSERT INTO app.msgs VALUES (1, 1, 'stays'), (2, 2, 'goes'), (3, 3, 'old')");
    subscribe("SELECT * FROM app.msgs", "{}");
    SeqNo from = number_in(client_expect(client, "\"stays\""), "\"last_seq\":\"");
    live_unsubscribe(client->client, STR("s1"));
    SQL("DELETE FROM app.msgs WHERE id = 2");
    SQL("ALTER TABLE app.msgs MODIFY COLUMN room BIGINT");
    SQL("ALTER TABLE app.msgs ADD COLUMN n INT DEFAULT 5");
    SQL("ALTER TABLE app.msgs DROP COLUMN body");
    SQL("UPDATE app.msgs SET room = 9000000000 WHERE id = 3");
    snprintf(options, sizeof(options), "{\"from\":\"%llu\"}", (unsigned long long)from);
    client_subscribe(client, "s1", "SELECT * FROM app.msgs", options);
    without(expect_ack("\"n\""), "body");
    client_expect(client, "initial_data_batch");
    const char *removed = client_expect(client, "\"change_type\":\"delete\"");
    assert_non_null(strstr(removed, "{\"id\":\"2\",\"room\":\"2\",\"n\":5,"));
    live_next_batch(client->client, STR("s1"), false, 0);
    client_expect(client, "{\"id\":\"3\",\"room\":\"9000000000\",\"n\":5,");
    client_expect_nothing(client);
}

static void d17_equal_queries_move_together(void **state)
{
    (void)state;
    enum { COUNT = 5 };
    LiveStats stats;
    char id[16];
    for (int i = 0; i < COUNT; i++) {
        snprintf(id, sizeof(id), "s%d", i);
        /* Other words for the same: all but the first keep their own. */
        client_subscribe(
            client, id, i % 2 ? "SELECT * FROM app.msgs" : "SELECT  *  FROM app.msgs", NULL);
        client_expect(client, "\"subscription_ack\"");
    }
    for (int round = 0; round < 3; round++) {
        SQL(round == 1 ? "ALTER TABLE app.msgs DROP COLUMN n"
                       : "ALTER TABLE app.msgs ADD COLUMN n INT");
        for (int i = 0; i < COUNT; i++)
            client_expect(client, "\"subscription_ack\"");
        SQL("INSERT INTO app.msgs (id) VALUES (1)");
        for (int i = 0; i < COUNT; i++)
            client_expect(client, "\"insert\"");
        SQL("DELETE FROM app.msgs WHERE id = 1");
        for (int i = 0; i < COUNT; i++)
            client_expect(client, "\"delete\"");
    }
    client_expect_nothing(client);
    live_engine_stats(fixture->engine, &stats);
    assert_int_equal(stats.groups, 1);
    assert_int_equal(live_registry_count(fixture->registry), COUNT);
    live_unsubscribe(client->client, STR("s3"));
    assert_int_equal(live_client_count(client->client), COUNT - 1);
}

static void d17_a_stream_takes_a_column_while_it_is_watched(void **state)
{
    (void)state;
    SQL("CREATE STREAM TABLE app.events (kind TEXT) WITH (TTL_SECONDS = 60, SCOPE = 'shared', "
        "ACCESS_LEVEL = 'PUBLIC')");
    subscribe("SELECT * FROM app.events", NULL);
    SQL("INSERT INTO app.events VALUES ('a')");
    SQL("ALTER TABLE app.events ADD COLUMN n INT");
    SQL("INSERT INTO app.events VALUES ('b', 2)");
    client_expect(client, "\"kind\":\"a\"");
    expect_ack("\"n\"");
    client_expect(client, "\"kind\":\"b\",\"n\":2");
    client_expect_nothing(client);
}

/* What the ALTERs of a gap did is found step by step in the catalog. */
static void d17_after_a_gap_the_catalog_tells(void **state)
{
    (void)state;
    Fixture *small = fixture_open((LiveEngineOptions){.feed_bytes_max = 300});
    fixture_sql(small, "root", "CREATE NAMESPACE app");
    fixture_sql(small,
                "root",
                "CREATE SHARED TABLE app.t (id BIGINT PRIMARY KEY, a INT) "
                "WITH (ACCESS_LEVEL = 'PUBLIC')");
    TestClient *watcher = client_open(small, "alice");
    client_subscribe(watcher, "all", "SELECT * FROM app.t", NULL);
    client_expect(watcher, "\"subscription_ack\"");
    client_subscribe(watcher, "some", "SELECT id FROM app.t WHERE a IS NULL", NULL);
    client_expect(watcher, "\"subscription_ack\"");
    for (int i = 0; i < 20; i++) {
        char sql[64];
        snprintf(sql, sizeof(sql), "INSERT INTO app.t VALUES (%d, 1)", i);
        fixture_sql(small, "root", sql);
    }
    fixture_sql(small, "root", "ALTER TABLE app.t DROP COLUMN a");
    fixture_sql(small, "root", "ALTER TABLE app.t ADD COLUMN a TEXT");
    fixture_sql(small, "root", "INSERT INTO app.t VALUES (20, 'x')");
    bool acknowledged = false;
    bool ended = false;
    for (int rows = 0; rows < 21 || !ended;) {
        const char *message = client_next(watcher);
        acknowledged |= strstr(message, "subscription_ack") && strstr(message, "\"Text\"");
        ended |= strstr(message, "\"some\"") && strstr(message, "SCHEMA_CHANGED");
        rows += strstr(message, "\"insert\"") != NULL;
        assert_false(!acknowledged && strstr(message, "\"a\":\"x\""));
    }
    assert_true(acknowledged);
    client_expect_nothing(watcher);
    client_close(watcher);
    fixture_close(small);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(d17_an_added_column_is_told_before_the_first_change_that_has_it),
        WITH_FIXTURE(d17_what_happens_to_unselected_columns_ends_nothing),
        WITH_FIXTURE(d17_a_star_goes_with_renamed_and_dropped_columns),
        WITH_FIXTURE(d17_a_query_whose_column_goes_ends_at_that_place),
        WITH_FIXTURE(d17_a_widened_column_changes_its_type_and_its_form),
        WITH_FIXTURE(d17_options_alone_are_not_told),
        WITH_FIXTURE(d17_who_may_no_longer_read_is_revoked),
        WITH_FIXTURE(d17_parameters_and_form_are_kept),
        WITH_FIXTURE(d17_a_load_ends_under_the_definition_it_began_with),
        WITH_FIXTURE(d17_a_load_under_way_ends_when_its_query_no_longer_binds),
        WITH_FIXTURE(d17_a_slow_reader_catches_up_across_the_change),
        WITH_FIXTURE(d17_a_slow_reader_of_newest_versions_catches_up_across_the_change),
        WITH_FIXTURE(d17_a_snapshot_ahead_of_the_feed_is_read_under_its_own_definition),
        WITH_FIXTURE(d17_r54_a_resume_crosses_the_change),
        WITH_FIXTURE(d17_equal_queries_move_together),
        WITH_FIXTURE(d17_a_stream_takes_a_column_while_it_is_watched),
        cmocka_unit_test(d17_after_a_gap_the_catalog_tells),
    };
    setvbuf(stdout, NULL, _IOLBF, 0);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("live_schema", tests, NULL, NULL);
}
