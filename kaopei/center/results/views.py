"""Pages of results: what is due, scorings in, the list of a sitting, the release, files to take away."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from kaopei.center.applications import actions as applications
from kaopei.center.results import actions, practicals, queries
from kaopei.center.results.forms import ChosenForm, ScoringsForm
from kaopei.center.results.judging import CLAUSE, Unusable
from kaopei.center.results.models import Grade
from kaopei.law.verdict import refuse
from kaopei.office import clock
from kaopei.office.accounts.permission import permission
from kaopei.office.accounts.queries import names_of
from kaopei.office.refused import Refused
from kaopei.parcel import approval
from kaopei.parcel.rejected import Rejected

PAGE = 50
COLUMNS = ("cand_id", "sitting", "subject", "score", "outcome")


@permission("results.view")
def listing(request: HttpRequest) -> HttpResponse:
    """Sittings that were handed back: how far, due when, whose turn."""
    page = Paginator(queries.handed_back(), PAGE).get_page(request.GET.get("page"))
    today = clock.today()
    rows = [{"one": one, "state": queries.STATES[one.state], "late": one.late(today)} for one in queries.described(page.object_list)]
    context = {
        "page": page,
        "rows": rows,
        "may_import": request.user.may("results.import"),
        "aside": queries.quarantined().count(),
        "released": any(row["one"].released_at for row in rows),
    }
    return render(request, "results/listing.html", context)


@permission("results.import")
def upload(request: HttpRequest) -> HttpResponse:
    """Form field: file (several). What fits is taken; what does not is set aside with its reason."""
    sent = request.method == "POST"
    form = ScoringsForm(request.POST if sent else None, request.FILES if sent else None)
    if not sent or not form.is_valid():
        return render(request, "results/upload.html", {"form": form}, status=422 if sent else 200)
    told = [_taken(request, file.name, file.read()) for file in form.cleaned_data["file"]]
    fine = [one for one in told if one["row"]]
    if len(fine) == len(told):
        messages.success(request, f"已收入 {len(fine)} 份评分结果，可以申请发布。")
        return redirect("results:sitting", sitting=fine[0]["row"].sitting) if len(fine) == 1 else redirect("results:listing")
    status = 409 if any(one["aside"] for one in told) else 422
    return render(request, "results/upload.html", {"form": ScoringsForm(), "told": told}, status=status)


def _taken(request: HttpRequest, name: str, data: bytes) -> dict[str, Any]:
    """What became of one file; each stands for itself."""
    at = clock.now()
    try:
        return {"name": name, "row": actions.take(data, by=request.user, at=at), "aside": None, "text": ""}
    except Unusable as problem:
        return {"name": name, "row": None, "aside": None, "text": str(problem)}
    except Rejected as problem:
        aside = actions.set_aside(data, problem=problem, by=request.user, at=at)
        return {"name": name, "row": None, "aside": aside, "text": str(problem)}


@permission("results.view")
def show(request: HttpRequest, sitting: str) -> HttpResponse:
    """The list of a sitting with masked names; query: outcome, subject, q (part of a ticket number), rev."""
    one = _stage(sitting)
    versions = list(queries.scorings(sitting))
    chosen = next((row for row in versions if str(row.rev) == request.GET.get("rev")), versions[0] if versions else None)
    asked = queries.asked(chosen) if chosen else None
    made = queries.release(sitting)
    grade = request.GET.get("outcome", "")
    filters = {"grade": grade if grade in Grade.values else "", "subject": request.GET.get("subject", "")}
    filters["ticket"] = request.GET.get("q", "").strip()
    rows = queries.outcomes(chosen, **filters) if chosen else []
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    newest = bool(versions) and chosen == versions[0]
    context = {
        "one": one,
        "state": queries.STATES[one.state],
        "late": one.late(clock.today()),
        "versions": versions,
        "chosen": chosen,
        "counts": [(code, label, queries.counts(chosen)[code]) for code, label in Grade.choices] if chosen else [],
        "subjects": sorted(set(queries.outcomes(chosen).order_by().values_list("subject", flat=True))) if chosen else [],
        "confirmed": queries.confirmation(chosen, at=clock.now()) if chosen else None,
        "filters": filters,
        "page": page,
        "rows": _lines(sitting, page.object_list, chosen, made if made and chosen and made.scoring_id == chosen.pk else None),
        "notes": queries.notes(chosen) if chosen else [],
        "release": made,
        "approvers": _approvers(made),
        "asked": asked,
        "signed": names_of(row.approver for row in asked.signatures.all()) if asked else {},
        "may_release": newest and one.state in ("scored", "rescored") and request.user.may("results.release", _city(sitting)),
    }
    return render(request, "results/sitting.html", context)


def _lines(sitting: str, rows: Iterable[Any], chosen: Any, made: Any) -> list[dict[str, Any]]:
    names, rows = queries.names(sitting), list(rows)
    after = {row.attempt: row for row in queries.results(sitting)} if made else {}
    marks = queries.practical_lines(chosen, {row.attempt for row in rows}, at=clock.now()) if chosen else {}
    found = []
    for row in rows:
        said, theory = marks.get(row.attempt, (None, None))
        found.append({"row": row, "name": names.get(row.attempt, ""), "after": after.get(row.attempt), "marks": said, "theory": theory})
    return found


def _approvers(made: Any) -> list[str]:
    """Who signed the release in force, as the signed approvals say."""
    return [approval.claims(one)["approver"] for one in made.approvals] if made else []


def _stage(sitting: str) -> queries.Stage:
    found = queries.stage(sitting)
    if found is None:
        raise Http404(sitting)
    return found


def _city(sitting: str) -> str | None:
    made = queries.scoring(sitting)
    return made.city if made else None


@permission("results.release")
@require_POST
def release(request: HttpRequest, sitting: str) -> HttpResponse:
    """No field: two approvers sign at /approvals/."""
    _stage(sitting)
    asked = actions.request_release(sitting, by=request.user, at=clock.now())
    messages.success(request, f"发布申请已提交（摘要 {asked.digest[:12]}…），等待两名审批人签署，签齐即发布。")
    return redirect("results:sitting", sitting=sitting)


@permission("results.view")
def one_csv(request: HttpRequest, sitting: str) -> HttpResponse:
    """The released results of one sitting."""
    _stage(sitting)
    if queries.release(sitting) is None:
        raise Refused(refuse(CLAUSE, "成绩发布以后才能下载。", "state"))
    return _csv(queries.rows_for_csv(sitting=sitting), f"results-{sitting}.csv")


@permission("results.view")
def every_csv(request: HttpRequest) -> HttpResponse:
    """All released results in sight. Query: batch."""
    return _csv(queries.rows_for_csv(batch=request.GET.get("batch", "")), "results.csv")


@permission("results.view")
def practical(request: HttpRequest) -> HttpResponse:
    """Who waits for a practical draw and what became of the others. Query: status, subject, page."""
    status, subject = request.GET.get("status", "waiting"), request.GET.get("subject", "")
    status = status if status in ("waiting", "frozen", "closed", "") else "waiting"
    page = Paginator(practicals.entries(status=status, subject=subject).order_by("pk"), PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": practicals.lines(page.object_list, clock.today()),
        "subjects": practicals.by_subject(),
        "status": status,
        "subject": subject,
        "states": [("waiting", "待抽签", "waiting"), ("frozen", "已进入抽签", "in a draw"), ("closed", "暂不排考", "put off"), ("", "全部", "all")],
        "corrected": len(practicals.corrected(practicals.entries(status="frozen"))),
        "may_enter": request.user.may("results.enter") and status in ("waiting", "frozen", "closed"),
    }
    return render(request, "results/practical.html", context)


@permission("results.enter")
@require_POST
def practical_close(request: HttpRequest) -> HttpResponse:
    """Form: ChosenForm; `entry` (several) are the ticked pseudonyms."""
    names, reason = _chosen(request, "waiting")
    done = applications.close_practical(names, reason=reason, city=request.user.city, by=request.user, at=clock.now())
    messages.success(request, f"{done} 人暂不排考；以后可以在“暂不排考”里重新列入。")
    return redirect("results:practical")


@permission("results.enter")
@require_POST
def practical_again(request: HttpRequest) -> HttpResponse:
    """Form: ChosenForm; `entry` (several) are the ticked pseudonyms."""
    names, reason = _chosen(request, "closed")
    done = actions.enter_again(names, reason=reason, city=request.user.city, by=request.user, at=clock.now())
    messages.success(request, f"{done} 人重新列入实操名单，等待下一次实操抽签。")
    return redirect("results:practical")


def _chosen(request: HttpRequest, status: str) -> tuple[list[str], str]:
    form = ChosenForm(request.POST)
    if not form.is_valid():
        raise Refused(refuse(CLAUSE, "表单不完整，请返回重新填写。", "form"))
    said = form.cleaned_data
    if said["whom"] == "ticked":
        return request.POST.getlist("entry"), said["reason"]
    rows = practicals.entries(city=request.user.city, status=status, subject=said["subject"])
    return list(rows.values_list("pseudonym", flat=True)), said["reason"]


def _csv(rows: Iterable[tuple[str, ...]], name: str) -> HttpResponse:
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows(rows)
    answer = HttpResponse(out.getvalue().encode(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@permission("results.view")
def quarantine(request: HttpRequest) -> HttpResponse:
    """Scorings that did not fit, with the reason."""
    page = Paginator(queries.quarantined(), PAGE).get_page(request.GET.get("page"))
    return render(request, "results/quarantine.html", {"page": page})
