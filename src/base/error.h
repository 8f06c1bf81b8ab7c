/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every way an operation can fail, in one list.
 *
 * The list gives each status its SQLSTATE, its HTTP status, its code on the
 * wire, the words its message starts with (clients match on them) and what
 * callers who are no administrators are told: the message, or words that stand
 * for it because it could tell what they may not see.  The enum, the wire codes
 * and docs/errors.md all come from it.
 */
#pragma once

#include <stddef.h>

#define MUST_CHECK __attribute__((warn_unused_result))

#define MESSAGE_SAFE NULL /* everybody sees the message */

/* X(name, SQLSTATE, HTTP status, wire code, message prefix, what non-admins are told) */
#define STATUS_LIST(X)                                                                             \
    X(OK, "00000", 200, "OK", "", MESSAGE_SAFE)                                                    \
    X(SYNTAX_ERROR,                                                                                \
      "42601",                                                                                     \
      400,                                                                                         \
      "INVALID_SQL",                                                                               \
      "Invalid SQL: ",                                                                             \
      "SQL statement is invalid or not allowed")                                                   \
    X(INVALID_SQL, "42000", 400, "INVALID_SQL", "Invalid SQL: ", MESSAGE_SAFE)                     \
    X(TABLE_NOT_FOUND,                                                                             \
      "42P01",                                                                                     \
      400,                                                                                         \
      "TABLE_NOT_FOUND",                                                                           \
      "Table not found: ",                                                                         \
      "Requested table is not available")                                                          \
    X(COLUMN_NOT_FOUND, "42703", 400, "SQL_EXECUTION_ERROR", "", MESSAGE_SAFE)                     \
    X(FUNCTION_NOT_FOUND, "42883", 400, "INVALID_SQL", "Invalid SQL: ", MESSAGE_SAFE)              \
    X(NOT_FOUND, "42704", 400, "SQL_EXECUTION_ERROR", "Not found: ", "SQL statement failed")       \
    X(ALREADY_EXISTS, "42710", 400, "SQL_EXECUTION_ERROR", "Already exists: ", MESSAGE_SAFE)       \
    X(UNIQUE_VIOLATION, "23505", 400, "SQL_EXECUTION_ERROR", "Already exists: ", MESSAGE_SAFE)     \
    X(NOT_NULL_VIOLATION, "23502", 400, "SQL_EXECUTION_ERROR", "", MESSAGE_SAFE)                   \
    X(TYPE_MISMATCH, "42804", 400, "SQL_EXECUTION_ERROR", "Execution error: ", MESSAGE_SAFE)       \
    X(INVALID_VALUE, "22P02", 400, "SQL_EXECUTION_ERROR", "Execution error: ", MESSAGE_SAFE)       \
    X(OUT_OF_RANGE, "22003", 400, "SQL_EXECUTION_ERROR", "Execution error: ", MESSAGE_SAFE)        \
    X(DIVISION_BY_ZERO, "22012", 400, "SQL_EXECUTION_ERROR", "Execution error: ", MESSAGE_SAFE)    \
    X(INVALID_PARAMETER, "22023", 400, "INVALID_PARAMETER", "", MESSAGE_SAFE)                      \
    X(INVALID_INPUT, "22000", 400, "INVALID_INPUT", "", MESSAGE_SAFE)                              \
    X(INVALID_OPERATION, "0A001", 400, "SQL_EXECUTION_ERROR", "Invalid operation: ", MESSAGE_SAFE) \
    X(UNSUPPORTED, "0A000", 400, "SQL_EXECUTION_ERROR", "Invalid operation: ", MESSAGE_SAFE)       \
    X(PERMISSION_DENIED, "42501", 403, "PERMISSION_DENIED", "Permission denied: ", MESSAGE_SAFE)   \
    X(UNAUTHORIZED, "42502", 403, "PERMISSION_DENIED", "Unauthorized: ", MESSAGE_SAFE)             \
    X(INVALID_CREDENTIALS, "28P01", 401, "INVALID_CREDENTIALS", "", MESSAGE_SAFE)                  \
    X(TOKEN_EXPIRED, "28001", 401, "TOKEN_EXPIRED", "", MESSAGE_SAFE)                              \
    X(CONFLICT, "40001", 400, "SQL_EXECUTION_ERROR", "Conflict: ", MESSAGE_SAFE)                   \
    X(LIMIT_EXCEEDED, "54000", 400, "SQL_EXECUTION_ERROR", "Invalid operation: ", MESSAGE_SAFE)    \
    X(RATE_LIMITED, "54001", 429, "RATE_LIMIT_EXCEEDED", "", MESSAGE_SAFE)                         \
    X(MEMORY_LIMIT, "53200", 400, "SQL_EXECUTION_ERROR", "Execution error: ", MESSAGE_SAFE)        \
    X(CANCELLED, "57014", 400, "SQL_EXECUTION_ERROR", "Execution error: ", MESSAGE_SAFE)           \
    X(TIMEOUT, "57015", 400, "SQL_EXECUTION_ERROR", "Execution error: ", MESSAGE_SAFE)             \
    X(READ_ONLY,                                                                                   \
      "25006",                                                                                     \
      503,                                                                                         \
      "READ_ONLY",                                                                                 \
      "Execution error: ",                                                                         \
      "The server accepts no writes at the moment: its storage failed; its log says why")          \
    X(SHUTTING_DOWN, "57P01", 503, "INTERNAL_ERROR", "Execution error: ", MESSAGE_SAFE)            \
    X(IO_ERROR, "58030", 500, "INTERNAL_ERROR", "Execution error: ", "SQL request failed")         \
    X(CORRUPT, "XX001", 500, "INTERNAL_ERROR", "Execution error: ", "SQL request failed")          \
    X(INTERNAL, "XX000", 500, "INTERNAL_ERROR", "Execution error: ", "SQL request failed")         \
    /* Never leave the server: they steer the caller. */                                           \
    X(WOULD_BLOCK, "XX002", 500, "INTERNAL_ERROR", "", "SQL request failed")                       \
    X(STALE_PLAN, "XX003", 500, "INTERNAL_ERROR", "", "SQL request failed")

typedef enum Status {
#define STATUS_MEMBER(name, sqlstate, http, code, prefix, words) STATUS_##name,
    STATUS_LIST(STATUS_MEMBER)
#undef STATUS_MEMBER
        STATUS_COUNT
} Status;

typedef struct StatusInfo {
    const char *name;
    const char *sqlstate;
    const char *wire_code;
    const char *prefix;
    const char *public_words; /* instead of the message for non-admins; NULL = they see it */
    int http_status;
} StatusInfo;

/* Static; never NULL. */
const StatusInfo *status_info(Status status);

typedef enum Audience { AUDIENCE_ALL, AUDIENCE_ADMINS } Audience;

/* The words that this audience gets instead of a message; NULL = it gets the message. */
const char *status_public_words(Status status, Audience audience);

/* Returns from the calling function unless `call` succeeded. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        Status try_status_ = (call);                                                               \
        if (try_status_ != STATUS_OK)                                                              \
            return try_status_;                                                                    \
    } while (0)
