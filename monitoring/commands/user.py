"""`user`: accounts of people and tokens of machines. No password and no secret is ever an argument."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from monitoring.access import AccessRefused, Account
from monitoring.admission import Admission
from monitoring.commands import terminal
from monitoring.settings import read_settings
from monitoring.store import open_store
from monitoring.store.accounts import open_accounts
from monitoring.vocabulary import Role, Scope

HELP = "accounts of people, and tokens of machines"
EXAMPLE = 'python -m monitoring user add ada --role nurse --display-name "Ada Okafor"'
ABOUT = (
    "add and link print a one-time link, good for 24 hours, to set a password on; token prints a secret "
    "that is shown this once. disable and revoke act at once, in every open tab."
)


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    doings = parser.add_subparsers(dest="doing", required=True, metavar="DOING")
    add = _doing(doings, "add ada --role nurse", "a new account, and the link to set its password", named=True)
    add.add_argument("--role", required=True, choices=[role.value for role in Role])
    add.add_argument("--patient", metavar="ID", help="whom a caregiver cares for")
    add.add_argument("--display-name", default="", metavar="TEXT", help="as it stands beside what they chart")
    add.add_argument("--until", metavar="ISO", help="end of a caregiver's account; default in 60 days")
    _doing(doings, "link ada", "a new link to set a password, and an end to a lock", named=True)
    _doing(doings, "disable ada", "close an account, and every tab it has open", named=True)
    _doing(doings, "list", "every account")
    token = _doing(doings, "token monitors --scope ingest:write", "a token for a machine, printed once", named=True)
    token.add_argument("--scope", required=True, action="append", choices=[scope.value for scope in Scope])
    token.add_argument("--until", metavar="ISO", help="when it ends; default never")
    _doing(doings, "tokens", "every token, without its secret")
    _doing(doings, "revoke monitors", "every token of this name opens nothing any more", named=True)


def _doing(
    doings: argparse._SubParsersAction[argparse.ArgumentParser], example: str, about: str, *, named: bool = False
) -> argparse.ArgumentParser:
    """One doing, called by the first word of its example."""
    one = doings.add_parser(
        example.split(maxsplit=1)[0],
        help=about,
        description=about,
        epilog=f"example:\n  python -m monitoring user {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if named:
        one.add_argument("name", metavar="NAME")
    terminal.add_store(one)
    terminal.add_json(one)
    return one


def run(asked: argparse.Namespace) -> int:
    """Do it, and print what came of it."""
    settings = read_settings(asked.db)
    admission = Admission(open_accounts(settings.database_url))
    try:
        said, lines = _DOINGS[asked.doing](asked, admission, settings.public_url)
    except AccessRefused as refused:
        raise terminal.CallRefused(str(refused)) from refused
    if asked.json:
        terminal.say(json.dumps(said))
    else:
        for line in lines:
            terminal.say(line)
    return terminal.DONE


Said = tuple[object, list[str]]


def _add(asked: argparse.Namespace, admission: Admission, site: str) -> Said:
    at = datetime.now(UTC)
    if asked.patient is not None and asked.patient not in open_store(read_settings(asked.db).database_url).patients():
        terminal.note(f"nothing is known of patient {asked.patient!r} yet; check the identifier")
    account = admission.add(
        asked.name,
        Role(asked.role),
        at,
        display_name=asked.display_name,
        patient_id=asked.patient,
        ends_at=terminal.chosen_moment("--until", asked.until) if asked.until else None,
        by=terminal.origin(),
    )
    return _linked(account, admission, site, at)


def _link(asked: argparse.Namespace, admission: Admission, site: str) -> Said:
    return _linked(admission.account(asked.name), admission, site, datetime.now(UTC))


def _linked(account: Account, admission: Admission, site: str, at: datetime) -> Said:
    link = f"{site}/auth/set-password?link={admission.invite(account, at, terminal.origin())}"
    return _as_json(account) | {"link": link}, [
        f"{account.name} ({account.role.value}): open this once within 24 hours to set the password",
        f"  {link}",
    ]


def _disable(asked: argparse.Namespace, admission: Admission, _site: str) -> Said:
    account = admission.account(asked.name)
    admission.disable(account, datetime.now(UTC), terminal.origin())
    return {"disabled": account.name}, [f"{account.name}: closed, and signed out everywhere"]


def _list(_asked: argparse.Namespace, admission: Admission, _site: str) -> Said:
    found = admission.accounts()
    lines = [f"{one.name:<24} {one.role.value:<13} {_standing(one)}" for one in found]
    return [_as_json(one) for one in found], lines or ["no account yet"]


def _token(asked: argparse.Namespace, admission: Admission, _site: str) -> Said:
    until = terminal.chosen_moment("--until", asked.until) if asked.until else None
    secret, token = admission.make_token(
        asked.name, [Scope(word) for word in asked.scope], datetime.now(UTC), until, terminal.origin()
    )
    scopes = sorted(scope.value for scope in token.scopes)
    return {"name": token.name, "scopes": scopes, "token": secret}, [
        f"{token.name} ({', '.join(scopes)}): shown once, kept nowhere; send it as `Authorization: Bearer ...`",
        f"  {secret}",
    ]


def _tokens(_asked: argparse.Namespace, admission: Admission, _site: str) -> Said:
    at = datetime.now(UTC)
    found = [
        {"name": one.name, "scopes": sorted(one.scopes), "made_at": one.made_at.isoformat(), "good": one.good(at)}
        for one in admission.tokens()
    ]
    lines = [f"{one.name:<24} {' '.join(sorted(one.scopes))} {_works(one.good(at))}" for one in admission.tokens()]
    return found, lines or ["no token yet"]


def _revoke(asked: argparse.Namespace, admission: Admission, _site: str) -> Said:
    admission.revoke_token(asked.name, datetime.now(UTC), terminal.origin())
    return {"revoked": asked.name}, [f"{asked.name}: opens nothing any more"]


_DOINGS: Mapping[str, Callable[[argparse.Namespace, Admission, str], Said]] = {
    "add": _add,
    "link": _link,
    "disable": _disable,
    "list": _list,
    "token": _token,
    "tokens": _tokens,
    "revoke": _revoke,
}


def _as_json(account: Account) -> dict[str, object]:
    return {
        "name": account.name,
        "display_name": account.display_name,
        "role": account.role.value,
        "patient_id": account.patient_id,
        "ends_at": account.ends_at.isoformat() if account.ends_at else None,
        "disabled": account.disabled_at is not None,
        "demonstration": account.demonstration,
    }


def _standing(account: Account) -> str:
    if account.disabled_at is not None:
        return "closed"
    until = f"until {account.ends_at:%Y-%m-%d}" if account.ends_at else ""
    about = f"for patient {account.patient_id}" if account.patient_id else ""
    mark = "demonstration" if account.demonstration else ""
    return " ".join(part for part in (about, until, mark) if part)


def _works(good: bool) -> str:
    return "" if good else "(revoked or over)"
