/* SPDX-License-Identifier: Apache-2.0 */
#include "client/resume.h"

static void observe_seq(Resume *resume, const Json *seq)
{
    uint64_t value;
    bool is_text = seq && (seq->kind == JSON_STRING || seq->kind == JSON_NUMBER);
    if (!is_text || !str_to_uint64(seq->text, &value))
        return;
    if (!resume->has_seq || value > resume->seq)
        resume->seq = value;
    resume->has_seq = true;
}

static void observe_rows(Resume *resume, const Json *rows)
{
    for (const Json *row = rows ? rows->first : NULL; row; row = row->next)
        observe_seq(resume, json_member(row, STR("_seq")));
}

static void observe_batch(Resume *resume, const Json *control)
{
    const Json *text = json_member(control, STR("last_seq"));
    observe_seq(resume, text ? text : json_member(control, STR("last_seq_id")));
}

void resume_observe(Resume *resume, const Json *message)
{
    const Json *type = json_member(message, STR("type"));
    const Json *resync = json_member(message, STR("resync"));
    if (!type)
        return;
    if (str_equal(type->text, STR("subscription_ack"))) {
        if (resync && resync->kind == JSON_TRUE)
            *resume = (Resume){0};
    } else if (str_equal(type->text, STR("initial_data_batch"))) {
        observe_rows(resume, json_member(message, STR("rows")));
        observe_batch(resume, json_member(message, STR("batch_control")));
    } else if (str_equal(type->text, STR("change"))) {
        observe_rows(resume, json_member(message, STR("rows")));
        observe_rows(resume, json_member(message, STR("old_values")));
    } else if (str_equal(type->text, STR("progress"))) {
        observe_seq(resume, json_member(message, STR("seq")));
    }
}

static bool chooses_first_rows(Str name)
{
    return str_equal(name, STR("from")) || str_equal(name, STR("from_seq_id")) ||
           str_equal(name, STR("since")) || str_equal(name, STR("last_rows"));
}

void resume_write_options(const Resume *resume, const Json *options, Buf *out)
{
    const char *separator = "";
    BUF_LIT(out, "{");
    for (const Json *option = options ? options->first : NULL; option; option = option->next) {
        if (resume->has_seq && chooses_first_rows(option->key))
            continue;
        buf_str_append(out, str_from_c(separator));
        json_write_key(out, option->key);
        json_write(out, option);
        separator = ",";
    }
    if (resume->has_seq)
        buf_printf(out, "%s\"from\":\"%llu\"", separator, (unsigned long long)resume->seq);
    BUF_LIT(out, "}");
}
