#include "pki/ocsp.h"

#include <string.h>

#include <apr_strings.h>

#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "pki/ossl.h"
#include "pki/x509.h"

/* How far the responder's clock may be ahead of ours. */
#define CLOCK_SKEW apr_time_from_sec(300)

/* RFC 5019 5: up to here GET is to be used rather than POST, as caches understand it. */
#define GET_MAX 255

static const char *const STATUS_NAMES[] = {
    [JA_OCSP_GOOD] = "good",
    [JA_OCSP_REVOKED] = "revoked",
    [JA_OCSP_UNKNOWN] = "unknown",
};
_Static_assert(sizeof(STATUS_NAMES) / sizeof(STATUS_NAMES[0]) == JA_OCSP_STATUS_COUNT,
               "a name for each status");
const ja_enumstr_t ja_ocsp_status_names = { STATUS_NAMES, JA_OCSP_STATUS_COUNT };

static void free_bytes(void *bytes)
{
    OPENSSL_free(bytes);
}

static void free_stack(STACK_OF(X509) * certs)
{
    sk_X509_free(certs); /* the certificates have other owners */
}

JA_OSSL_OWN(own_basic, OCSP_BASICRESP, OCSP_BASICRESP_free)
JA_OSSL_OWN(own_bytes, unsigned char, free_bytes)
JA_OSSL_OWN(own_id, OCSP_CERTID, OCSP_CERTID_free)
JA_OSSL_OWN(own_request, OCSP_REQUEST, OCSP_REQUEST_free)
JA_OSSL_OWN(own_response, OCSP_RESPONSE, OCSP_RESPONSE_free)
JA_OSSL_OWN(own_stack, STACK_OF(X509), free_stack)

apr_time_t ja_ocsp_until(const ja_ocsp_facts_t *facts)
{
    return facts->next_update ? facts->next_update : facts->this_update + JA_OCSP_AGE_MAX;
}

/* The only one who is trusted. That it has signed the leaf was checked when the chain was taken. */
static ja_err_t *issuer_of(X509 **issuer, const ja_chain_t *chain, apr_pool_t *scratch)
{
    X509 *leaf = ja_chain_cert(chain, 0);

    *issuer = ja_chain_cert(chain, 1);
    if (!*issuer) {
        return ja_err_make(JA_E_CERT_BAD, scratch, "the certificate of \"%s\" is not in the chain",
                           ja_x509_name(X509_get_issuer_name(leaf), scratch, scratch));
    }
    if (X509_check_issued(*issuer, leaf) != X509_V_OK) {
        return ja_ossl_err(JA_E_CERT_BAD, scratch,
                           "the second certificate of the chain (\"%s\") is not the leaf's issuer",
                           ja_x509_name(X509_get_subject_name(*issuer), scratch, scratch));
    }
    return NULL;
}

/* ---- the question ---------------------------------------------------------------------------- */

ja_err_t *ja_ocsp_request(ja_bytes_t *der, const ja_chain_t *chain, apr_pool_t *result,
                          apr_pool_t *scratch)
{
    OCSP_REQUEST *request = own_request(OCSP_REQUEST_new(), scratch);
    unsigned char *bytes = NULL;
    OCSP_CERTID *id;
    X509 *issuer;
    int len;

    ERR_clear_error();
    JA_TRY(issuer_of(&issuer, chain, scratch));
    id = OCSP_cert_to_id(EVP_sha1(), ja_chain_cert(chain, 0), issuer);
    if (!id || !request || !OCSP_request_add0_id(request, id)) {
        OCSP_CERTID_free(id);
        return ja_ossl_err(JA_E_CRYPTO, scratch, "making an OCSP request");
    }
    len = i2d_OCSP_REQUEST(request, &bytes);
    if (len <= 0 || !own_bytes(bytes, scratch)) {
        return ja_ossl_err(JA_E_CRYPTO, scratch, "writing an OCSP request");
    }
    der->bytes = apr_pstrmemdup(result, (const char *)bytes, (apr_size_t)len);
    der->len = (apr_size_t)len;
    return NULL;
}

