"""Everything the environment may say, read in this one place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from zoneinfo import ZoneInfo

from monitoring.clock import zone
from monitoring.vocabulary import Role

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_DATABASE = ROOT / "data" / "monitoring.db"


class SettingRefused(ValueError):
    """A setting cannot be used; the message is one sentence that names it."""


@dataclass(frozen=True)
class SingleSignOn:
    """The hospital's OpenID provider. `roles` is what a value of `claim` means here; any other value admits nobody."""

    issuer: str
    client_id: str
    client_secret: str | None
    claim: str
    roles: Mapping[str, Role]


@dataclass(frozen=True)
class Settings:
    """What a site decides outside the dictionary.

    `ward_zone` decides the day post infusion and the times on screens; `file_zone` is applied to times without
    an offset in files, and is None unless set, so that such rows are quarantined and never guessed.
    `requests_per_second` is how often one service token may send, in each process; `mllp_peers` are the networks
    that may connect by MLLP, empty for this machine only.
    `public_url` is where people find the site; `behind_proxy` believes the last `X-Forwarded-*` of a proxy in front.
    """

    database_url: str
    ward_zone: ZoneInfo
    file_zone: ZoneInfo | None
    demonstration: bool
    public_url: str = "http://127.0.0.1:8501"
    behind_proxy: bool = False
    single_sign_on: SingleSignOn | None = None
    requests_per_second: float = 50.0
    mllp_peers: tuple[IPv4Network | IPv6Network, ...] = ()


def read_settings(database_url: str | None = None) -> Settings:
    """Settings from `MONITORING_*` variables; an argument wins over the environment.

    Raises TimeRefused for a zone that does not exist, SettingRefused for what cannot be used.
    """
    file_zone = os.environ.get("MONITORING_FILE_ZONE")
    return Settings(
        database_url=database_url or os.environ.get("MONITORING_DATABASE_URL") or f"sqlite:///{DEFAULT_DATABASE}",
        ward_zone=zone(os.environ.get("MONITORING_WARD_ZONE", "UTC")),
        file_zone=zone(file_zone) if file_zone else None,
        demonstration=os.environ.get("MONITORING_DEMONSTRATION", "") == "1",
        public_url=os.environ.get("MONITORING_URL", Settings.public_url).rstrip("/"),
        behind_proxy=os.environ.get("MONITORING_BEHIND_PROXY", "") == "1",
        single_sign_on=_single_sign_on(),
        requests_per_second=_positive("MONITORING_REQUESTS_PER_SECOND", Settings.requests_per_second),
        mllp_peers=_networks(os.environ.get("MONITORING_MLLP_PEERS", "")),
    )


def _networks(said: str) -> tuple[IPv4Network | IPv6Network, ...]:
    found = []
    for text in (part.strip() for part in said.split(",")):
        try:
            found += [ip_network(text)] if text else []
        except ValueError as wrong:
            raise SettingRefused(
                f"MONITORING_MLLP_PEERS has {text!r}; expected an address such as 10.30.1.7 or 10.20.0.0/24"
            ) from wrong
    return tuple(found)


def _positive(name: str, otherwise: float) -> float:
    said = os.environ.get(name, "")
    try:
        number = float(said) if said else otherwise
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise SettingRefused(f"{name} is {said!r}; expected a number above 0")
    return number


def _single_sign_on() -> SingleSignOn | None:
    said = {name: os.environ.get(f"MONITORING_OIDC_{name}", "") for name in ("ISSUER", "CLIENT_ID", "ROLES")}
    if not any(said.values()):
        return None
    missing = [f"MONITORING_OIDC_{name}" for name, value in said.items() if not value]
    if missing:
        raise SettingRefused(f"single sign-on is half configured: {', '.join(missing)} is not set; set all or none")
    return SingleSignOn(
        issuer=said["ISSUER"].rstrip("/"),
        client_id=said["CLIENT_ID"],
        client_secret=os.environ.get("MONITORING_OIDC_CLIENT_SECRET") or None,
        claim=os.environ.get("MONITORING_OIDC_CLAIM", "roles"),
        roles=dict(_role_of(pair) for pair in said["ROLES"].split(",")),
    )


def _role_of(pair: str) -> tuple[str, Role]:
    claimed, _, role = (part.strip() for part in pair.partition("="))
    try:
        return claimed, Role(role)
    except ValueError as unknown:
        raise SettingRefused(
            f"MONITORING_OIDC_ROLES has {pair.strip()!r}; expected group=role with a role of {', '.join(Role)}"
        ) from unknown
