"""Pages of training."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kaopei.center.training.queries import syllabus as queries
from kaopei.office import clock
from kaopei.office.accounts.permission import permission


@permission("training.view")
def hours(request: HttpRequest) -> HttpResponse:
    """一（三） N1.3.2: the hours that hold today, with the source of each."""
    city = request.user.city
    return render(request, "training/hours.html", {"rows": queries.hours("" if city == "*" else city, clock.today())})
