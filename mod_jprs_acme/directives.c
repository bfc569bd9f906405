#include "directives.h"

#include <string.h>

#include <http_main.h>

#include <apr_strings.h>

#include "conf.h"

/* Directives are for the server as a whole: a managed domain is one, however many virtual hosts use
 * it. That they stand outside of <Directory> and .htaccess is httpd's part (RSRC_CONF). */
static const char *check_context(const cmd_parms *cmd)
{
    const char *name = cmd->directive->directive;

    if (!cmd->server->is_virtual) {
        return NULL;
    }
    return apr_psprintf(cmd->pool,
                        "%s%s: not in <VirtualHost>; allowed: in the server configuration, "
                        "outside of <VirtualHost>; what is for one domain only goes into "
                        "<ManagedDomain NAME>",
                        name, name[0] == '<' ? ">" : "");
}

static apr_array_header_t *split(const char *args, apr_pool_t *pool)
{
    apr_array_header_t *words = apr_array_make(pool, 4, sizeof(const char *));

    while (*args) {
        APR_ARRAY_PUSH(words, const char *) = ap_getword_conf(pool, &args);
    }
    return words;
}

/* A row of the table, as `node` has it. */
static const char *give(ja_settings_t *settings, const ja_setting_t *row,
                        const ap_directive_t *node, const char *args, apr_pool_t *pool)
{
    settings->here.file = node->filename;
    settings->here.line = node->line_num;
    return ja_settings_give(settings, row, split(args, pool), ap_server_root, pool);
}

/* A row of the table, outside of sections. */
static const char *read_setting(cmd_parms *cmd, void *unused, const char *args)
{
    const ja_setting_t *row = &ja_settings_table()[(apr_size_t)cmd->info];
    const char *fault = check_context(cmd);

    (void)unused;
    return fault ? fault
                 : give(&ja_conf_get(cmd->server)->settings, row, cmd->directive, args, cmd->pool);
}

/* Enter a managed domain; `settings` are those of a section, or NULL. */
static const char *declare(cmd_parms *cmd, const char *args, const ja_settings_t *settings)
{
    apr_array_header_t *names;
    const char *fault = ja_plan_names(&names, split(args, cmd->pool), cmd->pool);
    ja_declared_t *declared;

    if (fault) {
        return fault;
    }
    declared = apr_array_push(ja_conf_get(cmd->server)->declared);
    declared->words = names;
    declared->settings = settings;
    declared->place.file = cmd->directive->filename;
    declared->place.line = cmd->directive->line_num;
    return NULL;
}

static const char *read_domain(cmd_parms *cmd, void *unused, const char *args)
{
    const char *fault = check_context(cmd);

    (void)unused;
    return fault ? fault : declare(cmd, args, NULL);
}

/* The directives that may stand in a section. */
static const char *allowed_inside(apr_pool_t *pool)
{
    const ja_setting_t *row;
    const char *list = NULL;

    for (row = ja_settings_table(); row->name; row++) {
        if (row->scope == JA_SCOPE_DOMAIN) {
            list = list ? apr_pstrcat(pool, list, ", ", row->name, NULL) : row->name;
        }
    }
    return list;
}

/* One line of a section. Left to httpd, directives of other modules would be taken here, and hold
 * for the whole server. */
static const char *read_inner(cmd_parms *cmd, ja_settings_t *settings, const ap_directive_t *inner)
{
    const ja_setting_t *row = ja_setting_find(inner->directive);

    if (!row) {
        return apr_psprintf(cmd->pool, "%s%s: not in <ManagedDomain>; allowed: %s",
                            inner->directive, inner->directive[0] == '<' ? ">" : "",
                            allowed_inside(cmd->pool));
    }
    if (row->scope != JA_SCOPE_DOMAIN) {
        return apr_psprintf(cmd->pool,
                            "%s: it holds for the whole server; allowed: outside of "
                            "<ManagedDomain>",
                            row->name);
    }
    return give(settings, row, inner, inner->args, cmd->pool);
}

static const char *read_section(cmd_parms *cmd, void *unused, const char *args)
{
    ja_settings_t *settings = apr_pcalloc(cmd->pool, sizeof(*settings));
    const char *end = strrchr(args, '>');
    const char *fault = check_context(cmd);
    const ap_directive_t *inner;

    (void)unused;
    if (!fault && (!end || end[1])) {
        fault = apr_psprintf(cmd->pool,
                             "<ManagedDomain %s: the closing \">\" is missing; allowed: "
                             "<ManagedDomain NAME ...>",
                             args);
    }
    if (!fault) {
        fault = declare(cmd, apr_pstrmemdup(cmd->pool, args, (apr_size_t)(end - args)), settings);
    }
    for (inner = cmd->directive->first_child; inner && !fault; inner = inner->next) {
        fault = read_inner(cmd, settings, inner);
        if (fault) {
            cmd->err_directive = inner; /* so that httpd names its line, not that of the section */
        }
    }
    return fault;
}

const command_rec ja_directives[] = {
    AP_INIT_RAW_ARGS(
        "ManagedDomain", read_domain, NULL, RSRC_CONF,
        "NAME [NAME ...]: the names of one certificate that this module is to obtain and renew"),
    AP_INIT_RAW_ARGS("<ManagedDomain", read_section, NULL, RSRC_CONF,
                     "NAME [NAME ...]: the same, with directives that hold for it alone"),
#define JA_SETTING(id, name, scope, syntax, fallback, absent, field, help, ...) \
    AP_INIT_RAW_ARGS(name, read_setting, (void *)JA_SETTING_##id, RSRC_CONF, syntax ": " help),
#include "issue/settings.def"
#undef JA_SETTING
    { NULL }
};
