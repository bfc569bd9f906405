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

#include "issue/eab_slips.h"
#include "json/json.h"

/* What a file says. NULL: not said. */
typedef struct {
    ja_eab_text_t text;
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
    JA_TRY(ja_eab_slips_file(text->bytes, (apr_size_t)len, scratch));
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
    fields->text.kid = ja_json_get_str(json, "kid", NULL);
    fields->text.hmac = ja_json_get_str(json, "hmac", NULL);
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

/* As in the settings of a shell. */
static ja_err_t *check_label(const char *line, const char *name, int number, apr_pool_t *scratch)
{
    apr_size_t len = strlen(name);
    const char *rest = line + len;

    if (apr_cstr_casecmpn(line, name, len) != 0 || rest[strspn(rest, " \t")] != '=') {
        return NULL;
    }
    return ja_err_make(JA_E_CONFIG, scratch,
                       "line %d: \"=\" is behind \"%s\"; write a colon: \"%s: ...\"", number, name,
                       name);
}

static const char *const TOO_MUCH =
    "it says too much; allowed: two lines, key id and HMAC key, or \"kid: ...\", \"hmac: ...\" and "
    "\"issued: YYYY-MM-DD\" once each";

/* What a line that has no place is, most likely. */
static ja_err_t *refuse_line(int number, int is_labelled, apr_pool_t *scratch)
{
    return ja_err_make(JA_E_CONFIG, scratch, "line %d: %s%s", number,
                       is_labelled ? ""
                                   : "the line before seems to go on here; write key id and "
                                     "HMAC key on one line each. Else, ",
                       TOO_MUCH);
}

static ja_err_t *take_line(fields_t *fields, char *line, int number, apr_pool_t *scratch)
{
    const struct {
        const char *name;
        const char **field;
        int *number;
    } labels[] = { { "kid", &fields->text.kid, &fields->text.kid_line },
                   { "hmac", &fields->text.hmac, &fields->text.hmac_line },
                   { "issued", &fields->issued, NULL } };
    const char *value = NULL;
    int i, at = fields->text.kid ? 1 : 0;

    for (i = 0; i < 3 && !value; i++) {
        JA_TRY(check_label(line, labels[i].name, number, scratch));
        value = labelled(line, labels[i].name);
        at = value ? i : at;
    }
    if (*labels[at].field) {
        return refuse_line(number, value != NULL, scratch);
    }
    if (value && !*value) {
        return ja_err_make(JA_E_CONFIG, scratch,
                           "line %d: there is nothing behind \"%s:\"; write both on one line",
                           number, labels[at].name);
    }
    *labels[at].field = value ? value : line;
    if (labels[at].number) {
        *labels[at].number = number;
    }
    return NULL;
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

/* The line that `*rest` begins with, trimmed in place; `*rest` becomes what is behind it. Lines end
 * as in Unix, Windows or old Macs. */
static char *next_line(char **rest)
{
    char *line = *rest;
    char *end = line + strcspn(line, "\r\n");

    *rest = end + (end[0] == '\r' && end[1] == '\n' ? 2 : *end ? 1 : 0);
    *end = '\0';
    return trim(line);
}

/* Splits `text` in place: nothing of it is copied. */
static ja_err_t *fields_of_lines(fields_t *fields, ja_secret_t *text, apr_pool_t *scratch)
{
    char *rest = (char *)text->bytes;
    int number;

    for (number = 1; *rest; number++) {
        char *line = next_line(&rest);

        if (*line && *line != '#') {
            JA_TRY(take_line(fields, line, number, scratch));
        }
    }
    return NULL;
}

/* From an open file's text. */
static ja_err_t *read_fields(fields_t *fields, ja_secret_t *text, apr_pool_t *scratch)
{
    const char *start = (const char *)text->bytes;

    if (start[strspn(start, " \t\r\n")] == '{') {
        JA_TRY(fields_of_json(fields, text, scratch));
    }
    else {
        JA_TRY(fields_of_lines(fields, text, scratch));
    }
    if (fields->text.kid_line > 0 && !fields->text.hmac && strpbrk(fields->text.kid, " \t")) {
        return ja_err_make(JA_E_CONFIG, scratch,
                           "line %d: key id and HMAC key seem to be on one line; write them on one "
                           "line each, the key id first",
                           fields->text.kid_line);
    }
    if (!fields->text.kid || !fields->text.hmac) {
        return ja_err_make(JA_E_CONFIG, scratch, "the %s is missing",
                           fields->text.kid ? "HMAC key" : "key id");
    }
    return NULL;
}

static ja_err_t *read_eab(ja_eab_t **eab, const char *path, apr_pool_t *result, apr_pool_t *scratch)
{
    fields_t fields = { { NULL, NULL, 0, 0 }, NULL };
    ja_secret_t *text = ja_secret_blank(JA_EAB_MAX_FILE_BYTES + 1, scratch);
    apr_time_t mtime = 0;

    JA_TRY(read_file(text, &mtime, path, scratch));
    JA_TRY(read_fields(&fields, text, scratch));
    JA_TRY(ja_eab_parse(eab, &fields.text, result, scratch));
    (*eab)->issued_at = fields.issued ? ja_eab_date(fields.issued, scratch) : mtime;
    if ((*eab)->issued_at == 0) {
        return ja_err_make(JA_E_CONFIG, scratch, "\"issued\" is no date; allowed: YYYY-MM-DD");
    }
    return NULL;
}

ja_err_t *ja_eab_read(ja_eab_t **eab, const char *path, apr_pool_t *result, apr_pool_t *scratch)
{
    JA_TRY_W(read_eab(eab, path, result, scratch), scratch, "file %s", path);
    return NULL;
}
