"""For whoever looks after the servers: does the process answer, and does everything work. No login, nothing secret."""

from django.contrib.auth.decorators import login_not_required
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.log import log_response
from django.views.decorators.http import require_safe

from treatments.reminders.readiness import readiness

KEPT_FOR = 5  # seconds; however often it is asked, each process looks that often


@require_safe
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Asks nobody else: when it fails, start the process anew."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """200 if everything works, else 503 and what does not."""
    said = caches["process"].get("readyz")
    if said is None:
        said = readiness(timezone.now())
        caches["process"].set("readyz", said, KEPT_FOR)
    answer = JsonResponse(said, status=200 if said["ready"] else 503)
    if not said["ready"]:  # an answer like another, and no error of this program: Django would log it as one
        why = " ".join(said["reasons"])
        log_response("Not ready: %s", why, response=answer, request=request, level="warning")
    return answer
