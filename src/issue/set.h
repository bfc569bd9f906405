/* issue/set: a set is what one managed domain serves: one certificate with its key per key type,
 * and set.json that describes them.
 *
 * It is put together by the runner in JA_GROUP_ASIDE (key before finalize, chain after download),
 * published to JA_GROUP_STAGING as a whole, and taken over to JA_GROUP_LIVE by the root parent,
 * which reads the staged files as hostile input and writes its own. Files:
 *
 *   aside, staging   privkey-SPEC.pem fullchain-SPEC.pem set.json
 *   live             privkey.pem cert.pem chain.pem fullchain.pem for the first key type,
 *                    privkey-SPEC.pem ... for further ones, set.json
 *
 * When a set is made, and whether a staged one may go live now, is decided elsewhere. Nothing here
 * keeps state: all of it may run on any thread, for one name on one thread at a time.
 */
#ifndef JA_ISSUE_SET_H
#define JA_ISSUE_SET_H

#include <apr_hash.h>

#include "issue/plan.h"
#include "pki/cert.h"
#include "pki/csr.h"
#include "store/store.h"

/* What set.json says of one certificate. */
typedef struct {
    int spec; /* ja_key_spec_t                                         */
    ja_cert_facts_t facts;
    const char *privkey_file; /* in the set's directory                                */
    const char *fullchain_file;
    const char *privkey_sha256; /* hex digests of these files' content                   */
    const char *fullchain_sha256;
} ja_set_cert_t;

/* What set.json says: enough for decisions and reports, no key. Times have whole seconds. */
typedef struct {
    const char *name;                /* the managed domain                                    */
    apr_time_t created_at;           /* when it was staged                                    */
    apr_time_t committed_at;         /* 0 in staging                                          */
    const char *ca_url;              /* directory URL of the CA that issued it                */
    const apr_array_header_t *certs; /* ja_set_cert_t, 1 .. JA_KEY_SPEC_COUNT, no type twice;
                                         * in the order of the configuration                     */
} ja_set_t;

/* A copy of `from` with all that it points to. */
void ja_set_cert_copy(ja_set_cert_t *cert, const ja_set_cert_t *from, apr_pool_t *pool);

/* The same for a set. */
ja_set_t *ja_set_copy(const ja_set_t *from, apr_pool_t *pool);

/* Are they the same certificates, put together at the same time? Both may be NULL. */
int ja_set_is_same(const ja_set_t *a, const ja_set_t *b);

/* Append the digests (const char *) of a set's certificates: they live with `set`, which may be
 * NULL. */
void ja_set_add_digests(apr_array_header_t *digests, const ja_set_t *set);

/* The certificate with the earliest not_after: what renewal is computed from. Lives with `set`. */
const ja_cert_facts_t *ja_set_first_to_expire(const ja_set_t *set);

/* The certificate for `spec` that a set has, or NULL. */
const ja_set_cert_t *ja_set_find(const ja_set_t *set, int spec);

/* set.json of `group` (LIVE or STAGING), nothing else read. `*set` is NULL, without error, if there
 * is none. JA_E_SYNTAX, JA_E_UNTRUSTED, JA_E_TOO_LARGE if it is damaged; JA_E_IO. */
ja_err_t *ja_set_load(const ja_set_t **set, ja_store_t *store, ja_group_t group, const char *name,
                      apr_pool_t *result, apr_pool_t *scratch) JA_WARN_UNUSED;

/* ---- the runner's part: blocking I/O and computing, to be called as offloaded work ----------- */

/* A new key for `spec`, durable in ASIDE before the CSR for `names` is handed out. What else is in
 * ASIDE stays. As ja_key_make() and ja_csr_make(); JA_E_IO. */
ja_err_t *ja_set_make_key(ja_bytes_t *csr_der, ja_store_t *store, const char *name,
                          ja_key_spec_t spec, const apr_array_header_t *names,
                          const volatile int *cancelled, apr_pool_t *result,
                          apr_pool_t *scratch) JA_WARN_UNUSED;

/* Is there a key for `spec` in ASIDE? (After a restart, with an order that has been finalized.)
 * Failures to find out are a no. */
int ja_set_has_key(ja_store_t *store, const char *name, ja_key_spec_t spec, apr_pool_t *scratch);

/* The downloaded chain for `spec`: parsed, checked against the key in ASIDE and `names` at `now`
 * (as ja_chain_check()), kept in ASIDE, durable; `cert` is what set.json will say of it. With the
 * request that ja_set_make_key() has just handed out for that key, its private half need not be
 * read again; else `csr_der` is NULL. JA_E_CERT_BAD, JA_E_TOO_LARGE; JA_E_NOT_FOUND if there is no
 * key; JA_E_IO. */
