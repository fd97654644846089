"""The table has a row for everything there is, and each row admits whom it should."""

from __future__ import annotations

import pytest
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from streamlit.web.server.starlette.starlette_app import create_streamlit_routes

from monitoring.__main__ import _VERBS
from monitoring.access import COMMANDS, ROUTES, SCREENS, START, Action, Door, door_to, may, may_open
from monitoring.access.table import ACTIONS, EVERY_ROLE
from monitoring.api import ROUTES as OURS
from monitoring.settings import ROOT
from monitoring.vocabulary import Role, Scope

N, P, D, A, W, C = Role.NURSE, Role.PHYSICIAN, Role.DATA_MANAGER, Role.ADMIN, Role.DISPLAY, Role.CAREGIVER

# Issue 5, outcome 2: a wall screen reads the ward, a caregiver sees one patient and no grade.
PAGES = {
    "ward": {N, P, D, A, W},
    "patient": {N, P, D, A},
    "calculator": {N, P, D, A},
    "intake": {N, P, D, A},
    "home": {C},
    "administration": {P, A},
}


def test_every_page_has_a_row_and_every_row_a_page() -> None:
    assert sorted(SCREENS) == sorted(path.stem for path in (ROOT / "pages").glob("*.py"))


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", list(Role))
def test_a_page_admits_whom_it_is_for(page: str, role: Role) -> None:
    assert may_open(role, page) is (role in PAGES[page])


def test_a_page_without_a_row_admits_nobody() -> None:
    assert [role for role in Role if may_open(role, "attic")] == []


@pytest.mark.parametrize("role", list(Role))
def test_each_role_starts_where_it_may_be(role: Role) -> None:
    assert may_open(role, START[role])


def test_who_does_what() -> None:
    assert set(ACTIONS) == set(Action)
    assert {role for role in Role if may(role, Action.CHART)} == {N, P}
    assert {role for role in Role if may(role, Action.EXPORT)} == {N, P, D, A}
    assert {role for role in Role if may(role, Action.ADMINISTER)} == {A}
    assert {role for role in Role if may(role, Action.ENROL)} == {P, A}
    assert {role for role in Role if may(role, Action.CORRECT_INTAKE)} == {N, P, D, A}
    assert {role for role in Role if may(role, Action.MAP_CODES)} == {D, A}
    assert not may(W, Action.SEE_NAMES)
    assert not may(W, Action.EXPORT)


def test_every_command_has_a_row_and_every_row_a_command() -> None:
    assert sorted(COMMANDS) == sorted(_VERBS)


class _Nothing:
    """Streamlit's routes only keep what they are given until somebody asks."""

    def __getattr__(self, name: str) -> _Nothing:
        return self


def paths(routes: list[BaseRoute]) -> set[str]:
    """Each address a route answers to, up to its first variable part."""
    found = set()
    for route in routes:
        assert isinstance(route, Route | WebSocketRoute | Mount), route
        found.add(route.path.split("{")[0] or "/")
    return found


def streamlits() -> set[str]:
    return paths(create_streamlit_routes(_Nothing()))  # type: ignore[arg-type]


def test_streamlit_brings_the_routes_that_are_known() -> None:
    # A new one of a newer Streamlit wants a look, and a row.
    assert {path for path in streamlits() - {"/"} if door_to(path).path == "/"} == set()
    assert "/_stcore/stream" in streamlits()


def test_every_route_of_ours_has_a_row_of_its_own() -> None:
    assert paths(OURS) - {door.path for door in ROUTES} == set()


def test_no_row_stands_for_something_that_is_gone() -> None:
    beside = {"/auth/", "/favicon.png", "/manifest.json", "/app/static/", "/_stcore/script-health-check", "/static/"}
    beside |= {"/_stcore/agent/"}
    assert {door.path for door in ROUTES} - paths(OURS) - streamlits() - beside == set()


WHERE = [
    ("the start", "/", EVERY_ROLE),
    ("a page", "/ward", EVERY_ROLE),
    ("the pages' websocket", "/_stcore/stream", EVERY_ROLE),
    ("the board", "/api/board", {N, P, D, A, W}),
    ("a download", "/media/abc.csv", {N, P, D, A}),
    ("an upload", "/_stcore/upload_file/session/file", {N, P, D, A}),
    ("Streamlit's own sign-in", "/auth/login", set()),
    ("Streamlit's agent", "/_stcore/agent/interact", set()),
    ("Streamlit's figures", "/_stcore/metrics", set()),
    ("something nobody knows of", "/attic/key", EVERY_ROLE),
]


@pytest.mark.parametrize(("case", "path", "roles"), WHERE, ids=[row[0] for row in WHERE])
def test_an_address_admits_whom_it_is_for(case: str, path: str, roles: set[Role]) -> None:
    door = door_to(path)
    assert (set(door.roles), door.open) == (roles, False)


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x00", "\x7f", "\u2028"])
@pytest.mark.parametrize("door", ROUTES, ids=[door.path for door in ROUTES])
def test_a_character_that_is_not_printed_shuts_every_address(door: Door, end: str) -> None:
    """Starlette finds the route of `/api/board` for `/api/board` and a line break; the row must not be another one."""
    found = door_to(door.path + end)
    assert (found.roles, found.scopes, found.open) == (frozenset(), frozenset(), False)


def test_only_these_stand_open() -> None:
    assert sorted(door.path for door in ROUTES if door.open) == [
        "/_stcore/health",
        "/api/openapi.json",
        "/auth/set-password",
        "/auth/sign-in",
        "/auth/sign-out",
        "/auth/single-sign-on",
        "/auth/single-sign-on/return",
        "/favicon.png",
        "/healthz",
        "/manifest.json",
        "/static/",
    ]


@pytest.mark.parametrize("path", ["/static/../media/x", "/static//media/x", "/static/..\\media", "/auth/sign-in/../x"])
def test_no_open_address_leads_further_in(path: str) -> None:
    assert not door_to(path).open


@pytest.mark.parametrize("path", ["*", "http://ward.example/healthz", "healthz", ""])
def test_what_is_no_path_of_this_site_is_shut(path: str) -> None:
    door = door_to(path)
    assert (door.roles, door.scopes, door.open) == (set(), set(), False)


def test_scopes_are_those_of_the_contract() -> None:
    assert [scope.value for scope in Scope] == ["ingest:write", "export:read", "metrics:read"]
