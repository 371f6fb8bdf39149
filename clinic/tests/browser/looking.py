"""Looking at a page as people do: on a desk and on a phone, in light and dark, and with axe's eyes.

With CLINIC_SCREENSHOTS=1 what is looked at is left in `var/screenshots`.
"""

import os
import re
from contextlib import contextmanager

from django.conf import settings
from django.test import Client

SHOTS = settings.VAR_DIR / "screenshots"
WIDTHS = {"wide": (1280, 900), "phone": (390, 844)}
# All that changes with the scheme. The other rules look at the page once for each width.
COLOURS = ("color-contrast", "link-in-text-block")
AXE = settings.BASE_DIR / "node_modules" / "axe-core" / "axe.min.js"
# A page is there with its scripts, no answer is under way (nor one of the calendar), and nothing moves.
SETTLED = """() => document.readyState === "complete"
  && !document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling, .is-loading")
  && document.getAnimations().every(one => one.playState !== "running")"""
# The window is as wide and the device as dark as was asked for; then one frame, in which the page hears of it.
SEEN_SO = """([width, dark]) => innerWidth === width
  && matchMedia("(prefers-color-scheme: dark)").matches === dark"""
NEXT_FRAME = "() => new Promise(done => requestAnimationFrame(done))"
# What axe finds, and whether the page was changed by an answer while it looked.
LOOK = """async how => {
  let changed = false;
  const note = () => { changed = true; };
  const names = ["htmx:beforeRequest", "htmx:beforeSwap", "htmx:afterSettle"];
  names.forEach(name => document.addEventListener(name, note));
  const { violations } = await axe.run(how);
  names.forEach(name => document.removeEventListener(name, note));
  return { violations, changed };
}"""


def log_in(page, base: str, user) -> None:
    """Be logged in, as the form leaves one, and on no page yet. The form itself: `test_frame.py`.

    A page that asks by itself is left first: its answer would be for whoever was logged in before.
    """
    page.goto("about:blank")
    client = Client()
    client.force_login(user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.clear_cookies()
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": base}])


def settle(page) -> None:
    """Wait until the page has its scripts, no answer is under way and nothing moves.

    An answer that has come is not yet on the page, and what it is about to replace is shown dimmed. Where the page is
    left for another, first wait for what only the other shows.
    """
    page.wait_for_function(SETTLED)


@contextmanager
def answered(page, address: str):
    """What is done within is answered from `address` (a pattern), and the answer is on the page when this ends.

    Before it the page has its scripts, so that they hear of what is done.
    """
    settle(page)
    with page.expect_response(re.compile(address)):
        yield
    settle(page)


def enter(page, locator) -> None:
    """Press it as somebody without a mouse."""
    locator.press("Enter")


class Looker:
    """Looks at pages at both widths, and keeps what axe calls serious and what is too wide."""

    def __init__(self, page):
        self.page = page
        self.found: list[str] = []

    def __call__(self, name: str, *, schemes=("light",)) -> None:
        for width in WIDTHS:
            for scheme in schemes:
                self.show(width, scheme)
                shoot(self.page, f"{name}-{width}-{scheme}")
                only = COLOURS if scheme != schemes[0] else ()
                self.found += [f"{name}, {width}, {scheme}: {said}" for said in complaints(self.page, only)]
        self.show("wide", "light")

    def show(self, width: str, scheme: str) -> None:
        """The page as it is so wide and in this light, once it has heard of it."""
        wide, high = WIDTHS[width]
        self.page.set_viewport_size({"width": wide, "height": high})
        self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        self.page.wait_for_function(SEEN_SO, arg=[wide, scheme == "dark"])
        self.page.evaluate(NEXT_FRAME)


def shoot(page, name: str) -> None:
    """Leave a picture of the whole page, for whoever asked for them: they take as long as axe does."""
    if os.environ.get("CLINIC_SCREENSHOTS"):
        page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


def complaints(page, only=()) -> list[str]:
    """What axe calls serious or critical on this page by all its rules or `only` some, and what is too wide."""
    said = [
        f"{one['id']}: {node['html'][:160]}"
        for one in violations(page, only)
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [*said, f"scrolls sideways by {over} pixels"] if over > 0 else said


def violations(page, only) -> list[dict]:
    """What axe finds on the page while it stands still. Where it asks by itself, it may change meanwhile: once more."""
    how = {"resultTypes": ["violations"]} | ({"runOnly": [*only]} if only else {})
    while True:
        settle(page)
        if not page.evaluate("typeof axe === 'object'"):
            page.evaluate(AXE.read_text())
        seen = page.evaluate(LOOK, how)
        if not (seen["violations"] and seen["changed"]):
            return seen["violations"]
