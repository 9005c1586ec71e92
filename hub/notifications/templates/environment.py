"""The Jinja2 environments: sandboxed, without a loader, and with our filters only."""

from jinja2 import DictLoader
from jinja2.sandbox import ImmutableSandboxedEnvironment

from hub.notifications.templates.filters import FILTERS
from hub.notifications.templates.values import Missing, finalize

KEPT = ("default", "d", "upper", "lower", "capitalize", "length", "count", "first", "last")
"""Jinja's own filters that stay: none makes much of little (`round(9**9)` would), or markup."""


def _environment(*, autoescape: bool, cleans: bool = True) -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(
        autoescape=autoescape,
        undefined=Missing,
        finalize=finalize if cleans else None,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=DictLoader({}),
        cache_size=0,
    )
    made.filters = {name: made.filters[name] for name in KEPT} | FILTERS
    made.globals.clear()
    return made


PLAIN = _environment(autoescape=False)
"""For everything that is text: subjects, SMS, and the words of e-mails, which the layout escapes."""
HTML = _environment(autoescape=True)
"""For HTML that operators write: values are escaped."""
LAYOUT = _environment(autoescape=True, cleans=False)
"""For our own layout, which takes in finished paragraphs."""
