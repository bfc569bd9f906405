#include "issue/requests.h"

#include <string.h>

#include "json/bind.h"

#define ITEM           "register.json"
#define FILE_MAX_BYTES 4096

typedef struct {
    apr_time_t at;
} request_t;

static const ja_field_t FIELDS[] = {
    { "at", JA_FIELD_TIME, .offset = offsetof(request_t, at), .required = 1 },
    { NULL },
};
static const ja_bind_t BIND = { "request", sizeof(request_t), FIELDS };

ja_err_t *ja_request_load(apr_time_t *at, ja_store_t *store, apr_pool_t *scratch)
{
    request_t request;
    ja_bytes_t bytes;
    ja_json_t *json;
    ja_err_t *err = ja_store_load(&bytes, store, JA_GROUP_REQUESTS, NULL, ITEM, FILE_MAX_BYTES,
                                  scratch, scratch);

    *at = 0;
    if (err) {
        return err->code == JA_E_NOT_FOUND ? NULL : err;
    }
    JA_TRY(ja_json_parse(&json, bytes.bytes, bytes.len, FILE_MAX_BYTES, scratch, scratch));
    JA_TRY_W(ja_bind_read(&request, &BIND, json, scratch, scratch), scratch, "reading %s", ITEM);
    *at = request.at;
    return NULL;
}

ja_err_t *ja_request_save(apr_time_t *at, ja_store_t *store, apr_time_t now, apr_pool_t *scratch)
{
    const char *text;
    ja_item_t item = { .item = ITEM };
    apr_time_t last;
    request_t request;

    if (ja_request_load(&last, store, scratch)) {
        last = 0; /* it is replaced */
    }
    *at = now - now % APR_USEC_PER_SEC;
    *at += *at == last ? APR_USEC_PER_SEC : 0;
    request.at = *at;
    text = ja_json_print(ja_bind_print(&BIND, &request, scratch), scratch);
    item.bytes = text;
    item.len = strlen(text);
    return ja_store_save(store, JA_GROUP_REQUESTS, NULL, &item, JA_FS_LAZY, scratch);
}
