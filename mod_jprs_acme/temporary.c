#include "temporary.h"

#include <string.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "base/clock.h"
#include "pki/cert.h"

/* Nobody looks at the validity; a server may run for long before its first certificate comes. */
#define DAYS 365

static apr_status_t remove_file(void *path)
{
    unlink(path);
    return APR_SUCCESS;
}

/* A new file that only we can read, in the directory for such. */
static ja_err_t *make_file(apr_file_t **file, const char **path, apr_pool_t *files,
                           apr_pool_t *scratch)
{
    const char *dir;
    char *template;
    apr_status_t status = apr_temp_dir_get(&dir, scratch);

    if (status != APR_SUCCESS) {
        return ja_err_os(JA_E_IO, status, scratch, "finding a directory for temporary files");
    }
    template = apr_pstrcat(files, dir, "/jprs-acme-XXXXXX", NULL);
    /* The flags are those of the default, without APR_FOPEN_DELONCLOSE. */
    status = apr_file_mktemp(file, template,
                             APR_FOPEN_CREATE | APR_FOPEN_READ | APR_FOPEN_WRITE | APR_FOPEN_EXCL,
                             scratch);
    if (status != APR_SUCCESS) {
        return ja_err_os(JA_E_IO, status, scratch, "making a temporary file in %s", dir);
    }
    apr_pool_cleanup_register(files, template, remove_file, apr_pool_cleanup_null);
    *path = template;
    return NULL;
}

static ja_err_t *write_file(const char **path, const ja_secret_t *key, const char *cert,
                            apr_pool_t *files, apr_pool_t *scratch)
{
    apr_file_t *file = NULL;
    apr_status_t status, closed;

    JA_TRY(make_file(&file, path, files, scratch));
    status = apr_file_write_full(file, key->bytes, key->len, NULL);
    if (status == APR_SUCCESS) {
        status = apr_file_write_full(file, cert, strlen(cert), NULL);
    }
    closed = apr_file_close(file);
    status = status != APR_SUCCESS ? status : closed;
    return status != APR_SUCCESS ? ja_err_os(JA_E_IO, status, scratch, "writing %s", *path) : NULL;
}

ja_err_t *ja_temporary_make(const char **path, const apr_array_header_t *names, apr_pool_t *files,
                            apr_pool_t *scratch)
{
    ja_secret_t *key_pem;
    const char *cert_pem;
    ja_key_t *key;

    JA_TRY(ja_key_make(&key, JA_KEY_P256, NULL, scratch, scratch));
    JA_TRY(ja_key_print(&key_pem, key, scratch, scratch));
    JA_TRY(ja_cert_self_signed(&cert_pem, key, names, DAYS, ja_clock_now(), scratch, scratch));
    /* Twice: where SSLUseStapling is on, mod_ssl looks for the issuer behind the certificate, and an
     * error is logged if there is none. */
    return write_file(path, key_pem, apr_pstrcat(scratch, cert_pem, cert_pem, NULL), files,
                      scratch);
}
