#include "talk.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>

#include "acme/jws.h"
#include "base/base64url.h"

/* RFC 7515 A.3.1 */
static const char EC_JWK[] =
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\","
    "\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\"}";

#define PUBLIC_HALF                                                                            \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"," \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"

/* RFC 7517 A.2; its public half is the example of RFC 7638 3.1. */
static const char RSA_JWK[] =
    "{\"kty\":\"RSA\",\"kid\":\"2011-04-29\",\"alg\":\"RS256\""
    ",\"n\":\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxu"
    "hDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-"
    "5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-"
    "65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpb"
    "ISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-"
    "G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    "\""
    ",\"e\":\"AQAB"
    "\""
    ",\"d\":\"X4cTteJY_gn4FYPsXB8rdXix5vwsg1FLN5E3EaG6RJoVH-HLLKD9M7dx5oo7GURknchnrRweUkC7"
    "hT5fJLM0WbFAKNLWY2vv7B6NqXSzUvxT0_YSfqijwp3RTzlBaCxWp4doFk5N2o8Gy_nHNKroADIk"
    "J46pRUohsXywbReAdYaMwFs9tv8d_cPVY3i07a3t8MN6TNwm0dSawm9v47UiCl3Sk5ZiG7xojPLu"
    "4sbg1U2jx4IBTNBznbJSzFHK66jT8bgkuqsk0GjskDJk19Z4qwjwbsnn4j2WBii3RL-"
    "Us2lGVkY8fkFzme1z0HbIkfz0Y6mqnOYtqc0X4jfcKoAC8Q"
    "\""
    ",\"p\":\"83i-7IvMGXoMXCskv73TKr8637FiO7Z27zv8oj6pbWUQyLPQBQxtPVnwD20R-"
    "60eTDmD2ujnMt5PoqMrm8RfmNhVWDtjjMmCMjOpSXicFHj7XOuVIYQyqVWlWEh6dN36GVZYk93N8"
    "Bc9vY41xy8B9RzzOGVQzXvNEvn7O0nVbfs"
    "\""
    ",\"q\":\"3dfOR9cuYq-0S-"
    "mkFLzgItgMEfFzB2q3hWehMuG0oCuqnb3vobLyumqjVZQO1dIrdwgTnCdpYzBcOfW5r370AFXjiW"
    "ft_NGEiovonizhKpo9VVS78TzFgxkIdrecRezsZ-"
    "1kYd_s1qDbxtkDEgfAITAG9LUnADun4vIcb6yelxk"
    "\""
    ",\"dp\":\"G4sPXkc6Ya9y8oJW9_ILj4xuppu0lzi_H7VTkS8xj5SdX3coE0oimYwxIi2emTAue0UOa5dpgFGy"
    "BJ4c8tQ2VF402XRugKDTP8akYhFo5tAA77Qe_NmtuYZc3C3m3I24G2GvR5sSDxUyAN2zq8Lfn9EU"
    "ms6rY3Ob8YeiKkTiBj0"
    "\""
    ",\"dq\":\"s9lAH9fggBsoFR8Oac2R_E2gw282rT2kGOAhvIllETE1efrA6huUUvMfBcMpn8lqeW6vzznYY5SS"
    "QF7pMdC_agI3nG8Ibp1BUb0JUiraRNqUfLhcQb_d9GF4Dh7e74WbRsobRonujTYN1xCaP6TO61jv"
    "WrX-L18txXw494Q_cgk"
    "\""
    ",\"qi\":\"GyM_p6JrXySiz1toFgKbWV-"
    "JdI3jQ4ypu9rbMWx3rQJBfmt0FoYzgUIZEVFEcOqwemRN81zoDAaa-"
    "Bk0KWNGDjJHZDdDmFhW3AN7lI-"
    "puxk_mHZGJ11rxyR8O55XLSe3SPmRfKwZI6yU24ZxvQKFYItdldUKGzO6Ia6zTKhAVRU"
    "\""
    "}";

static ja_err_t *parse(ja_jwk_t **jwk, const char *text)
{
    return ja_jwk_parse(jwk, text, strlen(text), pool, pool);
}

static ja_json_t *json_of(const char *text)
{
    ja_json_t *json;

    WORKS(ja_json_parse(&json, text, strlen(text), 100000, pool, pool));
    return json;
}

static ja_secret_t *bytes_of(const ja_json_t *object, const char *member)
{
    ja_secret_t *bytes;

    WORKS(ja_base64url_parse(&bytes, ja_json_get_str(object, member, "?"), pool, pool));
    return bytes;
}

static ja_json_t *protected_of(const ja_json_t *jws)
{
    return json_of((const char *)bytes_of(jws, "protected")->bytes);
}

