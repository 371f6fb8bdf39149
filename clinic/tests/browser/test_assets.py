"""The first page brings all that it needs from here, and the browser has nothing to complain about."""

import pytest
from django.urls import reverse

pytestmark = pytest.mark.browser


def test_login_page_loads_everything_from_here(page, live_server):
    complaints, answers = [], {}
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("response", lambda response: answers.update({response.url: response.status}))
    page.goto(live_server.url + reverse("account_login"), wait_until="networkidle")
    assert complaints == []
    assert {url.startswith(live_server.url) for url in answers} == {True}
    assert set(answers.values()) == {200}
    assert any(url.endswith("vendor/bootstrap.min.css") for url in answers)