/* The three characters of base64 that mean something else in a URL. */
static const char *url_escape(const char *base64, apr_pool_t *pool)
{
    char *escaped = apr_palloc(pool, strlen(base64) * 3 + 1);
    char *to = escaped;

    for (; *base64; base64++) {
        const char *code = *base64 == '+'   ? "%2B"
                           : *base64 == '/' ? "%2F"
                           : *base64 == '=' ? "%3D"
                                            : NULL;

        if (code) {
            memcpy(to, code, 3);
            to += 3;
        }
        else {
            *to++ = *base64;
        }
    }
    *to = '\0';
    return escaped;
}

const char *ja_ocsp_get_url(const char *responder_url, const ja_bytes_t *request, apr_pool_t *pool)
{
    unsigned char base64[GET_MAX + 5];
    const char *escaped;
    apr_size_t len = strlen(responder_url);

    if (request->len > GET_MAX / 4 * 3 || strchr(responder_url, '?')) {
        return NULL;
    }
    EVP_EncodeBlock(base64, (const unsigned char *)request->bytes, (int)request->len);
    escaped = url_escape((const char *)base64, pool);
    if (strlen(escaped) > GET_MAX) {
        return NULL;
    }
    return apr_pstrcat(pool, responder_url, len > 0 && responder_url[len - 1] == '/' ? "" : "/",
                       escaped, NULL);
}

/* ---- the form of the answer ------------------------------------------------------------------ */

/* RFC 6960 4.2.1. */
static ja_err_t *is_successful(OCSP_RESPONSE *response, apr_pool_t *scratch)
{
    static const char *const NAMES[] = {
        [OCSP_RESPONSE_STATUS_MALFORMEDREQUEST] = "malformedRequest",
        [OCSP_RESPONSE_STATUS_INTERNALERROR] = "internalError",
        [OCSP_RESPONSE_STATUS_TRYLATER] = "tryLater",
        [OCSP_RESPONSE_STATUS_SIGREQUIRED] = "sigRequired",
        [OCSP_RESPONSE_STATUS_UNAUTHORIZED] = "unauthorized",
    };
    int status = OCSP_response_status(response);
    int is_known = status > 0 && status < (int)(sizeof(NAMES) / sizeof(NAMES[0])) && NAMES[status];

    if (status == OCSP_RESPONSE_STATUS_SUCCESSFUL) {
        return NULL;
    }
    return ja_err_make(JA_E_OCSP_REFUSED, scratch, "the OCSP responder says %s (%d)",
                       is_known ? NAMES[status] : "something unknown", status);
}

static ja_err_t *parse(OCSP_BASICRESP **basic, const void *der, apr_size_t len, apr_pool_t *scratch)
{
    const unsigned char *at = der;
    OCSP_RESPONSE *response;

    if (len > JA_OCSP_MAX_BYTES) {
        return ja_err_make(JA_E_TOO_LARGE, scratch,
                           "an OCSP response of %" APR_SIZE_T_FMT " bytes; at most %d are read",
                           len, JA_OCSP_MAX_BYTES);
    }
    response = own_response(d2i_OCSP_RESPONSE(NULL, &at, (long)len), scratch);
    if (!response) {
        return ja_ossl_err(JA_E_OCSP_BAD, scratch, "%" APR_SIZE_T_FMT " bytes are no OCSP response",
                           len);
    }
    if (at != (const unsigned char *)der + len) {
        return ja_err_make(JA_E_OCSP_BAD, scratch, "the OCSP response has bytes behind its end");
    }
    JA_TRY(is_successful(response, scratch));
    *basic = own_basic(OCSP_response_get1_basic(response), scratch);
    return *basic ? NULL
                  : ja_ossl_err(JA_E_OCSP_BAD, scratch,
                                "the OCSP response has not the form of RFC 6960 4.2.1");
}

/* One of its times; 0 if it is left out. */
static ja_err_t *read_time(apr_time_t *at, const ASN1_GENERALIZEDTIME *time, apr_pool_t *scratch)
{
    const ja_err_t *cause;
    ja_err_t *bad;

    *at = 0;
    cause = time ? ja_x509_time(at, time, scratch) : NULL;
    if (!cause) {
        return NULL;
    }
    bad = ja_err_make(JA_E_OCSP_BAD, scratch, "reading the times of an OCSP response");
    bad->cause = cause;
    return bad;
}

