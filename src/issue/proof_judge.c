/* The judgement of issue/proof.h: what was served against what is live. */
#include "issue/proof.h"

#include <string.h>

#include <apr_strings.h>

#include "issue/dnsname.h"

#define CHECK_LABEL "jprs-acme-check"
#define NAMES_SHOWN 3

static const char *const VERDICTS[JA_PROOF_VERDICTS] = {
    [JA_PROOF_UNASKED] = "unasked",     [JA_PROOF_VERIFIED] = "verified",
    [JA_PROOF_UNSTAPLED] = "unstapled", [JA_PROOF_OLD] = "old",
    [JA_PROOF_CHAIN] = "chain",         [JA_PROOF_FAILED] = "failed",
    [JA_PROOF_OTHER] = "other",
};

const ja_enumstr_t ja_proof_verdict_names = { VERDICTS, JA_PROOF_VERDICTS };

/* What is judged, and where the judgement goes. */
typedef struct {
    ja_proof_finding_t *finding;
    const ja_proof_job_t *job;
    const ja_handshake_ask_t *asked;
    const ja_handshake_t *seen;
    apr_time_t now;
    apr_pool_t *pool;
} case_t;

const char *ja_proof_sni(const char *name, apr_pool_t *pool)
{
    const char *label = CHECK_LABEL;

    if (strncmp(name, "*.", 2) != 0) {
        return name;
    }
    if (strlen(name) - 1 + strlen(label) > JA_DNSNAME_MAX) {
        label = "x";
    }
    return apr_pstrcat(pool, label, name + 1, NULL);
}

/* ---- the parts of a message ------------------------------------------------------------------ */

/* "asking 127.0.0.1:443 for www.example.jp (ECDSA)" */
static const char *question(const case_t *c)
{
    const char *kind =
        c->asked->kind == JA_HANDSHAKE_ANY
            ? ""
            : apr_psprintf(c->pool, " (%s)",
                           ja_enumstr_print(&ja_handshake_kind_names, (int)c->asked->kind));

    return apr_psprintf(c->pool, "asking %s for %s%s", ja_endpoint_print(&c->asked->to, c->pool),
                        c->asked->sni, kind);
}

/* "a certificate of CN, issued by CN, serial 0a1b, valid until Sun, 22 Nov 2026 10:00:00 GMT" */
static const char *served(const case_t *c)
{
    const ja_handshake_t *seen = c->seen;
    char date[APR_RFC822_DATE_LEN];

    apr_rfc822_date(date, seen->facts.not_after);
    return apr_psprintf(c->pool, "%s (%s), issued by %s, serial %s, valid until %s",
                        seen->is_temporary ? "a temporary certificate" : "a certificate",
                        seen->subjects, seen->facts.issuer, seen->facts.serial, date);
}

/* The first names of the served certificate: "a.jp, b.jp, c.jp and 4 more". */
static const char *names_served(const case_t *c)
{
    const apr_array_header_t *names = c->seen->facts.names;
    const char *text = "";
    int i;

    for (i = 0; i < names->nelts && i < NAMES_SHOWN; i++) {
        text = apr_pstrcat(c->pool, text, i > 0 ? ", " : "", APR_ARRAY_IDX(names, i, const char *),
                           NULL);
    }
    return names->nelts > NAMES_SHOWN
               ? apr_psprintf(c->pool, "%s and %d more", text, names->nelts - NAMES_SHOWN)
               : text;
}

/* ---- judgements ------------------------------------------------------------------------------ */

static void find(const case_t *c, ja_proof_verdict_t verdict, const char *text)
{
    c->finding->verdict = verdict;
    c->finding->text = apr_psprintf(c->pool, "%s: %s", question(c), text);
}

static void find_wrong(const case_t *c, ja_proof_verdict_t verdict, ja_code_t code,
                       const char *text)
{
    find(c, verdict, text);
    c->finding->err = ja_err_make(code, c->pool, "%s", c->finding->text);
}

/* Right after an activation it may not be true any more in a moment. */
static int is_early(const case_t *c)
{
    return c->now < c->job->live_at + JA_PROOF_ADOPT_LIMIT;
}

static void judge_failure(const case_t *c, const ja_err_t *failed)
{
    /* JA_E_INTERNAL says nothing of the server: it was not asked. */
    if (failed->code == JA_E_INTERNAL || (failed->code == JA_E_TIMEOUT && is_early(c))) {
        find(c, JA_PROOF_FAILED, ja_err_text(failed, c->pool));
        c->finding->again = 1;
        return;
    }
    find_wrong(c, JA_PROOF_FAILED, JA_E_SERVED_NOT, "there is no TLS handshake");
    c->finding->err->cause = ja_err_dup(failed, c->pool);
    c->finding->text =
        apr_pstrcat(c->pool, c->finding->text, ": ", ja_err_text(failed, c->pool), NULL);
}

