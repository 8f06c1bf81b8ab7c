/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST /v1/api/sql under way.  A small answer leaves whole; a larger one is
 * streamed, and the statement waits while the client does not read.
 *
 * While it runs, connection_user() of its connection is the SqlHttp.
 */
#pragma once

#include "net/connection.h"

typedef struct SqlHttp SqlHttp;

/* The connection can take more. */
void sql_http_on_drain(SqlHttp *exchange);

/* The connection is gone. */
void sql_http_abandon(SqlHttp *exchange);
