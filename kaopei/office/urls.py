"""Addresses of the office; every program includes them: `path("", include("kaopei.office.urls"))`."""

from django.urls import path

from kaopei.office.accounts.views import door, own, sealed
from kaopei.office.accounts.views import people as accounts
from kaopei.office.approvals import views as approvals
from kaopei.office.audit import views as audit
from kaopei.office.exports import views as exports
from kaopei.office.tasks import views as tasks
from kaopei.office.ui import views as ui

handler404 = ui.missing
handler500 = ui.broken

urlpatterns = [
    path("", ui.today, name="today"),
    path("healthz", ui.health, name="health"),
    path("language/", ui.language, name="language"),
    path("static/<path:path>", ui.static, name="static"),
    path("login/", door.log_in, name="login"),
    path("login/again/", door.again, name="login_again"),
    path("login/code/", door.code, name="login_code"),
    path("login/passkey/", door.passkey, name="login_passkey"),
    path("login/passkey/options", door.ask_passkey, name="login_passkey_options"),
    path("login/recover/", door.recover, name="login_recover"),
    path("login/sealed/", sealed.unseal, name="login_sealed"),
    path("logout/", door.log_out, name="logout"),
    path("me/log-in/", own.show, name="own_log_in"),
    path("me/code/", own.set_code, name="own_code"),
    path("me/code/end", own.end_code, name="own_code_end"),
    path("me/codes", own.make_codes, name="own_codes"),
    path("me/log-ins/end", own.end_log_ins, name="own_log_ins_end"),
    path("me/passkeys/options", own.begin_passkey, name="own_passkey_options"),
    path("me/passkeys/add", own.add_passkey, name="own_passkey_add"),
    path("me/passkeys/<int:pk>/listing.json", own.listing, name="own_passkey_listing"),
    path("me/passkeys/<int:pk>/end", own.end_passkey, name="own_passkey_end"),
    path("people/", accounts.people, name="people"),
    path("people/new/", accounts.new_person, name="new_person"),
    path("people/<str:username>/", accounts.show_person, name="person"),
    path("people/<str:username>/assign", accounts.assign_role, name="person_assign"),
    path("people/<str:username>/unassign", accounts.end_role, name="person_unassign"),
    path("people/<str:username>/recover", accounts.ask_recovery, name="person_recover"),
    path("people/<str:username>/close", accounts.close_account, name="person_close"),
    path("sealed/", sealed.listing, name="sealed_accounts"),
    path("sealed/new/", sealed.new, name="sealed_new"),
    path("sealed/end/", sealed.end, name="sealed_end"),
    path("sealed/<str:username>/", sealed.show, name="sealed_account"),
    path("approvals/", approvals.listing, name="approvals"),
    path("approvals/<str:ulid>/", approvals.show, name="approval"),
    path("approvals/<str:ulid>/content", approvals.content, name="approval_content"),
    path("approvals/<str:ulid>/approve", approvals.approve, name="approval_approve"),
    path("approvals/<str:ulid>/passkey", approvals.ask_passkey, name="approval_passkey"),
    path("approvals/<str:ulid>/decline", approvals.decline, name="approval_decline"),
    path("approvals/<str:ulid>/withdraw", approvals.withdraw, name="approval_withdraw"),
    path("exports/", exports.listing, name="exports"),
    path("exports/<str:ulid>/", exports.show, name="export"),
    path("exports/<str:ulid>/take", exports.take, name="export_take"),
    path("jobs/", tasks.listing, name="jobs"),
    path("jobs/<str:ulid>/", tasks.show, name="job"),
    path("jobs/<str:ulid>/cancel", tasks.cancel, name="job_cancel"),
    path("events/", audit.listing, name="events"),
    path("events/export/", audit.export, name="events_export"),
]
