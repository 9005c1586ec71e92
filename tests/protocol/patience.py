"""How long the tests of the protocols wait."""

SECONDS = 4.0
"""For anything; nothing takes that long when all is well: a session without pongs ends after half a second."""
AT_ONCE = 0.4
"""For what must not wait for the heartbeat, which ends a silent session after half a second."""
