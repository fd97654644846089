"""The house keeps its shape: design.md's rules, held against the syntax tree of every module."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# design.md, "The house", word for word. A comma: the two may know each other. A bar: they may not.
DIRECTION = (
    "vocabulary -> concepts, clock -> records -> {ingest | store | course} -> grading -> episodes, windows -> alerts "
    "-> views -> {charts | rounds} -> {ui | api} -> pages, dashboard, __main__"
)
SETTINGS = "settings"  # the one module that reads the environment
# What design.md does not name stands on the floor of what it does.
STANDS_WITH = {
    "timeline": "clock",
    SETTINGS: "clock",
    "site": "clock",
    "languages": "clock",
    "evidence": "clock",
    "cognition": "clock",
    "products": "clock",
    "fact": "clock",
    "stamp": "clock",
    "packed": "records",
    "placed": "records",
    "enrolment": "clock",
    "administrations": "records",
    "standing": "records",
    "organ_charting": "records",
    "oxygen_charting": "records",
    "demonstration": "course",
    "wording": "windows",
    "drug_evidence": "windows",
    "axis_evidence": "windows",
    "deciding": "windows",
    "channels": "clock",
    "cohort": "windows",
    "piecewise": "clock",
    "at_once": "clock",
    "readings": "records",
    "last_word": "records",
    "waiver": "windows",
    "live": "windows",
    "hindsight": "windows",
    "replay": "windows",
    "after_the_fact": "windows",
    "situations": "windows",
    "monitored": "alerts",
    "bedside": "alerts",
    "sentences": "alerts",
    "ward_view": "views",
    "board_view": "views",
    "watchkeeping": "views",
    "acknowledged": "views",
    "charted_view": "views",
    "patient_view": "views",
    "home_view": "views",
    "enrolled_view": "views",
    "side_by_side": "views",
    "score_view": "views",
    "export": "views",
    "spreadsheet": "clock",
    "access": "clock",
    "admission": "rounds",
    "intake": "api",
    "commands": "__main__",
}
# The rooms around the core: they may read the settings and the wall clock, and open the store and the readers.
# The core between course and views is handed facts and a moment, and knows none of these.
OUTER = {"rounds", "admission", "ui", "api", "intake", "pages", "dashboard", "__main__", "commands"}
FOR_THE_OUTER_ONLY = {SETTINGS, "store", "ingest"}
STREAMLIT_LIVES_IN = {"ui", "pages", "dashboard"}
SQL_LIVES_IN = {"store"}
SQL = {"sqlalchemy", "alembic", "sqlite3", "psycopg"}
DRAWERS = {"util", "utils", "helper", "helpers", "common", "misc", "manager"}
TOP_LEVEL = re.compile(
    r"(dashboard\.py|monitoring|pages|data|tests|docs|requirements.*\.txt|README\.md|CHANGELOG\.md|CONTRIBUTING\.md"
    r"|LICENSE|SECURITY\.md|Makefile|pyproject\.toml|alembic\.ini|\.ci|\.gitignore|\.gitattributes|\.streamlit"
    r"|\.dockerignore|Dockerfile|compose\.yaml|deploy|\.pre-commit-config\.yaml|\.editorconfig)"
)
WALL_CLOCK = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
ENVIRONMENT = {"os.environ", "os.getenv", "os.environb", "os.putenv"}
LONGEST_MODULE = 400

Modules = dict[str, tuple[str, ast.Module]]


def rooms_by_floor() -> list[tuple[set[str], bool]]:
    """Each floor's rooms, lowest first, and whether the rooms of it may know each other."""
    floors = []
    for text in DIRECTION.split("->"):
        rooms = {room.strip() for room in re.split(r"[|,]", text.strip(" {}"))}
        rooms |= {guest for guest, host in STANDS_WITH.items() if host in rooms}
        floors.append((rooms, "|" not in text))
    return floors


FLOORS = rooms_by_floor()


def floor_of(room: str) -> int | None:
    return next((height for height, (rooms, _) in enumerate(FLOORS) if room in rooms), None)


