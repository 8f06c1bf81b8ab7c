/* SPDX-License-Identifier: Apache-2.0 */
#include "duck/error.h"

#include "base/log.h"

typedef enum Telling { TELL_TEXT, TELL_OWN, TELL_NOTHING } Telling;

typedef struct ErrorKind {
    Str prefix; /* what DuckDB's text begins with */
    Status status;
    Telling telling;
    bool fatal;
    const char *text; /* TELL_OWN */
} ErrorKind;

/* The longer beginnings first. */
static const ErrorKind KINDS[] = {
    {STR_INIT("Invalid Input Error: More than one row returned by a subquery"),
     STATUS_INVALID_VALUE,
     TELL_OWN,
     false,
     "a subquery used as a value returned more than one row"},
    {STR_INIT("Out of Range Error: Overflow in addition of INT64"),
     STATUS_OUT_OF_RANGE,
     TELL_OWN,
     false,
     "the result is out of range for BIGINT"},
    {STR_INIT("Out of Range Error: Overflow in subtraction of INT64"),
     STATUS_OUT_OF_RANGE,
     TELL_OWN,
     false,
     "the result is out of range for BIGINT"},
    {STR_INIT("Out of Range Error: Overflow in multiplication of INT64"),
     STATUS_OUT_OF_RANGE,
     TELL_OWN,
     false,
     "the result is out of range for BIGINT"},
    {STR_INIT("Out of Range Error: Overflow in addition of INT32"),
     STATUS_OUT_OF_RANGE,
     TELL_OWN,
     false,
     "the result is out of range for INT"},
    {STR_INIT("Out of Range Error: Overflow in subtraction of INT32"),
     STATUS_OUT_OF_RANGE,
     TELL_OWN,
     false,
     "the result is out of range for INT"},
    {STR_INIT("Out of Range Error: Overflow in multiplication of INT32"),
     STATUS_OUT_OF_RANGE,
     TELL_OWN,
     false,
     "the result is out of range for INT"},
    {STR_INIT("Out of Range Error: Overflow in addition of INT16"),
     STATUS_OUT_OF_RANGE,
     TELL_OWN,
     false,
     "the result is out of range for SMALLINT"},
    {STR_INIT("Out of Range Error: Overflow in subtraction of INT16"),
     STATUS_OUT_OF_RANGE,
     TELL_OWN,
     false,
     "the result is out of range for SMALLINT"},
    {STR_INIT("Out of Range Error: Overflow in multiplication of INT16"),
     STATUS_OUT_OF_RANGE,
     TELL_OWN,
     false,
     "the result is out of range for SMALLINT"},
    {STR_INIT("Not implemented Error: "),
     STATUS_UNSUPPORTED,
     TELL_OWN,
     false,
     "this form of query is not supported"},
    {STR_INIT("Binder Error: "),
     STATUS_UNSUPPORTED,
     TELL_OWN,
     false,
     "this form of query is not supported"},
    {STR_INIT("Out of Range Error: "), STATUS_OUT_OF_RANGE, TELL_TEXT, false, NULL},
    {STR_INIT("Conversion Error: "), STATUS_INVALID_VALUE, TELL_TEXT, false, NULL},
    {STR_INIT("Invalid Input Error: "), STATUS_INVALID_VALUE, TELL_TEXT, false, NULL},
    {STR_INIT("Divide by Zero Error: "),
     STATUS_DIVISION_BY_ZERO,
     TELL_OWN,
     false,
     "division by zero"},
    {STR_INIT("Out of Memory Error: "),
     STATUS_MEMORY_LIMIT,
     TELL_OWN,
     false,
     "the statement needs more memory than duckdb.memory_limit leaves it"},
    {STR_INIT("INTERRUPT Error: "),
     STATUS_CANCELLED,
     TELL_OWN,
     false,
     "the statement was cancelled"},
    {STR_INIT("IO Error: "), STATUS_IO_ERROR, TELL_NOTHING, false, NULL},
    {STR_INIT("Permission Error: "), STATUS_IO_ERROR, TELL_NOTHING, false, NULL},
    {STR_INIT("FATAL Error: "), STATUS_INTERNAL, TELL_NOTHING, true, NULL},
    {STR_INIT("INTERNAL Error: "), STATUS_INTERNAL, TELL_NOTHING, true, NULL},
};

/* Below the first line stands the statement's text. */
static Str first_line(Str text)
{
    return str_from(text.ptr, str_find_byte(text, '\n'));
}

static const ErrorKind *find_kind(Str text)
{
    for (size_t i = 0; i < sizeof(KINDS) / sizeof(*KINDS); i++) {
        if (str_starts_with(text, KINDS[i].prefix))
            return &KINDS[i];
    }
    return NULL;
}

Status duck_error(Context *ctx, Str text, bool *ret_fatal)
{
    const ErrorKind *kind = find_kind(text);
    log_debug("duck", "failed error=\"%.*s\"", STR_ARG(text));
    *ret_fatal = kind && kind->fatal;
    if (!kind)
        return fail(ctx, STATUS_INTERNAL, "DuckDB: %.*s", STR_ARG(text));
    if (kind->telling == TELL_OWN)
        return fail(ctx, kind->status, "%s", kind->text);
    Str line = first_line(text);
    if (kind->telling == TELL_NOTHING)
        return fail(ctx, kind->status, "DuckDB: %.*s", STR_ARG(line));
    size_t skip = kind->prefix.len;
    return fail(ctx, kind->status, "%.*s", STR_ARG(str_from(line.ptr + skip, line.len - skip)));
}
