/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as JSON: what parses is valid, and what is written of it parses to
 * the same again.
 */
#include "value/json.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(buf_done) Buf first = {0};
    CLEANUP(buf_done) Buf second = {0};
    Str text = str_from((const char *)bytes, size);
    const Json *json;
    bool valid = json_parse(&ctx, text, &json) == STATUS_OK;
    assert(valid == json_is_valid(text));
    if (!valid)
        return 0;
    json_write(&first, json);
    Status again = json_parse(&ctx, buf_str(&first), &json);
    assert(again == STATUS_OK);
    json_write(&second, json);
    assert(str_equal(buf_str(&first), buf_str(&second)));
    return 0;
}
