"""What operators may write: a small part of Jinja2, in which no template can run long or make much of little.

The sandbox keeps templates from reaching into Python. It does not keep them from `{% for a in range(10**5) %}` inside
another one, or from 'x' * 10**9. So this is a list of what is allowed, and everything allowed takes time and room in
proportion to the source and the event's data: no calls, no assignments, no macros, no arithmetic that multiplies, one
loop inside no other, and over the event's data only.
"""

import re

from jinja2 import TemplateError, nodes

from hub.notifications.templates.environment import PLAIN
from hub.notifications.templates.source import Source

LONGEST_SUBJECT, LONGEST_BODY, LONGEST_HTML = 500, 20_000, 100_000
ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.Filter,
    nodes.Test,
    nodes.If,
    nodes.For,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.Tuple,
    nodes.List,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Sub,
    nodes.Neg,
    nodes.Keyword,
)
TESTS = ("defined", "undefined", "none", "number", "string", "mapping", "sequence", "even", "odd")
CHANNELS_WITH_SUBJECT = ("in_app", "push", "email")
_ONLY_EXPRESSIONS = re.compile(r"\{[%#]")


class TemplateRefused(Exception):
    """An operator's template breaks a rule; `reason` says which, for the operator."""

    def __init__(self, part: str, reason: str) -> None:
        super().__init__(f"{part}: {reason}")
        self.part = part
        self.reason = reason


def check(source: Source) -> None:
    """Raises TemplateRefused for the first rule that `source` breaks."""
    _check_parts(source)
    for part, text, longest in (
        ("subject", source.subject, LONGEST_SUBJECT),
        ("body", source.body, LONGEST_BODY),
        ("html", source.html, LONGEST_HTML),
    ):
        if text is not None:
            _check_text(part, text, longest)
    if source.channel == "whatsapp" and _ONLY_EXPRESSIONS.search(source.body):
        raise TemplateRefused("body", "a WhatsApp template has {{ expressions }} only, which become {{1}}, {{2}} …")


def _check_parts(source: Source) -> None:
    if source.channel in CHANNELS_WITH_SUBJECT and not (source.subject or "").strip():
        raise TemplateRefused("subject", "this channel needs one")
    if source.channel not in CHANNELS_WITH_SUBJECT and source.subject is not None:
        raise TemplateRefused("subject", "this channel has none")
    if source.channel != "email" and source.html is not None:
        raise TemplateRefused("html", "only e-mails have it")
    if not source.body.strip():
        raise TemplateRefused("body", "it is empty")


def _check_text(part: str, text: str, longest: int) -> None:
    if len(text) > longest:
        raise TemplateRefused(part, f"longer than {longest} characters")
    try:
        tree = PLAIN.parse(text)
    except TemplateError as error:
        raise TemplateRefused(part, error.message or type(error).__name__) from error
    except RecursionError as error:
        raise TemplateRefused(part, "nested too deeply") from error
    _check_node(part, tree, loops=0)


def _check_node(part: str, node: nodes.Node, loops: int) -> None:
    if not isinstance(node, ALLOWED):
        raise TemplateRefused(part, f"{type(node).__name__} is not allowed")
    if isinstance(node, nodes.Getitem) and not isinstance(node.arg, nodes.Const):
        raise TemplateRefused(part, "what stands in [ ] must be a constant")
    if isinstance(node, nodes.Name | nodes.Getattr | nodes.Getitem) and _name(node).startswith("_"):
        raise TemplateRefused(part, f"{_name(node)!r}: names do not begin with an underscore")
    if isinstance(node, nodes.Filter) and node.name not in PLAIN.filters:
        raise TemplateRefused(part, f"there is no filter {node.name!r}")
    if isinstance(node, nodes.Test) and node.name not in TESTS:
        raise TemplateRefused(part, f"there is no test {node.name!r}")
    if isinstance(node, nodes.For):
        loops = _check_loop(part, node, loops)
    for child in node.iter_child_nodes():
        _check_node(part, child, loops)


def _check_loop(part: str, node: nodes.For, loops: int) -> int:
    if loops or node.recursive:
        raise TemplateRefused(part, "a loop inside a loop is not allowed")
    if not isinstance(node.iter, nodes.Name | nodes.Getattr | nodes.Getitem):
        raise TemplateRefused(part, "a loop runs over the event's data")
    return loops + 1


def _name(node: nodes.Name | nodes.Getattr | nodes.Getitem) -> str:
    if isinstance(node, nodes.Getitem):
        return str(node.arg.as_const())
    return node.name if isinstance(node, nodes.Name) else node.attr
