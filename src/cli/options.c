/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include <getopt.h>
#include <limits.h>

const char OPTIONS_HELP[] =
    "kalam: talks SQL to a KalamDB server and shows live queries.\n"
    "\n"
    "Usage: kalam [OPTION]...\n"
    "Without -c, -f and --subscribe: a prompt, or the script on standard input.\n"
    "\n"
    "Server\n"
    "  -u, --url URL                 http://host:port or https://host:port (KALAMDB_URL)\n"
    "  -H, --host HOST               instead of a URL: host (127.0.0.1)\n"
    "  -p, --port PORT               .. and port (8080)\n"
    "\n"
    "Who you are\n"
    "      --user USER               (root; KALAMDB_USER)\n"
    "      --password [PASSWORD]     asked for without a value; better in KALAMDB_PASSWORD,\n"
    "                                others can read the command line\n"
    "      --token TOKEN             an access token instead of both (KALAMDB_TOKEN)\n"
    "\n"
    "What to do\n"
    "  -c, --command SQL             run these statements and end\n"
    "  -f, --file FILE               run a script and end (- is standard input)\n"
    "      --subscribe SQL           show a live query until Ctrl-C\n"
    "      --subscription-timeout S  .. or for so many seconds\n"
    "\n"
    "Output\n"
    "      --format FORMAT           table, json or csv; also --json, --csv\n"
    "      --no-color                (NO_COLOR)\n"
    "\n"
    "      --timeout S               how long a statement may take (30)\n"
    "      --connection-timeout S    how long connecting may take (10)\n"
    "      --version, --help\n"
    "\n"
    "Ends with 0, with 1 when something failed, with 2 when it was called wrongly.\n";

enum {
    OPTION_TOKEN = 256,
    OPTION_USER,
    OPTION_PASSWORD,
    OPTION_FORMAT,
    OPTION_JSON,
    OPTION_CSV,
    OPTION_NO_COLOR,
    OPTION_TIMEOUT,
    OPTION_CONNECTION_TIMEOUT,
    OPTION_SUBSCRIPTION_TIMEOUT,
    OPTION_SUBSCRIBE,
    OPTION_VERSION,
    OPTION_HELP,
};

static const struct option LONG_OPTIONS[] = {
    {"url", required_argument, NULL, 'u'},
    {"host", required_argument, NULL, 'H'},
    {"port", required_argument, NULL, 'p'},
    {"file", required_argument, NULL, 'f'},
    {"command", required_argument, NULL, 'c'},
    {"token", required_argument, NULL, OPTION_TOKEN},
    {"user", required_argument, NULL, OPTION_USER},
    {"password", optional_argument, NULL, OPTION_PASSWORD},
    {"format", required_argument, NULL, OPTION_FORMAT},
    {"json", no_argument, NULL, OPTION_JSON},
    {"csv", no_argument, NULL, OPTION_CSV},
    {"no-color", no_argument, NULL, OPTION_NO_COLOR},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"connection-timeout", required_argument, NULL, OPTION_CONNECTION_TIMEOUT},
    {"subscription-timeout", required_argument, NULL, OPTION_SUBSCRIPTION_TIMEOUT},
    {"subscribe", required_argument, NULL, OPTION_SUBSCRIBE},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

bool output_format_parse(Str word, OutputFormat *ret_format)
{
    for (OutputFormat format = FORMAT_TABLE; format <= FORMAT_CSV; format++) {
        if (str_equal_nocase(word, str_from_c(output_format_name(format)))) {
            *ret_format = format;
            return true;
        }
    }
    return false;
}

const char *output_format_name(OutputFormat format)
{
    static const char *const NAMES[] = {"table", "json", "csv"};
    return NAMES[format];
}

static Status parse_seconds(Context *ctx, const char *name, Str text, int *ret_seconds)
{
    int64_t seconds;
    if (!str_to_int64(text, &seconds) || seconds < 0 || seconds > INT_MAX / 1000)
        return fail(ctx,
                    STATUS_INVALID_INPUT,
                    "%s takes a number of seconds, not \"%.*s\"",
                    name,
                    STR_ARG(text));
    *ret_seconds = (int)seconds;
    return STATUS_OK;
}

static Status parse_format(Context *ctx, Str word, OutputFormat *ret_format)
{
    if (!output_format_parse(word, ret_format))
        return fail(ctx,
                    STATUS_INVALID_INPUT,
                    "--format takes table, json or csv, not \"%.*s\"",
                    STR_ARG(word));
    return STATUS_OK;
}

/* A url on the command line is stronger than one of the environment, so is a host. */
static void set_server(Options *options, int option, Str value)
{
    if (option == 'u') {
        options->url = value;
        return;
    }
    options->url = STR_NULL;
    *(option == 'H' ? &options->host : &options->port) = value;
}

