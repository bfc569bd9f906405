/* pki/pair: do a certificate file and a key file that somebody has written by hand belong together?
 * For files that mod_ssl is given in httpd.conf: they are root's, so they are trusted, and read as
 * leniently as mod_ssl does (links, text between the blocks, any kind of key). Files of the store
 * are read by cert and key, which are strict.
 */
#ifndef JA_PKI_PAIR_H
#define JA_PKI_PAIR_H

#include "base/err.h"

/* Is the key in `key_path` (its first one) that of the first certificate in `cert_path`, and can
 * the certificates behind that one be read? Both may be the same file. PEM. `*is_locked`: it can't
 * be told, since the key has a passphrase, which is asked of nobody. JA_E_CERT_BAD: no, and why. */
ja_err_t *ja_pair_check(int *is_locked, const char *cert_path, const char *key_path,
                        apr_pool_t *scratch) JA_WARN_UNUSED;

#endif
