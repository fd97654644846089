"""The one table: which role opens which screen and address and does what (D79), and what each command touches.

Whatever is not in it is closed. A new page, route, websocket or command needs its row here; tests/access walks all of
them, for every role and for nobody, and fails on one that has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from monitoring.vocabulary import Role, Scope

BEDSIDE = frozenset({Role.NURSE, Role.PHYSICIAN})
STAFF = BEDSIDE | {Role.DATA_MANAGER, Role.ADMIN}
EVERY_ROLE = frozenset(Role)
NO_ROLE: frozenset[Role] = frozenset()


class Action(StrEnum):
    """What a person does, beside looking at a screen."""

    SEE_NAMES = "see names"
    CHART = "chart"
    ACKNOWLEDGE = "say that an alert was seen"
    TAKE_IN = "take in files"
    CORRECT_INTAKE = "correct what was refused"
    MAP_CODES = "say what a code means"
    EXPORT = "export"
    ENROL = "enrol"
    ADMINISTER = "administer"
    READ_AUDIT = "read the audit"


ACTIONS: Mapping[Action, frozenset[Role]] = {
    Action.SEE_NAMES: EVERY_ROLE - {Role.DISPLAY},
    Action.CHART: BEDSIDE,
    Action.ACKNOWLEDGE: BEDSIDE,  # D109
    Action.TAKE_IN: STAFF,
    Action.CORRECT_INTAKE: STAFF,
    Action.MAP_CODES: frozenset({Role.DATA_MANAGER, Role.ADMIN}),  # D104
    Action.EXPORT: STAFF,
    Action.ENROL: frozenset({Role.PHYSICIAN, Role.ADMIN}),  # D106
    Action.ADMINISTER: frozenset({Role.ADMIN}),
    Action.READ_AUDIT: frozenset({Role.ADMIN}),
}
"""Who may do it."""


@dataclass(frozen=True)
class Screen:
    """A page of `pages/`: its title in the navigation, and whom it admits."""

    title: str
    roles: frozenset[Role]


SCREENS: Mapping[str, Screen] = {
    "ward": Screen("Ward", STAFF | {Role.DISPLAY}),
    "patient": Screen("Patient", STAFF),
    "calculator": Screen("Calculator", STAFF),
    "home": Screen("Home", frozenset({Role.CAREGIVER})),
    "intake": Screen("Intake", STAFF),
    "administration": Screen("Administration", frozenset({Role.PHYSICIAN, Role.ADMIN})),
    "audit": Screen("Audit", ACTIONS[Action.READ_AUDIT]),
}
"""Every page, in the order of the navigation."""

START: Mapping[Role, str] = {
    Role.NURSE: "ward",
    Role.PHYSICIAN: "ward",
    Role.DATA_MANAGER: "intake",
    Role.ADMIN: "ward",
    Role.DISPLAY: "ward",
    Role.CAREGIVER: "home",
}
"""The page a role starts on."""


@dataclass(frozen=True)
class Door:
    """An address, or with a `/` at its end everything below it, and whom it opens to.

    `roles` enter with a signed-in browser, `scopes` with a service token that holds one of them; a door with neither
    and not `open` stays shut for everybody.
    """

    path: str
    roles: frozenset[Role] = NO_ROLE
    scopes: frozenset[Scope] = frozenset()
    open: bool = False


ROUTES: tuple[Door, ...] = (
    # without signing in: the sign-in itself, whether the application is up, and the program of the pages
    Door("/auth/sign-in", open=True),
    Door("/auth/sign-out", open=True),
    Door("/auth/set-password", open=True),
    Door("/auth/single-sign-on", open=True),
    Door("/auth/single-sign-on/return", open=True),
    Door("/healthz", open=True),
    Door("/_stcore/health", open=True),
    Door("/static/", open=True),
    Door("/favicon.png", open=True),
    Door("/manifest.json", open=True),
    # machines
    Door("/api/fhir", scopes=frozenset({Scope.INGEST_WRITE})),
    Door("/api/observations", scopes=frozenset({Scope.INGEST_WRITE})),
    Door("/api/openapi.json", open=True),
    Door("/metrics", scopes=frozenset({Scope.METRICS_READ})),
    # asked by the pages themselves: the board, and whether whoever looks is still signed in
    Door("/api/board", roles=SCREENS["ward"].roles),
    Door("/auth/session", roles=EVERY_ROLE),
    # the pages: one shell for all of them, and what it is filled through
    Door("/", roles=EVERY_ROLE),
    Door("/_stcore/stream", roles=EVERY_ROLE),
    Door("/_stcore/host-config", roles=EVERY_ROLE),
    Door("/_stcore/bidi-components/", roles=EVERY_ROLE),
    Door("/component/", roles=EVERY_ROLE),
    Door("/_stcore/upload_file/", roles=ACTIONS[Action.TAKE_IN]),
    Door("/media/", roles=ACTIONS[Action.EXPORT]),
    # what Streamlit brings along and nobody here needs
    Door("/_stcore/metrics"),
    Door("/_stcore/script-health-check"),
    Door("/_stcore/agent/"),
    Door("/app/static/"),
    Door("/auth/"),
    Door("/oauth2callback"),
)
"""Every address. The longest row that fits decides; `/` is the pages' own, and what nothing else names."""

_EXACT = {door.path: door for door in ROUTES if not door.path.endswith("/")}
_BELOW = sorted((door for door in ROUTES if door.path.endswith("/")), key=lambda door: -len(door.path))
_NO_PATH = Door("(no path)")


class Touches(StrEnum):
    """What a command works on. Whoever may read the store's file or address may run it: there is no other lock."""

    NOTHING = "nothing stored"
    STORE = "the store"
    ACCOUNTS = "accounts and tokens"


COMMANDS: Mapping[str, Touches] = {
    "ingest": Touches.STORE,
    "grade": Touches.NOTHING,
    "picture": Touches.NOTHING,
    "explain": Touches.STORE,
    "demo": Touches.ACCOUNTS,
    "check": Touches.STORE,
    "user": Touches.ACCOUNTS,
    "mllp": Touches.STORE,
    "watch": Touches.STORE,
    "backup": Touches.STORE,
    "restore": Touches.STORE,
    "export": Touches.STORE,
}
"""Every verb of the command line."""


def may(role: Role, action: Action) -> bool:
    """Whether `role` may do it."""
    return role in ACTIONS[action]


def may_open(role: Role, page: str) -> bool:
    """Whether `role` may open the page; a page without a row admits nobody."""
    return page in SCREENS and role in SCREENS[page].roles


def door_to(path: str) -> Door:
    """The row that decides about `path`, already decoded. A path that climbs is never let in as open.

    What is no path of this site, as `OPTIONS *` and an address with its scheme and host ask for, is shut. So is one
    with a character that is not printed: a route is found in spite of a line break at its end, and its row is not.
    """
    if not path.startswith("/") or not path.isprintable():
        return _NO_PATH
    exact = _EXACT.get(path)
    if exact is not None:
        return exact
    door = next(door for door in _BELOW if f"{path}/".startswith(door.path))
    climbs = ".." in path or "//" in path or "\\" in path
    return Door(door.path, EVERY_ROLE) if door.open and climbs else door
