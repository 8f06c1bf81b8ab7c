/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SUM of integers is exact in 128 bits while it runs and checked against BIGINT
 * at the end; AVG is the sum as DOUBLE over the count.  MIN and MAX keep a copy of
 * the best value, in the group's own memory when it is text.
 */
#include "query/aggregate.h"

#include "base/memory.h"
#include "query/run.h"
#include "query/tuple_set.h"
#include "value/decimal.h"

typedef struct AggregateState {
    int64_t count; /* of values that count */
    Int128 integer_sum;
    double real_sum;
    Value best;         /* MIN, MAX; SUM of DECIMAL */
    char *best_text;    /* heap: the text of best */
    TupleSet *distinct; /* heap; f(DISTINCT ..) */
} AggregateState;

struct Aggregator {
    AggregatorOptions options;
    TupleSet groups;
    AggregateState *states; /* group by group */
    size_t state_capacity;  /* in groups */
    size_t state_bytes;     /* of texts and sets */
    MemoryShare share;
    Value *keys; /* scratch */
    size_t next;
};

Aggregator *aggregator_new(const AggregatorOptions *options)
{
    Aggregator *aggregator = NEW(Aggregator);
    aggregator->options = *options;
    aggregator->keys = mem_zalloc((options->key_count + 1) * sizeof(Value));
    tuple_set_init(&aggregator->groups, options->key_count);
    return aggregator;
}

static void state_done(AggregateState *state)
{
    free(state->best_text);
    if (state->distinct)
        tuple_set_done(state->distinct);
    free(state->distinct);
}

void aggregator_free(Aggregator *aggregator)
{
    if (!aggregator)
        return;
    size_t state_count = aggregator->groups.count * aggregator->options.call_count;
    for (size_t i = 0; i < state_count; i++)
        state_done(&aggregator->states[i]);
    tuple_set_done(&aggregator->groups);
    memory_share_done(&aggregator->share);
    free(aggregator->states);
    free(aggregator->keys);
    free(aggregator);
}

/* ---- groups ---- */

static AggregateState *group_states(const Aggregator *aggregator, size_t group)
{
    return aggregator->states + group * aggregator->options.call_count;
}

static void make_states(Aggregator *aggregator, size_t group)
{
    size_t call_count = aggregator->options.call_count;
    if (group == aggregator->state_capacity) {
        size_t capacity = group ? group * 2 : 1;
        size_t bytes = capacity * call_count * sizeof(AggregateState);
        aggregator->states = mem_realloc(aggregator->states, bytes ? bytes : 1);
        aggregator->state_capacity = capacity;
    }
    for (size_t i = 0; i < call_count; i++)
        group_states(aggregator, group)[i] = (AggregateState){0};
}

/* The group whose keys are in `keys`; made when it is new. */
static size_t enter_group(Aggregator *aggregator)
{
    size_t group;
    if (tuple_set_add(&aggregator->groups, aggregator->keys, &group))
        make_states(aggregator, group);
    return group;
}

/* ---- one value ---- */

static void keep_best(Aggregator *aggregator, AggregateState *state, const Value *value)
{
    bool had_text = state->best_text != NULL;
    size_t old_len = had_text ? state->best.text.len : 0;
    state->best = *value;
    bool text = value->kind == TYPE_TEXT || value->kind == TYPE_JSON || value->kind == TYPE_BYTES;
    if (!text)
        return;
    free(state->best_text);
    state->best_text = mem_dup(value->text.len ? value->text.ptr : "", value->text.len);
    state->best.text.ptr = state->best_text;
    aggregator->state_bytes += value->text.len;
    aggregator->state_bytes -= old_len;
}

static Status sum_overflow(Context *ctx, const AggregateCall *call)
{
    Str type = type_to_sql(&ctx->arena, call->type);
    return fail_at(ctx,
                   STATUS_OUT_OF_RANGE,
                   call->ast->offset,
                   "the sum does not fit into %.*s",
                   STR_ARG(type));
}

static Status
add_to_sum(Context *ctx, const AggregateCall *call, AggregateState *state, const Value *value)
{
    if (type_is_integer(value->kind)) {
        state->integer_sum += value->integer;
        return STATUS_OK;
    }
    if (value->kind != TYPE_DECIMAL) {
        state->real_sum += value->real;
        return STATUS_OK;
    }
    if (state->count == 1) {
        state->best = *value;
        return STATUS_OK;
    }
    Value sum;
    if (!decimal_add(&state->best, value, &sum))
        return sum_overflow(ctx, call);
    state->best = sum;
    return STATUS_OK;
}

static void add_to_extreme(Aggregator *aggregator,
                           const AggregateCall *call,
                           AggregateState *state,
                           const Value *value)
{
    int order = state->count == 1 ? 0 : value_compare(value, &state->best);
    bool better = call->kind == AGGREGATE_MIN ? order < 0 : order > 0;
    if (state->count == 1 || better)
        keep_best(aggregator, state, value);
}

