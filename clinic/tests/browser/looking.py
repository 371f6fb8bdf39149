"""Looking at a page as people do: on a desk and on a phone, in light and dark, and with axe's eyes.

With CLINIC_SCREENSHOTS=1 what is looked at is left in `var/screenshots`.
"""

import os

from django.conf import settings
from django.test import Client

SHOTS = settings.VAR_DIR / "screenshots"
WIDTHS = {"wide": (1280, 900), "phone": (390, 844)}
# All that changes with the scheme. The other rules look at the page once for each width.
COLOURS = ("color-contrast", "link-in-text-block")
AXE = settings.BASE_DIR / "node_modules" / "axe-core" / "axe.min.js"
SETTLED = """() => !document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling")
  && document.getAnimations().every(one => one.playState !== "running")"""


def log_in(page, base: str, user) -> None:
    """Be logged in, as the form leaves one, and on no page yet. The form itself: `test_frame.py`."""
    client = Client()
    client.force_login(user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.clear_cookies()
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": base}])


def settle(page) -> None:
    """Wait until no answer is under way and nothing moves: what is about to be replaced is shown dimmed.

    An answer that has come is not yet on the page. What a person sees is there when this returns.
    """
    page.wait_for_function(SETTLED)


class Looker:
    """Looks at pages at both widths, and keeps what axe calls serious and what is too wide."""

    def __init__(self, page):
        self.page = page
        self.found: list[str] = []

    def __call__(self, name: str, *, schemes=("light",)) -> None:
        for width, size in WIDTHS.items():
            self.page.set_viewport_size({"width": size[0], "height": size[1]})
            for scheme in schemes:
                self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                shoot(self.page, f"{name}-{width}-{scheme}")
                only = COLOURS if scheme != schemes[0] else ()
                self.found += [f"{name}, {width}, {scheme}: {said}" for said in complaints(self.page, only)]
        self.page.set_viewport_size({"width": 1280, "height": 900})
        self.page.emulate_media(color_scheme="light")


def shoot(page, name: str) -> None:
    """Leave a picture of the whole page, for whoever asked for them: they take as long as axe does."""
    if os.environ.get("CLINIC_SCREENSHOTS"):
        page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


def complaints(page, only=()) -> list[str]:
    """What axe calls serious or critical on this page by all its rules or `only` some, and what is too wide."""
    settle(page)
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text())
    how = {"resultTypes": ["violations"]} | ({"runOnly": [*only]} if only else {})
    violations = page.evaluate("how => axe.run(how).then(result => result.violations)", how)
    said = [
        f"{one['id']}: {node['html'][:160]}"
        for one in violations
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [*said, f"scrolls sideways by {over} pixels"] if over > 0 else said
