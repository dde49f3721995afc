"""The API of the center, version 1: what a log-in may see on its pages, as JSON, described by /api/v1/openapi.json.

Each app gives its part in an `api.py` of its own. Whoever asks has logged in (the session's cookie); scope and roles are those of the
pages: an act of roles.toml, and the rows of the person's city by row-level security. No whole name, identity number or phone is given.
The only changes are imports: a dry run with a verdict on every row, and the commit of exactly what it showed (ADR 17).
"""

from kaopei.center.allocation.api import router as allocation
from kaopei.center.applications.api import router as applications
from kaopei.center.certificates.api import router as certificates
from kaopei.center.publication.api import router as publication
from kaopei.center.registry.api import router as registry
from kaopei.center.results.api import router as results
from kaopei.center.sittings.api import router as sittings
from kaopei.center.training.api import router as training
from kaopei.office.api import made

DOCUMENT = "/api/v1/"
api = made("考培中心", "1.1.0")
api.add_router("/registry/", registry)
api.add_router("/training/", training)
api.add_router("/applications/", applications)
api.add_router("/allocation/", allocation)
api.add_router("/sittings/", sittings)
api.add_router("/results/", results)
api.add_router("/certificates/", certificates)
api.add_router("/publication/", publication)


def page() -> str:
    """docs/api.md: every operation with its act, as the document has it."""
    told = "登录后使用；岗位、范围、遮盖与页面相同。机器可读的说明在 `/api/v1/openapi.json`。改动类的操作须带页面令牌 `X-CSRFToken`。"
    made_by = "<!-- 由 python -m tests.center.write_api 生成，请勿手改 -->"
    lines = [made_by, "# 程序接口", "", told, "", "| 方法 | 地址 | 岗位许可 | 内容 |", "|---|---|---|---|"]
    for path, ways in api.get_openapi_schema(path_prefix=DOCUMENT)["paths"].items():
        lines += [f"| {way.upper()} | `{path}` | `{one['x-act']}` | {one['summary']} |" for way, one in ways.items()]
    return "\n".join(lines) + "\n"