ja_err_t *ja_set_keep_chain(ja_set_cert_t *cert, ja_store_t *store, const char *name,
                            ja_key_spec_t spec, const ja_bytes_t *pem, const ja_bytes_t *csr_der,
                            const apr_array_header_t *names, apr_time_t now, apr_pool_t *result,
                            apr_pool_t *scratch) JA_WARN_UNUSED;

/* Does ASIDE hold a good key and chain for `spec`, covering `names`, at `now`? Then an earlier
 * attempt has got that far, and `cert` is what set.json will say of it. It does not know of which
 * CA: whoever changes the CA empties ASIDE. */
int ja_set_has_cert(ja_set_cert_t *cert, ja_store_t *store, const char *name, ja_key_spec_t spec,
                    const apr_array_header_t *names, apr_time_t now, apr_pool_t *result,
                    apr_pool_t *scratch);

/* Would this server take such a certificate for `domain`, at its next start too? Who runs the server
 * knows; may be called on any thread. JA_E_NOT_TAKEN says who does not, and why. */
typedef ja_err_t *ja_set_try_fn(const ja_plan_domain_t *domain, const ja_chain_t *chain,
                                apr_pool_t *scratch);

/* Ask that of all of `certs` (as for ja_set_stage()), whose chains are in ASIDE. What it says;
 * JA_E_NOT_FOUND, JA_E_IO, ... if a chain can't be read. */
ja_err_t *ja_set_try(ja_set_try_fn *try_out, ja_store_t *store, const ja_plan_domain_t *domain,
                     const apr_array_header_t *certs, apr_pool_t *scratch) JA_WARN_UNUSED;

/* A set is complete: write set.json with `certs` (ja_set_cert_t, one for each key type, in the
 * order of the configuration), as ja_set_keep_chain() or ja_set_has_cert() gave them out, and
 * publish. The files are not looked at again: who takes the set over does. `*set` is what was
 * staged; it points to `certs`. JA_E_NOT_FOUND if nothing is in ASIDE; JA_E_IO. After an error
 * ASIDE is as complete as before: the call can be repeated. */
ja_err_t *ja_set_stage(const ja_set_t **set, ja_store_t *store, const char *name,
                       const apr_array_header_t *certs, const char *ca_url, apr_time_t now,
                       apr_pool_t *result, apr_pool_t *scratch) JA_WARN_UNUSED;

/* ---- the root parent's part ------------------------------------------------------------------ */

#define JA_SET_KEEP 5 /* generations in archive/ */

typedef enum {
    JA_SET_NOTHING, /* is staged, or what the configuration doesn't ask for */
    JA_SET_WAITS,   /* at the gate                                          */
    JA_SET_REVOKED, /* the gate is shut for ever                            */
    JA_SET_LIVE,    /* it is live already, by a call that failed or was cut */
    JA_SET_COMMITTED
} ja_set_outcome_t;

/* Take over what is staged for `domain`, if the gate (issue/gate) is open. The staged files are
 * hostile input; key, names and validity are checked for each key type of the configuration; what
 * is written is printed anew from what was parsed. The staged set is then removed, unless the
 * runner has replaced it meanwhile. One that is live already is only removed.
 *
 * A set that does not fit the configuration (names, key types) is left alone and not committed.
 * JA_E_SET_BAD (cause says why): refused, the old set serves on; it stays for inspection, as long
 * as the runner does not replace it. JA_E_IO: try again. One system call if nothing is staged. */
ja_err_t *ja_set_commit(ja_set_outcome_t *outcome, ja_store_t *store,
                        const ja_plan_domain_t *domain, apr_time_t now,
                        apr_pool_t *scratch) JA_WARN_UNUSED;

/* Remove what is staged for `domain` if it is what is live now: a kill after ja_set_commit() has
 * written it leaves it there, and if another set went live, it would be committed once more.
 * JA_E_IO.
 */
ja_err_t *ja_set_forget_taken(ja_store_t *store, const ja_plan_domain_t *domain, apr_time_t now,
                              apr_pool_t *scratch) JA_WARN_UNUSED;

/* The live sets that are valid at `now`, by the names in their certificates (const char * -> const
 * ja_set_t *; of two, the one that lasts longer): for ja_set_adopt(). What can't be read is left
 * out. A listing, and a small file for each set. JA_E_IO, JA_E_TOO_LARGE. */
ja_err_t *ja_set_index(apr_hash_t **by_name, ja_store_t *store, apr_time_t now, apr_pool_t *result,
                       apr_pool_t *scratch) JA_WARN_UNUSED;

/* For a domain without live set: it may have had another first name, or have been part of another
 * domain. The set in `index` whose certificates cover most of `names` is checked and copied as the
 * first generation of `name`: those of `specs`, or all if it has none of them. `*from` is the name
 * that it has been taken from, in the index's pool; NULL: no set covers any of the names. What the
 * set lacks is found by issue/due. JA_E_CERT_BAD, ... of files that are damaged; JA_E_IO. */