def room_of(module: str) -> str:
    """`monitoring.store.schema` is in the room `store`; `pages.ward` in `pages`."""
    parts = module.split(".")
    return parts[1] if parts[0] == "monitoring" and len(parts) > 1 else parts[0]


def source_files() -> Iterator[Path]:
    yield from sorted((ROOT / "monitoring").rglob("*.py"))
    yield from sorted((ROOT / "pages").glob("*.py"))
    if (ROOT / "dashboard.py").exists():
        yield ROOT / "dashboard.py"


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.fixture(scope="session")
def modules() -> Modules:
    found = {}
    for path in source_files():
        text = path.read_text(encoding="utf-8")
        found[module_name(path)] = (text, ast.parse(text, filename=str(path)))
    return found


def imported(module: str, tree: ast.Module, *, package: bool = False) -> Iterator[tuple[int, str]]:
    """Line and full name of everything imported, inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.split(".")
                keep = len(parts) - node.level + (1 if package else 0)
                base = ".".join([*parts[:keep], *filter(None, [base])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def dotted(node: ast.AST) -> str:
    """`datetime.datetime.now` as written; the empty string for anything that is not a plain dotted name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else ""
    return ""


def wrong_way_imports(module: str, tree: ast.Module) -> list[str]:
    """Imports that run against the direction, as sentences."""
    room, findings = room_of(module), []
    for line, name in imported(module, tree):
        if name.split(".")[0] not in {"monitoring", "pages", "dashboard"} or name == "monitoring.__version__":
            continue
        other = room_of(name)
        if other in {room, "monitoring"}:
            continue
        if other in FOR_THE_OUTER_ONLY and room not in OUTER:
            findings.append(f"{module}:{line} imports {name}; only {sorted(OUTER)} may")
            continue
        here, there = floor_of(room), floor_of(other)
        if here is None or there is None:
            findings.append(f"{module}:{line} imports {name}: {other if there is None else room} is on no floor")
        elif there > here or (there == here and not FLOORS[here][1]):
            findings.append(f"{module}:{line} imports {name}, which stands above or beside it")
    return findings


def foreign_imports(module: str, tree: ast.Module, packages: set[str], allowed: set[str]) -> list[str]:
    if room_of(module) in allowed:
        return []
    return [
        f"{module}:{line} imports {name}" for line, name in imported(module, tree) if name.split(".")[0] in packages
    ]


