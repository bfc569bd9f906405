/* What the words of the directives about the CA and the account there mean. */
#include "issue/settings.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "issue/dnsname.h"
#include "net/url.h"

#define JPRS_HOST "acme.amecert.jprs.jp"
#define MAIL_MAX  254 /* RFC 5321 4.5.3.1.3, without the angle brackets */
#define LOCAL_MAX 64  /* RFC 5321 4.5.3.1.1                             */
#define HOST_LEN  64  /* longer hosts are misprints of nothing          */

#define EAB_ALLOWED "file:PATH (mode 0600), or KID HMAC, or none"

/* --- ManagedDomainCA -------------------------------------------------------------------------- */

static int least(int a, int b, int c)
{
    int ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/* How many characters have to be changed, added or left out to get from one to the other
 * (Levenshtein). `a` has less than HOST_LEN characters. */
static int distance(const char *a, const char *b)
{
    int row[HOST_LEN];
    int len = (int)strlen(a);
    int diagonal;
    int above;
    int i, k;

    for (i = 0; i <= len; i++) {
        row[i] = i;
    }
    for (k = 1; b[k - 1]; k++) {
        diagonal = row[0];
        row[0] = k;
        for (i = 1; i <= len; i++) {
            above = row[i];
            row[i] = least(above + 1, row[i - 1] + 1, diagonal + (a[i - 1] != b[k - 1]));
            diagonal = above;
        }
    }
    return row[len];
}

static int ends_with(const char *text, const char *end)
{
    apr_size_t len = strlen(text);
    apr_size_t end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* Manuals and mails print the address of JPRS in several wrong ways, most of them without ".jprs".
 * Other hosts below jprs.jp are JPRS's own business. */
static int is_misprint(const char *host)
{
    if (strlen(host) >= HOST_LEN || strcmp(host, JPRS_HOST) == 0) {
        return 0;
    }
    return distance(host, JPRS_HOST) <= 2
           || (strstr(host, "amecert") && !ends_with(host, ".jprs.jp"));
}

/* JPRS has its directories at /DV/getDirectory and the like; what is sent elsewhere gets a page of
 * some kind, hours later. */
static int is_jprs_path(const char *path)
{
    apr_size_t len;

    if (*path++ != '/') {
        return 0;
    }
    len = strspn(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return len > 0 && strcmp(path + len, "/getDirectory") == 0;
}

/* What is behind scheme and authority of a URL that has been parsed. */
static const char *path_of(const char *url)
{
    const char *authority = strstr(url, "://") + 3;

    return authority + strcspn(authority, "/?");
}

const char *ja_settings_parse_ca_url(ja_settings_t *to, const apr_array_header_t *words,
                                     const char *root, apr_pool_t *pool)
{
    const char *word = ja_settings_word(words, 0);
    ja_err_t *err;
    ja_url_t url;

    (void)root;
    if (words->nelts != 1) {
        return "takes one word; allowed: jprs, or the https URL of an ACME directory";
    }
    if (apr_cstr_casecmp(word, "jprs") == 0) {
        to->ca_url = JA_CA_JPRS_URL;
        return NULL;
    }
    err = ja_url_parse(&url, word, pool, pool);
    if (err) {
        return apr_psprintf(pool,
                            "%s; allowed: jprs, or the https URL of an ACME directory (http "
                            "for loopback addresses only)",
                            ja_err_text(err, pool));
    }
    if (is_misprint(url.host)) {
        return apr_psprintf(pool,
                            "the host %s looks like a misprint; the ACME directory of JPRS is %s; "
                            "allowed: jprs (which means that URL), or the URL of another CA",
                            url.host, JA_CA_JPRS_URL);
    }
    if (strcmp(url.host, JPRS_HOST) == 0 && !is_jprs_path(path_of(word))) {
        return apr_psprintf(pool,
                            "there is no ACME directory at that path; that of JPRS is %s, upper "
                            "and lower case as here; allowed: jprs (which means that URL)",
                            JA_CA_JPRS_URL);
    }
    to->ca_url = apr_pstrdup(pool, word);
    return NULL;
}

/* --- ManagedDomainCACertificateFile ----------------------------------------------------------- */

/* `path` below `root`, in `*full`. */
static const char *full_path(const char **full, const char *path, const char *root,
                             apr_pool_t *pool)
{
    char *merged;

    if (apr_filepath_merge(&merged, root, path, APR_FILEPATH_TRUENAME, pool) != APR_SUCCESS) {
        return "it is no path";
    }
    *full = merged;
    return NULL;
}

#define PEM_ALLOWED "a file with certificates in PEM form"

/* NULL, or what keeps the regular file `path` from having a certificate in it. Whether that is a
 * good one is found out by the connection. */
static const char *check_pem(const char *path, apr_pool_t *pool)
{
    char line[256];
    char reason[128];
    apr_file_t *file;
    int has_cert = 0;
    apr_status_t status =
        apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BUFFERED, APR_FPROT_OS_DEFAULT, pool);

    if (status != APR_SUCCESS) {
        return apr_psprintf(pool, "file %s can't be read: %s; allowed: " PEM_ALLOWED, path,
                            apr_strerror(status, reason, sizeof(reason)));
    }
    while (!has_cert && apr_file_gets(line, sizeof(line), file) == APR_SUCCESS) {
        has_cert = strncmp(line, "-----BEGIN ", 11) == 0 && strstr(line, "CERTIFICATE-----");
    }
    apr_file_close(file);
    return has_cert ? NULL
                    : apr_psprintf(pool, "file %s has no certificate in it; allowed: " PEM_ALLOWED,
                                   path);
}

const char *ja_settings_parse_trust_file(ja_settings_t *to, const apr_array_header_t *words,
                                         const char *root, apr_pool_t *pool)
{
    const char *path;
    const char *fault;
    apr_finfo_t info;
    apr_status_t status;
    char reason[128];

    if (words->nelts != 1 || !*ja_settings_word(words, 0)) {
        return "takes one path; allowed: " PEM_ALLOWED;
    }
    if (!root) {
        to->trust_file = apr_pstrdup(pool, ja_settings_word(words, 0));
        return NULL;
    }
    fault = full_path(&path, ja_settings_word(words, 0), root, pool);
    if (fault) {
        return fault;
    }
    status = apr_stat(&info, path, APR_FINFO_TYPE, pool);
    if (status != APR_SUCCESS && status != APR_INCOMPLETE) {
        return apr_psprintf(pool, "file %s can't be read: %s; allowed: " PEM_ALLOWED, path,
                            apr_strerror(status, reason, sizeof(reason)));
    }
    if (info.filetype != APR_REG) {
        return "it is not a regular file; allowed: " PEM_ALLOWED;
    }
    to->trust_file = path;
    return check_pem(path, pool);
}

/* --- ManagedDomainContact --------------------------------------------------------------------- */

/* The characters of RFC 5321's Atom, and dots wherever they are: there are mailboxes with two in a
 * row. */
static int is_local_part(const char *text, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < len; i++) {
        if (!apr_isascii(text[i])
            || (!apr_isalnum(text[i]) && !strchr("!#$%&'*+-/=?^_`{|}~.", text[i]))) {
            return 0;
        }
    }
    return len > 0 && len <= LOCAL_MAX;
}

/* The address with its domain in A-labels, or NULL. RFC 8555 7.3 allows no header fields and not
 * more than one address in a mailto URL. */
static const char *mail_parse(const char *text, const char **why, apr_pool_t *pool)
{
    const char *at;
    const char *domain;
    const char *mail;

    if (apr_cstr_casecmpn(text, "mailto:", 7) == 0) {
        text += 7;
    }
    at = strrchr(text, '@');
    if (!at || !is_local_part(text, (apr_size_t)(at - text))) {
        *why = "the part before \"@\" is missing or has characters that don't belong there";
        return NULL;
    }
    domain = ja_dnsname_parse(at + 1, why, pool);
    if (!domain || ja_dnsname_is_wildcard(domain)) {
        *why = apr_psprintf(pool, "what is behind \"@\" is no DNS name%s%s", domain ? "" : ": ",
                            domain ? "" : *why);
        return NULL;
    }
    mail = apr_psprintf(pool, "%.*s@%s", (int)(at - text), text, domain);
    if (strlen(mail) > MAIL_MAX) {
        *why = "it is longer than 254 characters";
        return NULL;
    }
    return mail;
}

static int has_mail(const apr_array_header_t *mails, const char *mail)
{
    int i;

    for (i = 0; i < mails->nelts; i++) {
        if (apr_cstr_casecmp(APR_ARRAY_IDX(mails, i, const char *), mail) == 0) {
            return 1;
        }
    }
    return 0;
}

const char *ja_settings_parse_contacts(ja_settings_t *to, const apr_array_header_t *words,
                                       const char *root, apr_pool_t *pool)
{
    apr_array_header_t *mails = apr_array_make(pool, JA_CONTACTS_MAX, sizeof(const char *));
    const char *why = NULL;
    const char *mail;
    int i;

    (void)root;
    if (words->nelts < 1 || words->nelts > JA_CONTACTS_MAX) {
        return apr_psprintf(pool, "%d addresses; allowed: 1 to %d", words->nelts, JA_CONTACTS_MAX);
    }
    for (i = 0; i < words->nelts; i++) {
        mail = mail_parse(ja_settings_word(words, i), &why, pool);
        if (!mail) {
            return apr_psprintf(pool,
                                "\"%s\" is no mail address: %s; allowed: 1 to %d addresses, as "
                                "in admin@example.jp",
                                ja_settings_word(words, i), why, JA_CONTACTS_MAX);
        }
        if (has_mail(mails, mail)) {
            return apr_psprintf(pool, "%s is there twice; allowed: 1 to %d different addresses",
                                mail, JA_CONTACTS_MAX);
        }
        APR_ARRAY_PUSH(mails, const char *) = mail;
    }
    to->contacts = mails;
    return NULL;
}

/* --- ManagedDomainAgreement, ManagedDomainExternalAccount ------------------------------------- */

const char *ja_settings_parse_agreed(ja_settings_t *to, const apr_array_header_t *words,
                                     const char *root, apr_pool_t *pool)
{
    (void)root;
    (void)pool;
    if (words->nelts != 1 || apr_cstr_casecmp(ja_settings_word(words, 0), "accepted") != 0) {
        return "not an agreement; allowed: accepted, once you have read the CA's terms of service "
               "and agree to them";
    }
    to->agreed = 1;
    return NULL;
}

/* A file that is gone may have done its work: that is judged when the store can be looked at. */
static ja_eab_t *missing_eab(const char *path, apr_pool_t *pool)
{
    ja_eab_t *eab = apr_pcalloc(pool, sizeof(*eab));

    eab->missing_file = apr_pstrdup(pool, path);
    return eab;
}

/* Words that are no EAB in any form: how they may have come about. */
static const char *misread_words(const apr_array_header_t *words, apr_pool_t *pool)
{
    if (apr_cstr_casecmpn(ja_settings_word(words, 0), "file:", 5) == 0) {
        return "the path belongs directly behind \"file:\", and into quotes if it has blanks; "
               "allowed: " EAB_ALLOWED;
    }
    if (words->nelts == 1) {
        return "has one word only: key id and HMAC key belong on the same line, a half-width blank "
               "between them, without quotes around both; allowed: " EAB_ALLOWED;
    }
    return apr_psprintf(pool,
                        "has %d words: key id and HMAC key are one each, without blanks in them; "
                        "allowed: " EAB_ALLOWED,
                        words->nelts);
}

/* What is read on the way, the HMAC as text among it, is in `scratch`. */
static const char *eab_of_words(ja_eab_t **eab, const apr_array_header_t *words, const char *root,
                                apr_pool_t *pool, apr_pool_t *scratch)
{
    const char *first = ja_settings_word(words, 0);
    int is_file = apr_cstr_casecmpn(first, "file:", 5) == 0;
    const char *path;
    const char *fault;
    ja_err_t *err;

    if (is_file && first[5] && words->nelts == 1) {
        fault = full_path(&path, first + 5, root, scratch);
        if (fault) {
            return fault;
        }
        err = ja_eab_read(eab, path, pool, scratch);
        if (err && err->code == JA_E_NOT_FOUND) {
            *eab = missing_eab(path, pool);
            return NULL;
        }
    }
    else if (words->nelts == 2 && !is_file) {
        const ja_eab_text_t text = { .kid = first, .hmac = ja_settings_word(words, 1) };

        err = ja_eab_parse(eab, &text, pool, scratch);
    }
    else {
        return misread_words(words, pool);
    }
    return err ? apr_pstrcat(pool, ja_err_text(err, scratch), "; allowed: ", EAB_ALLOWED, NULL)
               : NULL;
}

const char *ja_settings_parse_eab(ja_settings_t *to, const apr_array_header_t *words,
                                  const char *root, apr_pool_t *pool)
{
    const char *last = ja_settings_word(words, words->nelts - 1);
    apr_array_header_t *rest = apr_array_copy(pool, words);
    apr_time_t issued_at = 0;
    apr_pool_t *scratch;
    ja_eab_t *eab = NULL;
    const char *fault;

    if (words->nelts == 1 && apr_cstr_casecmp(last, "none") == 0) {
        to->eab = NULL;
        return NULL;
    }
    if (words->nelts > 1 && apr_cstr_casecmpn(last, "issued=", 7) == 0) {
        issued_at = ja_eab_date(last + 7, pool);
        if (issued_at == 0) {
            return "issued= has no date behind it; allowed: issued=YYYY-MM-DD";
        }
        apr_array_pop(rest);
    }
    apr_pool_create(&scratch, pool);
    fault = eab_of_words(&eab, rest, root, pool, scratch);
    apr_pool_destroy(scratch);
    if (fault || !eab) { /* there is one if no fault was found */
        return fault;
    }
    eab->place = to->here;
    eab->issued_at = issued_at ? issued_at : eab->issued_at;
    to->eab = eab;
    return NULL;
}
