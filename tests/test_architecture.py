"""The house rules that import contracts cannot see (docs: ARCHITECTURE.md)."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(p for p in (ROOT / "kaopei").rglob("*.py") if "migrations" not in p.parts)
ORDER = ["registry", "training", "applications", "allocation", "sittings", "results", "certificates", "enforcement", "publication"]
CLOCKS = {"datetime.now", "datetime.datetime.now", "timezone.now", "date.today", "datetime.date.today", "datetime.utcnow", "time.time"}
APPS = [p.parent for p in SOURCES if p.name == "apps.py"]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_module_and_functions_are_short(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400, f"{name(path)} has more than 400 lines: split it by noun"
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = node.end_lineno - node.lineno + 1
            assert length <= 50, f"{name(path)}:{node.lineno} {node.name} has {length} lines"


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_catch_all_names(path):
    assert path.stem not in {"utils", "helpers", "common", "services", "misc", "legacy"}


def test_the_exam_server_stays_small_and_apart_from_what_prepares_it():
    """docs/adr/0013."""
    edge = ROOT / "kaopei" / "edge"
    assert len(list(edge.glob("*.py"))) <= 46
    assert len(list((edge / "preparing").glob("*.py"))) <= 12
    for path in edge.glob("*.py"):
        assert "kaopei.edge.preparing" not in path.read_text(encoding="utf-8"), f"{name(path)} imports what only prepares a site"


def test_models_forms_and_views_of_an_app_are_private():
    """Another app asks `queries` and tells `actions`."""
    graph = grimp.build_graph("kaopei", cache_dir=None, exclude_type_checking_imports=True)
    wrong = []
    for module in graph.modules:
        for part in ("models", "forms", "views"):
            if not re.search(rf"\.{part}(\.|$)", module):
                continue
            home = re.split(rf"\.{part}(?:\.|$)", module)[0]
            askers = graph.find_modules_that_directly_import(module)
            # A program's own list of addresses names the views of its apps.
            own = {f"{home.rpartition('.')[0]}.urls"} if part == "views" else set()
            wrong += [f"{by} → {module}" for by in askers - own if not by.startswith(home)]
    assert not wrong


def foreign_keys(path: Path):
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in {"ForeignKey", "OneToOneField", "ManyToManyField"}:
            yield node


@pytest.mark.parametrize("path", [p for p in SOURCES if "models" in p.parts or p.name == "models.py"], ids=name)
def test_foreign_keys_to_other_apps_point_back_and_leave_no_trace(path):
    """A reverse accessor or a key to a later app would be an import that the contracts cannot see."""
    app = path.parent.name if path.name == "models.py" else path.parent.parent.name
    for node in foreign_keys(path):
        target = node.args[0] if node.args else None
        if not (isinstance(target, ast.Constant) and isinstance(target.value, str) and "." in target.value):
            continue
        other = target.value.split(".")[0]
        if other == app:
            continue
        related = {k.arg: getattr(k.value, "value", None) for k in node.keywords}.get("related_name")
        assert related == "+", f"{name(path)}:{node.lineno} key to {target.value} needs related_name='+'"
        if app in ORDER and other in ORDER:
            assert ORDER.index(other) < ORDER.index(app), f"{name(path)}:{node.lineno} points forward to {target.value}"


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_clock_below_the_views(path):
    """Time comes in as an argument; only clocks, views and doors may ask for it."""
    if path.stem in {"clock", "views", "tasks", "commands", "middleware"} or {"views", "commandline", "rehearsal"} & set(path.parts):
        return
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            called = ast.unparse(node.func)
            assert called not in CLOCKS, f"{name(path)}:{node.lineno} {called}"


def public_actions():
    for app in APPS:
        for path in [app / "actions.py", *sorted((app / "actions").glob("*.py"))]:
            if path.exists():
                for node in tree(path).body:
                    if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                        yield path, node


def test_every_action_records_an_event_and_takes_who_and_when():
    wrong = []
    for path, node in public_actions():
        keywords = {argument.arg for argument in node.args.kwonlyargs}
        recorded = any("records" in ast.unparse(decorator) for decorator in node.decorator_list)
        if not recorded or not {"by", "at"} <= keywords:
            wrong.append(f"{name(path)}:{node.lineno} {node.name}")
    assert not wrong, "actions carry @records(...) and keyword-only by=, at="


def test_every_event_code_used_is_in_the_catalogue():
    from kaopei.ledger import events

    known = set(events.codes())
    used = set()
    for path, node in public_actions():
        for decorator in node.decorator_list:
            named = isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith("records")
            if named and isinstance(decorator.args[0], ast.Constant):
                used.add((name(path), decorator.args[0].value))
    assert not [pair for pair in used if pair[1] not in known]


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_signals_and_no_unfinished_marks(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"django\.dispatch|models\.signals|@receiver\b", text)
    assert not re.search(r"\b(TODO|FIXME|XXX|raise NotImplementedError)\b", text)


def test_no_inline_script_or_handler_in_templates():
    """The content policy forbids them; a page with one would be broken silently."""
    wrong = []
    for page in (ROOT / "kaopei").rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        if re.search(r"<script(?![^>]*\bsrc=)[^>]*>", text) or re.search(r"\son[a-z]+\s*=\s*[\"']", text):
            wrong.append(name(page))
    assert not wrong


def test_tracked_files_name_no_registry_and_no_machine_path():
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    wrong = []
    for file in filter(None, files):
        path = ROOT / file
        if path.suffix in {".png", ".xlsx", ".pdf", ".woff2"} or not path.is_file() or path == Path(__file__):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if re.search(r"pypi\.org|files\.pythonhosted|registry\.npmjs|/work/(main|shared)|/root/", text):
            wrong.append(file)
    assert not wrong
