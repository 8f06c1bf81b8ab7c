/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/base64url.h"
#include "auth_test.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { NOW = 1770000000 };

static const Claims ALICE = {
    .user_id = STR_INIT("alice"),
    .role = ROLE_DBA,
    .type = TOKEN_ACCESS,
    .issued_at = NOW,
    .expires_at = NOW + 86400,
    .email = STR_INIT("a@example.com"),
};

/* Made with another implementation. */
#define ALICE_TOKEN                                                                                \
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSIsImlzcyI6ImthbGFtZGIiLCJ"             \
    "leHAiOjE3NzAwODY0MDAsImlhdCI6MTc3MDAwMDAwMCwiZW1haWwiOiJhQGV4YW1wbGUuY29tIiwicm9"             \
    "sZSI6ImRiYSIsInRva2VuX3R5cGUiOiJhY2Nlc3MifQ.6-iqAnzAee5AGGiJ2GYSQnfRMZ2KCErijj0o"             \
    "GmBQdOQ"

static Status verify(Str token, int64_t now)
{
    CLEANUP(context_done) Context ctx = {0};
    Claims claims;
    Status status = token_verify(&ctx, SECRET, token, now, &claims);
    if (status != STATUS_OK)
        assert_str(ctx.message, "Invalid credentials");
    return status;
}

/* Signs any header and claims, as somebody who knows the secret could. */
static Str forge(Arena *arena, Str header, Str claims)
{
    CLEANUP(buf_done) Buf token = {0};
    unsigned char signature[EVP_MAX_MD_SIZE];
    unsigned size;
    base64url_append(&token, header);
    buf_byte(&token, '.');
    base64url_append(&token, claims);
    HMAC(EVP_sha256(),
         SECRET.ptr,
         (int)SECRET.len,
         (const unsigned char *)token.ptr,
         token.len,
         signature,
         &size);
    buf_byte(&token, '.');
    base64url_append(&token, str_from((const char *)signature, size));
    return arena_str(arena, buf_str(&token));
}

static void a_token_reads_back_as_it_was_made(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Str token = token_create(&ctx.arena, SECRET, &ALICE);
    assert_str(token, ALICE_TOKEN);
    Claims read;
    assert_int_equal(token_verify(&ctx, SECRET, token, NOW, &read), STATUS_OK);
    assert_str(read.user_id, "alice");
    assert_int_equal(read.role, ROLE_DBA);
    assert_int_equal(read.type, TOKEN_ACCESS);
    assert_int_equal(read.issued_at, NOW);
    assert_int_equal(read.expires_at, NOW + 86400);
    assert_str(read.email, "a@example.com");
}

static void names_of_any_bytes_survive(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Claims claims = ALICE;
    claims.user_id = STR("o'br\"ien\\ \xc3\xa4 \x01");
    claims.email = STR_NULL;
    claims.type = TOKEN_REFRESH;
    claims.credentials_version = UINT32_MAX;
    Claims read;
    Str token = token_create(&ctx.arena, SECRET, &claims);
    assert_int_equal(token_verify(&ctx, SECRET, token, NOW, &read), STATUS_OK);
    assert_true(str_equal(read.user_id, claims.user_id));
    assert_null(read.email.ptr);
    assert_int_equal(read.type, TOKEN_REFRESH);
    assert_int_equal(read.credentials_version, UINT32_MAX);
}

static void a_token_expires_with_a_minute_of_leeway(void **state)
{
    (void)state;
    Str token = STR(ALICE_TOKEN);
    int64_t end = ALICE.expires_at;
    assert_int_equal(verify(token, end), STATUS_OK);
    assert_int_equal(verify(token, end + TOKEN_LEEWAY_SECONDS - 1), STATUS_OK);
    assert_int_equal(verify(token, end + TOKEN_LEEWAY_SECONDS), STATUS_TOKEN_EXPIRED);
    assert_int_equal(verify(token, NOW - TOKEN_LEEWAY_SECONDS), STATUS_OK);
    assert_int_equal(verify(token, NOW - TOKEN_LEEWAY_SECONDS - 1), STATUS_INVALID_CREDENTIALS);
}

static void a_token_with_one_bit_changed_is_refused(void **state)
{
    (void)state;
    char token[] = ALICE_TOKEN;
    size_t len = sizeof(token) - 1;
    for (size_t bit = 0; bit < len * 8; bit++) {
        token[bit / 8] ^= (char)(1 << bit % 8);
        assert_int_equal(verify(str_from(token, len), NOW), STATUS_INVALID_CREDENTIALS);
        token[bit / 8] ^= (char)(1 << bit % 8);
    }
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(verify(str_from(token, cut), NOW), STATUS_INVALID_CREDENTIALS);
}

static void another_secret_makes_another_signature(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Str token = token_create(&ctx.arena, STR("another secret of the same length"), &ALICE);
    assert_int_equal(verify(token, NOW), STATUS_INVALID_CREDENTIALS);
}

static void three_parts_exactly(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        ALICE_TOKEN ".",
        "." ALICE_TOKEN,
        ALICE_TOKEN ".x",
        ALICE_TOKEN "=",
        " " ALICE_TOKEN,
        ALICE_TOKEN "\n",
        "eyJhbGciOiJIUzI1NiJ9..",
    };
    for (size_t i = 0; i < COUNT_OF(BAD); i++)
        assert_int_equal(verify(str_from_c(BAD[i]), NOW), STATUS_INVALID_CREDENTIALS);
    char huge[TOKEN_LENGTH_MAX + 1];
    memset(huge, 'A', sizeof(huge));
    huge[10] = huge[20] = '.';
    assert_int_equal(verify(str_from(huge, sizeof(huge)), NOW), STATUS_INVALID_CREDENTIALS);
}

