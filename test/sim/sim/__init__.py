"""A simulator of the JPRS ACME service, for tests and for training.

    client --- HTTPS, HTTP/1.1 or HTTP/2 ---> simulator --- HTTPS ---> pebble

What JPRS does differently is decided here (policy, eab, ratelimit, ocsp), what an operator or a
test wants to go wrong is a rule (rules, rows, faults), and everything else is pebble's answer
(upstream, translate).  Signatures, nonces and validations are real: pebble checks them.
"""
