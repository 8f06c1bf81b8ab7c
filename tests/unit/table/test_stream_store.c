/* SPDX-License-Identifier: Apache-2.0 */
#include "table_fixture.h"

#include "base/clock.h"
#include "table/stream_store.h"
#include "table/table_purge.h"

#include <stdlib.h>

enum { TTL_MS = 8000, OWNERS = 4, EVENTS_MAX = 4000 };

static Fixture fixture;

static int set_up(void **state)
{
    (void)state;
    fixture_init(&fixture);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_done(&fixture);
    return 0;
}

#define SCAN(table, user, ...)                                                                     \
    fixture_scan(&fixture, table, user, (TableScanOptions){.tier = STORE_READ_ANY, __VA_ARGS__})

static const Table *stream(const char *name, int64_t ttl_ms, int64_t max_buffer)
{
    return fixture_table(
        &fixture, name, TABLE_STREAM, (TableOptions){.ttl_ms = ttl_ms, .max_buffer = max_buffer});
}

static void pass_time(int64_t ms)
{
    fixture_set_time(fixture_time() + ms);
}

static SeqNo put(const Table *table, const char *user, int64_t id)
{
    SeqNo seq;
    assert_int_equal(fixture_insert(&fixture, table, user, id, "e", &seq), STATUS_OK);
    return seq;
}

static bool get(const Table *table, const char *user, SeqNo seq)
{
    StreamEvent event;
    bool found;
    StreamGet where = {
        .store = fixture.store, .table = table, .owner = fixture_owner(table, user), .seq = seq};
    assert_int_equal(stream_get(&fixture.ctx, &where, &event, &found), STATUS_OK);
    return found;
}

typedef struct EventDelete {
    SeqNo seq;
    bool found;
} EventDelete;

static Status delete_event(TableWrite *write, CommitBuilder *builder, void *data)
{
    (void)builder;
    EventDelete *event = data;
    return stream_event_delete(write, fixture.store, event->seq, STR("old"), &event->found);
}

static void r25_put_get_delete_scan(void **state)
{
    (void)state;
    const Table *table = stream("operations", TTL_MS, 0);
    SeqNo first = put(table, "ann", 1);
    pass_time(TTL_MS / 2);
    SeqNo second = put(table, "ann", 2);
    assert_true(get(table, "ann", first));
    assert_true(get(table, "ann", second));
    assert_false(get(table, "bob", first));
    assert_false(get(table, "ann", first + 1));
    assert_string_equal(SCAN(table, "ann"), "1=e 2=e");

    EventDelete event = {.seq = first};
    assert_int_equal(fixture_write(&fixture, table, "ann", delete_event, &event), STATUS_OK);
    assert_true(event.found);
    assert_false(get(table, "ann", first));
    assert_string_equal(SCAN(table, "ann"), "2=e");
    assert_int_equal(fixture_write(&fixture, table, "ann", delete_event, &event), STATUS_OK);
    assert_false(event.found);
}

static void r25_evict_older_than(void **state)
{
    (void)state;
    const Table *table = stream("evicted", TTL_MS, 0);
    SeqNo seqs[40];
    for (int i = 0; i < 40; i++) {
        seqs[i] = put(table, i % 2 ? "ann" : "bob", i);
        pass_time(333);
    }
    int64_t cutoff_ms = snowflake_to_ms(seqs[25]);
    assert_int_equal(stream_evict_older_than(&fixture.ctx, fixture.store, table, cutoff_ms),
                     STATUS_OK);
    for (int i = 0; i < 40; i++)
        assert_int_equal(get(table, i % 2 ? "ann" : "bob", seqs[i]), i >= 25);
}

static void r25_drop_table(void **state)
{
    (void)state;
    const Table *table = stream("dropped", 0, 0);
    const Table *other = stream("kept", 0, 0);
    SeqNo seq = put(table, "ann", 1);
    SeqNo kept = put(other, "ann", 2);
    uint32_t table_id = table->id;
    Table copy = *table;
    fixture_drop_table(&fixture, table);
    assert_int_equal(table_purge(&fixture.ctx, fixture.store, fixture.sequencer, table_id),
                     STATUS_OK);
    assert_false(get(&copy, "ann", seq));
    assert_true(get(other, "ann", kept));

    uint32_t *ids;
    size_t count;
    assert_int_equal(catalog_dropped_tables(&fixture.ctx, fixture.store, &ids, &count), STATUS_OK);
    assert_int_equal(count, 0);
}

