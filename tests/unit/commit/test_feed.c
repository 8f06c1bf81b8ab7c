/* SPDX-License-Identifier: Apache-2.0 */
#include "commit/feed.h"

#include "commit/record_writer.h"
#include "fixture.h"

enum { RECORDS_MAX = 1000 };

typedef struct Inbox {
    size_t group_count;
    size_t count;
    SeqNo seqs[RECORDS_MAX];
} Inbox;

static void note_group(void *data, CommitGroup *group)
{
    Inbox *inbox = data;
    assert_true(group->count > 0);
    inbox->group_count++;
    for (size_t i = 0; i < group->count; i++)
        inbox->seqs[inbox->count++] = group->records[i]->seq;
    commit_group_unref(group);
}

static CommitRecord *record_of(SeqNo seq, uint32_t table_id, uint32_t second_table_id)
{
    RecordWriter writer = {0};
    record_writer_clear(&writer);
    Change change = {
        .kind = CHANGE_INSERT, .table_id = table_id, .seq = seq - 1, .new_row = STR("row")};
    record_writer_add(&writer, &change);
    change.table_id = second_table_id;
    change.seq = seq;
    record_writer_add(&writer, &change);
    CommitRecord *record = record_writer_finish(&writer, 0, true);
    record_writer_done(&writer);
    return record;
}

static void each_consumer_gets_the_commits_of_its_tables_in_order(void **state)
{
    (void)state;
    static Inbox first;
    static Inbox last;
    Feed *feed = feed_new();
    feed_add_consumer(feed, 0, note_group, &first);
    feed_add_consumer(feed, FEED_CONSUMERS_MAX - 1, note_group, &last);
    feed_interest_add(feed, 0, 1);
    feed_interest_add(feed, FEED_CONSUMERS_MAX - 1, 1);
    feed_interest_add(feed, FEED_CONSUMERS_MAX - 1, 2);
    CommitRecord *records[] = {
        record_of(10, 1, 1), record_of(20, 2, 2), record_of(30, 3, 3), record_of(40, 3, 1)};
    feed_deliver(feed, records, 4);
    for (int i = 0; i < 4; i++)
        commit_record_unref(records[i]);

    assert_int_equal(first.count, 2);
    assert_int_equal(first.seqs[0], 10);
    assert_int_equal(first.seqs[1], 40);
    assert_int_equal(last.count, 3);
    assert_int_equal(last.seqs[1], 20);
    feed_free(feed);
}

static void interest_lasts_until_as_many_removals_as_additions(void **state)
{
    (void)state;
    static Inbox inbox;
    Feed *feed = feed_new();
    CommitRecord *record = record_of(10, 7, 7);
    feed_add_consumer(feed, 3, note_group, &inbox);
    feed_deliver(feed, &record, 1);
    assert_int_equal(inbox.count, 0);
    feed_interest_add(feed, 3, 7);
    feed_interest_add(feed, 3, 7);
    feed_interest_remove(feed, 3, 7);
    feed_deliver(feed, &record, 1);
    assert_int_equal(inbox.count, 1);
    feed_interest_remove(feed, 3, 7);
    feed_deliver(feed, &record, 1);
    assert_int_equal(inbox.count, 1);
    commit_record_unref(record);
    feed_free(feed);
}

static void many_commits_come_in_several_groups_and_none_is_missing(void **state)
{
    (void)state;
    static Inbox inbox;
    static CommitRecord *records[RECORDS_MAX];
    Feed *feed = feed_new();
    feed_add_consumer(feed, 0, note_group, &inbox);
    feed_interest_add(feed, 0, 1);
    for (SeqNo i = 0; i < RECORDS_MAX; i++)
        records[i] = record_of(10 + 2 * i, 1, 1);
    feed_deliver(feed, records, RECORDS_MAX);
    assert_int_equal(inbox.count, RECORDS_MAX);
    assert_true(inbox.group_count > 1);
    for (SeqNo i = 0; i < RECORDS_MAX; i++) {
        assert_int_equal(inbox.seqs[i], 10 + 2 * i);
        commit_record_unref(records[i]);
    }
    feed_free(feed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_consumer_gets_the_commits_of_its_tables_in_order),
        cmocka_unit_test(interest_lasts_until_as_many_removals_as_additions),
        cmocka_unit_test(many_commits_come_in_several_groups_and_none_is_missing),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("feed", tests, NULL, NULL);
}
