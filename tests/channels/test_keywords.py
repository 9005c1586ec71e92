"""The words by which people leave, come back, and ask for help."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.channels.keywords import HELP, START, STOP, intent


@pytest.mark.parametrize(
    "text",
    [
        "STOP",
        " stop. ",
        "Stop!",
        '"stop"',
        "STOPALL",
        "stop  all",
        "Unsubscribe",
        "cancel",
        "END",
        "quit",
        "ARRET",
        "Arrêt",
        "arre\u0302t",
        "Arrêter",
        "DÉSABONNER",
        "desabonner",
        "me désabonner",
        "SISPANN",
        "Kanpe",
        "soti",
        "ＳＴＯＰ",
        "stop 🙏",
        "stop\n",
    ],
)
def test_stop_in_three_languages(text: str) -> None:
    assert intent(text) == "stop"


@pytest.mark.parametrize("text", ["START", "Unstop", "reprendre", "KÒMANSE", "komanse!", "rekòmanse"])
def test_start_in_three_languages(text: str) -> None:
    assert intent(text) == "start"


@pytest.mark.parametrize("text", ["HELP", "info", "Aide", "ÈD", "èd?"])
def test_help_in_three_languages(text: str) -> None:
    assert intent(text) == "help"


@pytest.mark.parametrize(
    "text",
    [
        "please stop talking",
        "stop it",
        "don't stop",
        "nonstop",
        "",
        "   ",
        "🙏",
        "Oui",
        "YES",
        "wi",
        "le bus s'arrête",
        "stop " * 40,
        "the end",
        "can you help me?",
        "st op",
        "info@example.com",
    ],
)
def test_what_only_holds_such_a_word_is_a_message(text: str) -> None:
    assert intent(text) is None


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    assert intent(text) in {"stop", "start", "help", None}


@given(st.sampled_from(sorted(STOP | START | HELP)), st.sampled_from(["", " ", "!", "...", "\n", " )"]))
def test_case_and_marks_around_a_word_change_nothing(word: str, mark: str) -> None:
    assert intent(word) is not None
    assert intent(f"{mark}{word.upper()}{mark}") == intent(word)
