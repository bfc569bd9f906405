#include "responder.h"

#include <apr_strings.h>

const mint_t GOOD_RESPONDER = {
    .cn = "Test Responder",
    .basic = "critical,CA:FALSE",
    .usage = "critical,digitalSignature",
    .extended = "OCSPSigning",
    .from_s = -HOUR,
    .to_s = 30L * DAY,
};

const response_t GOOD_RESPONSE = {
    .status = V_OCSP_CERTSTATUS_GOOD,
    .this_s = -HOUR,
    .next_s = 7L * DAY,
};

issued_t issue_leaf(const char *access)
{
    ja_key_t *root_key = p256_key();
    ja_key_t *key = p256_key();
    mint_t leaf = GOOD_LEAF;
    issued_t made;

    leaf.access = access;
    made.issuer_key = p256_key();
    made.issuer = mint(&GOOD_INTERMEDIATE, made.issuer_key,
                       mint(&GOOD_ROOT, root_key, NULL, root_key), root_key);
    made.leaf = mint(&leaf, key, made.issuer, made.issuer_key);
    made.pem = pem_of(made.leaf, made.issuer, NULL);
    made.chain = chain_of(made.pem);
    return made;
}

static ASN1_GENERALIZEDTIME *time_at(long seconds)
{
    return ASN1_GENERALIZEDTIME_adj(NULL, (time_t)apr_time_sec(NOW), 0, seconds);
}

static void add_single(OCSP_BASICRESP *basic, const response_t *what, X509 *leaf, X509 *issuer)
{
    const EVP_MD *hash = what->has_sha256_id ? EVP_sha256() : EVP_sha1();
    OCSP_CERTID *id = OCSP_cert_to_id(hash, leaf, issuer);
    ASN1_GENERALIZEDTIME *this_update = time_at(what->this_s);
    ASN1_GENERALIZEDTIME *next_update = what->next_s ? time_at(what->next_s) : NULL;
    ASN1_GENERALIZEDTIME *revoked = time_at(what->revoked_s);

    assert_non_null(OCSP_basic_add1_status(basic, id, what->status, what->reason, revoked,
                                           this_update, next_update));
    OCSP_CERTID_free(id);
    ASN1_GENERALIZEDTIME_free(this_update);
    ASN1_GENERALIZEDTIME_free(next_update);
    ASN1_GENERALIZEDTIME_free(revoked);
}

/* OCSP_basic_sign() takes producedAt from the system's clock unless it is told not to. */
static void sign(OCSP_BASICRESP *basic, const response_t *what, const issued_t *about)
{
    X509 *signer = what->signer ? what->signer : about->issuer;
    const ja_key_t *key = what->signer ? what->signer_key : about->issuer_key;
    unsigned long flags =
        OCSP_NOCERTS | OCSP_NOTIME | (what->has_key_id ? (unsigned long)OCSP_RESPID_KEY : 0);

    assert_non_null(
        ASN1_GENERALIZEDTIME_adj((ASN1_GENERALIZEDTIME *)OCSP_resp_get0_produced_at(basic),
                                 (time_t)apr_time_sec(NOW), 0, what->this_s));
    if (what->enclosed) {
        assert_int_equal(OCSP_basic_add1_cert(basic, what->enclosed), 1);
    }
    assert_int_equal(OCSP_basic_sign(basic, signer, ja_key_evp(key), EVP_sha256(), NULL, flags), 1);
}

ja_bytes_t respond(const response_t *what, const issued_t *about)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    OCSP_RESPONSE *response;
    unsigned char *der = NULL;
    ja_bytes_t bytes;
    int len;

    if (what->also_about) {
        add_single(basic, what, what->also_about, about->issuer);
    }
    add_single(basic, what, about->leaf, about->issuer);
    sign(basic, what, about);
    response = OCSP_response_create(what->refusal, what->refusal ? NULL : basic);
    len = i2d_OCSP_RESPONSE(response, &der);
    assert_true(len > 0);
    bytes.bytes = apr_pstrmemdup(pool, (const char *)der, (apr_size_t)len);
    bytes.len = (apr_size_t)len;
    OPENSSL_free(der);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    return bytes;
}