static ja_err_t *read_facts(ja_ocsp_facts_t *facts, OCSP_BASICRESP *basic, OCSP_SINGLERESP *single,
                            apr_pool_t *scratch)
{
    static const int STATUS[] = {
        [V_OCSP_CERTSTATUS_GOOD] = JA_OCSP_GOOD,
        [V_OCSP_CERTSTATUS_REVOKED] = JA_OCSP_REVOKED,
        [V_OCSP_CERTSTATUS_UNKNOWN] = JA_OCSP_UNKNOWN,
    };
    ASN1_GENERALIZEDTIME *revoked = NULL, *this_update = NULL, *next_update = NULL;
    int reason = -1;
    int status = OCSP_single_get0_status(single, &reason, &revoked, &this_update, &next_update);

    if (status < 0 || status >= (int)(sizeof(STATUS) / sizeof(STATUS[0])) || !this_update) {
        return ja_err_make(JA_E_OCSP_BAD, scratch, "the OCSP response has no status");
    }
    memset(facts, 0, sizeof(*facts));
    facts->status = STATUS[status];
    facts->reason = reason >= 0 && reason <= 10 ? reason : -1;
    JA_TRY(read_time(&facts->produced_at, OCSP_resp_get0_produced_at(basic), scratch));
    JA_TRY(read_time(&facts->this_update, this_update, scratch));
    JA_TRY(read_time(&facts->next_update, next_update, scratch));
    return read_time(&facts->revoked_at, revoked, scratch);
}

/* ---- whether to rely on it ------------------------------------------------------------------- */

/* Is a SingleResponse about this leaf? A responder may hash names and keys in another way than the
 * request did. */
static int is_about(OCSP_SINGLERESP *single, X509 *leaf, X509 *issuer, apr_pool_t *scratch)
{
    const OCSP_CERTID *theirs = OCSP_SINGLERESP_get0_id(single);
    ASN1_OBJECT *hash = NULL;
    OCSP_CERTID *ours;
    int nid;

    OCSP_id_get0_info(NULL, &hash, NULL, NULL, (OCSP_CERTID *)theirs);
    nid = OBJ_obj2nid(hash);
    if (nid != NID_sha1 && nid != NID_sha256) {
        return 0;
    }
    ours = own_id(OCSP_cert_to_id(EVP_get_digestbynid(nid), leaf, issuer), scratch);
    return ours && OCSP_id_cmp(ours, (OCSP_CERTID *)theirs) == 0;
}

static ja_err_t *find_single(OCSP_SINGLERESP **single, OCSP_BASICRESP *basic, X509 *leaf,
                             X509 *issuer, apr_pool_t *scratch)
{
    int count = OCSP_resp_count(basic);
    int i;

    for (i = 0; i < count; i++) {
        *single = OCSP_resp_get0(basic, i);
        if (is_about(*single, leaf, issuer, scratch)) {
            return NULL;
        }
    }
    ERR_clear_error();
    return ja_err_make(JA_E_OCSP_BAD, scratch, "the OCSP response is about another certificate");
}

/* May `signer` speak for `issuer`? RFC 6960 4.2.2.2: the issuer itself has signed it, for signing
 * OCSP responses. */
static ja_err_t *is_delegate(X509 *signer, X509 *issuer, apr_time_t now, apr_pool_t *scratch)
{
    const char *name = ja_x509_name(X509_get_subject_name(signer), scratch, scratch);
    uint32_t flags = X509_get_extension_flags(signer);
    apr_time_t not_before, not_after;
    EVP_PKEY *key = X509_get0_pubkey(issuer);

    if (X509_check_issued(issuer, signer) != X509_V_OK || !key || X509_verify(signer, key) != 1) {
        return ja_ossl_err(JA_E_OCSP_BAD, scratch,
                           "the OCSP responder's certificate (\"%s\") is not by the issuer", name);
    }
    if ((flags & (EXFLAG_INVALID | EXFLAG_CRITICAL)) || !(flags & EXFLAG_XKUSAGE)
        || !(X509_get_extended_key_usage(signer) & XKU_OCSP_SIGN)
        || !(X509_get_key_usage(signer) & KU_DIGITAL_SIGNATURE)) {
        return ja_err_make(JA_E_OCSP_BAD, scratch,
                           "\"%s\" has signed the OCSP response, but may not do so", name);
    }
    if (read_time(&not_before, X509_get0_notBefore(signer), scratch)
        || read_time(&not_after, X509_get0_notAfter(signer), scratch)
        || not_before > now + CLOCK_SKEW || not_after <= now) {
        return ja_err_make(JA_E_OCSP_BAD, scratch,
                           "the OCSP responder's certificate (\"%s\") is not valid now", name);
    }
    return NULL;
}

