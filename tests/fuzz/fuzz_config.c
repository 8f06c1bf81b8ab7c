/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration file is read or refused with a reason; what was read is within its bounds. */
#include "server/config.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    Context ctx = {0};
    Config config;
    Status status = config_parse(&ctx, str_from((const char *)bytes, size), NULL, &config);
    if (status == STATUS_OK) {
        assert(config.server.port >= 1 && config.server.port <= 65535);
        assert(config.live.per_connection >= 1);
        assert(config.server.host.ptr && config.logging.level.ptr);
    } else {
        assert(ctx.message.len > 0);
    }
    context_done(&ctx);
    return 0;
}
