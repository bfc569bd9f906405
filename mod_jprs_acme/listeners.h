/* listeners: where this server serves the names of managed domains with TLS, so that it can be
 * asked there what it serves. From httpd's listeners, the addresses and names of the virtual hosts,
 * and what sites has found out about them.
 */
#ifndef JA_LISTENERS_H
#define JA_LISTENERS_H

#include <httpd.h>

#include <apr_hash.h>

#include "issue/proof.h"

/* The targets of each domain: its name (const char *) -> const apr_array_header_t * of
 * ja_proof_target_t, at most JA_PROOF_MAX_TARGETS, none twice. A domain without virtual host with
 * TLS is not in it. All of it lives in `result`.
 *
 * For each virtual host with SSLEngine on, with SSLCertificateFile or without, up to 16 endpoints:
 * a specific address as it is (it may turn out to be another machine's); where listener and virtual
 * host are for all addresses, loopback, if no other virtual host has that to itself. The names are
 * those of the virtual host that are of its domain; of a ServerAlias *.x ja_proof_sni(), or if the
 * domain has no such wildcard, its names that the alias covers.
 *
 * In post_config, because the listeners are open by then. `s` is the main server. */
apr_hash_t *ja_listeners_find(server_rec *s, apr_pool_t *result, apr_pool_t *scratch);

#endif
