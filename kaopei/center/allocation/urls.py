"""Addresses under /allocation/."""

from django.urls import path

from kaopei.center.allocation.views import draws, duty, files, sittings, steps
from kaopei.center.allocation.views.attempts import recorded

app_name = "allocation"
ONE = "draws/<str:number>/"

urlpatterns = [
    path("sittings/", sittings.listing, name="sittings"),
    path("sittings/take/", sittings.take, name="take_plan"),
    path("sittings/<str:number>/", sittings.show, name="sitting"),
    path("sittings/<str:number>/<str:kind>.pdf", sittings.paper, name="paper"),
    path("rosters/", duty.listing, name="rosters"),
    path("rosters/<str:number>/", duty.show, name="roster"),
    path("rosters/<str:number>/step/", duty.step, name="roster_step"),
    path("rosters/<str:number>/judged/", duty.judged, name="roster_judged"),
    path("rosters/<str:number>/record.json", duty.record, name="roster_record"),
    path("rosters/<str:number>/<int:position>/replace/", duty.replace, name="roster_replace"),
    path("draws/", draws.listing, name="draws"),
    path("draws/compare/", draws.compare, name="compare"),
    path("draws/new/", draws.new, name="announce"),
    path(ONE, draws.show, name="draw"),
    path(f"{ONE}close/", recorded(steps.close), name="close"),
    path(f"{ONE}commit/", recorded(steps.commit), name="commit"),
    path(f"{ONE}exception/", recorded(steps.exception), name="exception"),
    path(f"{ONE}thin/", recorded(steps.thin), name="thin"),
    path(f"{ONE}change/", recorded(steps.change), name="change"),
    path(f"{ONE}freeze/", recorded(steps.freeze), name="freeze"),
    path(f"{ONE}reveal/", recorded(steps.reveal), name="reveal"),
    path(f"{ONE}escrow/", recorded(steps.escrow), name="escrow"),
    path(f"{ONE}value/", recorded(steps.value), name="value"),
    path(f"{ONE}again/", recorded(steps.again), name="again"),
    path(f"{ONE}verify/", recorded(steps.verify), name="verify"),
    path(f"{ONE}countersign/", recorded(steps.countersign), name="countersign"),
    path(f"{ONE}protocol/", recorded(steps.protocol), name="protocol"),
    path(f"{ONE}publish/", recorded(steps.publish), name="publish"),
    path(f"{ONE}explain/", files.explain, name="explain"),
    path(f"{ONE}slip/<str:who>.json", files.slip, name="slip"),
    path(f"{ONE}exemptions/", files.exemptions, name="exemptions"),
    path(f"{ONE}draw.zip", files.archive, name="archive"),
    path(f"{ONE}files/<path:name>", files.file, name="file"),
    path(f"{ONE}tickets/", files.tickets, name="tickets"),
    path(f"{ONE}tickets/make/", recorded(steps.tickets), name="make_tickets"),
    path(f"{ONE}tickets/<str:code>.zip", files.bundle, name="bundle"),
    path(f"{ONE}tickets/<str:ticket>.pdf", files.ticket, name="ticket"),
]
