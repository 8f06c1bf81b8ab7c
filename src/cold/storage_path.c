/* SPDX-License-Identifier: Apache-2.0 */
#include "cold/storage_path.h"

#include <assert.h>
#include <openssl/evp.h>

/* File systems take 255 bytes; the cut leaves room for "_-" and the digest. */
enum {
    COMPONENT_MAX = 240,
    DIGEST_BYTES = 16,
    COMPONENT_KEPT = COMPONENT_MAX - 2 - 2 * DIGEST_BYTES
};

typedef enum Variable {
    VARIABLE_NAMESPACE,
    VARIABLE_TABLE,
    VARIABLE_USER,
    VARIABLE_SHARD,
    VARIABLE_COUNT,
} Variable;

static const struct {
    Str word;
    Variable variable;
} VARIABLE_WORDS[] = {
    /* the first word of each is today's */
    {STR_INIT("namespace"), VARIABLE_NAMESPACE},
    {STR_INIT("tableName"), VARIABLE_TABLE},
    {STR_INIT("userId"), VARIABLE_USER},
    {STR_INIT("shard"), VARIABLE_SHARD},
    {STR_INIT("table_name"), VARIABLE_TABLE},
    {STR_INIT("user_id"), VARIABLE_USER},
};

static bool find_variable(Str word, Variable *ret_variable)
{
    for (size_t i = 0; i < sizeof(VARIABLE_WORDS) / sizeof(*VARIABLE_WORDS); i++) {
        if (!str_equal(word, VARIABLE_WORDS[i].word))
            continue;
        *ret_variable = VARIABLE_WORDS[i].variable;
        return true;
    }
    return false;
}

/* ---- checking ---- */

typedef struct Draft {
    Context *ctx;
    Str text;
    StorageTemplateKind kind;
    Buf out;
    int seen[VARIABLE_COUNT];
    bool after_user; /* something follows {userId} */
} Draft;

static Status bad_template(const Draft *draft, const char *why)
{
    return fail(draft->ctx, STATUS_INVALID_SQL, "Template '%.*s': %s", STR_ARG(draft->text), why);
}

static bool is_literal(Str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = ascii_lower(text.ptr[i]);
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!plain && c != '-' && c != '_' && c != '.')
            return false;
    }
    return text.len > 0 && !str_equal(text, STR(".")) && !str_equal(text, STR(".."));
}

static Status take_variable(Draft *draft, Str word)
{
    Variable variable;
    if (!find_variable(word, &variable))
        return bad_template(draft, "the variables are {namespace}, {tableName} and {userId}");
    if (draft->seen[variable]++)
        return bad_template(draft, "a variable stands there twice");
    if (variable == VARIABLE_SHARD)
        return STATUS_OK;
    buf_printf(&draft->out, "%s{%s}", draft->out.len ? "/" : "", VARIABLE_WORDS[variable].word.ptr);
    return STATUS_OK;
}

/* A variable has a component for itself: "{namespace}{tableName}" is the same for many tables. */
static Status take_component(Draft *draft, Str component)
{
    draft->after_user = draft->seen[VARIABLE_USER] > 0;
    if (str_starts_with(component, STR("{")) && str_ends_with(component, STR("}")))
        return take_variable(draft, str_from(component.ptr + 1, component.len - 2));
    if (!is_literal(component))
        return bad_template(draft,
                            "it must be a relative path of variables and names of letters, digits, "
                            "'-', '_' and '.', such as archive/{namespace}/{tableName}");
    buf_printf(&draft->out, "%s%.*s", draft->out.len ? "/" : "", STR_ARG(component));
    return STATUS_OK;
}

/* Otherwise two tables, or two users, would share a directory. */
static Status check_variables(const Draft *draft)
{
    if (!draft->seen[VARIABLE_NAMESPACE] || !draft->seen[VARIABLE_TABLE])
        return bad_template(draft, "{namespace} and {tableName} must stand in it");
    if (draft->kind == TEMPLATE_SHARED && draft->seen[VARIABLE_USER])
        return bad_template(draft, "shared tables have no {userId}");
    if (draft->kind == TEMPLATE_USER && (!draft->seen[VARIABLE_USER] || draft->after_user))
        return bad_template(draft, "{userId} must stand at its end");
    return STATUS_OK;
}

static Status normalise(Draft *draft)
{
    Str rest = draft->text;
    Str component;
    if (rest.len > STORAGE_TEMPLATE_LENGTH_MAX)
        return bad_template(draft, "it is longer than 256 bytes");
    if (str_ends_with(rest, STR("/")))
        rest.len--;
    while (str_split(&rest, '/', &component))
        TRY(take_component(draft, component));
    return check_variables(draft);
}

Status
storage_template_normalise(Context *ctx, Str text, StorageTemplateKind kind, Str *ret_template)
{
    Draft draft = {.ctx = ctx, .text = text, .kind = kind};
    Status status = normalise(&draft);
    if (status == STATUS_OK)
        *ret_template = arena_str(&ctx->arena, buf_str(&draft.out));
    buf_done(&draft.out);
    return status;
}

/* ---- writing paths ---- */

static void append_hex(Buf *out, const unsigned char *bytes, size_t size)
{
    static const char DIGITS[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        buf_byte(out, DIGITS[bytes[i] >> 4]);
        buf_byte(out, DIGITS[bytes[i] & 15]);
    }
}

static void shorten(Buf *out, size_t start, Str name)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    int done = EVP_Digest(name.ptr, name.len, digest, NULL, EVP_sha256(), NULL);
    assert(done == 1);
    out->len = start + COMPONENT_KEPT;
    BUF_LIT(out, "_-");
    append_hex(out, digest, DIGEST_BYTES);
}

void storage_path_encode(Buf *out, Str name)
{
    size_t start = out->len;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        unsigned char byte = (unsigned char)c;
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-') {
            buf_byte(out, c);
            continue;
        }
        buf_byte(out, '_');
        append_hex(out, &byte, 1);
    }
    if (name.len == 0)
        buf_byte(out, '_');
    if (out->len - start > COMPONENT_MAX)
        shorten(out, start, name);
}

static void append_variable(Buf *out, Variable variable, const StoragePathNames *names)
{
    const Str values[VARIABLE_COUNT] = {
        [VARIABLE_NAMESPACE] = names->namespace_name,
        [VARIABLE_TABLE] = names->table_name,
        [VARIABLE_USER] = names->user_id,
    };
    storage_path_encode(out, values[variable]);
}

Str storage_path_expand(Arena *arena, Str template_text, const StoragePathNames *names)
{
    CLEANUP(buf_done) Buf out = {0};
    for (size_t i = 0; i < template_text.len; i++) {
        Str rest = str_from(template_text.ptr + i + 1, template_text.len - i - 1);
        size_t end = str_find_byte(rest, '}');
        Variable variable;
        if (template_text.ptr[i] == '{' && find_variable(str_from(rest.ptr, end), &variable)) {
            append_variable(&out, variable, names);
            i += end + 1;
            continue;
        }
        buf_byte(&out, template_text.ptr[i]);
    }
    return arena_str(arena, buf_str(&out));
}

bool storage_path_has_pattern(Str path)
{
    for (size_t i = 0; i < path.len; i++)
        if (path.ptr[i] == '*' || path.ptr[i] == '?' || path.ptr[i] == '[')
            return true;
    return false;
}
