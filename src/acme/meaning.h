/* acme/meaning: what the CA's errors mean: one table from problem type, words of the detail, what
 * was asked for and HTTP status to a code of base/errcodes.def, which says what follows from it.
 * It knows the error table of the JPRS manuals (E1 to E29 here, in the manuals' order), RFC 8555
 * 6.7, and RFC 9773 7.4. A new row there is a new row here.
 *
 * It does not read replies: acme/problem does.
 */
#ifndef JA_ACME_MEANING_H
#define JA_ACME_MEANING_H

#include "acme/problem.h"

/* What a problem came with. */
typedef struct {
    const char *type;   /* without the URN; "" or anything unknown: the status decides */
    const char *detail; /* UTF-8, in English, Japanese, both, or nonsense */
    ja_kind_t kind;     /* what was asked for */
    int is_inside;      /* it is the "error" of an order (JA_KIND_ORDER) or of a challenge
                           (JA_KIND_CHALLENGE) and not an answer of its own */
    int status;         /* of the reply; 0 if it is_inside */
} ja_meaning_asked_t;

/* What it means by its type: the first row that fits. JA_E_COUNT: the type is not known. */
ja_code_t ja_meaning_of(const ja_meaning_asked_t *asked);

/* What a reply means by its status alone, as far as that says anything; else `fallback`. */
ja_code_t ja_meaning_of_status(int status, ja_kind_t kind, ja_code_t fallback);

/* A row, for the catalogue. */
typedef struct {
    const char *jprs; /* "E13"; NULL: not in the manuals' table */
    const char *type; /* "malformed" */
    const char *text; /* what has to be in the detail, NULL: the type is enough */
    ja_code_t code;
} ja_meaning_row_t;

/* The rows whose code is `code`, in the order of the table, those in Japanese left out; of rows
 * that differ in nothing but what was asked for the first. The array is of ja_meaning_row_t. */
apr_array_header_t *ja_meaning_rows(ja_code_t code, apr_pool_t *result);

/* Their types / their JPRS numbers, each once: const char *, maybe none. */
apr_array_header_t *ja_meaning_types(ja_code_t code, apr_pool_t *result);
apr_array_header_t *ja_meaning_jprs(ja_code_t code, apr_pool_t *result);

#endif
