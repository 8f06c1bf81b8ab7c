/* SPDX-License-Identifier: Apache-2.0 */
#include "query/duck_functions.h"

#define ENTRY(name, theirs, kind, result, min, around, ...)                                        \
    {                                                                                              \
        STR_INIT(name), STR_INIT(theirs), kind, SORT_##result, min,                                \
            sizeof((uint8_t[]){__VA_ARGS__}), {__VA_ARGS__}, STR_INIT(around)                      \
    }
#define S(name, theirs, result, min, ...)                                                          \
    ENTRY(name, theirs, DUCK_SCALAR, result, min, "", __VA_ARGS__)
#define A(name, theirs, result, min, ...)                                                          \
    ENTRY(name, theirs, DUCK_AGGREGATE, result, min, "", __VA_ARGS__)
#define W(name, result, min, ...) ENTRY(name, "", DUCK_WINDOW, result, min, "", __VA_ARGS__)
#define W0(name, result)                                                                           \
    {                                                                                              \
        STR_INIT(name), STR_INIT(""), DUCK_WINDOW, SORT_##result, 0, 0, {0}, STR_INIT("")          \
    }

/* clang-format off */
static const DuckFunctionEntry ENTRIES[] = {
    /* text */
    S("ascii", "", BIGINT, 1, SORT_TEXT),
    S("bit_length", "", BIGINT, 1, SORT_TEXT),
    S("chr", "", TEXT, 1, SORT_BIGINT),
    S("contains", "", BOOLEAN, 2, SORT_TEXT, SORT_TEXT),
    S("damerau_levenshtein", "", BIGINT, 2, SORT_TEXT, SORT_TEXT),
    S("from_base64", "", BYTES, 1, SORT_TEXT),
    S("jaro_winkler_similarity", "", DOUBLE, 2, SORT_TEXT, SORT_TEXT),
    S("levenshtein", "", BIGINT, 2, SORT_TEXT, SORT_TEXT),
    S("md5", "", TEXT, 1, SORT_TEXT),
    S("nfc_normalize", "", TEXT, 1, SORT_TEXT),
    S("regexp_extract", "", TEXT, 2, SORT_TEXT, SORT_CONSTANT_TEXT, SORT_CONSTANT_BIGINT),
    S("regexp_like", "regexp_matches", BOOLEAN, 2, SORT_TEXT, SORT_CONSTANT_TEXT, SORT_CONSTANT_TEXT),
    S("regexp_matches", "", BOOLEAN, 2, SORT_TEXT, SORT_CONSTANT_TEXT, SORT_CONSTANT_TEXT),
    S("regexp_replace", "", TEXT, 3, SORT_TEXT, SORT_CONSTANT_TEXT, SORT_CONSTANT_TEXT, SORT_CONSTANT_TEXT),
    S("sha256", "", TEXT, 1, SORT_TEXT),
    S("strip_accents", "", TEXT, 1, SORT_TEXT),
    S("to_base64", "", TEXT, 1, SORT_BYTES),
    S("to_hex", "", TEXT, 1, SORT_BIGINT),
    S("translate", "", TEXT, 3, SORT_TEXT, SORT_TEXT, SORT_TEXT),
    S("unicode", "", BIGINT, 1, SORT_TEXT),

    /* numbers */
    S("acos", "", DOUBLE, 1, SORT_DOUBLE),
    S("asin", "", DOUBLE, 1, SORT_DOUBLE),
    S("atan", "", DOUBLE, 1, SORT_DOUBLE),
    S("atan2", "", DOUBLE, 2, SORT_DOUBLE, SORT_DOUBLE),
    S("bit_count", "", BIGINT, 1, SORT_BIGINT),
    S("cbrt", "", DOUBLE, 1, SORT_DOUBLE),
    S("cos", "", DOUBLE, 1, SORT_DOUBLE),
    S("cot", "", DOUBLE, 1, SORT_DOUBLE),
    S("degrees", "", DOUBLE, 1, SORT_DOUBLE),
    S("gcd", "", BIGINT, 2, SORT_BIGINT, SORT_BIGINT),
    S("isfinite", "", BOOLEAN, 1, SORT_DOUBLE),
    S("isinf", "", BOOLEAN, 1, SORT_DOUBLE),
    S("isnan", "", BOOLEAN, 1, SORT_DOUBLE),
    S("lcm", "", BIGINT, 2, SORT_BIGINT, SORT_BIGINT),
    S("log", "", DOUBLE, 1, SORT_DOUBLE),
    S("log10", "", DOUBLE, 1, SORT_DOUBLE),
    S("log2", "", DOUBLE, 1, SORT_DOUBLE),
    S("radians", "", DOUBLE, 1, SORT_DOUBLE),
    S("sin", "", DOUBLE, 1, SORT_DOUBLE),
    S("tan", "", DOUBLE, 1, SORT_DOUBLE),

    /* time */
    S("date_diff", "", BIGINT, 3, SORT_CONSTANT_TEXT, SORT_TIMESTAMP, SORT_TIMESTAMP),
    S("date_sub", "", BIGINT, 3, SORT_CONSTANT_TEXT, SORT_TIMESTAMP, SORT_TIMESTAMP),
    S("datediff", "date_diff", BIGINT, 3, SORT_CONSTANT_TEXT, SORT_TIMESTAMP, SORT_TIMESTAMP),
    S("dayname", "", TEXT, 1, SORT_TIMESTAMP),
    S("epoch_ms", "", BIGINT, 1, SORT_TIMESTAMP),
    S("epoch_us", "", BIGINT, 1, SORT_TIMESTAMP),
    S("last_day", "", DATE, 1, SORT_TIMESTAMP),
    S("make_date", "", DATE, 3, SORT_BIGINT, SORT_BIGINT, SORT_BIGINT),
    S("monthname", "", TEXT, 1, SORT_TIMESTAMP),
    S("strftime", "", TEXT, 2, SORT_TIMESTAMP, SORT_CONSTANT_TEXT),
    S("strptime", "", TIMESTAMP, 2, SORT_TEXT, SORT_CONSTANT_TEXT),

    /* JSON */
    S("json_type", "", TEXT, 1, SORT_JSON),
    S("json_valid", "", BOOLEAN, 1, SORT_TEXT),

    /* aggregates */
    A("any_value", "", SAME, 1, SORT_ANY),
    A("approx_count_distinct", "", BIGINT, 1, SORT_ANY),
    A("bit_and", "", BIGINT, 1, SORT_BIGINT),
    A("bit_or", "", BIGINT, 1, SORT_BIGINT),
    A("bit_xor", "", BIGINT, 1, SORT_BIGINT),
    A("bool_and", "", BOOLEAN, 1, SORT_BOOLEAN),
    A("bool_or", "", BOOLEAN, 1, SORT_BOOLEAN),
    A("corr", "", DOUBLE, 2, SORT_DOUBLE, SORT_DOUBLE),
    A("covar_pop", "", DOUBLE, 2, SORT_DOUBLE, SORT_DOUBLE),
    A("covar_samp", "", DOUBLE, 2, SORT_DOUBLE, SORT_DOUBLE),
    A("every", "bool_and", BOOLEAN, 1, SORT_BOOLEAN),
    ENTRY("json_agg", "list", DUCK_AGGREGATE, JSON, 1, "to_json", SORT_ANY),
    A("max_by", "arg_max_null", SAME, 2, SORT_ANY, SORT_ANY),
    A("median", "", DOUBLE, 1, SORT_DOUBLE),
    A("min_by", "arg_min_null", SAME, 2, SORT_ANY, SORT_ANY),
    A("mode", "", SAME, 1, SORT_ANY),
    A("quantile_cont", "", DOUBLE, 2, SORT_DOUBLE, SORT_DOUBLE),
    A("regr_intercept", "", DOUBLE, 2, SORT_DOUBLE, SORT_DOUBLE),
    A("regr_slope", "", DOUBLE, 2, SORT_DOUBLE, SORT_DOUBLE),
    A("stddev", "stddev_samp", DOUBLE, 1, SORT_DOUBLE),
    A("stddev_pop", "", DOUBLE, 1, SORT_DOUBLE),
    A("stddev_samp", "", DOUBLE, 1, SORT_DOUBLE),
    A("string_agg", "", TEXT, 2, SORT_TEXT, SORT_CONSTANT_TEXT),
    A("var_pop", "", DOUBLE, 1, SORT_DOUBLE),
    A("var_samp", "", DOUBLE, 1, SORT_DOUBLE),
    A("variance", "var_samp", DOUBLE, 1, SORT_DOUBLE),

    /* windows */
    W0("cume_dist", DOUBLE),
    W0("dense_rank", BIGINT),
    W("first_value", SAME, 1, SORT_ANY),
    W("lag", SAME, 1, SORT_ANY, SORT_CONSTANT_BIGINT, SORT_SAME),
    W("last_value", SAME, 1, SORT_ANY),
    W("lead", SAME, 1, SORT_ANY, SORT_CONSTANT_BIGINT, SORT_SAME),
    W("nth_value", SAME, 2, SORT_ANY, SORT_CONSTANT_BIGINT),
    W("ntile", BIGINT, 1, SORT_CONSTANT_BIGINT),
    W0("percent_rank", DOUBLE),
    W0("rank", BIGINT),
    W0("row_number", BIGINT),
};
/* clang-format on */

const DuckFunctionEntry *duck_function_find(Str name)
{
    for (size_t i = 0; i < sizeof(ENTRIES) / sizeof(*ENTRIES); i++) {
        if (str_equal(ENTRIES[i].name, name))
            return &ENTRIES[i];
    }
    return NULL;
}

Type duck_sort_type(DuckSort sort)
{
    static const TypeKind KINDS[] = {
        [SORT_NONE] = TYPE_NULL,
        [SORT_SAME] = TYPE_NULL,
        [SORT_ANY] = TYPE_NULL,
        [SORT_BOOLEAN] = TYPE_BOOLEAN,
        [SORT_BIGINT] = TYPE_BIGINT,
        [SORT_DOUBLE] = TYPE_DOUBLE,
        [SORT_TEXT] = TYPE_TEXT,
        [SORT_JSON] = TYPE_JSON,
        [SORT_BYTES] = TYPE_BYTES,
        [SORT_DATE] = TYPE_DATE,
        [SORT_TIMESTAMP] = TYPE_TIMESTAMP,
        [SORT_CONSTANT_BIGINT] = TYPE_BIGINT,
        [SORT_CONSTANT_TEXT] = TYPE_TEXT,
    };
    return (Type){.kind = KINDS[sort]};
}
