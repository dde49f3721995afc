"""Addresses under /allocation/."""

from django.urls import path

from kaopei.center.allocation.views import draws, files, sittings, steps

app_name = "allocation"
ONE = "draws/<str:number>/"

urlpatterns = [
    path("sittings/", sittings.listing, name="sittings"),
    path("sittings/take/", sittings.take, name="take_plan"),
    path("sittings/<str:number>/", sittings.show, name="sitting"),
    path("sittings/<str:number>/<str:kind>.pdf", sittings.paper, name="paper"),
    path("draws/", draws.listing, name="draws"),
    path("draws/new/", draws.new, name="announce"),
    path(ONE, draws.show, name="draw"),
    path(f"{ONE}close/", steps.close, name="close"),
    path(f"{ONE}commit/", steps.commit, name="commit"),
    path(f"{ONE}exception/", steps.exception, name="exception"),
    path(f"{ONE}thin/", steps.thin, name="thin"),
    path(f"{ONE}change/", steps.change, name="change"),
    path(f"{ONE}freeze/", steps.freeze, name="freeze"),
    path(f"{ONE}reveal/", steps.reveal, name="reveal"),
    path(f"{ONE}escrow/", steps.escrow, name="escrow"),
    path(f"{ONE}value/", steps.value, name="value"),
    path(f"{ONE}again/", steps.again, name="again"),
    path(f"{ONE}verify/", steps.verify, name="verify"),
    path(f"{ONE}countersign/", steps.countersign, name="countersign"),
    path(f"{ONE}protocol/", steps.protocol, name="protocol"),
    path(f"{ONE}publish/", steps.publish, name="publish"),
    path(f"{ONE}explain/", files.explain, name="explain"),
    path(f"{ONE}slip/<str:who>.json", files.slip, name="slip"),
    path(f"{ONE}exemptions/", files.exemptions, name="exemptions"),
    path(f"{ONE}draw.zip", files.archive, name="archive"),
    path(f"{ONE}files/<path:name>", files.file, name="file"),
    path(f"{ONE}tickets/", files.tickets, name="tickets"),
    path(f"{ONE}tickets/make/", steps.tickets, name="make_tickets"),
    path(f"{ONE}tickets/<str:code>.zip", files.bundle, name="bundle"),
    path(f"{ONE}tickets/<str:ticket>.pdf", files.ticket, name="ticket"),
]
