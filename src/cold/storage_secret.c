/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Format: a byte 1, 12 random bytes (nonce), the ciphertext, 16 bytes (tag).  The
 * key of the cipher is the SHA-256 of the secret text, which has 256 random bits.
 */
#include "cold/storage_secret.h"

#include "base/clock.h"

#include <openssl/evp.h>

enum {
    FORMAT = 1,
    NONCE_SIZE = 12,
    TAG_SIZE = 16,
    HEAD_SIZE = 1 + NONCE_SIZE,
    TEXT_MAX = 64 << 10
};

static void cipher_free(EVP_CIPHER_CTX *cipher)
{
    EVP_CIPHER_CTX_free(cipher);
}
DEFINE_CLEANUP(EVP_CIPHER_CTX, cipher_free)

/* Ready for the text, the storage's id taken in. */
static bool begin(EVP_CIPHER_CTX *cipher, Str key, const char *nonce, Str id, int encrypt)
{
    int size;
    unsigned char hashed[EVP_MAX_MD_SIZE];
    return EVP_Digest(key.ptr, key.len, hashed, NULL, EVP_sha256(), NULL) == 1 &&
           EVP_CipherInit_ex(
               cipher, EVP_aes_256_gcm(), NULL, hashed, (const unsigned char *)nonce, encrypt) ==
               1 &&
           EVP_CipherUpdate(cipher, NULL, &size, (const unsigned char *)id.ptr, (int)id.len) == 1;
}

Status storage_secret_seal(Context *ctx, Str key, Str storage_id, Str text, Str *ret_sealed)
{
    if (text.len > TEXT_MAX)
        return fail(ctx, STATUS_LIMIT_EXCEEDED, "credentials are longer than %d bytes", TEXT_MAX);
    CLEANUP(cipher_free) EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    char *sealed = arena_alloc(&ctx->arena, HEAD_SIZE + text.len + TAG_SIZE);
    unsigned char *out = (unsigned char *)sealed + HEAD_SIZE;
    int size;
    sealed[0] = FORMAT;
    random_bytes(sealed + 1, NONCE_SIZE);
    if (!cipher || !begin(cipher, key, sealed + 1, storage_id, 1) ||
        EVP_CipherUpdate(cipher, out, &size, (const unsigned char *)text.ptr, (int)text.len) != 1 ||
        EVP_CipherFinal_ex(cipher, out + text.len, &size) != 1 ||
        EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, TAG_SIZE, out + text.len) != 1)
        return fail(ctx, STATUS_INTERNAL, "credentials cannot be encrypted");
    *ret_sealed = str_from(sealed, HEAD_SIZE + text.len + TAG_SIZE);
    return STATUS_OK;
}

Status storage_secret_unseal(Context *ctx, Str key, Str storage_id, Str sealed, Str *ret_text)
{
    bool whole = sealed.len >= HEAD_SIZE + TAG_SIZE && sealed.ptr[0] == FORMAT;
    size_t len = whole ? sealed.len - HEAD_SIZE - TAG_SIZE : 0;
    CLEANUP(cipher_free) EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    unsigned char *text = arena_alloc(&ctx->arena, len + 1);
    const unsigned char *in = (const unsigned char *)sealed.ptr + HEAD_SIZE;
    unsigned char tag[TAG_SIZE] = {0};
    int size;
    if (whole)
        memcpy(tag, in + len, TAG_SIZE);
    if (!whole || len > TEXT_MAX || !cipher || !begin(cipher, key, sealed.ptr + 1, storage_id, 0) ||
        EVP_CipherUpdate(cipher, text, &size, in, (int)len) != 1 ||
        EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, TAG_SIZE, tag) != 1 ||
        EVP_CipherFinal_ex(cipher, text + len, &size) != 1)
        return fail(ctx,
                    STATUS_CORRUPT,
                    "the credentials of storage '%.*s' cannot be decrypted with the storage_key of "
                    "this data directory",
                    STR_ARG(storage_id));
    *ret_text = str_from((const char *)text, len);
    return STATUS_OK;
}
