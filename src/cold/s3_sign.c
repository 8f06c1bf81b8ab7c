/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps and their names are those of "Authenticating Requests (AWS Signature
 * Version 4)" in the reference of Amazon S3.
 */
#include "cold/s3_sign.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { SHA256_SIZE = 32, DATE_LENGTH = 8 };

void s3_encode(Buf *out, Str text, bool keep_slashes)
{
    static const char DIGITS[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        char lower = ascii_lower(c);
        bool plain = (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                     c == '.' || c == '_' || c == '~' || (c == '/' && keep_slashes);
        if (plain) {
            buf_byte(out, c);
            continue;
        }
        buf_byte(out, '%');
        buf_byte(out, DIGITS[(unsigned char)c >> 4]);
        buf_byte(out, DIGITS[(unsigned char)c & 15]);
    }
}

Str s3_hex(Arena *arena, const unsigned char *bytes, size_t size)
{
    static const char DIGITS[] = "0123456789abcdef";
    char *text = arena_alloc(arena, size * 2 + 1);
    for (size_t i = 0; i < size; i++) {
        text[2 * i] = DIGITS[bytes[i] >> 4];
        text[2 * i + 1] = DIGITS[bytes[i] & 15];
    }
    text[size * 2] = '\0';
    return str_from(text, size * 2);
}

Str s3_sha256(Arena *arena, Str bytes)
{
    unsigned char digest[SHA256_SIZE];
    int done = EVP_Digest(bytes.ptr, bytes.len, digest, NULL, EVP_sha256(), NULL);
    assert(done == 1);
    return s3_hex(arena, digest, sizeof(digest));
}

static Str hmac(Arena *arena, Str key, Str text)
{
    unsigned char *digest = arena_alloc(arena, SHA256_SIZE);
    const unsigned char *done = HMAC(EVP_sha256(),
                                     key.ptr,
                                     (int)key.len,
                                     (const unsigned char *)text.ptr,
                                     text.len,
                                     digest,
                                     NULL);
    assert(done);
    return str_from((const char *)digest, SHA256_SIZE);
}

static Str signed_headers(Arena *arena, const S3Signing *signing)
{
    CLEANUP(buf_done) Buf names = {0};
    for (size_t i = 0; i < signing->header_count; i++)
        buf_printf(&names, "%s%.*s", i ? ";" : "", STR_ARG(signing->headers[i].name));
    return arena_str(arena, buf_str(&names));
}

static Str canonical_request(Arena *arena, const S3Signing *signing, Str names)
{
    CLEANUP(buf_done) Buf text = {0};
    buf_printf(&text,
               "%.*s\n%.*s\n%.*s\n",
               STR_ARG(signing->method),
               STR_ARG(signing->path),
               STR_ARG(signing->query));
    for (size_t i = 0; i < signing->header_count; i++)
        buf_printf(&text,
                   "%.*s:%.*s\n",
                   STR_ARG(signing->headers[i].name),
                   STR_ARG(str_trim(signing->headers[i].value)));
    buf_printf(&text, "\n%.*s\n%.*s", STR_ARG(names), STR_ARG(signing->payload_sha256));
    return arena_str(arena, buf_str(&text));
}

static Str signing_key(Arena *arena, Str secret, const S3Signing *signing)
{
    Str first = arena_printf(arena, "AWS4%.*s", STR_ARG(secret));
    Str key = hmac(arena, first, str_from(signing->timestamp.ptr, DATE_LENGTH));
    key = hmac(arena, key, signing->region);
    key = hmac(arena, key, STR("s3"));
    return hmac(arena, key, STR("aws4_request"));
}

Str s3_authorization(Arena *arena, const S3Credentials *credentials, const S3Signing *signing)
{
    Str names = signed_headers(arena, signing);
    Str request = canonical_request(arena, signing, names);
    Str scope = arena_printf(
        arena, "%.8s/%.*s/s3/aws4_request", signing->timestamp.ptr, STR_ARG(signing->region));
    Str text = arena_printf(arena,
                            "AWS4-HMAC-SHA256\n%.*s\n%.*s\n%.*s",
                            STR_ARG(signing->timestamp),
                            STR_ARG(scope),
                            STR_ARG(s3_sha256(arena, request)));
    Str signature = hmac(arena, signing_key(arena, credentials->secret_key, signing), text);
    return arena_printf(
        arena,
        "AWS4-HMAC-SHA256 Credential=%.*s/%.*s,SignedHeaders=%.*s,Signature=%.*s",
        STR_ARG(credentials->access_key),
        STR_ARG(scope),
        STR_ARG(names),
        STR_ARG(s3_hex(arena, (const unsigned char *)signature.ptr, signature.len)));
}
