/* issue/staple_table: OCSP responses in memory that the runner writes and every server process
 * reads, on the reading side without lock or file. The memory may be shared between processes and
 * between server generations: it holds no pointers, and all zero bytes are an empty table. Which
 * process maps it, and which place in it a domain has, is decided by whoever makes it.
 *
 * Other processes of the web server's user can write to the memory, so what it says is bounded by
 * what a process knows itself. A response is found by the digest of its certificate: one that is in
 * the wrong place is not given out. */
#ifndef JA_ISSUE_STAPLE_TABLE_H
#define JA_ISSUE_STAPLE_TABLE_H

#include <apr_tables.h>

#include "base/err.h"

#define JA_STAPLE_MAX    8000 /* bytes of a response; real ones have 300 to 2500 */
#define JA_STAPLE_DIGEST 32   /* bytes of SHA-256 */

/* A process's view of the memory. Plain values, in the process's own memory. */
typedef struct {
    void *memory;
    int n_domains;
    int per_domain; /* responses: those of the live certificates and of the staged ones */
} ja_staple_table_t;

/* How much memory a table takes; untouched parts cost nothing. Part of the layout version: another
 * size is another layout. */
apr_size_t ja_staple_table_bytes(int n_domains, int per_domain);

/* `memory` has ja_staple_table_bytes() bytes, aligned for 64 bit; they are not touched. */
void ja_staple_table_init(ja_staple_table_t *table, void *memory, int n_domains, int per_domain);

/* One writer at a time: the runner that holds the store's lock. `sha256_hex` is the digest of the
 * leaf's DER (ja_cert_facts_t), `until` when the response ends. It replaces the one of that
 * certificate, else takes a free place of the domain, else that of the response that ends first.
 * JA_E_TOO_LARGE (JA_STAPLE_MAX), JA_E_INTERNAL (no such place, no digest). */
ja_err_t *ja_staple_table_put(const ja_staple_table_t *table, int domain_index,
                              const char *sha256_hex, const void *der, apr_size_t len,
                              apr_time_t until, apr_pool_t *scratch) JA_WARN_UNUSED;

/* The writer as well: free the places of the domain, but those of certificates with a digest in
 * `sha256_hex` (const char *): what is still wanted is not what has to go for the next one. */
void ja_staple_table_keep(const ja_staple_table_t *table, int domain_index,
                          const apr_array_header_t *sha256_hex);

/* The response for the certificate with that digest into `buffer`, its length in `*len`; 0 if there
 * is none that holds at `now`. Any process, any thread; no system call, no memory. Any index may be
 * asked for. Uses 8 KiB of stack. */
int ja_staple_table_get(char buffer[JA_STAPLE_MAX], apr_size_t *len, const ja_staple_table_t *table,
                        int domain_index, const unsigned char digest[JA_STAPLE_DIGEST],
                        apr_time_t now);

#endif
