"""Who may see and do what: roles, the one table, sessions and passwords as rules. No store and no clock in here."""

from monitoring.access.accounts import AccessRefused, Account, ServiceToken, Visitor
from monitoring.access.table import COMMANDS, ROUTES, SCREENS, START, Action, Door, Touches, door_to, may, may_open

__all__ = [
    "COMMANDS",
    "ROUTES",
    "SCREENS",
    "START",
    "AccessRefused",
    "Account",
    "Action",
    "Door",
    "ServiceToken",
    "Touches",
    "Visitor",
    "door_to",
    "may",
    "may_open",
]