ja_err_t *ja_set_adopt(const char **from, ja_store_t *store, const char *name,
                       const apr_array_header_t *specs, const apr_array_header_t *names,
                       apr_hash_t *index, apr_time_t now, apr_pool_t *scratch) JA_WARN_UNUSED;

/* The gate of `staged`, the set staged for `domain`, by what the store says: in set_gate.c.
 * Responses in the store have been verified by the runner; here they are only read. JA_E_IO. */
ja_err_t *ja_set_gate(ja_gate_t *gate, ja_store_t *store, const ja_plan_domain_t *domain,
                      const ja_set_t *staged, apr_time_t now, apr_pool_t *scratch) JA_WARN_UNUSED;

/* Is one of the certificates of `set` (or NULL) revoked, as the response says that is kept, or as
 * somebody has had it done (issue/revocation)? In set_gate.c as well. JA_E_IO. */
ja_err_t *ja_set_is_revoked(int *is, ja_store_t *store, const ja_set_t *set,
                            apr_pool_t *scratch) JA_WARN_UNUSED;

/* Would ja_set_commit() refuse what is staged for `domain`? The same check, nothing is changed. The
 * runner asks it at its start: what is still staged then waits at the gate, has been refused, or
 * has come in the moment of the restart. JA_E_SET_BAD, JA_E_IO, or JA_E_NOT_FOUND if nothing is
 * staged. A set for another configuration is not refused: its facts say what it lacks. */
ja_err_t *ja_set_check_staged(ja_store_t *store, const ja_plan_domain_t *domain, apr_time_t now,
                              apr_pool_t *scratch) JA_WARN_UNUSED;

/* Paths of the live set, for mod_ssl: chains and keys in the same order. Everything mod_ssl will
 * read is verified first, so that a damaged file can't keep httpd from starting: by the digests in
 * set.json, and if these do not match, in full (an expired certificate is let through). */
typedef struct {
    const apr_array_header_t *fullchain_paths; /* const char *, in `result`; never NULL */
    const apr_array_header_t *privkey_paths;
} ja_set_files_t;

/* 0 entries: nothing to serve. JA_E_LIVE_BAD: there is something, but it is damaged, or set.json
 * is; then `files` has those certificates that are good all the same (or none): serve them.
 * JA_E_IO: it can't be told; `files` likewise. */
ja_err_t *ja_set_files(ja_set_files_t *files, ja_store_t *store, const char *name,
                       apr_pool_t *result, apr_pool_t *scratch) JA_WARN_UNUSED;

/* A certificate with its key, as they are served. */
typedef struct {
    ja_key_t *key;
    ja_chain_t *chain;
} ja_set_served_t;

/* The live set in one piece, for the processes that can't read its keys. In set_pack.c.
 * JA_E_NOT_FOUND, and what ja_store_load() says. */
ja_err_t *ja_set_pack(ja_secret_t **record, ja_store_t *store, const char *name, apr_pool_t *result,
                      apr_pool_t *scratch) JA_WARN_UNUSED;

/* And out of it: `*served` are ja_set_served_t, 1 .. JA_KEY_SPEC_COUNT. The record may come from
 * anywhere: keys and chains are parsed with limits and checked to belong together. JA_E_SYNTAX,
 * JA_E_CERT_BAD, JA_E_TOO_LARGE. */
ja_err_t *ja_set_unpack(const apr_array_header_t **served, const ja_bytes_t *record,
                        apr_pool_t *result, apr_pool_t *scratch) JA_WARN_UNUSED;

/* Generations that an earlier call has gone back past: above `after`, up to `up_to`. */
typedef struct {
    int after;
    int up_to;
} ja_set_span_t;

/* The newest generation before the live one whose files are all good (as ja_set_files()) and whose
 * certificates are valid at `now` and not known to be revoked, leaving out those in `passed` (or
 * NULL). `*generation` is 0 if there is none; `*live` is the number of the live one, 0 if there is
 * none, or if it can't be told: then all are before it. Nothing is changed. JA_E_IO. */
ja_err_t *ja_set_find_earlier(int *generation, int *live, ja_store_t *store, const char *name,
                              const ja_set_span_t *passed, apr_time_t now,
                              apr_pool_t *scratch) JA_WARN_UNUSED;

/* After JA_E_LIVE_BAD without a single file: put the newest earlier generation that is good and
 * valid at `now` in the place of the live one. `*generation` is its number; 0: there is none, and
 * nothing is live any more, so that a new set is ordered. Nothing is removed from archive/.
 * JA_E_IO. */
ja_err_t *ja_set_repair(int *generation, ja_store_t *store, const char *name, apr_time_t now,
                        apr_pool_t *scratch) JA_WARN_UNUSED;

#endif