/* ---- OpenSSL's opinion ---- */

static EVP_PKEY *pkey_of(OSSL_PARAM_BLD *build, const char *type)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;

    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params), 1);
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    return pkey;
}

static EVP_PKEY *ec_key(const ja_json_t *jwk)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    const ja_secret_t *x = bytes_of(jwk, "x");
    const ja_secret_t *y = bytes_of(jwk, "y");
    unsigned char point[65] = { 4 };

    assert_int_equal(x->len, 32);
    assert_int_equal(y->len, 32);
    memcpy(point + 1, x->bytes, 32);
    memcpy(point + 33, y->bytes, 32);
    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point));
    return pkey_of(build, "EC");
}

static EVP_PKEY *rsa_key(const ja_json_t *jwk)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    const ja_secret_t *n = bytes_of(jwk, "n");
    const ja_secret_t *e = bytes_of(jwk, "e");
    BIGNUM *modulus = BN_bin2bn(n->bytes, (int)n->len, NULL);
    BIGNUM *exponent = BN_bin2bn(e->bytes, (int)e->len, NULL);
    EVP_PKEY *pkey;

    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent);
    pkey = pkey_of(build, "RSA");
    BN_free(modulus);
    BN_free(exponent);
    return pkey;
}

/* RFC 7518 3.4: R and S side by side; OpenSSL wants them as DER. */
static const ja_secret_t *der_of(const ja_secret_t *raw)
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    unsigned char *der = NULL;
    ja_secret_t *made;
    int len;

    assert_int_equal(raw->len, 64);
    ECDSA_SIG_set0(sig, BN_bin2bn(raw->bytes, 32, NULL), BN_bin2bn(raw->bytes + 32, 32, NULL));
    len = i2d_ECDSA_SIG(sig, &der);
    made = ja_secret_make(der, (apr_size_t)len, pool);
    OPENSSL_free(der);
    ECDSA_SIG_free(sig);
    return made;
}

static const char *signing_input(const ja_json_t *jws)
{
    return apr_pstrcat(pool, ja_json_get_str(jws, "protected", "?"), ".",
                       ja_json_get_str(jws, "payload", "?"), NULL);
}

static int is_signed_by(const ja_json_t *jws, const ja_json_t *jwk)
{
    int is_ec = strcmp(ja_json_get_str(jwk, "kty", "?"), "EC") == 0;
    EVP_PKEY *pkey = is_ec ? ec_key(jwk) : rsa_key(jwk);
    const ja_secret_t *raw = bytes_of(jws, "signature");
    const ja_secret_t *sig = is_ec ? der_of(raw) : raw;
    const char *input = signing_input(jws);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int is_good;

    assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, pkey), 1);
    is_good =
        EVP_DigestVerify(ctx, sig->bytes, sig->len, (const unsigned char *)input, strlen(input))
        == 1;
    ERR_clear_error();
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return is_good;
}

/* ---- keys ---- */

static void thumbprints_are_those_of_the_rfcs(void **state)
{
    ja_jwk_t *jwk;

    (void)state;
    WORKS(parse(&jwk, RSA_JWK));
    assert_string_equal(ja_jwk_thumbprint(jwk), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    WORKS(parse(&jwk, EC_JWK));
    assert_string_equal(ja_jwk_thumbprint(jwk), "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
}

/* RFC 7638 3: members in the order of their names, no white space. */
static void a_thumbprint_is_a_hash_of_the_public_members(void **state)
{
    ja_jwk_t *jwk = new_key();
    unsigned char digest[32];
    ja_secret_t *text;
    ja_json_t *key;
    const char *canonical;

    (void)state;
    WORKS(ja_jwk_print(&text, jwk, pool, pool));
    key = json_of((const char *)text->bytes);
    canonical = apr_psprintf(pool, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}",
                             ja_json_get_str(key, "x", ""), ja_json_get_str(key, "y", ""));
    EVP_Digest(canonical, strlen(canonical), digest, NULL, EVP_sha256(), NULL);
    assert_string_equal(ja_jwk_thumbprint(jwk), ja_base64url_print(digest, sizeof(digest), pool));
    assert_int_equal(strlen(ja_jwk_thumbprint(jwk)), 43);
}

static void a_key_is_read_as_it_was_written(void **state)
{
    ja_jwk_t *jwk = new_key();
    ja_jwk_t *other = new_key();
    ja_jwk_t *again;
    ja_secret_t *text;
    ja_secret_t *copy;

    (void)state;
    WORKS(ja_jwk_print(&text, jwk, pool, pool));
    WORKS(ja_jwk_parse(&again, (const char *)text->bytes, text->len, pool, pool));
    WORKS(ja_jwk_print(&copy, again, pool, pool));
    assert_string_equal(text->bytes, copy->bytes);
    assert_string_equal(ja_jwk_thumbprint(jwk), ja_jwk_thumbprint(again));
    assert_string_not_equal(ja_jwk_thumbprint(jwk), ja_jwk_thumbprint(other));
}

static void other_things_are_no_account_keys(void **state)
{
    static const char *const TEXTS[] = {
        "",
        "{}",
        "[]",
        "7",
        "{\"kty\":\"EC\"}",
        "{\"kty\":7}",
        "{\"kty\":\"oct\",\"k\":\"AAAA\"}",
        PUBLIC_HALF,
        "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"AA\",\"y\":\"AA\",\"d\":\"AA\"}",
        "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\",\"d\":\"AQAB\",\"p\":\"AQ\",\"q\":\"AQ\","
        "\"dp\":\"AQ\",\"dq\":\"AQ\",\"qi\":\"AQ\"}",
    };
    ja_jwk_t *jwk;
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        FAILS(parse(&jwk, TEXTS[i]), JA_E_SYNTAX, "account key");
    }
    FAILS(ja_jwk_parse(&jwk, EC_JWK, 100, pool, pool), JA_E_SYNTAX, "account key");
}

