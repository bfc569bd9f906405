#include "acme/meaning.h"

#include <string.h>

#include <apr_cstr.h>

#include "base/english.h"

/* Bits for the column "where": kinds of request, and the object that the problem was found in. */
#define IN(kind)     (1u << (kind))
#define INSIDE_ORDER (1u << JA_KIND_COUNT)
#define INSIDE_AUTHZ (1u << (JA_KIND_COUNT + 1))
#define INSIDE       (INSIDE_ORDER | INSIDE_AUTHZ)
#define ANYWHERE     (~0u)
#define AN_ACCOUNT   (IN(JA_KIND_NEW_ACCOUNT) | IN(JA_KIND_ACCOUNT))
#define AN_AUTHZ     (IN(JA_KIND_AUTHZ) | IN(JA_KIND_CHALLENGE) | INSIDE_AUTHZ)
#define AN_ORDER                                                                         \
    (IN(JA_KIND_NEW_ORDER) | IN(JA_KIND_ORDER) | IN(JA_KIND_FINALIZE) | IN(JA_KIND_CERT) \
     | INSIDE_ORDER)
#define A_PLACED_ORDER ((AN_ORDER | AN_AUTHZ) & ~(IN(JA_KIND_NEW_ORDER) | INSIDE))

/* In place of a text: any detail without English. How JPRS says things in Japanese is not known;
 * what was asked for then tells most of it. */
static const char NO_ENGLISH[] = "";

typedef struct {
    const char *jprs; /* its number in the manuals' table, or NULL */
    const char *type;
    const char *text; /* in the detail, whatever its case; NULL: any detail */
    unsigned where;
    int status; /* 0: any */
    ja_code_t code;
} row_t;

/* The rows of a type stand together. Of "malformed", which is 12 things at JPRS, words decide
 * before the status, and the status before the kind of request. The Japanese words are those in
 * which the manuals describe the errors. */