/* Is this the first time that a DISTINCT aggregate sees the value? */
static bool is_first(Aggregator *aggregator, AggregateState *state, const Value *value)
{
    if (!state->distinct) {
        state->distinct = NEW(TupleSet);
        tuple_set_init(state->distinct, 1);
    }
    size_t before = tuple_set_bytes(state->distinct);
    size_t index;
    bool first = tuple_set_add(state->distinct, value, &index);
    aggregator->state_bytes += tuple_set_bytes(state->distinct) - before;
    return first;
}

static Status add_value(Context *ctx,
                        Aggregator *aggregator,
                        const AggregateCall *call,
                        AggregateState *state,
                        const Value *row)
{
    bool counts;
    TRY(expr_test(ctx, call->filter, row, &counts));
    if (!counts)
        return STATUS_OK;
    if (call->kind == AGGREGATE_COUNT_ALL) {
        state->count++;
        return STATUS_OK;
    }
    Value value;
    TRY(expr_eval(ctx, call->argument, row, &value));
    if (value_is_null(&value) || (call->distinct && !is_first(aggregator, state, &value)))
        return STATUS_OK;
    state->count++;
    if (call->kind == AGGREGATE_MIN || call->kind == AGGREGATE_MAX)
        add_to_extreme(aggregator, call, state, &value);
    else if (call->kind != AGGREGATE_COUNT)
        return add_to_sum(ctx, call, state, &value);
    return STATUS_OK;
}

Status aggregator_add(Context *ctx, Aggregator *aggregator, const Value *row)
{
    const AggregatorOptions *options = &aggregator->options;
    for (size_t i = 0; i < options->key_count; i++)
        TRY(expr_eval(ctx, options->keys[i], row, &aggregator->keys[i]));
    size_t group = enter_group(aggregator);
    for (size_t i = 0; i < options->call_count; i++)
        TRY(add_value(
            ctx, aggregator, &options->calls[i], &group_states(aggregator, group)[i], row));

    size_t state_bytes = aggregator->state_capacity * options->call_count * sizeof(AggregateState);
    return run_check_memory(ctx,
                            &aggregator->share,
                            tuple_set_bytes(&aggregator->groups) + aggregator->state_bytes +
                                state_bytes,
                            options->bytes_max);
}

/* ---- results ---- */

static Status
finish_sum(Context *ctx, const AggregateCall *call, const AggregateState *state, Value *ret_value)
{
    if (call->type.kind == TYPE_DECIMAL)
        return value_cast(ctx, &state->best, call->type, ret_value);
    if (!type_is_integer(call->type.kind)) {
        *ret_value = (Value){.kind = call->type.kind, .real = state->real_sum};
        return STATUS_OK;
    }
    if (state->integer_sum > INT64_MAX || state->integer_sum < INT64_MIN)
        return sum_overflow(ctx, call);
    *ret_value = value_integer(call->type.kind, (int64_t)state->integer_sum);
    return STATUS_OK;
}

static double average(const AggregateState *state)
{
    double sum = state->real_sum + (double)state->integer_sum;
    if (state->best.kind == TYPE_DECIMAL)
        sum = decimal_to_double(&state->best);
    return sum / (double)state->count;
}

static Status
finish_call(Context *ctx, const AggregateCall *call, const AggregateState *state, Value *ret_value)
{
    bool counts = call->kind == AGGREGATE_COUNT || call->kind == AGGREGATE_COUNT_ALL;
    if (counts) {
        *ret_value = value_bigint(state->count);
        return STATUS_OK;
    }
    if (state->count == 0) {
        *ret_value = VALUE_NULL;
        return STATUS_OK;
    }
    if (call->kind == AGGREGATE_SUM)
        return finish_sum(ctx, call, state, ret_value);
    *ret_value = call->kind == AGGREGATE_AVG ? value_double(average(state)) : state->best;
    return STATUS_OK;
}

Status aggregator_next(Context *ctx, Aggregator *aggregator, const Value **ret_group)
{
    const AggregatorOptions *options = &aggregator->options;
    if (options->key_count == 0 && aggregator->groups.count == 0)
        enter_group(aggregator);
    *ret_group = NULL;
    if (aggregator->next == aggregator->groups.count)
        return STATUS_OK;

    size_t group = aggregator->next++;
    Value *row = ARENA_ARRAY(&ctx->arena, Value, options->key_count + options->call_count);
    for (size_t i = 0; i < options->key_count; i++)
        row[i] = aggregator->groups.tuples[group][i];
    for (size_t i = 0; i < options->call_count; i++)
        TRY(finish_call(ctx,
                        &options->calls[i],
                        &group_states(aggregator, group)[i],
                        &row[options->key_count + i]));
    *ret_group = row;
    return STATUS_OK;
}
