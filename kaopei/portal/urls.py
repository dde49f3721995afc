"""Addresses of the portal."""

from django.urls import path, re_path

from kaopei.portal.views import api, draws, frame, people, register

handler400 = frame.refused
handler404 = frame.missing
handler500 = frame.broken

FORM = r"(?P<form>csv|json)"
urlpatterns = [
    path("", frame.home, name="home"),
    path("healthz", frame.health),
    path("language/", frame.language, name="language"),
    path("static/<path:path>", frame.static),
    path("robots.txt", frame.robots),
    path("trust.json", frame.trust, name="trust"),
    path("status.json", frame.status, name="status"),
    path("training-status.json", frame.training_status, name="training_status"),
    path("institutions/", register.institutions, name="institutions"),
    path("institutions/<str:city>/<str:code>/", register.institution, name="institution"),
    path("sites/", register.sites, name="sites"),
    path("sites/<str:city>/<str:number>/", register.site, name="site"),
    path("calendar/", register.calendar, name="calendar"),
    re_path(rf"^institutions\.{FORM}$", register.institutions_file),
    re_path(rf"^sites\.{FORM}$", register.sites_file),
    re_path(rf"^calendar\.{FORM}$", register.calendar_file),
    path("draws/", draws.listing, name="draws"),
    path("draws/verify_draw.py", draws.verifier, name="verifier"),
    path("draws/<str:number>/", draws.show, name="draw"),
    path("draws/<str:number>/mine/", draws.mine, name="my_draw"),
    path("draws/<str:number>/all.zip", draws.archive, name="draw_archive"),
    path("draws/<str:number>/files/<path:name>", draws.file, name="draw_file"),
    path("results/", people.results, name="results"),
    path("certificates/", people.certificates, name="certificates"),
    path("training-proofs/", people.training_proofs, name="training_proofs"),
    path("api/", api.documentation, name="api"),
    path("api/institutions", register.institutions_file, {"form": "json"}),
    path("api/sites", register.sites_file, {"form": "json"}),
    path("api/calendar", register.calendar_file, {"form": "json"}),
    path("api/draws", api.draws),
    path("api/draws/<str:number>", api.draw),
    path("api/certificates/check", api.check),
    path("api/certificates/<path:number>", api.certificate),
    path("api/<path:rest>", api.nothing),
]
