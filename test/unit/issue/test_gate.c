#include "../base/check.h"

#include "base/rand.h"
#include "issue/gate.h"

#define NOW  apr_time_from_sec(1893456000)
#define S(n) apr_time_from_sec(n)

#define STATE_OPEN  JA_GATE_OPEN
#define STATE_WAITS JA_GATE_WAITS
#define STATE_SHUT  JA_GATE_SHUT

/* clang-format off */
static const struct {
    const char *what;
    ja_delay_t delay;
    ja_gate_facts_t facts; /* staged_at, first, responder, good, revoked, must-staple */
    ja_gate_t is;
} CASES[] = {
    { "no responder: opens at once",
      { JA_DELAY_OCSP, S(600) },  { NOW, 0, 0, 0, 0, 0 },            { STATE_OPEN, 0, 0 } },
    { "waits for the responder, for the limit at most",
      { JA_DELAY_OCSP, S(600) },  { NOW - S(60), 0, 1, 0, 0, 0 },    { STATE_WAITS, 1, NOW + S(540) } },
    { "the responder says good",
      { JA_DELAY_OCSP, S(600) },  { NOW - S(60), 0, 1, 1, 0, 0 },    { STATE_OPEN, 0, 0 } },
    { "the limit is over",
      { JA_DELAY_OCSP, S(600) },  { NOW - S(600), 0, 1, 0, 0, 0 },   { STATE_OPEN, 0, 0 } },
    { "revoked: never",
      { JA_DELAY_OFF, 0 },        { NOW - S(9999), 1, 1, 0, 1, 0 },  { STATE_SHUT, 0, 0 } },
    { "a duration is waited for, whatever the responder says",
      { JA_DELAY_TIME, S(30) },   { NOW, 0, 1, 1, 0, 0 },            { STATE_WAITS, 0, NOW + S(30) } },
    { "a duration is over",
      { JA_DELAY_TIME, S(30) },   { NOW - S(30), 0, 1, 0, 0, 0 },    { STATE_OPEN, 0, 0 } },
    { "off",
      { JA_DELAY_OFF, 0 },        { NOW, 0, 1, 0, 0, 0 },            { STATE_OPEN, 0, 0 } },
    { "not configured: as for JPRS",
      { JA_DELAY_UNSET, 0 },      { NOW, 0, 1, 0, 0, 0 },            { STATE_WAITS, 1, NOW + S(600) } },
    { "not configured: the first one waits for nothing",
      { JA_DELAY_UNSET, 0 },      { NOW, 1, 1, 0, 0, 0 },            { STATE_OPEN, 0, 0 } },
    { "configured: the first one waits as well",
      { JA_DELAY_OCSP, S(600) },  { NOW, 1, 1, 0, 0, 0 },            { STATE_WAITS, 1, NOW + S(600) } },
    { "must-staple waits for its response without limit",
      { JA_DELAY_OCSP, S(600) },  { NOW - S(9999), 1, 1, 0, 0, 1 },  { STATE_WAITS, 1, 0 } },
    { "must-staple with its response",
      { JA_DELAY_OFF, 0 },        { NOW, 0, 1, 1, 0, 1 },            { STATE_OPEN, 0, 0 } },
    { "must-staple without a responder can't be helped by waiting",
      { JA_DELAY_OCSP, S(600) },  { NOW, 0, 0, 0, 0, 1 },            { STATE_OPEN, 0, 0 } },
    { "the clock was set back a little",
      { JA_DELAY_OCSP, S(600) },  { NOW + S(60), 0, 1, 0, 0, 0 },    { STATE_WAITS, 1, NOW + S(660) } },
    { "a time that can't be: nobody waits for years",
      { JA_DELAY_OCSP, S(600) },  { NOW + S(99999), 0, 1, 0, 0, 0 }, { STATE_OPEN, 0, 0 } },
};
/* clang-format on */

static void opens_and_waits_as_the_table_says(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        ja_gate_t gate = ja_gate(&CASES[i].delay, &CASES[i].facts, NOW);

        if (gate.state != CASES[i].is.state || gate.is_for_ocsp != CASES[i].is.is_for_ocsp
            || gate.at != CASES[i].is.at) {
            fail_msg("%s", CASES[i].what);
        }
    }
}

static int chance(int n)
{
    return (int)(ja_rand_unit() * n);
}

/* Whatever is given: who waits has a time that is ahead and within the limit, unless only the
 * responder can open; and at that time the gate is open. */
static void waiting_has_an_end(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < 20000; i++) {
        ja_delay_t delay = { (ja_delay_kind_t)chance(4), S(1 + chance(700000)) };
        ja_gate_facts_t facts = {
            NOW + S(chance(2000000) - 1000000), chance(2), chance(2), chance(2), 0, chance(2)
        };
        ja_gate_t gate = ja_gate(&delay, &facts, NOW);

        if (gate.state != JA_GATE_WAITS || gate.at == 0) {
            assert_true(gate.state == JA_GATE_OPEN || facts.is_must_staple);
            continue;
        }
        assert_true(gate.at > NOW && gate.at <= NOW + 2 * S(700000));
        assert_int_equal(ja_gate(&delay, &facts, gate.at).state, JA_GATE_OPEN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(opens_and_waits_as_the_table_says),
        TEST(waiting_has_an_end),
    };

    return RUN_TESTS(tests);
}
