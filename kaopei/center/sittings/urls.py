"""Addresses under /sittings/."""

from django.urls import path

from kaopei.center.sittings.views import devices, files, machines, reserve, sittings, steps

app_name = "sittings"
ONE = "<str:sitting>/"

urlpatterns = [
    path("", sittings.listing, name="listing"),
    path("order/", sittings.order, name="order"),
    path("upload/", files.upload, name="upload"),
    path("trial/", sittings.trial, name="trial"),
    path("slip/", files.scan, name="scan"),
    path("witness/", files.witness, name="witness"),
    path("quarantine/", files.quarantine, name="quarantine"),
    path("machines/", machines.listing, name="machines"),
    path("machines/upload/", machines.upload, name="upload_request"),
    path("machines/<str:digest>.json", machines.record, name="record"),
    path("machines/<str:digest>/accept/", machines.accept, name="accept"),
    path("machines/<str:digest>/countersign/", machines.countersign, name="countersign"),
    path("devices/", devices.listing, name="devices"),
    path("devices/<str:site>/", devices.show, name="devices_of"),
    path("devices/<str:site>/list.xlsx", devices.sheet, name="devices_sheet"),
    path(ONE, sittings.show, name="sitting"),
    path(f"{ONE}order/", sittings.again, name="again"),
    path(f"{ONE}receipt/", sittings.receipt, name="receipt"),
    path(f"{ONE}seating/", steps.seating, name="seating"),
    path(f"{ONE}release/", steps.release, name="release"),
    path(f"{ONE}release/<int:number>/", steps.token, name="token"),
    path(f"{ONE}release/<int:number>.json", steps.token_file, name="token_file"),
    path(f"{ONE}release/<int:number>/dictate/", reserve.dictate, name="dictate"),
    path(f"{ONE}release/<int:number>/report/", reserve.report, name="reserve_report"),
    path(f"{ONE}reserve/", reserve.ask, name="reserve"),
    path(f"{ONE}newest/<str:kind>", files.newest, name="newest"),
    path(f"{ONE}files/<str:digest>", files.file, name="file"),
    path(f"{ONE}shares/<str:number>/hand/", files.hand, name="hand"),
]
