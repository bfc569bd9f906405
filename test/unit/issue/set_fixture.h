/* What the tests of issue/set share: a store of the test's user, a CA that issues for the key in
 * ASIDE, and sets for a.jp and www.a.jp on their way through it. */
#ifndef JA_TEST_ISSUE_SET_FIXTURE_H
#define JA_TEST_ISSUE_SET_FIXTURE_H

#include "../pki/fixture.h"
#include "../store/tree.h"
#include "issue/set_private.h"

#define CA_URL "https://ca.example/directory"
#define NAME   "a.jp"

extern const char *dir;           /* the store is in it                   */
extern ja_store_t *store;         /* all of it belongs to the test's user */
extern apr_array_header_t *names; /* a.jp, www.a.jp                       */

int set_begins(void **state);
#define SET_TEST(FN) cmocka_unit_test_setup_teardown(FN, set_begins, test_ends)

/* DIR/store/PATH */
const char *in_store(const char *path);

/* ja_key_spec_t up to JA_SET_NO_SPEC, as an array. */
apr_array_header_t *specs_of(int first, ...);

/* The domain a.jp with `names` and these key types; it waits for nothing. */
const ja_plan_domain_t *domain_with(const apr_array_header_t *specs);

/* A chain for the key of `spec` in ASIDE, PEM: a good one for `san` ("DNS:a.jp,DNS:www.a.jp"), or
 * as `leaf` says. */
ja_bytes_t issued(int spec, const char *san);
ja_bytes_t issued_as(int spec, const mint_t *leaf);

/* Key and chain of `spec` in ASIDE / the whole set staged at NOW plus so many seconds / live. */
ja_set_cert_t put_aside(int spec);
const ja_set_t *staged(const apr_array_header_t *specs, long after_s);
void make_live(const apr_array_header_t *specs, long after_s);

/* The serial number of the certificate for `spec` in a group's set.json; "none" without a set. */
const char *serial_in(ja_group_t group, int spec);

#endif
