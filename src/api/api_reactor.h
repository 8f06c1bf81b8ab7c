/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making and ending the reactors of an Api.
 */
#pragma once

#include "api/api.h"

MUST_CHECK Status api_reactor_new(Context *ctx, Api *api, unsigned index, ApiReactor **ret_home);
void api_reactor_free(ApiReactor *home);
