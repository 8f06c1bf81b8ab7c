/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line: a token as it came from the network.  Two lines: a header and
 * claims that the fuzzer signs itself, to get past the signature.  Whatever is
 * accepted must survive being made into a token again.
 */
#include "auth/base64url.h"
#include "auth/token.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define SECRET STR("0123456789abcdef0123456789abcdef")

enum { NOW = 1770000000 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void sign(Str header, Str claims, Buf *token)
{
    unsigned char signature[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    base64url_append(token, header);
    buf_byte(token, '.');
    base64url_append(token, claims);
    HMAC(EVP_sha256(),
         SECRET.ptr,
         (int)SECRET.len,
         (const unsigned char *)token->ptr,
         token->len,
         signature,
         &size);
    buf_byte(token, '.');
    base64url_append(token, str_from((const char *)signature, size));
}

static void assert_same_again(Context *ctx, const Claims *claims)
{
    Claims again;
    Str token = token_create(&ctx->arena, SECRET, claims);
    Status status = token_verify(ctx, SECRET, token, NOW, &again);
    assert(status == STATUS_OK || token.len > TOKEN_LENGTH_MAX);
    if (status != STATUS_OK)
        return;
    assert(str_equal(again.user_id, claims->user_id) && again.role == claims->role);
    assert(again.expires_at == claims->expires_at && again.issued_at == claims->issued_at);
    assert(again.type == claims->type && str_equal(again.email, claims->email));
}

/* Text has one encoding, and only text that has one decodes. */
static void check_base64url(Str text)
{
    CLEANUP(buf_done) Buf bytes = {0};
    CLEANUP(buf_done) Buf again = {0};
    if (!base64url_decode(&bytes, text))
        return;
    base64url_append(&again, buf_str(&bytes));
    assert(str_equal(buf_str(&again), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    CLEANUP(context_done) Context ctx = {0};
    CLEANUP(buf_done) Buf signed_token = {0};
    Str claims_text = str_from((const char *)bytes, size);
    Str token = claims_text;
    Str header;
    check_base64url(token);
    if (str_find_byte(token, '\n') < token.len && str_split(&claims_text, '\n', &header)) {
        sign(header, claims_text, &signed_token);
        token = buf_str(&signed_token);
    }
    Claims claims;
    if (token_verify(&ctx, SECRET, token, NOW, &claims) == STATUS_OK)
        assert_same_again(&ctx, &claims);
    return 0;
}
