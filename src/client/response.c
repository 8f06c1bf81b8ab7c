/* SPDX-License-Identifier: Apache-2.0 */
#include "client/response.h"

Status response_read(
    Context *ctx, Stream *stream, int64_t deadline_us, Buf *input, HttpResponseParser *parser)
{
    HttpProgress progress = HTTP_PARSE_MORE;
    bool closed = false;
    while (progress == HTTP_PARSE_MORE || progress == HTTP_PARSE_HEAD) {
        size_t used = 0;
        /* After the head the parser goes on without input: there may be no body. */
        if (progress == HTTP_PARSE_MORE && input->len == 0) {
            TRY(stream_read(ctx, stream, deadline_us, input));
            closed = input->len == 0;
        }
        progress = closed ? http_response_parser_end(parser)
                          : http_response_parser_feed(parser, buf_str(input), &used);
        buf_consume(input, used);
    }
    if (progress == HTTP_PARSE_DONE)
        return STATUS_OK;
    return fail(ctx,
                STATUS_IO_ERROR,
                "the server's answer makes no sense: %s",
                parser->error ? parser->error : "it ended early");
}
