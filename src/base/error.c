/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <assert.h>

static const StatusInfo STATUS_INFOS[STATUS_COUNT] = {
#define STATUS_ROW(name, sqlstate, http, code, prefix, words)                                      \
    [STATUS_##name] = {#name, sqlstate, code, prefix, words, http},
    STATUS_LIST(STATUS_ROW)
#undef STATUS_ROW
};

const StatusInfo *status_info(Status status)
{
    assert((unsigned)status < STATUS_COUNT);
    return &STATUS_INFOS[status];
}

const char *status_public_words(Status status, Audience audience)
{
    return audience == AUDIENCE_ADMINS ? NULL : status_info(status)->public_words;
}