static void an_event_expires_at_its_millisecond(void **state)
{
    (void)state;
    const Table *table = stream("expiring", TTL_MS, 0);
    put(table, "ann", 1);
    pass_time(TTL_MS - 1);
    assert_string_equal(SCAN(table, "ann"), "1=e");
    pass_time(1);
    assert_string_equal(SCAN(table, "ann"), "");
}

static void a_stream_without_ttl_keeps_everything(void **state)
{
    (void)state;
    const Table *table = stream("forever", 0, 0);
    put(table, "ann", 1);
    pass_time(INT64_C(1000) * 3600 * 24 * 365);
    put(table, "ann", 2);
    assert_string_equal(SCAN(table, "ann"), "1=e 2=e");
}

static void max_buffer_shows_the_newest_of_each_owner(void **state)
{
    (void)state;
    const Table *table = stream("bounded", TTL_MS, 3);
    for (int i = 1; i <= 5; i++) {
        put(table, "ann", i);
        pass_time(700);
    }
    put(table, "bob", 9);
    assert_string_equal(SCAN(table, "ann"), "3=e 4=e 5=e");
    assert_string_equal(SCAN(table, "ann", .reverse = true), "5=e 4=e 3=e");
    assert_string_equal(SCAN(table, "bob"), "9=e");
}

/* ---- model: owners that share a slot, events over many buckets ---- */

typedef struct ModelEvent {
    int owner;
    int64_t id;
    SeqNo seq;
} ModelEvent;

static char owners[OWNERS][16];
static ModelEvent model[EVENTS_MAX];
static size_t model_count;

/* Neighbours in the same slot are what a cursor has to skip. */
static void find_owners_of_one_slot(void)
{
    int found = 0;
    uint16_t slot = 0;
    for (int i = 0; found < OWNERS; i++) {
        char name[16];
        int length = snprintf(name, sizeof(name), "u%d", i);
        uint16_t its_slot = slot_of(1, owner_of(str_from(name, (size_t)length)));
        if (found == 0)
            slot = its_slot;
        if (its_slot == slot)
            memcpy(owners[found++], name, sizeof(name));
    }
}

static const char *expected_scan(const Table *table, int owner, bool reverse)
{
    CLEANUP(buf_done) Buf text = {0};
    for (size_t i = 0; i < model_count; i++) {
        const ModelEvent *event = &model[reverse ? model_count - 1 - i : i];
        if (event->owner == owner && !stream_is_expired(table, event->seq, fixture_time()))
            buf_printf(&text, "%s%lld=e", text.len ? " " : "", (long long)event->id);
    }
    return arena_str(&fixture.ctx.arena, buf_str(&text)).ptr;
}

static void check_owner(const Table *table, int owner)
{
    assert_string_equal(SCAN(table, owners[owner]), expected_scan(table, owner, false));
    assert_string_equal(SCAN(table, owners[owner], .reverse = true),
                        expected_scan(table, owner, true));
}

static void r24_key_order_is_time_order_for_owners_of_one_slot(void **state)
{
    (void)state;
    const char *seed = getenv("TEST_SEED");
    unsigned random = seed ? (unsigned)strtoul(seed, NULL, 10) : (unsigned)random_u64();
    printf("# TEST_SEED=%u\n", random);
    find_owners_of_one_slot();
    const Table *table = stream("model", TTL_MS, 0);
    for (int i = 0; i < 600; i++) {
        int owner = (int)((unsigned)rand_r(&random) % OWNERS);
        model[model_count++] = (ModelEvent){owner, i, put(table, owners[owner], i)};
        if (rand_r(&random) % 4 == 0)
            pass_time(rand_r(&random) % 900);
        if (i % 20 == 0)
            check_owner(table, (int)((unsigned)rand_r(&random) % OWNERS));
    }
    for (int owner = 0; owner < OWNERS; owner++)
        check_owner(table, owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r25_put_get_delete_scan),
        cmocka_unit_test(r25_evict_older_than),
        cmocka_unit_test(r25_drop_table),
        cmocka_unit_test(an_event_expires_at_its_millisecond),
        cmocka_unit_test(a_stream_without_ttl_keeps_everything),
        cmocka_unit_test(max_buffer_shows_the_newest_of_each_owner),
        cmocka_unit_test(r24_key_order_is_time_order_for_owners_of_one_slot),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("stream_store", tests, set_up, tear_down);
}
