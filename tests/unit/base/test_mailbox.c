/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mailbox.h"

#include "base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { POSTERS = 4, POSTS = 5000, PATIENCE_MS = 30000 };

typedef struct Note {
    MailboxItem item;
    int poster;
    int number;
    int *runs;
} Note;

static void count_run(MailboxItem *item)
{
    (*CONTAINER_OF(item, Note, item)->runs)++;
}

static void count_wake(void *data)
{
    (*(int *)data)++;
}

static void items_come_out_in_the_order_they_went_in(void **state)
{
    (void)state;
    Mailbox mailbox;
    Note notes[10];
    mailbox_init(&mailbox, NULL, NULL);
    for (int i = 0; i < 10; i++) {
        notes[i] = (Note){.number = i};
        assert_true(mailbox_post(&mailbox, &notes[i].item));
    }
    int expected = 0;
    for (MailboxItem *item = mailbox_take(&mailbox); item; item = item->next)
        assert_int_equal(CONTAINER_OF(item, Note, item)->number, expected++);
    assert_int_equal(expected, 10);
    assert_null(mailbox_take(&mailbox));
    mailbox_done(&mailbox);
}

static void only_the_first_item_wakes_the_owner(void **state)
{
    (void)state;
    Mailbox mailbox;
    int wakes = 0;
    int runs = 0;
    Note notes[3] = {{.item.run = count_run, .runs = &runs},
                     {.item.run = count_run, .runs = &runs},
                     {.item.run = count_run, .runs = &runs}};
    mailbox_init(&mailbox, count_wake, &wakes);
    mailbox_post(&mailbox, &notes[0].item);
    mailbox_post(&mailbox, &notes[1].item);
    assert_int_equal(wakes, 1);
    assert_int_equal(mailbox_run(&mailbox), 2);
    mailbox_post(&mailbox, &notes[2].item);
    assert_int_equal(wakes, 2);
    assert_int_equal(mailbox_run(&mailbox), 1);
    assert_int_equal(runs, 3);
    mailbox_done(&mailbox);
}

static void a_closed_mailbox_refuses_posts_and_keeps_what_it_has(void **state)
{
    (void)state;
    Mailbox mailbox;
    Note inside = {0};
    Note late = {0};
    mailbox_init(&mailbox, NULL, NULL);
    mailbox_post(&mailbox, &inside.item);
    assert_false(mailbox_is_closed(&mailbox));
    mailbox_close(&mailbox);
    assert_true(mailbox_is_closed(&mailbox));
    assert_false(mailbox_post(&mailbox, &late.item));
    assert_ptr_equal(mailbox_wait(&mailbox, -1), &inside.item);
    assert_null(mailbox_wait(&mailbox, -1));
    mailbox_done(&mailbox);
}

static void a_wait_ends_without_an_item_when_its_time_is_over(void **state)
{
    (void)state;
    Mailbox mailbox;
    mailbox_init(&mailbox, NULL, NULL);
    assert_null(mailbox_wait(&mailbox, 0));
    assert_null(mailbox_wait(&mailbox, 1));
    mailbox_done(&mailbox);
}

static void *close_it(void *data)
{
    mailbox_close(data);
    return NULL;
}

static void closing_wakes_a_waiting_owner(void **state)
{
    (void)state;
    Mailbox mailbox;
    pthread_t closer;
    mailbox_init(&mailbox, NULL, NULL);
    assert_int_equal(pthread_create(&closer, NULL, close_it, &mailbox), 0);
    assert_null(mailbox_wait(&mailbox, -1));
    pthread_join(closer, NULL);
    mailbox_done(&mailbox);
}

typedef struct Poster {
    Mailbox *mailbox;
    Note notes[POSTS];
} Poster;

static void *post_all(void *data)
{
    Poster *poster = data;
    for (int i = 0; i < POSTS; i++)
        mailbox_post(poster->mailbox, &poster->notes[i].item);
    return NULL;
}

static void many_posters_lose_nothing_and_keep_their_own_order(void **state)
{
    (void)state;
    static Poster posters[POSTERS];
    pthread_t threads[POSTERS];
    int next[POSTERS] = {0};
    Mailbox mailbox;
    mailbox_init(&mailbox, NULL, NULL);
    for (int p = 0; p < POSTERS; p++) {
        posters[p].mailbox = &mailbox;
        for (int i = 0; i < POSTS; i++)
            posters[p].notes[i] = (Note){.poster = p, .number = i};
        assert_int_equal(pthread_create(&threads[p], NULL, post_all, &posters[p]), 0);
    }
    for (int received = 0; received < POSTERS * POSTS;) {
        MailboxItem *item = mailbox_wait(&mailbox, PATIENCE_MS);
        assert_non_null(item);
        for (; item; item = item->next, received++) {
            const Note *note = CONTAINER_OF(item, Note, item);
            assert_int_equal(note->number, next[note->poster]++);
        }
    }
    for (int p = 0; p < POSTERS; p++)
        pthread_join(threads[p], NULL);
    assert_null(mailbox_take(&mailbox));
    mailbox_done(&mailbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_come_out_in_the_order_they_went_in),
        cmocka_unit_test(only_the_first_item_wakes_the_owner),
        cmocka_unit_test(a_closed_mailbox_refuses_posts_and_keeps_what_it_has),
        cmocka_unit_test(a_wait_ends_without_an_item_when_its_time_is_over),
        cmocka_unit_test(closing_wakes_a_waiting_owner),
        cmocka_unit_test(many_posters_lose_nothing_and_keep_their_own_order),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("mailbox", tests, NULL, NULL);
}
