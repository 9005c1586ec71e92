"""How e-mails look in a real browser: on the narrowest phone, in light and in dark, in every language."""

from typing import Any

import pytest
from playwright.async_api import Browser

from hub.notifications.templates import Templates
from tests.notifications.wording import EVENTS, LANGUAGES, OPEN, ROLES, URL, say

LONG = "W" * 300
STRESS = {
    "order.placed": EVENTS["order.placed"] | {"title": LONG, "fan": LONG, "creator": LONG, "amount": 10**12},
    "message.digest": {
        "count": 999,
        "conversations": [{"sender": LONG, "title": LONG, "count": 99, "first": LONG, "url": OPEN}] * 10,
        "more": 7,
    },
}
WIDTH = 320
READABLE = 4.5
"""Contrast of text and background, WCAG 2.2, 1.4.3."""

LOOK = """() => {
  const shade = text => {
    const parts = text.match(/[0-9.]+/g).map(Number);
    const [r, g, b] = parts.slice(0, 3).map(each => {
      const part = each / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return { light: 0.2126 * r + 0.7152 * g + 0.0722 * b, clear: parts.length > 3 && parts[3] === 0 };
  };
  const behind = element => {
    const found = shade(getComputedStyle(element).backgroundColor);
    return found.clear && element.parentElement ? behind(element.parentElement) : found.light;
  };
  let contrast = 21;
  for (const element of document.querySelectorAll("p, td, a, blockquote")) {
    const front = shade(getComputedStyle(element).color).light, back = behind(element);
    contrast = Math.min(contrast, (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05));
  }
  return { contrast, width: document.documentElement.scrollWidth };
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_email_fits_the_narrowest_phone_and_can_be_read(chromium: Browser, scheme: Any) -> None:
    templates = Templates(URL, legal="Hub, 12 Rue Capois, Port-au-Prince")
    page = await chromium.new_page(viewport={"width": WIDTH, "height": 600}, color_scheme=scheme)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for event, data in [*EVENTS.items(), *STRESS.items()]:
        for role in ROLES:
            for locale in LANGUAGES:
                mail = say(templates, event, "email", role=role, locale=locale, data=data)
                await page.set_content(mail.html or "")
                seen = await page.evaluate(LOOK)
                assert seen["width"] <= WIDTH, f"{event} for {role} in {locale} is {seen['width']} wide"
                assert seen["contrast"] >= READABLE, f"{event} for {role} in {locale}: {seen['contrast']:.2f}"
    assert asked == [], "an e-mail loads nothing from anywhere"