static void judge_staple(const case_t *c)
{
    static const char MISSING[] = "the live certificate is served without a stapled response";
    int is_there = c->seen->staple.len > 0;

    switch (is_there ? JA_STAPLE_UNASKED : c->job->staple) {
    case JA_STAPLE_UNASKED:
        find(c, JA_PROOF_VERIFIED, "the live certificate is served");
        break;
    case JA_STAPLE_WANTED:
        find(c, JA_PROOF_UNSTAPLED, MISSING);
        break;
    case JA_STAPLE_REQUIRED:
        find_wrong(c, JA_PROOF_UNSTAPLED, JA_E_SERVED_UNSTAPLED, MISSING);
        break;
    }
}

static void judge_chain(const case_t *c, const ja_set_cert_t *live)
{
    if (strcmp(live->fullchain_sha256, c->seen->fullchain_sha256) == 0) {
        judge_staple(c);
        return;
    }
    find_wrong(c, JA_PROOF_CHAIN, JA_E_SERVED_CHAIN,
               apr_psprintf(c->pool,
                            "the live certificate is served in another chain: %d certificates (%s)",
                            c->seen->n_certs, c->seen->subjects));
}

static void judge_old(const case_t *c)
{
    const char *text =
        apr_psprintf(c->pool, "what was served before is still served: %s", served(c));

    if (is_early(c)) {
        find(c, JA_PROOF_OLD, text);
        c->finding->again = 1;
    }
    else {
        find_wrong(c, JA_PROOF_OLD, JA_E_SERVED_OLD, text);
    }
}

static void judge_other(const case_t *c)
{
    if (ja_cert_names_cover(c->seen->facts.names, c->asked->sni)) {
        find_wrong(c, JA_PROOF_OTHER, JA_E_SERVED_OTHER_CERT,
                   apr_psprintf(c->pool, "served is %s, not the live one", served(c)));
    }
    else {
        find_wrong(c, JA_PROOF_OTHER, JA_E_SERVED_OTHER_HOST,
                   apr_psprintf(c->pool, "served is %s; its names do not cover this one: %s",
                                served(c), names_served(c)));
    }
}

/* ---- which one is it ------------------------------------------------------------------------- */

static int is_of_kind(int spec, ja_handshake_kind_t kind)
{
    int is_ec = spec == JA_KEY_P256 || spec == JA_KEY_P384;

    return kind == JA_HANDSHAKE_ANY || is_ec == (kind == JA_HANDSHAKE_EC);
}

static const ja_set_cert_t *find_live(const case_t *c)
{
    const ja_set_cert_t *cert;
    int i;

    for (i = 0; i < c->job->live->certs->nelts; i++) {
        cert = &APR_ARRAY_IDX(c->job->live->certs, i, const ja_set_cert_t);
        if (strcmp(cert->facts.sha256, c->seen->facts.sha256) == 0) {
            return cert;
        }
    }
    return NULL;
}

/* A certificate that this domain served before: one of its own, or the temporary one. */
static int is_old(const case_t *c)
{
    const apr_array_header_t *earlier = c->job->earlier;
    int i;

    for (i = 0; earlier && i < earlier->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(earlier, i, const char *), c->seen->facts.sha256) == 0) {
            return 1;
        }
    }
    return c->seen->is_temporary && ja_cert_names_cover(c->seen->facts.names, c->asked->sni);
}

/* The server has answered with a live certificate, but of another kind than it was asked for. */
static void judge_kind(const case_t *c)
{
    const char *text =
        apr_psprintf(c->pool, "there is no such certificate; served is %s", served(c));

    if (is_early(c)) {
        find(c, JA_PROOF_OTHER, text);
        c->finding->again = 1;
    }
    else {
        find_wrong(c, JA_PROOF_OTHER, JA_E_SERVED_KIND, text);
    }
}

void ja_proof_judge(ja_proof_finding_t *finding, const ja_proof_job_t *job,
                    const ja_handshake_ask_t *asked, const ja_handshake_t *seen,
                    const ja_err_t *failed, apr_time_t now, apr_pool_t *pool)
{
    const case_t c = { finding, job, asked, seen, now, pool };
    const ja_set_cert_t *live;

    memset(finding, 0, sizeof(*finding));
    if (failed) {
        judge_failure(&c, failed);
        return;
    }
    live = find_live(&c);
    if (live && is_of_kind(live->spec, asked->kind)) {
        judge_chain(&c, live);
    }
    else if (live) {
        judge_kind(&c);
    }
    else if (is_old(&c)) {
        judge_old(&c);
    }
    else {
        judge_other(&c);
    }
}
