/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scalar functions, one table per family (functions_text.c, _math, _time,
 * _json, _id) and one way to find them.  To add a function, write its evaluator
 * and its row in the table of its family.
 */
#pragma once

#include "expr/node.h"

/* Any text a function makes is at most this long; above: STATUS_LIMIT_EXCEEDED. */
enum { FUNCTION_TEXT_MAX = 16 << 20, FUNCTION_ARGS_MAX = 100, FUNCTION_ANY_COUNT = 255 };

typedef enum Volatility {
    FUNCTION_PURE,      /* by its arguments alone */
    FUNCTION_SESSION,   /* by the user too: bound as a value, also in live filters */
    FUNCTION_STATEMENT, /* by the time of the statement: bound as a value, refused in live filters
                         */
    FUNCTION_VOLATILE   /* another value each time */
} Volatility;

/* What an argument is made into before the evaluator sees it. */
typedef enum Parameter {
    PARAMETER_AS_BEFORE, /* nothing is said: as the parameter before this one */
    PARAMETER_ANY,
    PARAMETER_TEXT,    /* also JSON, as its text */
    PARAMETER_INTEGER, /* of any width */
    PARAMETER_DOUBLE,  /* any number, as a double */
    PARAMETER_NUMBER,  /* of any kind */
    PARAMETER_MOMENT,  /* DATE, TIME, TIMESTAMP, DATETIME */
    PARAMETER_JSON,    /* also TEXT, parsed */
    PARAMETER_PATH,    /* a key or an index: TEXT or an integer */
    PARAMETER_COMMON   /* the common type of all arguments of this sort */
} Parameter;

/* Those that are more than a call; bound by bind_call.c. */
typedef enum FunctionForm {
    FORM_CALL,
    FORM_COALESCE,
    FORM_NULLIF,
    FORM_MODULO,
    FORM_TYPEOF,
} FunctionForm;

/*
 * No argument is NULL unless the function takes NULLs.  A DECIMAL result may
 * have any scale: the caller brings it to the one of the call's type.
 */
typedef Status FunctionEval(Context *ctx, const Value *args, size_t count, Value *ret_value);
typedef Value FunctionOfEnvironment(const ExprEnvironment *environment);
typedef Type FunctionResult(const Expr *const *args, size_t count);

struct Function {
    Str name;
    FunctionForm form;
    Volatility volatility;
    FunctionEval *eval;
    FunctionOfEnvironment *of_environment; /* instead of eval: SESSION, STATEMENT */
    FunctionResult *result_of;             /* NULL: always `result` */
    TypeKind result;
    uint8_t arg_min;
    uint8_t arg_max;       /* FUNCTION_ANY_COUNT = up to FUNCTION_ARGS_MAX */
    bool takes_null;       /* else any NULL argument makes NULL */
    uint8_t parameters[4]; /* of the first arguments; the last one goes for the rest too */
};

typedef struct FunctionTable {
    const Function *items;
    size_t count;
} FunctionTable;

extern const FunctionTable functions_text;
extern const FunctionTable functions_math;
extern const FunctionTable functions_time;
extern const FunctionTable functions_json;
extern const FunctionTable functions_id;

/* NULL when there is none.  Names are in lower case. */
const Function *function_find(Str name);
/* One of the names, or an aggregate's, for "did you mean"; ptr NULL = nothing near. */
Str function_nearest(Str name);

/* Does it give a value for whatever arguments it accepts? */
bool function_never_fails(const Function *function);

/* What the parameter at `index` asks for. */
Parameter function_parameter(const Function *function, size_t index);

/* The type of the first argument; DOUBLE when that is a bare NULL. */
Type function_result_first(const Expr *const *args, size_t count);

/* Room for a text of `size` bytes in ctx's arena; STATUS_LIMIT_EXCEEDED past FUNCTION_TEXT_MAX. */
MUST_CHECK Status function_text_room(Context *ctx, size_t size, char **ret_room);