/* clang-format off */
static const row_t ROWS[] = {
    { "E1",  "accountDoesNotExist",     NULL, ANYWHERE, 0, JA_E_ACCOUNT_NOT_FOUND },
    { NULL,  "alreadyReplaced",         NULL, ANYWHERE, 0, JA_E_ALREADY_REPLACED },
    { "E2",  "alreadyRevoked",          NULL, ANYWHERE, 0, JA_E_ALREADY_REVOKED },
    { "E3",  "badCSR",                  NULL, ANYWHERE, 0, JA_E_BAD_CSR },
    { "E4",  "badNonce",                NULL, ANYWHERE, 0, JA_E_BAD_NONCE },
    /* Some CAs mean the key of the CSR (RFC 8555 11.1). */
    { NULL,  "badPublicKey",            NULL, IN(JA_KIND_FINALIZE), 0, JA_E_BAD_CSR },
    { "E5",  "badPublicKey",            NULL, ANYWHERE, 0, JA_E_BAD_KEY },
    { "E6",  "badRevocationReason",     NULL, ANYWHERE, 0, JA_E_BAD_REASON },
    { "E7",  "badSignatureAlgorithm",   NULL, ANYWHERE, 0, JA_E_BAD_ALGORITHM },
    { "E8",  "caa",                     NULL, ANYWHERE, 0, JA_E_CAA },
    { "E9",  "connection",              NULL, ANYWHERE, 0, JA_E_VALIDATION_CONNECT },
    { NULL,  "dns",                     NULL, ANYWHERE, 0, JA_E_DNS_LOOKUP },
    { "E10", "externalAccountRequired", NULL, ANYWHERE, 0, JA_E_EAB_REQUIRED },
    { NULL,  "incorrectResponse",       NULL, ANYWHERE, 0, JA_E_VALIDATION_WRONG },
    { "E11", "invalidContact",          NULL, ANYWHERE, 0, JA_E_BAD_CONTACT },

    { "E12", "malformed", "The request information is invalid", ANYWHERE, 0, JA_E_MALFORMED },
    { "E13", "malformed", "Unable to create account",         AN_ACCOUNT, 0, JA_E_EAB_REFUSED },
    { "E14", "malformed", "contact information is invalid",   AN_ACCOUNT, 0, JA_E_CONTACT_COUNT },
    { "E14", "malformed", "コンタクト",                       AN_ACCOUNT, 0, JA_E_CONTACT_COUNT },
    { "E14", "malformed", "連絡先",                           AN_ACCOUNT, 0, JA_E_CONTACT_COUNT },
    { "E15", "malformed", "agree to the term",                AN_ACCOUNT, 0, JA_E_TERMS },
    { "E15", "malformed", "利用規約",                         AN_ACCOUNT, 0, JA_E_TERMS },
    { "E16", "malformed", "The FQDN is invalid",              ANYWHERE, 0, JA_E_BAD_NAME },
    { "E17", "malformed", "Validity period of application",   AN_ORDER, 0, JA_E_ORDER_EXPIRED },
    { "E17", "malformed", "有効期限",                         AN_ORDER, 0, JA_E_ORDER_EXPIRED },
    { "E18", "malformed", "Unable to accept order",           AN_ORDER, 0, JA_E_ORDER_REFUSED },
    { "E18", "malformed", "ステータス",                       AN_ORDER, 0, JA_E_ORDER_REFUSED },
    { "E19", "malformed", "Validity period of application",   AN_AUTHZ, 0, JA_E_AUTHZ_EXPIRED },
    { "E19", "malformed", "有効期限",                         AN_AUTHZ, 0, JA_E_AUTHZ_EXPIRED },
    { "E20", "malformed", "Unable to accept order",           AN_AUTHZ, 0, JA_E_AUTHZ_REFUSED },
    { "E20", "malformed", "ステータス",                       AN_AUTHZ, 0, JA_E_AUTHZ_REFUSED },
    { "E21", "malformed", "certificate does not exist", IN(JA_KIND_REVOKE), 0, JA_E_CERT_NOT_FOUND },
    { "E22", "malformed", "The HTTP method is invalid",       ANYWHERE, 0, JA_E_BAD_METHOD },
    { "E22", "malformed", "メソッド",                         ANYWHERE, 0, JA_E_BAD_METHOD },
    { "E23", "malformed", "The content-type is invalid",      ANYWHERE, 0, JA_E_BAD_CONTENT_TYPE },
    { "E16", "malformed", "FQDN",                             AN_ORDER, 0, JA_E_BAD_NAME },
    { NULL,  "malformed", "external account",  IN(JA_KIND_NEW_ACCOUNT), 0, JA_E_EAB_REFUSED },
    { "E22", "malformed", NULL, ANYWHERE, 405, JA_E_BAD_METHOD },
    { "E23", "malformed", NULL, ANYWHERE, 415, JA_E_BAD_CONTENT_TYPE },
    { NULL,  "malformed", NULL, A_PLACED_ORDER, 404, JA_E_ORDER_GONE },
    /* The module itself has checked addresses and agreement: what is left is the EAB. */
    { "E13", "malformed", NO_ENGLISH, IN(JA_KIND_NEW_ACCOUNT), 0, JA_E_EAB_REFUSED },
    { "E14", "malformed", NO_ENGLISH, IN(JA_KIND_ACCOUNT), 0, JA_E_CONTACT_COUNT },
    { "E18", "malformed", NO_ENGLISH, AN_ORDER & ~IN(JA_KIND_NEW_ORDER), 0, JA_E_ORDER_REFUSED },
    { "E20", "malformed", NO_ENGLISH, AN_AUTHZ, 0, JA_E_AUTHZ_REFUSED },
    { "E21", "malformed", NO_ENGLISH, IN(JA_KIND_REVOKE), 0, JA_E_CERT_NOT_FOUND },
    /* Looking at it (POST-as-GET) says nothing that could be wrong but the URL. */
    { NULL,  "malformed", NULL, IN(JA_KIND_ORDER) | IN(JA_KIND_AUTHZ), 0, JA_E_ORDER_GONE },
    { NULL,  "malformed", NULL, ANYWHERE, 0, JA_E_MALFORMED },

    { "E24", "orderNotReady",           NULL, ANYWHERE, 0, JA_E_ORDER_NOT_READY },
    { NULL,  "rateLimited",             NULL, ANYWHERE, 0, JA_E_RATE_LIMITED },
    { "E25", "rejectedIdentifier",      NULL, ANYWHERE, 0, JA_E_REJECTED_NAME },
    { "E26", "serverInternal",          NULL, ANYWHERE, 0, JA_E_CA_INTERNAL },
    { NULL,  "tls",                     NULL, ANYWHERE, 0, JA_E_VALIDATION_TLS },
    { NULL,  "unauthorized",            NULL, INSIDE, 0, JA_E_VALIDATION_WRONG },
    { NULL,  "unauthorized", "external account", IN(JA_KIND_NEW_ACCOUNT), 0, JA_E_EAB_REFUSED },
    { NULL,  "unauthorized", "'kid'",   IN(JA_KIND_NEW_ACCOUNT), 0, JA_E_EAB_REFUSED },
    /* If it is the account after all, the next newOrder will say so. */
    { "E27", "unauthorized",            NULL, A_PLACED_ORDER, 0, JA_E_ORDER_UNAUTHORIZED },
    { "E27", "unauthorized",            NULL, ANYWHERE, 0, JA_E_UNAUTHORIZED },
    { "E28", "unsupportedContact",      NULL, ANYWHERE, 0, JA_E_BAD_CONTACT },
    { "E29", "unsupportedIdentifier",   NULL, ANYWHERE, 0, JA_E_UNSUPPORTED_NAME },
    { NULL,  "userActionRequired",      NULL, ANYWHERE, 0, JA_E_ACTION_REQUIRED },
};

