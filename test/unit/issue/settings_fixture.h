/* What the tests of settings and plan share: directives as text. */
#ifndef JA_TEST_ISSUE_SETTINGS_FIXTURE_H
#define JA_TEST_ISSUE_SETTINGS_FIXTURE_H

#include "issue/settings.h"

/* "a b c" as words (const char *). */
apr_array_header_t *words_of(const char *text, apr_pool_t *pool);

/* Give one directive, named without "ManagedDomain". NULL, or the sentence of the fault. */
const char *give(ja_settings_t *to, const char *name, const char *text, apr_pool_t *pool);

#endif
