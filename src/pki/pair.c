#include "pki/pair.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "pki/ossl.h"

JA_OSSL_OWN(own_bio, BIO, BIO_free)
JA_OSSL_OWN(own_cert, X509, X509_free)
JA_OSSL_OWN(own_pkey, EVP_PKEY, EVP_PKEY_free)

/* OpenSSL asks for a passphrase: there is none to give. */
static int ask_nobody(char *buffer, int size, int is_for_writing, void *is_locked)
{
    (void)buffer;
    (void)size;
    (void)is_for_writing;
    *(int *)is_locked = 1;
    return -1;
}

/* The certificates after the first one, up to the end. 0: one of them is damaged. */
static int read_rest(BIO *bio)
{
    X509 *cert;

    while ((cert = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
        X509_free(cert);
    }
    return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

static ja_err_t *read_cert(X509 **cert, const char *path, apr_pool_t *scratch)
{
    BIO *bio = own_bio(BIO_new_file(path, "r"), scratch);

    *cert = bio ? own_cert(PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL), scratch) : NULL;
    if (!*cert) {
        return ja_ossl_err(JA_E_CERT_BAD, scratch, "no certificate can be read from %s", path);
    }
    if (!read_rest(bio)) {
        return ja_ossl_err(JA_E_CERT_BAD, scratch, "a certificate in %s is damaged", path);
    }
    return NULL;
}

/* `*key` is NULL if it is locked. */
static ja_err_t *read_key(EVP_PKEY **key, int *is_locked, const char *path, apr_pool_t *scratch)
{
    BIO *bio = own_bio(BIO_new_file(path, "r"), scratch);

    *is_locked = 0;
    *key =
        bio ? own_pkey(PEM_read_bio_PrivateKey(bio, NULL, ask_nobody, is_locked), scratch) : NULL;
    if (!*key && !*is_locked) {
        return ja_ossl_err(JA_E_CERT_BAD, scratch, "no private key can be read from %s", path);
    }
    return NULL;
}

ja_err_t *ja_pair_check(int *is_locked, const char *cert_path, const char *key_path,
                        apr_pool_t *scratch)
{
    EVP_PKEY *key = NULL;
    X509 *cert;
    ja_err_t *err;

    ERR_clear_error();
    err = read_cert(&cert, cert_path, scratch);
    if (!err) {
        err = read_key(&key, is_locked, key_path, scratch);
    }
    if (!err && !*is_locked && !X509_check_private_key(cert, key)) {
        err =
            ja_ossl_err(JA_E_CERT_BAD, scratch,
                        "the key in %s is not that of the certificate in %s", key_path, cert_path);
    }
    ERR_clear_error();
    return err;
}
