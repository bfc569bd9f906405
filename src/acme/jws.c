#include "acme/jws.h"

#include <string.h>

#include <apr_strings.h>
#include <jose/jose.h>
#include <jose/openssl.h>
#include <openssl/err.h>

#include "acme/signature.h"
#include "base/base64url.h"
#include "json/json.h"

#define JWK_MAX_BYTES    (16 * 1024)
#define RSA_MIN_BYTES    256 /* RFC 7518 3.3: 2048 bits */
#define HS256_BYTES      32
#define HMAC_MAX_BYTES   1024 /* libjose's limit */
#define THUMBPRINT_BYTES 32

struct ja_jwk_t {
    json_t *key; /* with the private members */
    json_t *pub;
    EVP_PKEY *evp; /* the same key, decoded once */
    const char *alg;
    const char *thumbprint;
};

/* The members that a key has (RFC 7518 6.2, 6.3); the first `pub_count` of them are public.
 * Anything else in a JWK ("kid", "use", "key_ops") is somebody else's remark and is left behind. */
typedef struct {
    const char *kty;
    const char *alg;
    int pub_count;
    const char *members[10];
} kind_t;

/* clang-format off */
static const kind_t KINDS[] = {
    { "EC", "ES256", 4, { "kty", "crv", "x", "y", "d", NULL } },
    { "RSA", "RS256", 3, { "kty", "n", "e", "d", "p", "q", "dp", "dq", "qi", NULL } },
};
/* clang-format on */

/* ---- libjose: what it says and what it leaves behind ----------------------------------------- */

/* Without a function of ours libjose writes its complaints to stderr. They name no object, so
 * ours say it. */
static void ignore_complaint(void *misc, const char *file, int line, uint64_t err, const char *fmt,
                             va_list args)
{
    (void)misc;
    (void)file;
    (void)line;
    (void)err;
    (void)fmt;
    (void)args;
}

static apr_status_t drop_cfg(void *cfg)
{
    jose_cfg_decref(cfg);
    return APR_SUCCESS;
}

static jose_cfg_t *quiet(apr_pool_t *pool)
{
    jose_cfg_t *cfg = jose_cfg();

    if (cfg) {
        jose_cfg_set_err_func(cfg, ignore_complaint, NULL);
        apr_pool_cleanup_register(pool, cfg, drop_cfg, apr_pool_cleanup_null);
    }
    return cfg;
}

/* OpenSSL's reasons since the mark, and the queue as it was: httpd's own code works on it too. */
static ja_err_t *crypto_error(const char *what, apr_pool_t *pool)
{
    char reason[256] = "";
    unsigned long code = ERR_peek_last_error();

    if (code) {
        ERR_error_string_n(code, reason, sizeof(reason));
    }
    ERR_pop_to_mark();
    return ja_err_make(JA_E_CRYPTO, pool, "%s failed%s%s", what, *reason ? ": " : "", reason);
}

static apr_status_t drop_json(void *json)
{
    json_decref(json);
    return APR_SUCCESS;
}

/* Overwrite all strings of an object: jansson frees them as they are. */
static apr_status_t wipe_json(void *data)
{
    json_t *object = data;
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        if (json_is_string(value)) {
            ja_secret_wipe((char *)json_string_value(value), json_string_length(value));
        }
    }
    json_decref(object);
    return APR_SUCCESS;
}

static json_t *keep_secret_json(json_t *json, apr_pool_t *pool)
{
    if (json) {
        apr_pool_cleanup_register(pool, json, wipe_json, apr_pool_cleanup_null);
    }
    return json;
}

static json_t *keep_json(json_t *json, apr_pool_t *pool)
{
    if (json) {
        apr_pool_cleanup_register(pool, json, drop_json, apr_pool_cleanup_null);
    }
    return json;
}

/* ---- the account key ------------------------------------------------------------------------- */

static const kind_t *find_kind(const json_t *jwk)
{
    const char *kty = json_string_value(json_object_get(jwk, "kty"));
    unsigned i;

    for (i = 0; kty && i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
        if (strcmp(KINDS[i].kty, kty) == 0) {
            return &KINDS[i];
        }
    }
    return NULL;
}

/* A new object with copies of the first `count` members of `kind`; NULL if one is no string. -1:
 * all of them. */
static json_t *pick_members(const json_t *jwk, const kind_t *kind, int count, apr_pool_t *pool)
{
    json_t *picked = keep_secret_json(json_object(), pool);
    int i;

    for (i = 0; kind->members[i] && i != count; i++) {
        const json_t *value = json_object_get(jwk, kind->members[i]);

        if (!json_is_string(value)
            || json_object_set_new(picked, kind->members[i],
                                   json_string(json_string_value(value)))) {
            return NULL;
        }
    }
    return picked;
}

/* Only keys that ACME servers take: P-256, RSA from 2048 bits on. What is no base64url has the
 * length SIZE_MAX. */