/* OpenSSL's own check of the signer takes whom a trust store trusts; there is none here. It only
 * compares the signature with the one certificate that it gets. */
static ja_err_t *is_signed_by(OCSP_BASICRESP *basic, X509 *signer, apr_pool_t *scratch)
{
    STACK_OF(X509) *only = own_stack(sk_X509_new_null(), scratch);

    if (!only || !sk_X509_push(only, signer)
        || OCSP_basic_verify(basic, only, NULL, OCSP_NOINTERN | OCSP_NOVERIFY) != 1) {
        return ja_ossl_err(JA_E_OCSP_BAD, scratch,
                           "the signature of the OCSP response is not that of \"%s\"",
                           ja_x509_name(X509_get_subject_name(signer), scratch, scratch));
    }
    return NULL;
}

static ja_err_t *is_authentic(OCSP_BASICRESP *basic, X509 *issuer, apr_time_t now,
                              apr_pool_t *scratch)
{
    STACK_OF(X509) *known = own_stack(sk_X509_new_null(), scratch);
    X509 *signer = NULL;

    /* By the ResponderID: the issuer before those that the response has brought along. */
    if (!known || !sk_X509_push(known, issuer)
        || OCSP_resp_get0_signer(basic, &signer, known) != 1) {
        return ja_ossl_err(
            JA_E_OCSP_BAD, scratch,
            "the OCSP response is signed by somebody whose certificate is not in it");
    }
    if (X509_cmp(signer, issuer) != 0) {
        JA_TRY(is_delegate(signer, issuer, now, scratch));
    }
    return is_signed_by(basic, signer, scratch);
}

/* RFC 6960 4.2.2.1. */
static ja_err_t *is_current(const ja_ocsp_facts_t *facts, apr_time_t now, apr_pool_t *scratch)
{
    if (facts->this_update > now + CLOCK_SKEW) {
        return ja_err_make(
            JA_E_OCSP_BAD, scratch,
            "the OCSP response is of a time %ld s ahead; is the clock of this server right?",
            (long)apr_time_sec(facts->this_update - now));
    }
    if (facts->next_update && facts->next_update <= facts->this_update) {
        return ja_err_make(JA_E_OCSP_BAD, scratch, "the OCSP response ends before it begins");
    }
    if (ja_ocsp_until(facts) <= now) {
        return ja_err_make(JA_E_OCSP_BAD, scratch, "the OCSP response is out of date, by %ld s",
                           (long)apr_time_sec(now - ja_ocsp_until(facts)));
    }
    return NULL;
}

ja_err_t *ja_ocsp_read(ja_ocsp_facts_t *facts, const ja_chain_t *chain, const void *der,
                       apr_size_t len, apr_time_t now, apr_pool_t *scratch)
{
    OCSP_SINGLERESP *single = NULL;
    OCSP_BASICRESP *basic = NULL;
    ja_ocsp_facts_t read = { 0 };
    X509 *issuer = NULL;

    ERR_clear_error();
    JA_TRY(issuer_of(&issuer, chain, scratch));
    JA_TRY(parse(&basic, der, len, scratch));
    JA_TRY(find_single(&single, basic, ja_chain_cert(chain, 0), issuer, scratch));
    JA_TRY(is_authentic(basic, issuer, now, scratch));
    JA_TRY(read_facts(&read, basic, single, scratch));
    JA_TRY(is_current(&read, now, scratch));
    *facts = read;
    return NULL;
}

ja_err_t *ja_ocsp_peek(ja_ocsp_facts_t *facts, const void *der, apr_size_t len, apr_pool_t *scratch)
{
    OCSP_BASICRESP *basic = NULL;

    ERR_clear_error();
    JA_TRY(parse(&basic, der, len, scratch));
    if (OCSP_resp_count(basic) != 1) {
        return ja_err_make(JA_E_OCSP_BAD, scratch, "the OCSP response is about %d certificates",
                           OCSP_resp_count(basic));
    }
    return read_facts(facts, basic, OCSP_resp_get0(basic, 0), scratch);
}
