"""What the black-box tests drive: a real CA (pebble), real DNS answers, a real httpd.

One idea per file; nothing in here knows a test.  The quickstart uses the same parts.
"""
