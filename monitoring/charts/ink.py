"""The colours of every figure and badge, light and dark, in one place."""

from __future__ import annotations

from dataclasses import dataclass

GRADE_COLOURS: dict[bool, tuple[tuple[str, str], ...]] = {
    False: (
        ("#ffffff", "#4b5563"),
        ("#fde8ae", "#3d2c00"),
        ("#f5ad45", "#2b1a00"),
        ("#c7401b", "#ffffff"),
        ("#7d0f14", "#ffffff"),
    ),
    True: (
        ("#151a21", "#a7b0bd"),
        ("#54450f", "#ffe8a3"),
        ("#9a5b06", "#ffffff"),
        ("#c9451b", "#ffffff"),
        ("#8f1018", "#ffffff"),
    ),
}
"""(background, ink) of grades 0 to 4, by whether the theme is dark; every pair has a contrast of 4.5 or more."""


@dataclass(frozen=True)
class Ink:
    """The colours of a figure that are not grades."""

    paper: str
    panel: str
    text: str
    quiet: str
    grid: str
    dashed: str
    crs_window: str
    icans_window: str
    crs_onset: str
    icans_onset: str
    lines: dict[str, str]
    bars: dict[str, str]


LIGHT = Ink(
    paper="#fbfaf8",
    panel="#ffffff",
    text="#15181d",
    quiet="#565d68",
    grid="#ece9e3",
    dashed="#b3251a",
    crs_window="#fdf4e4",
    icans_window="#f1edf9",
    crs_onset="#d39a2d",
    icans_onset="#8d74c6",
    lines={
        "temperature": "#b3251a",
        "heart_rate": "#6a3d97",
        "respiratory_rate": "#8a6d1f",
        "sbp": "#1f5fa8",
        "dbp": "#5f8fc6",
        "spo2": "#14776f",
    },
    bars={"oxygen": "#9fd3cd", "vasopressor": "#8fb4e0", "": "#d9c7e4"},
)
DARK = Ink(
    paper="#0f1318",
    panel="#151a21",
    text="#e8ebf0",
    quiet="#a3adba",
    grid="#232a34",
    dashed="#ff9184",
    crs_window="#2a2419",
    icans_window="#241f33",
    crs_onset="#b98a2c",
    icans_onset="#8a74c4",
    lines={
        "temperature": "#ff8d80",
        "heart_rate": "#c6a3ee",
        "respiratory_rate": "#dcc06a",
        "sbp": "#7fb6f5",
        "dbp": "#4f83bd",
        "spo2": "#63cbbf",
    },
    bars={"oxygen": "#1f5f59", "vasopressor": "#27527f", "": "#54406a"},
)


def faint(colour: str, share: float = 0.14) -> str:
    """`colour` (`#rrggbb`) as a wash."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share})"
