"""Senders and webhooks of every provider, against doubles that fail as the real ones do."""

import pytest

pytest.register_assert_rewrite("tests.channels.conformance")  # its tests stand in a module that pytest does not collect
