#include "issue/gate.h"

static const ja_gate_t OPEN = { JA_GATE_OPEN, 0, 0 };
static const ja_gate_t SHUT = { JA_GATE_SHUT, 0, 0 };

/* Until the limit is over. */
static ja_gate_t until_over(apr_interval_time_t limit, int is_for_ocsp,
                            const ja_gate_facts_t *facts, apr_time_t now)
{
    ja_gate_t gate = { JA_GATE_WAITS, is_for_ocsp, facts->staged_at + limit };
    int is_over = facts->staged_at <= now - limit || facts->staged_at > now + limit;

    return is_over ? OPEN : gate;
}

ja_gate_t ja_gate(const ja_delay_t *delay, const ja_gate_facts_t *facts, apr_time_t now)
{
    ja_delay_t rule = *delay;

    if (facts->is_revoked) {
        return SHUT;
    }
    /* RFC 7633: clients would refuse it, so what is served now is better, or 503. */
    if (facts->is_must_staple && facts->has_responder && !facts->is_good) {
        return (ja_gate_t){ JA_GATE_WAITS, 1, 0 };
    }
    if (rule.kind == JA_DELAY_UNSET && !facts->is_first) {
        rule = (ja_delay_t){ JA_DELAY_OCSP, JA_GATE_OCSP_MAX };
    }
    switch (rule.kind) {
    case JA_DELAY_UNSET:
    case JA_DELAY_OFF:
        break;
    case JA_DELAY_OCSP:
        return facts->has_responder && !facts->is_good ? until_over(rule.limit, 1, facts, now)
                                                       : OPEN;
    case JA_DELAY_TIME:
        return until_over(rule.limit, 0, facts, now);
    }
    return OPEN;
}
