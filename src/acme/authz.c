#include "acme/authz.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "acme/identifier.h"
#include "json/bind.h"
#include "net/url.h"

#define TYPE_MAX_BYTES 64

static const char *const AUTHZ_STATUS_NAMES[] = {
    [JA_AUTHZ_PENDING] = "pending", [JA_AUTHZ_VALID] = "valid",
    [JA_AUTHZ_INVALID] = "invalid", [JA_AUTHZ_DEACTIVATED] = "deactivated",
    [JA_AUTHZ_EXPIRED] = "expired", [JA_AUTHZ_REVOKED] = "revoked",
};
_Static_assert(sizeof(AUTHZ_STATUS_NAMES) / sizeof(AUTHZ_STATUS_NAMES[0]) == JA_AUTHZ_STATUS_COUNT,
               "a status has no name");
static const ja_enumstr_t AUTHZ_STATUSES = { AUTHZ_STATUS_NAMES, JA_AUTHZ_STATUS_COUNT };

static const char *const CHALLENGE_STATUS_NAMES[] = {
    [JA_CHALLENGE_PENDING] = "pending",
    [JA_CHALLENGE_PROCESSING] = "processing",
    [JA_CHALLENGE_VALID] = "valid",
    [JA_CHALLENGE_INVALID] = "invalid",
};
_Static_assert(sizeof(CHALLENGE_STATUS_NAMES) / sizeof(CHALLENGE_STATUS_NAMES[0])
                   == JA_CHALLENGE_STATUS_COUNT,
               "a status has no name");
static const ja_enumstr_t CHALLENGE_STATUSES = { CHALLENGE_STATUS_NAMES,
                                                 JA_CHALLENGE_STATUS_COUNT };

/* The members as they come, RFC 8555 7.1.4 and 8. */
typedef struct {
    const char *type;
    const char *url;
    const char *token;
    int status;
    const ja_json_t *error;
} raw_challenge_t;

typedef struct {
    int status;
    ja_identifier_t *identifier;
    int is_wildcard;
    apr_array_header_t *challenges;
    const ja_json_t *expires;
} raw_t;

static const ja_field_t CHALLENGE_FIELDS[] = {
    { .name = "type",
      .kind = JA_FIELD_STR,
      .offset = offsetof(raw_challenge_t, type),
      .required = 1,
      .max = TYPE_MAX_BYTES },
    { .name = "url",
      .kind = JA_FIELD_STR,
      .offset = offsetof(raw_challenge_t, url),
      .required = 1,
      .max = JA_URL_MAX },
    { .name = "token",
      .kind = JA_FIELD_STR,
      .offset = offsetof(raw_challenge_t, token),
      .max = JA_TOKEN_MAX },
    { .name = "status",
      .kind = JA_FIELD_ENUM,
      .offset = offsetof(raw_challenge_t, status),
      .required = 1,
      .names = &CHALLENGE_STATUSES },
    { .name = "error", .kind = JA_FIELD_JSON, .offset = offsetof(raw_challenge_t, error) },
    { .name = NULL },
};
static const ja_bind_t CHALLENGE = { "challenge", sizeof(raw_challenge_t), CHALLENGE_FIELDS };

static const ja_field_t AUTHZ_FIELDS[] = {
    { .name = "status",
      .kind = JA_FIELD_ENUM,
      .offset = offsetof(raw_t, status),
      .required = 1,
      .names = &AUTHZ_STATUSES },
    { .name = "identifier",
      .kind = JA_FIELD_OBJECT,
      .offset = offsetof(raw_t, identifier),
      .required = 1,
      .sub = &ja_identifier_bind },
    { .name = "wildcard", .kind = JA_FIELD_BOOL, .offset = offsetof(raw_t, is_wildcard) },
    { .name = "challenges",
      .kind = JA_FIELD_OBJECTS,
      .offset = offsetof(raw_t, challenges),
      .max = JA_AUTHZ_MAX_CHALLENGES,
      .sub = &CHALLENGE },
    { .name = "expires", .kind = JA_FIELD_JSON, .offset = offsetof(raw_t, expires) },
    { .name = NULL },
};
static const ja_bind_t AUTHZ = { "authorization", sizeof(raw_t), AUTHZ_FIELDS };

/* The types whose work begins with a token (RFC 8555 8.3, 8.4; RFC 8737 3). */
static const char *const TOKEN_TYPES[] = { "http-01", "dns-01", "tls-alpn-01" };

/* ---- challenges ------------------------------------------------------------------------------ */