def uses(module: str, tree: ast.Module, names: set[str]) -> list[str]:
    """Places where one of the dotted names is used or imported, however long the path before it."""
    written = [(node.lineno, dotted(node)) for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    written += list(imported(module, tree))
    return [
        f"{module}:{line} uses {text}" for line, text in written if any(re.search(rf"(^|\.){n}$", text) for n in names)
    ]


def after_imports(tree: ast.Module) -> ast.stmt | None:
    """The first statement that is neither docstring nor import."""
    for position, statement in enumerate(tree.body):
        docstring = position == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not docstring and not isinstance(statement, ast.Import | ast.ImportFrom):
            return statement
    return None


def opens_screen(tree: ast.Module) -> bool:
    first = after_imports(tree)
    if not isinstance(first, ast.Expr | ast.Assign | ast.AnnAssign):
        return False
    return isinstance(first.value, ast.Call) and dotted(first.value.func).split(".")[-1] == "open_screen"


def test_every_module_has_a_floor(modules: Modules) -> None:
    homeless = {room_of(name) for name in modules} - {"monitoring"}
    assert {room for room in homeless if floor_of(room) is None} == set(), "name it in design.md or in STANDS_WITH"


def test_imports_run_one_way(modules: Modules) -> None:
    assert [finding for name, (_, tree) in modules.items() for finding in wrong_way_imports(name, tree)] == []


def test_streamlit_lives_in_ui_pages_and_dashboard(modules: Modules) -> None:
    trees = [(name, tree) for name, (_, tree) in modules.items()]
    assert [found for pair in trees for found in foreign_imports(*pair, {"streamlit"}, STREAMLIT_LIVES_IN)] == []


def test_sql_lives_in_the_store(modules: Modules) -> None:
    trees = [(name, tree) for name, (_, tree) in modules.items()]
    assert [found for pair in trees for found in foreign_imports(*pair, SQL, SQL_LIVES_IN)] == []


def test_the_environment_is_read_in_settings_only(modules: Modules) -> None:
    outside = {name: tree for name, (_, tree) in modules.items() if name != f"monitoring.{SETTINGS}"}
    assert [finding for name, tree in outside.items() for finding in uses(name, tree, ENVIRONMENT)] == []


def test_nothing_below_the_rounds_reads_the_wall_clock(modules: Modules) -> None:
    below = {name: tree for name, (_, tree) in modules.items() if room_of(name) not in OUTER}
    assert [finding for name, tree in below.items() for finding in uses(name, tree, WALL_CLOCK)] == []


def test_no_module_is_longer_than_a_reader_holds(modules: Modules) -> None:
    lengths = {name: len(text.splitlines()) for name, (text, _) in modules.items()}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_every_public_module_says_what_it_is(modules: Modules) -> None:
    public = {name: tree for name, (_, tree) in modules.items() if not name.split(".")[-1].startswith("_")}
    assert [name for name, tree in public.items() if not ast.get_docstring(tree)] == []


def test_there_are_no_drawers() -> None:
    assert [str(path) for path in source_files() if DRAWERS & {*path.stem.split("_"), path.parent.name}] == []


def test_every_page_draws_the_frame_before_anything_else() -> None:
    # A page opened by its address on a fresh server runs alone (lab.md 0.1): the frame must be its own first act.
    pages = sorted((ROOT / "pages").glob("*.py"))
    assert pages, "no pages"
    unframed = [page.name for page in pages if not opens_screen(ast.parse(page.read_text(encoding="utf-8")))]
    assert unframed == []


def test_the_application_is_a_literal_that_streamlit_finds() -> None:
    # `streamlit run` reads dashboard.py without running it; without this literal it serves no routes (lab.md 0.2).
    assert "app = st.App(" in (ROOT / "dashboard.py").read_text(encoding="utf-8")


def test_top_level_holds_what_a_python_project_carries() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout: there is no list of what is tracked")
    top = {line.split("/")[0] for line in listed.stdout.splitlines()}
    assert sorted(name for name in top if not TOP_LEVEL.fullmatch(name)) == []


PLANTED = [
    ("grading asks the store", "monitoring.grading.x", "from monitoring.store import open_store", 1),
    ("course asks ingest, on its own floor", "monitoring.course", "import monitoring.ingest", 1),
    ("ingest asks the store, inside a function", "monitoring.ingest.csv", "def f():\n    import monitoring.store", 1),
    ("grading reads the settings", "monitoring.grading", "from monitoring.settings import ROOT", 1),
    ("a page is asked by the ui", "monitoring.ui.main", "import pages.ward", 1),
    ("a relative import is followed", "monitoring.views", "from .rounds import Rounds", 1),
    ("an unknown room", "monitoring.views", "import monitoring.attic", 1),
    ("concepts and clock may know each other", "monitoring.concepts", "import monitoring.clock", 0),
    ("rounds joins store and views", "monitoring.rounds", "import monitoring.store\nimport monitoring.views", 0),
    ("a room's own modules", "monitoring.store.log", "from monitoring.store.schema import fact", 0),
]


@pytest.mark.parametrize(("case", "module", "code", "findings"), PLANTED, ids=[row[0] for row in PLANTED])
def test_the_direction_test_sees(case: str, module: str, code: str, findings: int) -> None:
    assert len(wrong_way_imports(module, ast.parse(code))) == findings


PLANTED_USES = [
    ("the wall clock, by its full path", "import datetime\ndatetime.datetime.now()", WALL_CLOCK, True),
    ("today's date", "from datetime import date\ndate.today()", WALL_CLOCK, True),
    ("seconds since the epoch, imported by name", "from time import time", WALL_CLOCK, True),
    ("a monotonic clock is no wall clock", "import time\ntime.monotonic()", WALL_CLOCK, False),
    ("the environment", "import os\nos.environ['HOME']", ENVIRONMENT, True),
    ("the environment, imported by name", "from os import environ", ENVIRONMENT, True),
    ("a path is not the environment", "import os\nos.path.join('a')", ENVIRONMENT, False),
]


@pytest.mark.parametrize(("case", "code", "names", "seen"), PLANTED_USES, ids=[row[0] for row in PLANTED_USES])
def test_the_use_test_sees(case: str, code: str, names: set[str], seen: bool) -> None:
    assert bool(uses("monitoring.grading", ast.parse(code), names)) is seen


PLANTED_PAGES = [
    ("the frame first", '"""Ward."""\nfrom a import open_screen\nopen_screen("ward")', True),
    ("the frame first, its answer kept", "import a\nscreen = a.open_screen('ward')", True),
    ("a title before the frame", "import a\na.title('Ward')\na.open_screen('ward')", False),
    ("a frame behind a condition", "import a\nif a.ok:\n    a.open_screen('ward')", False),
    ("nothing at all", '"""Ward."""', False),
]


@pytest.mark.parametrize(("case", "code", "framed"), PLANTED_PAGES, ids=[row[0] for row in PLANTED_PAGES])
def test_the_page_test_sees(case: str, code: str, framed: bool) -> None:
    assert opens_screen(ast.parse(code)) is framed


PIN = re.compile(r"(?P<name>[A-Za-z0-9_.-]+)(\[[a-z,]+\])?==(?P<version>\S+)(\s+# (?P<reason>\S.*))?$")
# Loaded by name and never imported: a driver named in a URL, a table of zones read by the standard library,
# plug-ins and programs.
NEVER_IMPORTED = {
    *("psycopg", "tzdata", "mypy", "pandas-stubs", "ruff", "pytest-xdist", "pytest-postgresql"),
    *("detect-secrets", "pip_audit"),
}


def pins(file: str) -> dict[str, str | None]:
    """Package to the reason beside its pin. Fails on a line that is not an exact pin."""
    found: dict[str, str | None] = {}
    for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith(("#", "-c ", "-r ")):
            match = PIN.match(line)
            assert match, f"{file}: {line!r} is not an exact pin"
            found[match["name"].lower()] = match["reason"]
    return found


def distributions(trees: list[tuple[str, ast.Module]]) -> set[str]:
    """The packages from the registry that the modules import."""
    ours = {"monitoring", "pages", "dashboard", "tests"}
    tops = {name.split(".")[0] for module, tree in trees for _, name in imported(module, tree)}
    owners = importlib.metadata.packages_distributions()
    third_party = tops - ours - set(sys.stdlib_module_names)
    return {owners[top][0].lower() for top in third_party if top in owners}


def test_every_requirement_says_why_it_is_there() -> None:
    for file in ("requirements.txt", "requirements-dev.txt"):
        assert [name for name, reason in pins(file).items() if not reason] == []


def test_what_is_imported_is_required_and_the_other_way_round(modules: Modules) -> None:
    application = distributions([(name, tree) for name, (_, tree) in modules.items()])
    tests = distributions([("tests", ast.parse(path.read_text())) for path in (ROOT / "tests").rglob("*.py")])
    runtime, development = set(pins("requirements.txt")), set(pins("requirements-dev.txt"))
    assert application - runtime == set(), "imported by the application, missing in requirements.txt"
    assert tests - runtime - development == set(), "imported by tests, missing in requirements-dev.txt"
    assert runtime - application - NEVER_IMPORTED == set(), "required, but the application never imports it"
    assert development - tests - NEVER_IMPORTED == set(), "required, but no test imports it"


def test_everything_required_is_pinned_in_the_lock() -> None:
    lock = pins("requirements-lock.txt")
    assert (set(pins("requirements.txt")) | set(pins("requirements-dev.txt"))) - set(lock) == set()
