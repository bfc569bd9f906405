/* The file form of an EAB. */
#include "issue/eab.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "json/json.h"

/* What a file says, still as text. NULL: not said. */
typedef struct {
    const char *kid;
    const char *hmac;
    const char *issued;
} fields_t;

static ja_err_t *check_file(const struct stat *info, apr_pool_t *scratch)
{
    if (!S_ISREG(info->st_mode)) {
        return ja_err_make(JA_E_CONFIG, scratch, "it is not a regular file");
    }
    if (info->st_mode & 077) {
        return ja_err_make(JA_E_CONFIG, scratch,
                           "its mode 0%03o lets others than its owner at the key; do chmod 600",
                           (unsigned)info->st_mode & 0777);
    }
    return NULL;
}

/* All of an open file, into `text`, which has room for one byte more than allowed; `mtime` is its
 * time of last change. */
static ja_err_t *read_open(ja_secret_t *text, apr_time_t *mtime, int fd, apr_pool_t *scratch)
{
    struct stat info;
    ssize_t len;

    if (fstat(fd, &info) != 0) {
        return ja_err_os(JA_E_CONFIG, errno, scratch, "it can't be read");
    }
    JA_TRY(check_file(&info, scratch));
    len = read(fd, text->bytes, text->len);
    if (len < 0) {
        return ja_err_os(JA_E_CONFIG, errno, scratch, "it can't be read");
    }
    if (len > JA_EAB_MAX_FILE_BYTES) {
        return ja_err_make(
            JA_E_CONFIG, scratch,
            "it has more than %d bytes; an EAB file has two lines: key id and HMAC key",
            JA_EAB_MAX_FILE_BYTES);
    }
    if (memchr(text->bytes, '\0', (size_t)len)) {
        return ja_err_make(JA_E_CONFIG, scratch, "it is not a text file");
    }
    text->len = (apr_size_t)len;
    *mtime = apr_time_from_sec(info.st_mtime);
    return NULL;
}

/* Symbolic links are followed: root named this path, in its own configuration. O_NONBLOCK is for
 * the case that it is a FIFO. */
static ja_err_t *read_file(ja_secret_t *text, apr_time_t *mtime, const char *path,
                           apr_pool_t *scratch)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    ja_err_t *err;

    if (fd < 0) {
        return ja_err_os(errno == ENOENT ? JA_E_NOT_FOUND : JA_E_CONFIG, errno, scratch,
                         "it can't be read");
    }
    err = read_open(text, mtime, fd, scratch);
    close(fd);
    return err;
}

static ja_err_t *fields_of_json(fields_t *fields, const ja_secret_t *text, apr_pool_t *scratch)
{
    ja_json_t *json;

    /* The parser's own message may quote what it stumbled over. */
    if (ja_json_parse(&json, (const char *)text->bytes, text->len, JA_EAB_MAX_FILE_BYTES, scratch,
                      scratch)
        != NULL) {
        return ja_err_make(JA_E_CONFIG, scratch,
                           "it is not valid JSON; allowed: {\"kid\": \"...\", \"hmac\": \"...\"}");
    }
    fields->kid = ja_json_get_str(json, "kid", NULL);
    fields->hmac = ja_json_get_str(json, "hmac", NULL);
    fields->issued = ja_json_get_str(json, "issued", NULL);
    return NULL;
}

/* The value behind "NAME:" with blanks around it, or NULL. A key id may have colons itself, so only
 * these names count. */
static char *labelled(char *line, const char *name)
{
    apr_size_t len = strlen(name);

    if (apr_cstr_casecmpn(line, name, len) != 0) {
        return NULL;
    }
    line += len;
    line += strspn(line, " \t");
    if (*line != ':') {
        return NULL;
    }
    line++;
    return line + strspn(line, " \t");
}

/* 0: it makes one line too many. */
static int take_line(fields_t *fields, char *line)
{
    const struct {
        const char *name;
        const char **field;
    } labels[] = { { "kid", &fields->kid },
                   { "hmac", &fields->hmac },
                   { "issued", &fields->issued } };
    const char **field = !fields->kid ? &fields->kid : &fields->hmac;
    const char *value = line;
    int i;

    for (i = 0; i < 3; i++) {
        if (labelled(line, labels[i].name)) {
            field = labels[i].field;
            value = labelled(line, labels[i].name);
            break;
        }
    }
    if (*field) {
        return 0;
    }
    *field = value;
    return 1;
}

static char *trim(char *line)
{
    apr_size_t len;

    line += strspn(line, " \t");
    len = strlen(line);
    while (len > 0 && apr_isspace(line[len - 1])) {
        line[--len] = '\0';
    }
    return line;
}

/* Splits `text` in place: nothing of it is copied. */
static ja_err_t *fields_of_lines(fields_t *fields, ja_secret_t *text, apr_pool_t *scratch)
{
    char *rest = (char *)text->bytes;
    char *line;

    while ((line = apr_cstr_tokenize("\r\n", &rest))) {
        line = trim(line);
        if (*line && *line != '#' && !take_line(fields, line)) {
            return ja_err_make(JA_E_CONFIG, scratch,
                               "it says too much; allowed: two lines, key id and HMAC key, or "
                               "\"kid: ...\", \"hmac: ...\" and \"issued: YYYY-MM-DD\" once each");
        }
    }
    return NULL;
}

ja_err_t *ja_eab_read(ja_eab_t **eab, const char *path, apr_pool_t *result, apr_pool_t *scratch)
{
    fields_t fields = { NULL, NULL, NULL };
    ja_secret_t *text = ja_secret_blank(JA_EAB_MAX_FILE_BYTES + 1, scratch);
    const char *start;
    apr_time_t mtime = 0;

    JA_TRY_W(read_file(text, &mtime, path, scratch), scratch, "file %s", path);
    start = (const char *)text->bytes;
    if (start[strspn(start, " \t\r\n")] == '{') {
        JA_TRY_W(fields_of_json(&fields, text, scratch), scratch, "file %s", path);
    }
    else {
        JA_TRY_W(fields_of_lines(&fields, text, scratch), scratch, "file %s", path);
    }
    if (!fields.kid || !fields.hmac) {
        return ja_err_make(JA_E_CONFIG, scratch, "file %s: the %s is missing", path,
                           fields.kid ? "HMAC key" : "key id");
    }
    JA_TRY_W(ja_eab_parse(eab, fields.kid, fields.hmac, result, scratch), scratch, "file %s", path);
    (*eab)->issued_at = fields.issued ? ja_eab_date(fields.issued, scratch) : mtime;
    if ((*eab)->issued_at == 0) {
        return ja_err_make(JA_E_CONFIG, scratch,
                           "file %s: \"issued\" is no date; allowed: YYYY-MM-DD", path);
    }
    return NULL;
}