static int needs_token(const char *type)
{
    unsigned i;

    for (i = 0; i < sizeof(TOKEN_TYPES) / sizeof(TOKEN_TYPES[0]); i++) {
        if (strcmp(type, TOKEN_TYPES[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* The token becomes a part of paths and of DNS records: nothing but its alphabet gets through. */
static ja_err_t *check_token(const raw_challenge_t *raw, apr_pool_t *scratch)
{
    const char *at;

    if (!raw->token || !*raw->token) {
        return needs_token(raw->type)
                   ? ja_err_make(JA_E_PROTOCOL, scratch, "challenge %s has no token", raw->url)
                   : NULL;
    }
    for (at = raw->token; *at; at++) {
        if (!apr_isalnum(*at) && *at != '-' && *at != '_') {
            return ja_err_make(JA_E_PROTOCOL, scratch,
                               "the token of challenge %s is not of [A-Za-z0-9_-]", raw->url);
        }
    }
    return NULL;
}

/* `of` completes "challenge http-01 of ". */
static ja_err_t *read_challenge(ja_challenge_t *challenge, const raw_challenge_t *raw,
                                const char *of, apr_pool_t *result, apr_pool_t *scratch)
{
    JA_TRY(check_token(raw, scratch));

    challenge->type = raw->type;
    challenge->url = raw->url;
    challenge->token = raw->token ? raw->token : "";
    challenge->status = (ja_challenge_status_t)raw->status;
    challenge->error = NULL;
    if (raw->error) {
        challenge->error =
            ja_problem_inside(raw->error, JA_KIND_CHALLENGE, JA_E_AUTHZ_INVALID,
                              apr_psprintf(scratch, "challenge %s of %s", raw->type, of), result);
    }
    return NULL;
}

void ja_challenge_ask(ja_ask_t *ask, const char *url)
{
    *ask = (ja_ask_t){ .kind = JA_KIND_CHALLENGE, .url = url, .payload = "{}" };
}

ja_err_t *ja_challenge_hear(ja_challenge_t **challenge, const ja_heard_t *heard, apr_pool_t *result,
                            apr_pool_t *scratch)
{
    ja_challenge_t *made = apr_pcalloc(result, sizeof(*made));
    raw_challenge_t raw;

    JA_TRY(ja_heard_read(&raw, &CHALLENGE, heard, result, scratch));
    JA_TRY(read_challenge(made, &raw, heard->url, result, scratch));
    *challenge = made;
    return NULL;
}

/* ---- authorizations -------------------------------------------------------------------------- */

void ja_authz_ask(ja_ask_t *ask, const char *url)
{
    *ask = (ja_ask_t){ .kind = JA_KIND_AUTHZ, .url = url, .payload = "" };
}

ja_err_t *ja_authz_hear(ja_authz_t **authz, const ja_heard_t *heard, apr_pool_t *result,
                        apr_pool_t *scratch)
{
    ja_authz_t *made = apr_pcalloc(result, sizeof(*made));
    apr_array_header_t *challenges;
    raw_t raw;
    int i;

    JA_TRY(ja_heard_read(&raw, &AUTHZ, heard, result, scratch));
    if (!ja_identifier_is_dns(raw.identifier)) {
        return ja_err_make(JA_E_PROTOCOL, scratch, "authorization %s is not about a DNS name",
                           heard->url);
    }
    made->status = (ja_authz_status_t)raw.status;
    made->expires_at = ja_json_time(raw.expires);
    made->name = apr_pstrcat(result, raw.is_wildcard ? "*." : "", raw.identifier->value, NULL);
    challenges = apr_array_make(result, raw.challenges->nelts, sizeof(ja_challenge_t));
    made->challenges = challenges;
    for (i = 0; i < raw.challenges->nelts; i++) {
        JA_TRY(read_challenge(apr_array_push(challenges),
                              &APR_ARRAY_IDX(raw.challenges, i, raw_challenge_t), made->name,
                              result, scratch));
    }
    *authz = made;
    return NULL;
}

static const ja_challenge_t *find_type(const ja_authz_t *authz, const char *type)
{
    const ja_challenge_t *challenge;
    int i;

    for (i = 0; i < authz->challenges->nelts; i++) {
        challenge = &APR_ARRAY_IDX(authz->challenges, i, ja_challenge_t);
        if (strcmp(challenge->type, type) == 0) {
            return challenge;
        }
    }
    return NULL;
}

const ja_challenge_t *ja_authz_pick(const ja_authz_t *authz, const apr_array_header_t *types)
{
    const ja_challenge_t *challenge = NULL;
    int i;

    for (i = 0; i < types->nelts && !challenge; i++) {
        challenge = find_type(authz, APR_ARRAY_IDX(types, i, const char *));
    }
    return challenge;
}

/* Some CAs call it invalid then, and some go on calling it pending. */
static int is_expired(const ja_authz_t *authz, apr_time_t now)
{
    return authz->status == JA_AUTHZ_EXPIRED
           || (authz->expires_at != 0 && authz->expires_at <= now);
}

ja_err_t *ja_authz_why(const ja_authz_t *authz, apr_time_t now, apr_pool_t *result)
{
    const ja_challenge_t *challenge;
    int i;

    for (i = 0; i < authz->challenges->nelts; i++) {
        challenge = &APR_ARRAY_IDX(authz->challenges, i, ja_challenge_t);
        if (challenge->status == JA_CHALLENGE_INVALID && challenge->error) {
            return ja_err_dup(challenge->error, result);
        }
    }
    if (is_expired(authz, now)) {
        return ja_err_make(JA_E_AUTHZ_EXPIRED, result, "the authorization of %s has expired",
                           authz->name);
    }
    return ja_err_make(JA_E_AUTHZ_INVALID, result, "the authorization of %s is %s", authz->name,
                       ja_enumstr_print(&AUTHZ_STATUSES, (int)authz->status));
}
