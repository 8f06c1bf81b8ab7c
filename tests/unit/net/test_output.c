/* SPDX-License-Identifier: Apache-2.0 */
#include "net/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

#include <stdio.h>

static uint64_t dice_state;

static uint64_t dice(uint64_t sides)
{
    dice_state = dice_state * 6364136223846793005u + 1442695040888963407u;
    return (dice_state >> 33) % sides;
}

static void roll_bytes(Buf *bytes, size_t size)
{
    buf_clear(bytes);
    for (size_t i = 0; i < size; i++)
        buf_byte(bytes, (char)dice(256));
}

static size_t roll_size(void)
{
    static const size_t maxima[] = {8, 60, 300, 1200, 9000};
    return dice(maxima[dice(5)]);
}

static void append(Output *output, OutputPool *pool, Buf *model)
{
    CLEANUP(buf_done) Buf bytes = {0};
    roll_bytes(&bytes, roll_size());
    buf_str_append(model, buf_str(&bytes));
    if (dice(2)) {
        output_copy(output, pool, buf_str(&bytes));
        return;
    }
    Shared *shared = dice(2) ? shared_copy(buf_str(&bytes)) : shared_take(&bytes);
    output_shared(output, pool, shared);
    shared_unref(shared);
}

/* What is gathered must be a prefix of the model, and all of it if the buffers sufficed. */
static void check_gathered(const Output *output, const Buf *model)
{
    uv_buf_t buffers[16];
    unsigned max = (unsigned)dice(16) + 1;
    unsigned count = output_gather(output, buffers, max);
    size_t at = 0;
    for (unsigned i = 0; i < count; i++) {
        assert_true(at + buffers[i].len <= model->len);
        assert_memory_equal(buffers[i].base, model->ptr + at, buffers[i].len);
        at += buffers[i].len;
    }
    assert_true(at == model->len || count == max);
}

static void a_queue_is_one_run_of_bytes(void **state)
{
    (void)state;
    const char *seed = getenv("TEST_SEED");
    dice_state = seed ? strtoull(seed, NULL, 10) : random_u64();
    printf("# TEST_SEED=%llu\n", (unsigned long long)dice_state);
    OutputPool pool = {.count_max = 8};
    Output output = {0};
    CLEANUP(buf_done) Buf model = {0};
    for (int i = 0; i < 20000; i++) {
        if (dice(3) && model.len < 100000) {
            append(&output, &pool, &model);
        } else {
            size_t size = model.len ? dice(model.len + 1) : 0;
            output_consume(&output, &pool, size);
            buf_consume(&model, size);
        }
        assert_int_equal(output_bytes(&output), model.len);
        check_gathered(&output, &model);
    }
    output_consume(&output, &pool, output_bytes(&output));
    assert_null(output.last);
    assert_true(pool.count <= pool.count_max);
    output_pool_done(&pool);
}

static void a_payload_is_freed_by_its_last_queue(void **state)
{
    (void)state;
    enum { QUEUES = 100, SIZE = 10000 };
    OutputPool pool = {.count_max = 8};
    Output outputs[QUEUES] = {{0}};
    char bytes[SIZE] = {0};
    Shared *shared = shared_copy(str_from(bytes, SIZE));
    for (int i = 0; i < QUEUES; i++)
        output_shared(&outputs[i], &pool, shared);
    assert_int_equal(atomic_load(&shared->refs), QUEUES + 1);
    for (int i = 0; i < QUEUES; i += 2)
        output_consume(&outputs[i], &pool, SIZE);
    assert_int_equal(atomic_load(&shared->refs), QUEUES / 2 + 1);
    for (int i = 0; i < QUEUES; i++)
        output_clear(&outputs[i], &pool);
    assert_int_equal(atomic_load(&shared->refs), 1);
    shared_unref(shared);
    output_pool_done(&pool);
}

static void small_writes_join_into_one_buffer(void **state)
{
    (void)state;
    OutputPool pool = {.count_max = 8};
    Output output = {0};
    uv_buf_t buffers[4];
    for (int i = 0; i < 10; i++)
        output_copy(&output, &pool, STR("0123456789"));
    assert_int_equal(output_gather(&output, buffers, 4), 1);
    assert_int_equal(buffers[0].len, 100);
    output_clear(&output, &pool);
    output_pool_done(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_queue_is_one_run_of_bytes),
        cmocka_unit_test(a_payload_is_freed_by_its_last_queue),
        cmocka_unit_test(small_writes_join_into_one_buffer),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("net/output", tests, NULL, NULL);
}