/*
 * `--password Secret` as well as `--password=Secret`, although the value may be
 * left out: there are no other words that it could be, and to complain about it
 * would show it.
 */
static const char *take_optional_word(int argc, char **argv)
{
    if (optarg || optind >= argc || argv[optind][0] == '-')
        return optarg;
    return argv[optind++];
}

static void set_password(Options *options, Str value)
{
    options->ask_password = value.ptr == NULL;
    options->password = value;
}

static Status set_option(Context *ctx, Options *options, int option, Str value)
{
    switch (option) {
    case 'u':
    case 'H':
    case 'p':
        set_server(options, option, value);
        return STATUS_OK;
    case 'f':
        options->file = value;
        return STATUS_OK;
    case 'c':
        options->command = value;
        return STATUS_OK;
    case OPTION_TOKEN:
        options->token = value;
        return STATUS_OK;
    case OPTION_USER:
        options->user = value;
        options->token = STR_NULL;
        return STATUS_OK;
    case OPTION_PASSWORD:
        set_password(options, value);
        return STATUS_OK;
    case OPTION_FORMAT:
        return parse_format(ctx, value, &options->format);
    case OPTION_JSON:
        options->format = FORMAT_JSON;
        return STATUS_OK;
    case OPTION_CSV:
        options->format = FORMAT_CSV;
        return STATUS_OK;
    case OPTION_NO_COLOR:
        options->no_color = true;
        return STATUS_OK;
    case OPTION_TIMEOUT:
        return parse_seconds(ctx, "--timeout", value, &options->timeout_s);
    case OPTION_CONNECTION_TIMEOUT:
        return parse_seconds(ctx, "--connection-timeout", value, &options->connection_timeout_s);
    case OPTION_SUBSCRIPTION_TIMEOUT:
        return parse_seconds(
            ctx, "--subscription-timeout", value, &options->subscription_timeout_s);
    case OPTION_SUBSCRIBE:
        options->subscribe = value;
        return STATUS_OK;
    case OPTION_VERSION:
        options->action = ACTION_VERSION;
        return STATUS_OK;
    default:
        options->action = ACTION_HELP;
        return STATUS_OK;
    }
}

static Options from_environment(void)
{
    Str user = str_from_c(getenv("KALAMDB_USER"));
    return (Options){
        .url = str_from_c(getenv("KALAMDB_URL")),
        .host = STR("127.0.0.1"),
        .port = STR("8080"),
        .user = user.len ? user : STR("root"),
        .password = str_from_c(getenv("KALAMDB_PASSWORD")),
        .token = str_from_c(getenv("KALAMDB_TOKEN")),
        .no_color = str_from_c(getenv("NO_COLOR")).len > 0,
        .timeout_s = 30,
        .connection_timeout_s = 10,
    };
}

static Status check(Context *ctx, Options *options, Str stray)
{
    int tasks = (options->command.ptr != NULL) + (options->file.ptr != NULL) +
                (options->subscribe.ptr != NULL);
    if (stray.ptr)
        return fail(ctx, STATUS_INVALID_INPUT, "what is \"%.*s\" for?", STR_ARG(stray));
    if (tasks > 1)
        return fail(ctx, STATUS_INVALID_INPUT, "only one of -c, -f and --subscribe");
    if (options->url.len)
        return STATUS_OK;
    bool is_v6 = str_find_byte(options->host, ':') < options->host.len;
    bool bare = is_v6 && options->host.ptr[0] != '[';
    options->url = arena_printf(&ctx->arena,
                                "http://%s%.*s%s:%.*s",
                                bare ? "[" : "",
                                STR_ARG(options->host),
                                bare ? "]" : "",
                                STR_ARG(options->port));
    return STATUS_OK;
}

Status options_parse(Context *ctx, int argc, char **argv, Options *ret_options)
{
    Options options = from_environment();
    optind = 0; /* makes getopt start anew */
    opterr = 0;
    for (;;) {
        int option = getopt_long(argc, argv, ":u:H:p:f:c:", LONG_OPTIONS, NULL);
        if (option == -1)
            break;
        if (option == ':')
            return fail(ctx, STATUS_INVALID_INPUT, "%s needs a value", argv[optind - 1]);
        if (option == '?')
            return fail(ctx, STATUS_INVALID_INPUT, "unknown option %s", argv[optind - 1]);
        const char *value = option == OPTION_PASSWORD ? take_optional_word(argc, argv) : optarg;
        TRY(set_option(ctx, &options, option, str_from_c(value)));
    }
    TRY(check(ctx, &options, str_from_c(optind < argc ? argv[optind] : NULL)));
    *ret_options = options;
    return STATUS_OK;
}