static int is_supported(const json_t *jwk, const kind_t *kind)
{
    const char *curve = json_string_value(json_object_get(jwk, "crv"));

    if (strcmp(kind->kty, "RSA") == 0) {
        return jose_b64_dec(json_object_get(jwk, "n"), NULL, 0) + 1 > RSA_MIN_BYTES;
    }
    return curve && strcmp(curve, "P-256") == 0;
}

static ja_err_t *set_thumbprint(ja_jwk_t *jwk, jose_cfg_t *cfg, apr_pool_t *result,
                                apr_pool_t *scratch)
{
    unsigned char digest[THUMBPRINT_BYTES];

    if (jose_jwk_thp_buf(cfg, jwk->pub, "S256", digest, sizeof(digest)) != sizeof(digest)) {
        return crypto_error("the thumbprint of the account key", scratch);
    }
    jwk->thumbprint = ja_base64url_print(digest, sizeof(digest), result);
    return NULL;
}

/* A key whose halves don't belong together signs what nobody can verify: better known now than
 * from the CA's answer. */
static ja_err_t *check_pair(const ja_jwk_t *jwk, jose_cfg_t *cfg, apr_pool_t *scratch)
{
    json_t *jws = keep_json(json_pack("{s:s}", "payload", ""), scratch);
    json_t *sig = keep_json(json_pack("{s:{s:s}}", "protected", "alg", jwk->alg), scratch);

    if (!jose_jws_sig(cfg, jws, sig, jwk->key) || !jose_jws_ver(cfg, jws, NULL, jwk->pub, false)) {
        return crypto_error("a trial of the account key", scratch);
    }
    return NULL;
}

static apr_status_t drop_evp(void *evp)
{
    EVP_PKEY_free(evp);
    return APR_SUCCESS;
}

static ja_err_t *decode(ja_jwk_t *jwk, jose_cfg_t *cfg, apr_pool_t *result, apr_pool_t *scratch)
{
    jwk->evp = jose_openssl_jwk_to_EVP_PKEY(cfg, jwk->key);
    if (!jwk->evp) {
        return crypto_error("decoding the account key", scratch);
    }
    apr_pool_cleanup_register(result, jwk->evp, drop_evp, apr_pool_cleanup_null);
    return NULL;
}

static ja_err_t *jwk_adopt(ja_jwk_t **jwk, const json_t *from, jose_cfg_t *cfg, apr_pool_t *result,
                           apr_pool_t *scratch)
{
    ja_jwk_t *made = apr_pcalloc(result, sizeof(*made));
    const kind_t *kind = find_kind(from);

    if (!kind || !is_supported(from, kind)) {
        return ja_err_make(JA_E_SYNTAX, scratch,
                           "the account key is no P-256 and no RSA key of 2048 bits or more");
    }
    made->alg = kind->alg;
    made->key = pick_members(from, kind, -1, result);
    made->pub = pick_members(from, kind, kind->pub_count, result);
    if (!made->key || !made->pub) {
        return ja_err_make(JA_E_SYNTAX, scratch,
                           "the account key lacks members that a private key has");
    }
    ERR_set_mark();
    JA_TRY(set_thumbprint(made, cfg, result, scratch));
    JA_TRY(check_pair(made, cfg, scratch));
    JA_TRY(decode(made, cfg, result, scratch));
    ERR_pop_to_mark();
    *jwk = made;
    return NULL;
}

ja_err_t *ja_jwk_make(ja_jwk_t **jwk, apr_pool_t *result, apr_pool_t *scratch)
{
    jose_cfg_t *cfg = quiet(scratch);
    json_t *key = keep_secret_json(json_pack("{s:s,s:s}", "kty", "EC", "crv", "P-256"), scratch);

    ERR_set_mark();
    if (!jose_jwk_gen(cfg, key)) {
        return crypto_error("making an account key", scratch);
    }
    ERR_pop_to_mark();
    return jwk_adopt(jwk, key, cfg, result, scratch);
}

ja_err_t *ja_jwk_parse(ja_jwk_t **jwk, const char *json, apr_size_t len, apr_pool_t *result,
                       apr_pool_t *scratch)
{
    ja_json_t *parsed;
    ja_err_t *err;

    JA_TRY_W(ja_json_parse(&parsed, json, len, JWK_MAX_BYTES, scratch, scratch), scratch,
             "reading the account key");

    err = jwk_adopt(jwk, parsed, quiet(scratch), result, scratch);
    (void)wipe_json(json_incref(parsed));
    return err;
}

ja_err_t *ja_jwk_print(ja_secret_t **json, const ja_jwk_t *jwk, apr_pool_t *result,
                       apr_pool_t *scratch)
{
    const size_t flags = JSON_COMPACT | JSON_PRESERVE_ORDER;
    size_t len = json_dumpb(jwk->key, NULL, 0, flags);

    if (len == 0) {
        return ja_err_make(JA_E_CRYPTO, scratch, "printing the account key failed");
    }
    *json = ja_secret_blank(len, result);
    json_dumpb(jwk->key, (char *)(*json)->bytes, len, flags);
    return NULL;
}

