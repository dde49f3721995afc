"""Addresses of the register."""

from django.urls import path

from kaopei.center.registry.views import asof, changes, measures, pages, people, reports, sheets

app_name = "registry"
urlpatterns = [
    path("institutions/", pages.institutions, name="institutions"),
    path("institutions/<str:code>/", pages.institution, name="institution"),
    path("institutions/<str:code>/measure/", measures.bar, name="bar"),
    path("institutions/<str:code>/resume/", measures.resume_institution, name="resume_institution"),
    path("reports/", reports.listing, name="reports"),
    path("reports/new/<str:kind>/", reports.new, name="report_new"),
    path("reports/<str:number>/", reports.report, name="report"),
    path("reports/<str:number>/decide/", reports.decide, name="report_decide"),
    path("reports/<str:number>/withdraw/", reports.withdraw, name="report_withdraw"),
    path("reports/<str:number>/files/<int:pk>/", reports.file, name="report_file"),
    path("register/", asof.register, name="register"),
    path("register.<str:suffix>", asof.download, name="register_download"),
    path("differences/", asof.differences, name="differences"),
    path("sites/", pages.sites, name="sites"),
    path("sites/new/", changes.new_site, name="site_new"),
    path("sites/cap/", changes.cap, name="cap"),
    path("sites/<str:number>/", pages.site, name="site"),
    path("sites/<str:number>/amend/", changes.amend_site, name="site_amend"),
    path("sites/<str:number>/withdraw/", measures.withdraw, name="withdraw"),
    path("sites/<str:number>/resume/", pages.resume, name="resume"),
    path("exam-body/", people.exam_body, name="exam_body"),
    path("exam-body/end/", people.end_exam_body, name="exam_body_end"),
    path("staff/", people.staff, name="staff"),
    path("staff/<str:index>/", people.person, name="person"),
    path("ties/", pages.ties, name="ties"),
    path("sheets/", sheets.listing, name="sheets"),
    path("sheets/<str:number>/", sheets.sheet, name="sheet"),
    path("sheets/<str:number>/apply/", sheets.apply, name="sheet_apply"),
    path("sheets/<str:number>/verdicts.csv", sheets.verdicts, name="sheet_verdicts"),
    path("lists/<str:name>.<str:suffix>", sheets.download, name="list_download"),
]
