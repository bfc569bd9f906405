#include "../base/check.h"

#include <apr_strings.h>

#include "cli/cmd.h"

static int run_nothing(const ja_cmd_args_t *args)
{
    return args->n_words;
}

static const ja_cmd_t TABLE[] = {
    { "look",
      "[NAME]",
      1,
      JA_OPT_BIT(JA_OPT_JSON),
      { "looks", "見る" },
      { "more\n", "" },
      run_nothing },
    { "change", "NAME [NAME]", 2, 0, { "changes", "" }, { "", "" }, run_nothing },
    { "plain", "", 0, 0, { "plain", "" }, { "", "" }, run_nothing },
    { NULL, NULL, 0, 0, { NULL, NULL }, { NULL, NULL }, NULL },
};

static const ja_cmd_t *cmd;
static ja_cmd_args_t args;

/* Reads words separated by blanks. */
static const char *parse(const char *line)
{
    const char *argv[16] = { "jprs-acme" };
    char *rest = apr_pstrdup(pool, line);
    int argc = 1;
    char *word;

    while ((word = strtok_r(rest, " ", &rest))) {
        argv[argc++] = word;
    }
    args.pool = pool;
    args.lang = JA_LANG_EN;
    return ja_cmd_parse(&cmd, &args, TABLE, argc, argv);
}

static void options_stand_anywhere(void **state)
{
    static const char *const LINES[] = { "look a.jp --json --store /s",
                                         "--store /s look --json a.jp",
                                         "--json --store=/s look a.jp",
                                         "look --store=/s --json -- a.jp" };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(LINES) / sizeof(LINES[0]); i++) {
        assert_null(parse(LINES[i]));
        assert_ptr_equal(cmd, &TABLE[0]);
        assert_non_null(args.options[JA_OPT_JSON]);
        assert_null(args.options[JA_OPT_HELP]);
        assert_string_equal(args.options[JA_OPT_STORE], "/s");
        assert_int_equal(args.n_words, 1);
        assert_string_equal(args.words[0], "a.jp");
    }
}

static void some_words_may_be_missing(void **state)
{
    (void)state;
    assert_null(parse("change a"));
    assert_null(parse("change a b"));
    assert_null(parse("change --help"));
    assert_null(parse("look"));
}

static void help_needs_no_command(void **state)
{
    (void)state;
    assert_null(parse("--help"));
    assert_null(cmd);
    assert_null(parse("plain --help"));
    assert_ptr_equal(cmd, &TABLE[2]);
}

static void behind_two_dashes_are_words(void **state)
{
    (void)state;
    assert_null(parse("look -- --json"));
    assert_null(args.options[JA_OPT_JSON]);
    assert_string_equal(args.words[0], "--json");
}

static void what_is_wrong_is_said(void **state)
{
    static const struct {
        const char *line, *fault;
    } CASES[] = {
        { "", "a command is missing" },
        { "--json", "a command is missing" },
        { "dance", "there is no command dance" },
        { "look --dance", "there is no option --dance" },
        { "look --jso", "there is no option --jso" },
        { "look -j", "there is no option -j" },
        { "look --json=1", "--json takes no value" },
        { "look --json --json", "--json is given twice" },
        { "look --store", "--store needs a value: PATH" },
        { "look --store=", "--store needs a value: PATH" },
        { "look a b", "b is one word too many for look" },
        { "--json plain", "plain does not take --json" },
        { "change", "change needs NAME [NAME]" },
        { "change a b c", "c is one word too many for change" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        const char *fault = parse(CASES[i].line);

        assert_non_null(fault);
        assert_string_equal(fault, CASES[i].fault);
    }
}

static void help_has_commands_and_options(void **state)
{
    const char *all = ja_cmd_help(TABLE, NULL, JA_LANG_EN, pool);
    const char *one = ja_cmd_help(TABLE, &TABLE[0], JA_LANG_JA, pool);

    (void)state;
    assert_non_null(strstr(all, "look [NAME]"));
    assert_non_null(strstr(all, "plain"));
    assert_non_null(strstr(all, "--store PATH"));
    assert_null(strstr(all, "more"));
    assert_non_null(strstr(one, "見る"));
    assert_null(strstr(one, "plain"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(options_stand_anywhere),        TEST(help_needs_no_command),
        TEST(behind_two_dashes_are_words),   TEST(what_is_wrong_is_said),
        TEST(help_has_commands_and_options), TEST(some_words_may_be_missing),
    };

    return RUN_TESTS(tests);
}