/* Halves of two keys, and numbers that are no point of the curve. */
static void a_damaged_key_is_noticed(void **state)
{
    ja_jwk_t *jwk;
    ja_secret_t *text;
    ja_json_t *key;

    (void)state;
    WORKS(ja_jwk_print(&text, new_key(), pool, pool));
    key = json_of((const char *)text->bytes);
    ja_json_set_str(key, "d", "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI");
    FAILS(parse(&jwk, ja_json_print(key, pool)), JA_E_CRYPTO, "account key");
    key = json_of(EC_JWK);
    ja_json_set_str(key, "y", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a1");
    FAILS(parse(&jwk, ja_json_print(key, pool)), JA_E_CRYPTO, "account key");
    ja_json_set_str(key, "y", "!");
    FAILS(parse(&jwk, ja_json_print(key, pool)), JA_E_CRYPTO, "account key");
    assert_int_equal(ERR_peek_error(), 0);
}

/* ---- requests ---- */

static ja_json_t *signed_with(const ja_jwk_t *jwk, const char *kid, const char *payload)
{
    const ja_jws_header_t header = { .url = "https://ca.example/new-order",
                                     .nonce = "nonce_-1",
                                     .kid = kid };
    const char *body;

    WORKS(ja_jws_sign(&body, jwk, &header, payload, pool, pool));
    assert_null(strpbrk(body, " \t\r\n"));
    return json_of(body);
}

static ja_json_t *public_of(const ja_jwk_t *jwk)
{
    return ja_json_get(protected_of(signed_with(jwk, NULL, "{}")), "jwk");
}

static void a_request_has_what_rfc_8555_wants(void **state)
{
    ja_jwk_t *jwk = new_key();
    ja_json_t *jws = signed_with(jwk, "https://ca.example/acct/1", "{\"a\":\"\xe3\x81\x82\"}");
    ja_json_t *header = protected_of(jws);

    (void)state;
    assert_string_equal(ja_json_get_str(header, "alg", ""), "ES256");
    assert_string_equal(ja_json_get_str(header, "nonce", ""), "nonce_-1");
    assert_string_equal(ja_json_get_str(header, "url", ""), "https://ca.example/new-order");
    assert_string_equal(ja_json_get_str(header, "kid", ""), "https://ca.example/acct/1");
    assert_null(ja_json_get(header, "jwk"));
    assert_null(ja_json_get(jws, "header"));
    assert_string_equal(bytes_of(jws, "payload")->bytes, "{\"a\":\"\xe3\x81\x82\"}");
    assert_true(is_signed_by(jws, public_of(jwk)));
    assert_false(is_signed_by(jws, public_of(new_key())));
}

static void a_new_account_shows_its_public_key_only(void **state)
{
    ja_json_t *jws = signed_with(new_key(), NULL, "{}");
    ja_json_t *header = protected_of(jws);
    ja_json_t *jwk = ja_json_get(header, "jwk");

    (void)state;
    assert_null(ja_json_get(header, "kid"));
    assert_string_equal(ja_json_get_str(jwk, "kty", ""), "EC");
    assert_string_equal(ja_json_get_str(jwk, "crv", ""), "P-256");
    assert_non_null(ja_json_get(jwk, "x"));
    assert_non_null(ja_json_get(jwk, "y"));
    assert_null(ja_json_get(jwk, "d"));
    assert_true(is_signed_by(jws, jwk));
}

static void post_as_get_has_an_empty_payload(void **state)
{
    ja_jwk_t *jwk = new_key();
    ja_json_t *jws = signed_with(jwk, "https://ca.example/acct/1", "");

    (void)state;
    assert_string_equal(ja_json_get_str(jws, "payload", "?"), "");
    assert_true(is_signed_by(jws, public_of(jwk)));
}

static void rsa_keys_sign_too(void **state)
{
    ja_jwk_t *jwk;
    ja_json_t *jws;

    (void)state;
    WORKS(parse(&jwk, RSA_JWK));
    jws = signed_with(jwk, NULL, "{}");
    assert_string_equal(ja_json_get_str(protected_of(jws), "alg", ""), "RS256");
    assert_null(ja_json_get(public_of(jwk), "p"));
    assert_null(ja_json_get(public_of(jwk), "kid"));
    assert_true(is_signed_by(jws, public_of(jwk)));
    assert_int_equal(ERR_peek_error(), 0);
}

/* Some numbers begin with zero bytes, which a raw signature has to keep: one in 128. */
static void signatures_are_never_shortened(void **state)
{
    ja_jwk_t *jwk = new_key();
    ja_json_t *pub = public_of(jwk);
    int i;

    (void)state;
    for (i = 0; i < 600; i++) {
        assert_true(
            is_signed_by(signed_with(jwk, "https://ca.example/acct/1", apr_itoa(pool, i)), pub));
    }
}

/* ---- external account binding ---- */

static void check_eab(apr_size_t hmac_len)
{
    ja_jwk_t *jwk = new_key();
    ja_secret_t *hmac = ja_secret_blank(hmac_len, pool);
    unsigned char digest[32];
    unsigned digest_len = 0;
    const ja_secret_t *signature;
    const char *text;
    const char *input;
    ja_json_t *eab;
    ja_json_t *header;
    ja_json_t *shown;

    memset(hmac->bytes, 0xa5, hmac_len);
    WORKS(ja_jws_eab(&text, jwk, "kid \"1\"", hmac, "https://ca.example/new-account", pool, pool));
    eab = json_of(text);
    header = protected_of(eab);
    assert_string_equal(ja_json_get_str(header, "alg", ""), "HS256");
    assert_string_equal(ja_json_get_str(header, "kid", ""), "kid \"1\"");
    assert_string_equal(ja_json_get_str(header, "url", ""), "https://ca.example/new-account");
    assert_null(ja_json_get(header, "nonce"));
    shown = json_of((const char *)bytes_of(eab, "payload")->bytes);
    assert_string_equal(ja_json_get_str(shown, "x", "?"), ja_json_get_str(public_of(jwk), "x", ""));
    assert_string_equal(ja_json_get_str(shown, "y", "?"), ja_json_get_str(public_of(jwk), "y", ""));
    assert_null(ja_json_get(shown, "d"));

    input = signing_input(eab);
    HMAC(EVP_sha256(), hmac->bytes, (int)hmac_len, (const unsigned char *)input, strlen(input),
         digest, &digest_len);
    signature = bytes_of(eab, "signature");
    assert_true(ja_secret_is_equal(signature->bytes, signature->len, digest, digest_len));
}

/* Whatever the length of the key, below and above that of the hash and of its block. */
static void a_binding_is_an_hmac_of_the_key(void **state)
{
    static const apr_size_t LENGTHS[] = { 1, 16, 31, 32, 33, 48, 64, 65, 256, 1024 };
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(LENGTHS) / sizeof(LENGTHS[0]); i++) {
        check_eab(LENGTHS[i]);
    }
}

static void a_binding_needs_a_reasonable_key(void **state)
{
    ja_jwk_t *jwk = new_key();
    const char *text;

    (void)state;
    FAILS(
        ja_jws_eab(&text, jwk, "kid", ja_secret_blank(0, pool), "https://ca.example/", pool, pool),
        JA_E_CONFIG, "HMAC");
    FAILS(ja_jws_eab(&text, jwk, "kid", ja_secret_blank(1025, pool), "https://ca.example/", pool,
                     pool),
          JA_E_CONFIG, "HMAC");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(thumbprints_are_those_of_the_rfcs),
        TEST(a_thumbprint_is_a_hash_of_the_public_members),
        TEST(a_key_is_read_as_it_was_written),
        TEST(other_things_are_no_account_keys),
        TEST(a_damaged_key_is_noticed),
        TEST(a_request_has_what_rfc_8555_wants),
        TEST(a_new_account_shows_its_public_key_only),
        TEST(post_as_get_has_an_empty_payload),
        TEST(rsa_keys_sign_too),
        TEST(signatures_are_never_shortened),
        TEST(a_binding_is_an_hmac_of_the_key),
        TEST(a_binding_needs_a_reasonable_key),
    };

    return RUN_TESTS(tests);
}
