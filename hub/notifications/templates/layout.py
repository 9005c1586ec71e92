"""The e-mail around the words: foot, plain text, and the HTML layout of `layout.html`."""

from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup

from hub.notifications.templates import letter
from hub.notifications.templates.catalogue import Common
from hub.notifications.templates.environment import LAYOUT
from hub.notifications.templates.source import Words

_PAGE = LAYOUT.from_string((Path(__file__).parent / "layout.html").read_text(encoding="utf-8"))


class Layout:
    """Makes whole e-mails of words. `legal` is the line that the law wants: who writes, and from where."""

    def __init__(self, public_url: str, legal: str = "") -> None:
        self._public_url = public_url
        self._legal = legal

    def complete(
        self, words: Words, common: Common, *, language: str, why: str, links: Mapping[str, str]
    ) -> tuple[str, str]:
        """(text, html) of the e-mail; an operator's own HTML stays as it is."""
        parts = letter.blocks(words.text)
        html = words.html
        if html is None:
            html = self._page(words, common, parts, language=language, why=why, links=links)
        return self._text(parts, common, why, links), html

    def _text(self, parts: list[str], common: Common, why: str, links: Mapping[str, str]) -> str:
        colon = common.colon
        foot = [why, f"{common.preferences}{colon} {links['preferences']}"]
        if "unsubscribe" in links:
            foot.append(f"{common.unsubscribe}{colon} {links['unsubscribe']}")
        if self._legal:
            foot.append(self._legal)
        return f"{letter.text(parts, colon)}\n\n-- \n" + "\n".join(foot) + "\n"

    def _page(
        self, words: Words, common: Common, parts: list[str], *, language: str, why: str, links: Mapping[str, str]
    ) -> str:
        ours = letter.Ours(self._public_url, frozenset(links.values()))
        return _PAGE.render(
            language=language,
            subject=words.subject or "",
            preheader=letter.preheader(parts),
            content=Markup(letter.html(parts, ours)),  # noqa: S704  letter.html escapes whatever is not ours
            why=why,
            preferences=common.preferences,
            preferences_url=links["preferences"],
            unsubscribe=common.unsubscribe,
            unsubscribe_url=links.get("unsubscribe", ""),
            legal=self._legal,
        )
