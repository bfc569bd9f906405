/* json/json: JSON documents with limits, on jansson. A document lives in a pool: the pool's cleanup
 * drops the reference, so early return is always right. The opaque type is jansson's own, because
 * libjose works on it; only json/ and acme/jws include jansson itself.
 *
 * Getters never fail: a missing member, or one of another type, gives the fallback. Whoever needs a
 * member says so with json/bind.
 */
#ifndef JA_JSON_JSON_H
#define JA_JSON_JSON_H

#include <apr_tables.h>

#include "base/err.h"

typedef struct json_t ja_json_t;

#define JA_JSON_DEPTH_MAX 16

/* Parse `len` bytes. Limits: `max` bytes, JA_JSON_DEPTH_MAX levels; duplicate members and invalid
 * UTF-8 are refused. JA_E_TOO_LARGE, JA_E_SYNTAX (with line and column). */
ja_err_t *ja_json_parse(ja_json_t **json, const char *bytes, apr_size_t len, apr_size_t max,
                        apr_pool_t *result, apr_pool_t *scratch) JA_WARN_UNUSED;

/* One line, members in the order they were set / indented by two blanks. `json` is not NULL. */
const char *ja_json_print(const ja_json_t *json, apr_pool_t *pool);
const char *ja_json_print_pretty(const ja_json_t *json, apr_pool_t *pool);

/* Build. Everything belongs to `pool`; setting takes a reference of its own. Strings that are no
 * UTF-8 are stored with their bad bytes replaced by "?". A NULL string or value sets nothing. */
ja_json_t *ja_json_object(apr_pool_t *pool);
ja_json_t *ja_json_array(apr_pool_t *pool);
void ja_json_set(ja_json_t *object, const char *name, ja_json_t *value);
void ja_json_set_str(ja_json_t *object, const char *name, const char *value);
void ja_json_set_int(ja_json_t *object, const char *name, apr_int64_t value);
void ja_json_set_bool(ja_json_t *object, const char *name, int value);
void ja_json_set_time(ja_json_t *object, const char *name,
                      apr_time_t at); /* RFC 3339, UTC, seconds; 0 sets nothing */
void ja_json_set_strs(ja_json_t *object, const char *name,
                      const apr_array_header_t *strs); /* of const char * */
void ja_json_append(ja_json_t *array, ja_json_t *value);
void ja_json_append_str(ja_json_t *array, const char *value);

/* Read. What comes back lives as long as the document. `json` may be NULL. */
ja_json_t *ja_json_get(const ja_json_t *object, const char *name); /* or NULL */
const char *ja_json_get_str(const ja_json_t *object, const char *name, const char *fallback);
apr_int64_t ja_json_get_int(const ja_json_t *object, const char *name, apr_int64_t fallback);
int ja_json_get_bool(const ja_json_t *object, const char *name, int fallback);
int ja_json_is_object(const ja_json_t *json);
int ja_json_is_array(const ja_json_t *json);
int ja_json_count(const ja_json_t *array);                /* 0 if it is no array */
ja_json_t *ja_json_at(const ja_json_t *array, int index); /* or NULL */
const char *ja_json_str(const ja_json_t *string);         /* NULL if it is no string */
apr_time_t ja_json_time(const ja_json_t *string);         /* 0 if it is no RFC 3339 date */

/* An RFC 3339 date, with or without fraction, "Z" or an offset; 0 if it is none. Written as
 * "2026-11-22T10:00:00Z". */
apr_time_t ja_json_time_parse(const char *text);
const char *ja_json_time_print(apr_time_t at, apr_pool_t *pool);

#endif
