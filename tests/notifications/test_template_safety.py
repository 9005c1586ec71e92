"""What people write and what operators write can do no harm: no code, no markup, no header, no endless work."""

from typing import Any

import pytest

from hub.channels.base import Channel
from hub.notifications.templates import TemplateFailed, Templates
from hub.notifications.templates.allowed import TemplateRefused, check
from hub.notifications.templates.source import Compiled, Source
from tests.notifications.wording import CONVERSATION, LINKS, URL, person, say

FACTS: dict[str, Any] = {"locale": "en", "time_zone": "UTC", "name": "Jonas", "x": "a" * 100, "xs": list(range(50))}
EVIL_NAMES = ["Eve\r\nBcc: all@example.com", "Eve\nSubject: x", "Eve\u2028Bcc: y", "Eve\x00\x1eBcc", "Eve\u202ecod.exe"]


@pytest.fixture(scope="module")
def templates() -> Templates:
    return Templates(URL)


@pytest.mark.parametrize("evil", EVIL_NAMES)
@pytest.mark.parametrize("event", ["message.unread", "order.placed", "platform.news"])
def test_no_value_becomes_a_header_or_a_line(templates: Templates, event: str, evil: str) -> None:
    keys = ("sender", "title", "creator", "fan", "order")
    calm = say(templates, event, "email", name="Eve", data=dict.fromkeys(keys, "Eve"))
    mail = say(templates, event, "email", name=evil, data=dict.fromkeys(keys, evil))
    assert mail.subject is not None
    assert mail.subject.replace("\u00a0", " ").isprintable()
    assert mail.text.count("\n") == calm.text.count("\n")
    assert not any(sign in mail.text for sign in "\r\x00\x1e\u2028\u202e")


def test_a_value_is_never_compiled(templates: Templates) -> None:
    evil = "{{ 7*7 }}{% for a in range(9) %}{{ links }}{% endfor %}"
    mail = say(templates, "message.unread", "email", name=evil, data={"sender": evil, "first": evil, "count": 1})
    assert evil in (mail.subject or "")
    assert f"> {evil}" in mail.text
    assert "49" not in mail.text


def test_markup_is_escaped(templates: Templates) -> None:
    evil = "<script>alert('x')</script> & \"more\"\nsecond line"
    html = say(templates, "message.unread", "email", name="<b>", data={"sender": "<i>", "first": evil}).html or ""
    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt; &amp; &quot;more&quot;<br>second line" in html
    assert not any(tag in html for tag in ("<script", "<b>", "<i>"))
    links = LINKS | {"open": f'{URL}/?"><script>'}
    assert "<script" not in (say(templates, "message.unread", "email", links=links).html or "")


def test_only_our_own_addresses_become_links(templates: Templates) -> None:
    for evil in ("Read: https://evil.example/", f"Read: {URL}.evil.example/", "Read: javascript:alert(1)"):
        mail = say(templates, "message.unread", "email", data=CONVERSATION | {"sender": evil, "first": evil})
        news = say(templates, "platform.news", "email", data={"title": "x", "body": f"{evil}\n\n{evil}"})
        for html in (mail.html or "", news.html or ""):
            assert "evil.example/" not in "".join(part.split('"')[0] for part in html.split('href="')[1:])
            assert 'href="javascript' not in html


def test_a_long_text_is_shortened_and_a_long_name_still_fits(templates: Templates) -> None:
    data = {"sender": "Ž" * 200, "count": 1, "first": "x" * 5_000}
    mail = say(templates, "message.digest", "email", data={"count": 1, "conversations": [data]})
    assert mail.subject == f"New message from {'Ž' * 200}"
    assert f"> {'x' * 199}…\n" in mail.text
    assert "x" * 200 not in (mail.html or "")
    push = say(templates, "message.unread", "push", data=data)
    assert len(push.subject or "") <= 100
    assert len(push.text) <= 240
    assert (
        len(say(templates, "platform.news", "whatsapp", data={"title": "t" * 5_000, "body": "b" * 5_000}).text) <= 1024
    )


