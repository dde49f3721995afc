"""二（六） Who may apply for a special-operation exam, where, and the verdict on an application."""

from collections.abc import Iterator, Sequence
from itertools import chain

from kaopei.law import identity, operations, rulesets
from kaopei.law.cells import JUNIOR, SENIOR
from kaopei.law.facts import ApplicationFacts, IntakeContext
from kaopei.law.numbers import Number
from kaopei.law.rules import rule
from kaopei.law.rules.c1_2_registration import institution_reasons
from kaopei.law.rules.c1_3_training_quality import hours_reasons, identity_reasons, sex_reasons
from kaopei.law.verdict import Reason, Verdict

# The first failing code decides; all are listed (law.md, point 4).
ORDER = (
    "name_missing",
    "id_mangled",
    "id_checksum",
    "duplicate",
    "age_min",
    "age_max",
    "education",
    "place",
    "institution_unknown",
    "institution_not_registered",
    "institution_scope",
    "hours",
    "sex_mismatch",
)
HOLDS = frozenset({"sex_mismatch"})
LEVELS = {"junior": JUNIOR, "senior": SENIOR}
LEVEL_NAMES = {JUNIOR: "初中", SENIOR: "高中或相当于高中"}


@rule("N2.6.2")
def age_reasons(application: ApplicationFacts, context: IntakeContext) -> Iterator[Reason]:
    """二（六） Age by the ministry's order in force, on the first day of the plan."""
    if application.id_number.fault or application.born is None:
        return
    age = identity.age_on(application.born, context.first_day)
    least = context.number("so.age_min")
    if least.may_refuse and age < least.value:
        text = f"本期首日 {context.first_day} 时 {age} 周岁，未满 {least.value} 周岁{least.remark}"
        yield Reason("N2.6.2", text, "age_min")
    limit = _age_limit(application, context)
    if limit.may_refuse and age >= limit.value:
        latest = f"各种理解中最晚的退休年龄 {limit.value} 周岁{limit.remark}"
        text = f"本期首日 {context.first_day} 时 {age} 周岁，已到{latest}"
        yield Reason("N2.6.2", text, "age_max")


def _age_limit(application: ApplicationFacts, context: IntakeContext) -> Number:
    """Where the form and the number disagree about the sex, the later age counts: a person will look at it anyway."""
    male = "男" in (application.id_sex, application.sex)
    return context.number("so.age_max_men" if male else "so.age_max_women")


@rule("N2.6.2")
def education_reasons(application: ApplicationFacts, context: IntakeContext) -> Iterator[Reason]:
    """二（六） Schooling by the ministry's order in force: junior middle school, senior for hazardous chemicals."""
    chemical = operations.category_no(application.operation) == operations.HAZARDOUS_CHEMICALS
    number = context.number("so.edu_min_chem" if chemical else "so.edu_min")
    if not number.may_refuse:
        return
    needed = LEVELS[number.value]
    if application.education is None or application.education < needed:
        shown = application.education_text or "空白"
        asked = f"{application.operation}要求{LEVEL_NAMES[needed]}及以上学历{number.remark}"
        yield Reason("N2.6.2", f"{asked}，填写的是“{shown}”", "education")


@rule("N2.6.1")
def place_reasons(application: ApplicationFacts, context: IntakeContext) -> Iterator[Reason]:
    """二（六） One applies in the city of the household register, of work, or of usual residence."""
    places = {
        "household": application.household_city,
        "work": application.work_city,
        "residence": application.residence_city,
    }
    where = context.number("apply.where")
    if where.may_refuse and context.city not in [places[kind] for kind in where.value]:
        shown = application.places_text or "均为空白"
        yield Reason("N2.6.1", f"户籍地、从业地、常住地都不在{context.city_name}（{shown}），请到其中一地报名", "place")


def duplicate_reasons(application: ApplicationFacts, earlier: str) -> Iterator[Reason]:
    """二（六） One person, one operation, one application in a plan."""
    if earlier:
        yield Reason("N2.6.2", f"与序号 {earlier} 是同一人报同一操作项目，重复", "duplicate")


@rule("N0.2", "N1.2.1", "N1.2.2", "N1.3.2", "N1.3.11", "N2.6.1", "N2.6.2")
def judge(application: ApplicationFacts, context: IntakeContext, earlier: str = "") -> Verdict:
    """二（六） The verdict on one application; `earlier` is the serial of the same person's application before it."""
    found = chain(
        identity_reasons(application),
        duplicate_reasons(application, earlier),
        age_reasons(application, context),
        education_reasons(application, context),
        place_reasons(application, context),
        institution_reasons(application, context),
        hours_reasons(application, context),
        sex_reasons(application),
    )
    reasons = tuple(sorted(found, key=lambda reason: ORDER.index(reason.code)))
    rules = rulesets.name_on(context.received_on)
    if not reasons:
        return Verdict(True, _put_right(application), rules=rules)
    return Verdict(False, reasons, held=all(reason.code in HOLDS for reason in reasons), rules=rules)


def _put_right(application: ApplicationFacts) -> tuple[Reason, ...]:
    """Where name or number of an accepted application were put right, that is said."""
    read = {"姓名": application.name, "身份证号码": application.id_number}
    changed = "、".join(label for label, reading in read.items() if reading.changed)
    if not changed:
        return ()
    return (Reason("N1.3.11", f"{changed}已规范（空格、全角、小写 x 等），请核对", "normalised"),)


@rule("N0.2", "N1.2.1", "N1.2.2", "N1.3.2", "N1.3.11", "N2.6.1", "N2.6.2")
def judge_all(applications: Sequence[ApplicationFacts], context: IntakeContext) -> list[Verdict]:
    """二（六） Verdicts in the order of the sheet; the later of two equal applications is the duplicate."""
    seen = dict(context.taken)
    verdicts = []
    for application in applications:
        number, who = application.id_number, (application.id_number.value, application.operation)
        earlier = seen.get(who, "") if not number.fault else ""
        verdicts.append(judge(application, context, earlier))
        if not number.fault and not earlier:
            seen[who] = application.serial or "（空白）"
    return verdicts
