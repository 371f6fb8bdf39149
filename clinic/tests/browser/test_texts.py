"""A clinic admin words a message: sees it as a patient would read it, saves it, and that is what is sent."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from clinic.models import Clinic
from clinic.tests.browser.looking import Looker, log_in, settle
from treatments.reminders import actions
from treatments.reminders.models import Wording
from treatments.reminders.tests.factories import reminder, someone

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SCHEMES = ("light", "dark")


def test_a_text_is_changed_by_keyboard_and_read_beforehand(
    page, live_server, clinic_admin, doctor, mailoutbox
):
    Clinic.objects.update_or_create(pk=1, defaults={"name": "Klinika Lipowa", "phone": "+48 12 000 00 00"})
    look = Looker(page)
    log_in(page, live_server.url, clinic_admin)
    page.goto(f"{live_server.url}/settings/")
    page.get_by_role("link", name="Texts of messages").press("Enter")
    expect(page.get_by_role("heading", name="Texts of messages")).to_be_visible()
    look("texts", schemes=SCHEMES)
    page.locator("section", has_text="Maintenance reminder").get_by_role(
        "link", name="E-mail, English"
    ).press("Enter")
    preview, text = page.get_by_role("region", name="As Ana would read it"), page.get_by_label("Text")
    expect(preview).to_contain_text("it is time to think about your maintenance session at Klinika Lipowa.")
    settle(page)
    text.fill("Hello {greet},\n\nsee you at {clinic}? Call {phon}.")
    expect(preview).to_contain_text("There is no placeholder {phon} here.")
    look("text-wrong", schemes=SCHEMES)
    text.fill("Hello {greet},\n\nsee you at {clinic}?\nCall {phone}.\n{link}")
    expect(preview).to_contain_text("see you at Klinika Lipowa?")
    expect(preview).to_contain_text("Call +48 12 000 00 00.")
    assert not Wording.objects.exists()
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_text("Messages that are written from now on read so.")).to_be_visible()
    expect(page.get_by_role("link", name="Version 1")).to_be_visible()
    look("text", schemes=SCHEMES)

    message = reminder(doctor, at=timezone.now(), patient=someone(doctor, called="Zosia"))
    actions.deliver(message.pk, at=message.due_at)
    assert mailoutbox[0].body.startswith(
        "Hello Zosia,\n\nsee you at Klinika Lipowa?\nCall +48 12 000 00 00.\nhttp"
    )
    assert look.found == []