const char *ja_jwk_thumbprint(const ja_jwk_t *jwk)
{
    return jwk->thumbprint;
}

/* ---- requests -------------------------------------------------------------------------------- */

/* base64url of a header's JSON; its reference is taken. */
static const char *encode_header(json_t *header, apr_pool_t *pool)
{
    size_t len = json_dumpb(keep_json(header, pool), NULL, 0, JSON_COMPACT);
    char *text = apr_palloc(pool, len);

    json_dumpb(header, text, len, JSON_COMPACT);
    return ja_base64url_print(text, len, pool);
}

/* The flattened JSON serialization (RFC 7515 7.2.2). All three parts are base64url: nothing in them
 * needs escaping. */
ja_err_t *ja_jws_sign(const char **body, const ja_jwk_t *jwk, const ja_jws_header_t *header,
                      const char *payload, apr_pool_t *result, apr_pool_t *scratch)
{
    json_t *protected =
        json_pack("{s:s,s:s*,s:s}", "alg", jwk->alg, "nonce", header->nonce, "url", header->url);
    const char *first, *second, *input, *signature;

    /* RFC 8555 6.2: "kid" or "jwk", never both. */
    if (header->kid) {
        json_object_set_new(protected, "kid", json_string(header->kid));
    }
    else {
        json_object_set(protected, "jwk", jwk->pub);
    }
    first = encode_header(protected, scratch);
    second = ja_base64url_print(payload, strlen(payload), scratch);
    input = apr_pstrcat(scratch, first, ".", second, NULL);
    ERR_set_mark();
    signature = ja_signature_make(jwk->evp, input, strlen(input), scratch);
    if (!signature) {
        return crypto_error("signing a request", scratch);
    }
    ERR_pop_to_mark();
    *body = apr_pstrcat(result, "{\"protected\":\"", first, "\",\"payload\":\"", second,
                        "\",\"signature\":\"", signature, "\"}", NULL);
    return NULL;
}

/* ---- the external account binding ------------------------------------------------------------ */

/* The flattened JSON serialization of `payload` under the protected header `header`, whose
 * reference is taken. */
static ja_err_t *sign_with(const char **text, json_t *header, const char *payload,
                           const json_t *key, apr_pool_t *result, apr_pool_t *scratch)
{
    jose_cfg_t *cfg = quiet(scratch);
    const char *encoded = ja_base64url_print(payload, strlen(payload), scratch);
    json_t *jws = keep_json(json_pack("{s:s}", "payload", encoded), scratch);
    json_t *sig = keep_json(json_pack("{s:o}", "protected", header), scratch);
    apr_size_t len;
    char *out;

    ERR_set_mark();
    if (!cfg || !jws || !sig || !jose_jws_sig(cfg, jws, sig, key)) {
        return crypto_error("signing the external account binding", scratch);
    }
    ERR_pop_to_mark();
    len = json_dumpb(jws, NULL, 0, JSON_COMPACT);
    out = apr_palloc(result, len + 1);
    json_dumpb(jws, out, len, JSON_COMPACT);
    out[len] = '\0';
    *text = out;
    return NULL;
}

/* RFC 2104 2 fills a key up with zeros anyway, so a short one can be made as long as libjose
 * wants it (RFC 7518 3.2). */
static json_t *hmac_key(const ja_secret_t *hmac, apr_pool_t *pool)
{
    apr_size_t len = hmac->len < HS256_BYTES ? HS256_BYTES : hmac->len;
    ja_secret_t *filled = ja_secret_blank(len, pool);
    json_t *key;

    memcpy(filled->bytes, hmac->bytes, hmac->len);
    key = keep_secret_json(json_pack("{s:s}", "kty", "oct"), pool);
    json_object_set_new(key, "k", jose_b64_enc(filled->bytes, len));
    return key;
}

ja_err_t *ja_jws_eab(const char **json, const ja_jwk_t *jwk, const char *kid,
                     const ja_secret_t *hmac, const char *new_account_url, apr_pool_t *result,
                     apr_pool_t *scratch)
{
    char *payload;
    size_t len = json_dumpb(jwk->pub, NULL, 0, JSON_COMPACT);
    json_t *protected;

    if (hmac->len == 0 || hmac->len > HMAC_MAX_BYTES) {
        return ja_err_make(JA_E_CONFIG, scratch,
                           "the HMAC key of the EAB has to have 1 to %d bytes", HMAC_MAX_BYTES);
    }
    payload = apr_pcalloc(scratch, len + 1);
    json_dumpb(jwk->pub, payload, len, JSON_COMPACT);
    protected = json_pack("{s:s,s:s,s:s}", "alg", "HS256", "kid", kid, "url", new_account_url);
    return sign_with(json, protected, payload, hmac_key(hmac, scratch), result, scratch);
}
