"""Every text that comes with the hub: each event, role, channel and language says something, and says it well."""

import re
from collections.abc import Iterator

import pytest

from hub.channels.base import CHANNELS, Channel
from hub.channels.sms_length import measure
from hub.notifications.rules import RULES
from hub.notifications.templates import Templates
from hub.notifications.templates.catalogue import Catalogue
from tests.notifications.wording import EVENTS, LANGUAGES, LINKS, OPEN, ROLES, say

LEFT_OVER = re.compile(r"[{}<>]|\bNone\b|undefined|  |\( ?\)| ,|“”|« ?»")


@pytest.fixture(scope="module")
def templates() -> Templates:
    return Templates("https://hub.example", legal="Hub, 12 Rue Capois, Port-au-Prince")


def every_text() -> Iterator[tuple[str, str, Channel, str]]:
    for event in EVENTS:
        for role in ROLES:
            for channel in CHANNELS:
                for locale in LANGUAGES:
                    yield event, role, channel, locale


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("event", EVENTS)
def test_every_text_says_something_with_all_data_and_with_none(
    templates: Templates, event: str, channel: Channel
) -> None:
    for role in ROLES:
        for locale in LANGUAGES:
            for data in (EVENTS[event], {}):
                words = say(templates, event, channel, role=role, locale=locale, data=data)
                assert words.locale == locale
                assert (words.version, words.variant) == (0, "built-in")
                assert (words.subject is not None) == (channel in ("in_app", "push", "email"))
                assert (words.html is not None) == (channel == "email")
                for text in (words.subject or "fine", words.text.replace("\n> ", "\n")):
                    assert text.strip() == text.rstrip("\n") != ""
                    assert not LEFT_OVER.search(text), text


@pytest.mark.parametrize("event", EVENTS)
def test_every_language_has_words_of_its_own(templates: Templates, event: str) -> None:
    for role in ROLES:
        for channel in CHANNELS:
            if event in ("platform.news", "booking.seat_changed") and channel not in ("email", "whatsapp"):
                continue  # the words come with the event
            words = [say(templates, event, channel, role=role, locale=locale) for locale in LANGUAGES]
            assert len({(each.subject, each.text) for each in words}) == len(LANGUAGES)


@pytest.mark.parametrize("event", EVENTS)
def test_the_sms_of_every_event_is_one_segment_in_every_language(templates: Templates, event: str) -> None:
    for role in ROLES:
        for locale in LANGUAGES:
            text = say(templates, event, "sms", role=role, locale=locale).text
            length = measure(text)
            assert (length.encoding, length.segments) == ("gsm7", 1), f"{text!r} takes {length}"
            assert OPEN in text


@pytest.mark.parametrize("event", EVENTS)
def test_every_whatsapp_text_is_its_approved_template_filled_in(templates: Templates, event: str) -> None:
    for builtin in Catalogue().all():
        if not event.startswith(builtin.name.removesuffix(".fan").removesuffix(".creator")):
            continue
        approved = builtin.source("whatsapp").approved()
        assert not approved.startswith("{{"), "Meta refuses a text that begins with a parameter"
        assert not approved.rstrip().endswith("}}"), "or ends with one"
        assert "{%" not in approved
    for locale in LANGUAGES:
        words = say(templates, event, "whatsapp", locale=locale)
        assert re.fullmatch(r"[a-z0-9_]+", words.name)
        assert words.parameters
        assert all(each and each in words.text and "\n" not in each for each in words.parameters)


def test_every_rule_has_texts_of_its_own() -> None:
    names = {name.partition(".")[0] for name in Catalogue().events}
    assert {rule.partition(".")[0] for rule in RULES} <= names


def test_french_has_its_spaces_and_its_quotation_marks(templates: Templates) -> None:
    for event, role, channel, locale in every_text():
        if locale != "fr" or channel == "sms":
            continue
        data = {} if event.startswith(("message.", "review.")) else None  # people quote as they like
        words = say(templates, event, channel, role=role, locale=locale, data=data)
        text = re.sub(r"https?://\S+|(?m:^> .*$)", "", f"{words.subject or ''}\n{words.text}")
        assert not re.search(r"[^\u00a0\u202f\s][:;!?](\s|$)|[ \n][:;!?]|« | »|['\"]", text), text


def test_an_email_carries_its_links_in_both_forms(templates: Templates) -> None:
    for event in EVENTS:
        mail = say(templates, event, "email", locale="ht")
        for link in LINKS.values():
            assert link in mail.text
            assert f'href="{link}"' in (mail.html or "")
        assert "Rue Capois" in mail.text
        assert "Rue Capois" in (mail.html or "")
    critical = say(templates, "refund.issued", "email", links={"open": OPEN})
    assert "nsubscribe" not in critical.text + (critical.html or "")


def test_a_receipt_lists_its_lines_and_leaves_out_what_is_not_known(templates: Templates) -> None:
    mail = say(templates, "payment.settled", "email", locale="fr")
    assert "Video\u00a0: 45,00\u00a0$US\nService\u00a0: 5,00\u00a0$US\nTotal\u00a0: 50,00\u00a0$US" in mail.text
    assert '<td class="label">Total</td><td class="value">50,00\u00a0$US</td>' in (mail.html or "")
    bare = say(templates, "payment.settled", "email", data={"amount": 5_000, "currency": "USD"})
    assert "Receipt:" not in bare.text
    assert "Total: $50.00" in bare.text


def test_nothing_of_locked_content_is_told(templates: Templates) -> None:
    data = EVENTS["ppv.received"] | dict.fromkeys(("body", "text", "first", "content", "title", "url"), "S3CRET")
    for event in ("ppv.received", "ppv.unlocked"):
        for role in ROLES:
            for channel in CHANNELS:
                words = say(templates, event, channel, role=role, data=data)
                assert "S3CRET" not in f"{words.subject}{words.text}{words.html}{words.parameters}"
