/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the configuration to what each layer wants to know.
 */
#pragma once

#include "api/api.h"
#include "server/config.h"
#include "store/data_dir.h"

/* Texts and lists are in ctx's arena or the config's. */
MUST_CHECK Status settings_api(Context *ctx,
                               const Config *config,
                               size_t reactor_count,
                               ApiSettings *ret_settings);

QueryLimits settings_query_limits(const Config *config);
TableDefaults settings_table_defaults(const Config *config);
PasswordPolicy settings_password_policy(const Config *config);
DuckOptions settings_duck(const Config *config);
/*
 * Sets *ret_defaults as well, which the options point to: templates in ctx's
 * arena, the directory is the data directory's.  Makes the key of credentials when
 * there is none.  STATUS_INVALID_INPUT names the key of a template that makes no
 * sense.
 */
MUST_CHECK Status settings_objects(Context *ctx,
                                   const Config *config,
                                   const DataDir *data_dir,
                                   StorageDefaults *ret_defaults,
                                   ObjectStoresOptions *ret_options);
JobOptions settings_jobs(const Config *config);
StoreOptions settings_store(const Config *config, Str path);