REFUSED = [
    "{{ ''.__class__ }}",
    "{{ x['__class__'] }}",
    "{{ x|attr('__class__') }}",
    "{{ _secret }}",
    "{{ x.upper() }}",
    "{{ x.format(1) }}",
    "{{ '%s'|format(x) }}",
    "{{ range(10) }}",
    "{{ lipsum() }}",
    "{{ cycler }}{{ self._TemplateReference__context }}",
    "{% for a in range(9) %}{% endfor %}",
    "{% for a in xs %}{% for b in xs %}{% endfor %}{% endfor %}",
    "{% for a in 'abc' %}{% endfor %}",
    "{% for a in xs recursive %}{{ loop(a) }}{% endfor %}",
    "{{ x * 10000000 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ x ~ x }}",
    "{{ x + x }}",
    "{{ '%9999999s' % x }}",
    "{{ x|center(99999999) }}",
    "{{ xs|join(x) }}",
    "{{ 1.5|round(999999999, 'ceil') }}",
    "{{ x|safe }}",
    "{{ x|tojson }}",
    "{% set x = 1 %}",
    "{% set x %}{{ x }}{% endset %}",
    "{% macro m() %}{% endmacro %}",
    "{% include 'x' %}",
    "{% import 'x' as y %}",
    "{% extends 'x' %}",
    "{% block b %}{% endblock %}",
    "{% filter upper %}x{% endfilter %}",
    "{{ {'a': 1} }}",
    "{{ x is filter('upper') }}",
    "{{ xs[x] }}",
    "{{ unclosed",
    "{% if x %}",
    "{{ x|nosuch }}",
    "(" * 3 + "{{ " + "(" * 2_000 + "x" + ")" * 2_000 + " }}",
    "x" * 20_001,
    "   ",
]


@pytest.mark.parametrize("body", REFUSED, ids=range(len(REFUSED)))
def test_what_operators_may_not_write_is_refused_with_a_reason(body: str) -> None:
    with pytest.raises(TemplateRefused) as refused:
        check(Source(channel="sms", body=body))
    assert refused.value.part == "body"
    assert refused.value.reason


ALLOWED = [
    ("Hello {{ name }}", "Hello Jonas"),
    ("{% if x and not missing %}yes{% else %}no{% endif %}", "yes"),
    ("{% for a in xs if a > 47 %}{{ loop.index }}={{ a }} {% endfor %}", "1=48 2=49"),
    ("{{ missing.deeper|default('none') }}", "none"),
    ("{{ 5000|money('USD') }} {{ 3|number }} {{ x|short(5) }}", "$50.00 3 aaaa…"),
    ("{{ missing > 3 }}{{ missing - 1 }}", "False"),
    ("{{ xs|length - 1 }} {{ x|upper|short(3) }}", "49 AA…"),
    ("{% if name in ('Jonas', 'Eve') %}in{% endif %}", "in"),
    ("{{ 'a' if name == 'Jonas' else 'b' }}{{ name is defined }}", "aTrue"),
]


@pytest.mark.parametrize(("body", "text"), ALLOWED)
def test_what_operators_need_is_allowed(body: str, text: str) -> None:
    source = Source(channel="sms", body=body)
    check(source)
    assert Compiled(source).render(FACTS).text == text


@pytest.mark.parametrize(
    ("channel", "subject", "html", "part"),
    [
        ("email", None, None, "subject"),
        ("push", " ", None, "subject"),
        ("sms", "x", None, "subject"),
        ("push", "x", "<p>", "html"),
        ("email", "{{ x() }}", None, "subject"),
        ("email", "x", "{{ x() }}", "html"),
    ],
)
def test_each_channel_has_its_parts(channel: Channel, subject: str | None, html: str | None, part: str) -> None:
    with pytest.raises(TemplateRefused) as refused:
        check(Source(channel=channel, subject=subject, body="x", html=html))
    assert refused.value.part == part


def test_a_whatsapp_template_has_parameters_and_no_branches() -> None:
    source = Source(channel="whatsapp", body="Hello {{ name }}, {{ missing }} and {{ x|short(3) }}!")
    check(source)
    words = Compiled(source).render(FACTS)
    assert source.approved() == "Hello {{1}}, {{2}} and {{3}}!"
    assert words.parameters == ("Jonas", "–", "aa…")
    assert words.text == "Hello Jonas, – and aa…!"
    with pytest.raises(TemplateRefused):
        check(Source(channel="whatsapp", body="Hello{% if name %} {{ name }}{% endif %}"))


def test_the_sandbox_holds_even_for_what_the_rules_let_pass() -> None:
    for body in ("{{ ''.__class__.__mro__ }}", "{{ x.__init__.__globals__ }}", "{{ ''['__class__'] }}"):
        try:
            text = Compiled(Source(channel="sms", body=body)).render(FACTS).text
        except TemplateFailed:
            continue
        assert "class" not in text
        assert "object" not in text


def test_an_operators_html_escapes_values(templates: Templates) -> None:
    html = "<p>{{ sender }}</p>{% for a in xs %}<i>{{ a }}</i>{% endfor %}"
    source = Source(channel="email", subject="{{ sender }}", body="{{ sender }}", html=html)
    check(source)
    mail = templates.preview(source, "en", "fan", person(), {"sender": "<b>\nx", "xs": ["&"]}, now=0)
    assert mail.html == "<p>&lt;b&gt; x</p><i>&amp;</i>"
    assert mail.subject == "<b> x"
