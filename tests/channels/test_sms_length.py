"""How long SMS are: examples that can be checked by hand, and laws for any text."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.channels.sms_length import BASIC, EXTENSION, SmsLength, cost_micros, gsm7, gsm_friendly, measure

gsm_texts = st.text(st.sampled_from(sorted(BASIC | EXTENSION)), max_size=700)
texts = st.text(max_size=400) | gsm_texts | st.text(st.sampled_from("aé€[ê😀’…"), max_size=400)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", SmsLength("gsm7", 0, 0)),
        ("a" * 160, SmsLength("gsm7", 160, 1)),
        ("a" * 161, SmsLength("gsm7", 161, 2)),
        ("a" * 306, SmsLength("gsm7", 306, 2)),
        ("a" * 307, SmsLength("gsm7", 307, 3)),
        ("€" * 80, SmsLength("gsm7", 160, 1)),
        ("€" * 81, SmsLength("gsm7", 162, 2)),
        ("€" * 152, SmsLength("gsm7", 304, 2)),
        ("€" * 153, SmsLength("gsm7", 306, 3)),  # 76 in a part: its last septet cannot hold half of one
        ("a" * 152 + "€" + "a" * 10, SmsLength("gsm7", 164, 2)),
        ("ê" * 70, SmsLength("ucs2", 70, 1)),
        ("ê" * 71, SmsLength("ucs2", 71, 2)),
        ("ê" * 134, SmsLength("ucs2", 134, 2)),
        ("ê" * 135, SmsLength("ucs2", 135, 3)),
        ("😀" * 35, SmsLength("ucs2", 70, 1)),
        ("😀" * 36, SmsLength("ucs2", 72, 2)),
        ("😀" * 67, SmsLength("ucs2", 134, 3)),  # 33 in a part: its last unit cannot hold half of one
    ],
)
def test_lengths_and_segments(text: str, length: SmsLength) -> None:
    assert measure(text) == length


@pytest.mark.parametrize(
    "text", ["Ou gen yon nouvo mesaj nan kòmand ou: è ò à", "Très à où é ù è", "Ça: Ç É Å Ñ ¿", "@£$\n"]
)
def test_what_fits_gsm_7(text: str) -> None:
    assert measure(text).encoding == "gsm7"


@pytest.mark.parametrize("text", ["ê", "ô", "î", "ç", "È", "Ò", "À", "œ", "’", "\t", "e\u0301"])
def test_what_does_not_fit_gsm_7(text: str) -> None:
    assert measure(text).encoding == "ucs2"


def test_one_circumflex_more_than_doubles_the_cost() -> None:
    text = "Votre commande est terminée. " * 5

    assert cost_micros(text, 7_900) == 7_900
    assert cost_micros(text + "Bientôt", 7_900) == 3 * 7_900


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("L’artiste a répondu…", "L'artiste a répondu..."),
        ("«\u00a0C’est prêt\u00a0»", "«\u00a0C’est prêt\u00a0»"),  # ê stays, so it is UCS-2 anyway
        ("«\u202fÇa va\u202f» – 25\u00a0€", '"Ça va" - 25 €'),
        ("« Oui »", '"Oui"'),
        ("e\u0301te\u0301", "été"),
        ("“Hi” — it‘s me\u200b", '"Hi" - it\'s me'),
        ("Bonjou 😀 l’ami", "Bonjou 😀 l’ami"),
        ("plain", "plain"),
    ],
)
def test_marks_become_plain_where_that_saves(text: str, plain: str) -> None:
    assert gsm_friendly(text) == plain


@given(texts)
def test_segments_hold_the_text_and_are_as_few_as_their_size_allows(text: str) -> None:
    length = measure(text)
    single, part = (160, 153) if length.encoding == "gsm7" else (70, 67)

    if length.characters <= single:
        assert length.segments == min(1, length.characters)
    else:
        assert math.ceil(length.characters / part) <= length.segments <= math.ceil(length.characters / (part - 1))


@given(texts, texts)
def test_more_text_never_costs_less(first: str, second: str) -> None:
    assert measure(first + second).segments >= measure(first).segments


@given(st.text(max_size=300))
def test_ucs_2_counts_as_utf_16_does(text: str) -> None:
    length = measure(text + "ê")

    assert length.characters == len((text + "ê").encode("utf-16-be", "surrogatepass")) // 2


@given(texts)
def test_friendly_texts_cost_no_more_and_are_stable(text: str) -> None:
    friendly = gsm_friendly(text)

    assert measure(friendly).segments <= measure(text).segments
    assert gsm_friendly(friendly) == friendly


@given(gsm_texts)
def test_what_is_gsm_7_is_left_alone(text: str) -> None:
    assert gsm7(text)
    assert gsm_friendly(text) == text
