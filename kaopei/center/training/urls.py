"""Addresses of training."""

from django.urls import path

from kaopei.center.training.views import classes, phone, reviews, syllabus, teaching

app_name = "training"
urlpatterns = [
    path("hours/", syllabus.hours, name="hours"),
    path("syllabus/", classes.units, name="units"),
    path("syllabus/<int:pk>/confirm/", classes.confirm_unit, name="confirm_unit"),
    path("teachers/", classes.teachers, name="teachers"),
    path("classes/", classes.listing, name="classes"),
    path("classes/new/", classes.new, name="new"),
    path("classes/<str:number>/", classes.show, name="class"),
    path("classes/<str:number>/lessons/", classes.plan, name="plan"),
    path("classes/<str:number>/roster/", classes.enrol, name="enrol"),
    path("classes/<str:number>/report/", classes.report, name="report"),
    path("classes/<str:number>/close/", classes.close, name="close"),
    path("lessons/", teaching.lessons, name="teaching"),
    path("lessons/<int:pk>/", classes.change, name="change"),
    path("lessons/<int:pk>/board/", teaching.board, name="board"),
    path("lessons/<int:pk>/code/", teaching.code, name="code"),
    path("lessons/<int:pk>/people/", teaching.seats, name="seats"),
    path("lessons/<int:pk>/confirm/", teaching.confirm, name="confirm"),
    path("lessons/<int:pk>/card/", teaching.card, name="card"),
    path("people/<int:pk>/", teaching.records, name="records"),
    path("people/<int:pk>/phone/", teaching.bind, name="bind"),
    path("corrections/", reviews.corrections, name="corrections"),
    path("leads/", reviews.leads, name="leads"),
    path("leads/<int:pk>/", reviews.lead, name="lead"),
    path("contests/", reviews.contests, name="contests"),
    path("contests/<int:pk>/", reviews.contest, name="contest"),
    path("consequences/", reviews.consequences, name="consequences"),
    path("seals/", reviews.seals, name="seals"),
    path("phone/", phone.home, name="phone"),
    path("phone/sw.js", phone.worker, name="worker"),
    path("phone/enrol/", phone.enrol, name="phone_enrol"),
    path("phone/challenge/", phone.challenge, name="challenge"),
    path("phone/log-in/", phone.log_in, name="phone_log_in"),
    path("phone/events/", phone.events, name="events"),
    path("phone/study/<int:pk>/<str:unit>/", phone.study, name="study"),
    path("phone/study/<int:pk>/<str:unit>/events/", phone.study_events, name="study_events"),
    path("phone/contest/<int:pk>/", phone.contest, name="phone_contest"),
    path("phone/decision/<int:pk>/", phone.decision, name="decision"),
    # visits, files, conditions, identity
]