/* Without a known type: the first row whose range has the status. */
static const struct {
    int from;
    int to;
    unsigned where;
    ja_code_t code;
} STATUS_ROWS[] = {
    { 404, 404, A_PLACED_ORDER, JA_E_ORDER_GONE },
    { 407, 407, ANYWHERE, JA_E_PROXY },
    { 408, 408, ANYWHERE, JA_E_TIMEOUT },
    { 429, 429, ANYWHERE, JA_E_RATE_LIMITED },
    { 500, 599, ANYWHERE, JA_E_CA_INTERNAL },
};
/* clang-format on */
#define END(table) ((table) + sizeof(table) / sizeof((table)[0]))

/* Is `needle` in `text`, whatever the case of ASCII letters? */
static int has(const char *text, const char *needle)
{
    apr_size_t len = strlen(needle);

    for (; *text; text++) {
        if (apr_cstr_casecmpn(text, needle, len) == 0) {
            return 1;
        }
    }
    return 0;
}

static int fits_text(const row_t *row, const char *detail)
{
    if (row->text == NO_ENGLISH) {
        return !ja_english_is(detail);
    }
    return !row->text || has(detail, row->text);
}

static unsigned where_of(const ja_meaning_asked_t *asked)
{
    if (asked->is_inside) {
        return asked->kind == JA_KIND_ORDER ? INSIDE_ORDER : INSIDE_AUTHZ;
    }
    return IN(asked->kind);
}

ja_code_t ja_meaning_of(const ja_meaning_asked_t *asked)
{
    const row_t *row;

    for (row = ROWS; row < END(ROWS); row++) {
        if (strcmp(row->type, asked->type) == 0 && (row->where & where_of(asked))
            && (row->status == 0 || row->status == asked->status)
            && fits_text(row, asked->detail)) {
            return row->code;
        }
    }
    return JA_E_COUNT;
}

ja_code_t ja_meaning_of_status(int status, ja_kind_t kind, ja_code_t fallback)
{
    unsigned i;

    for (i = 0; i < sizeof(STATUS_ROWS) / sizeof(STATUS_ROWS[0]); i++) {
        if (status >= STATUS_ROWS[i].from && status <= STATUS_ROWS[i].to
            && (STATUS_ROWS[i].where & IN(kind))) {
            return STATUS_ROWS[i].code;
        }
    }
    return fallback;
}

/* ---- for the catalogue ----------------------------------------------------------------------- */

static int is_same(const char *one, const char *other)
{
    return one == other || (one && other && strcmp(one, other) == 0);
}

/* Rows of one number and code are one, said in several ways; so are those of no number that have
 * the same text. */
static int is_known(const apr_array_header_t *rows, const row_t *row)
{
    int i;

    for (i = 0; i < rows->nelts; i++) {
        const ja_meaning_row_t *known = &APR_ARRAY_IDX(rows, i, ja_meaning_row_t);

        if (is_same(known->type, row->type) && is_same(known->jprs, row->jprs)
            && (row->jprs || is_same(known->text, row->text))) {
            return 1;
        }
    }
    return 0;
}

apr_array_header_t *ja_meaning_rows(ja_code_t code, apr_pool_t *result)
{
    apr_array_header_t *rows = apr_array_make(result, 4, sizeof(ja_meaning_row_t));
    const row_t *row;

    for (row = ROWS; row < END(ROWS); row++) {
        if (row->code == code && !is_known(rows, row)) {
            APR_ARRAY_PUSH(rows, ja_meaning_row_t) =
                (ja_meaning_row_t){ row->jprs, row->type, row->text, code };
        }
    }
    return rows;
}

/* Append `text` unless it is there, or NULL. */
static void add(apr_array_header_t *texts, const char *text)
{
    int i;

    for (i = 0; i < texts->nelts; i++) {
        if (is_same(APR_ARRAY_IDX(texts, i, const char *), text)) {
            return;
        }
    }
    if (text) {
        APR_ARRAY_PUSH(texts, const char *) = text;
    }
}

apr_array_header_t *ja_meaning_types(ja_code_t code, apr_pool_t *result)
{
    apr_array_header_t *types = apr_array_make(result, 2, sizeof(const char *));
    const row_t *row;

    for (row = ROWS; row < END(ROWS); row++) {
        add(types, row->code == code ? row->type : NULL);
    }
    return types;
}

apr_array_header_t *ja_meaning_jprs(ja_code_t code, apr_pool_t *result)
{
    apr_array_header_t *numbers = apr_array_make(result, 2, sizeof(const char *));
    const row_t *row;

    for (row = ROWS; row < END(ROWS); row++) {
        add(numbers, row->code == code ? row->jprs : NULL);
    }
    return numbers;
}