#define GOOD_HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define GOOD_CLAIMS                                                                                \
    "{\"sub\":\"alice\",\"iss\":\"kalamdb\",\"exp\":1770086400,\"iat\":1770000000,"                \
    "\"role\":\"dba\",\"token_type\":\"access\"}"

static void the_algorithm_is_never_the_tokens_choice(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    static const char *const BAD[] = {
        "{\"alg\":\"none\"}",
        "{\"alg\":\"None\"}",
        "{\"alg\":\"hs256\"}",
        "{\"alg\":\"HS512\"}",
        "{\"alg\":\"RS256\"}",
        "{\"alg\":null}",
        "{\"alg\":[\"HS256\"]}",
        "{\"typ\":\"JWT\"}",
        "[\"HS256\"]",
        "\"HS256\"",
        "",
        "{\"alg\":\"HS256\"",
        "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}",
        "{\"alg\":\"HS256\",\"alg\":\"none\"}",
    };
    assert_int_equal(verify(forge(&arena, STR(GOOD_HEADER), STR(GOOD_CLAIMS)), NOW), STATUS_OK);
    assert_int_equal(verify(forge(&arena, STR("{\"alg\":\"HS256\"}"), STR(GOOD_CLAIMS)), NOW),
                     STATUS_OK);
    for (size_t i = 0; i < COUNT_OF(BAD); i++)
        assert_int_equal(verify(forge(&arena, str_from_c(BAD[i]), STR(GOOD_CLAIMS)), NOW),
                         STATUS_INVALID_CREDENTIALS);
}

static void every_claim_must_be_there_and_make_sense(void **state)
{
    (void)state;
    CLEANUP(arena_done) Arena arena = {0};
    static const struct {
        const char *from;
        const char *to;
    } CHANGES[] = {
        {"\"sub\":\"alice\",", ""},
        {"\"sub\":\"alice\"", "\"sub\":\"\""},
        {"\"sub\":\"alice\"", "\"sub\":7"},
        {"\"iss\":\"kalamdb\",", ""},
        {"\"iss\":\"kalamdb\"", "\"iss\":\"else\""},
        {"\"exp\":1770086400,", ""},
        {"1770086400", "\"1770086400\""},
        {"1770086400", "1e400"},
        {"1770086400", "99999999999999999999"},
        {"\"iat\":1770000000,", ""},
        {"\"role\":\"dba\",", ""},
        {"\"dba\"", "\"admin\""},
        {"\"dba\"", "\"root\""},
        {"\"dba\"", "null"},
        {"\"token_type\":\"access\"", "\"other\":1"},
        {"\"access\"", "\"both\""},
        {"\"iss\"", "\"email\":5,\"iss\""},
        {"\"iss\"", "\"cv\":0,\"iss\""},
        {"\"iss\"", "\"cv\":null,\"iss\""},
        {"\"iss\"", "\"cv\":4294967296,\"iss\""},
    };
    for (size_t i = 0; i < COUNT_OF(CHANGES); i++) {
        CLEANUP(buf_done) Buf claims = {0};
        const char *place = strstr(GOOD_CLAIMS, CHANGES[i].from);
        assert_non_null(place);
        size_t before = (size_t)(place - GOOD_CLAIMS);
        buf_append(&claims, GOOD_CLAIMS, before);
        buf_str_append(&claims, str_from_c(CHANGES[i].to));
        buf_str_append(&claims, str_from_c(place + strlen(CHANGES[i].from)));
        Status status = verify(forge(&arena, STR(GOOD_HEADER), buf_str(&claims)), NOW);
        if (status != STATUS_INVALID_CREDENTIALS)
            fail_msg("claims with %s are accepted", CHANGES[i].to);
    }
}

static void times_at_the_ends_of_the_range_do_no_harm(void **state)
{
    (void)state;
    CLEANUP(context_done) Context ctx = {0};
    Claims claims = ALICE;
    claims.expires_at = INT64_MAX;
    assert_int_equal(verify(token_create(&ctx.arena, SECRET, &claims), NOW), STATUS_OK);
    claims.expires_at = INT64_MIN;
    assert_int_equal(verify(token_create(&ctx.arena, SECRET, &claims), NOW), STATUS_TOKEN_EXPIRED);
    claims = ALICE;
    claims.issued_at = INT64_MAX;
    assert_int_equal(verify(token_create(&ctx.arena, SECRET, &claims), NOW),
                     STATUS_INVALID_CREDENTIALS);
    claims.issued_at = INT64_MIN;
    assert_int_equal(verify(token_create(&ctx.arena, SECRET, &claims), NOW), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_reads_back_as_it_was_made),
        cmocka_unit_test(names_of_any_bytes_survive),
        cmocka_unit_test(a_token_expires_with_a_minute_of_leeway),
        cmocka_unit_test(a_token_with_one_bit_changed_is_refused),
        cmocka_unit_test(another_secret_makes_another_signature),
        cmocka_unit_test(three_parts_exactly),
        cmocka_unit_test(the_algorithm_is_never_the_tokens_choice),
        cmocka_unit_test(every_claim_must_be_there_and_make_sense),
        cmocka_unit_test(times_at_the_ends_of_the_range_do_no_harm),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
