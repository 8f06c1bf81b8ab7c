/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the command line and the environment ask for.
 *
 * A flag wins over the environment, which wins over the default.  Environment:
 * KALAMDB_URL, KALAMDB_USER, KALAMDB_PASSWORD, KALAMDB_TOKEN, NO_COLOR.
 */
#pragma once

#include "base/context.h"

typedef enum OutputFormat { FORMAT_TABLE, FORMAT_JSON, FORMAT_CSV } OutputFormat;

typedef enum OptionsAction { ACTION_RUN, ACTION_HELP, ACTION_VERSION } OptionsAction;

typedef struct Options {
    OptionsAction action;
    Str url;      /* empty = host and port */
    Str host;     /* 127.0.0.1 */
    Str port;     /* 8080 */
    Str user;     /* root */
    Str password; /* ptr NULL = none was given */
    Str token;
    Str file;
    Str command;
    Str subscribe;
    OutputFormat format;
    bool ask_password; /* --password without a value */
    bool no_color;
    int timeout_s;              /* 30 */
    int connection_timeout_s;   /* 10 */
    int subscription_timeout_s; /* 0 = until interrupted */
} Options;

/*
 * All text is borrowed from argv and the environment, a composed url is in ctx's arena.
 * STATUS_INVALID_INPUT names the option.
 */
MUST_CHECK Status options_parse(Context *ctx, int argc, char **argv, Options *ret_options);

/* table, json, csv */
bool output_format_parse(Str word, OutputFormat *ret_format);
const char *output_format_name(OutputFormat format);

/* What --help prints. */
extern const char OPTIONS_HELP[];
