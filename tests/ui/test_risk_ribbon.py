"""The ribbon under the heading: the sentence for everybody, the picture of it for those who see."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import sample_views as sample

from monitoring.ui.risk_ribbon import ribbon
from monitoring.views import InfusionMark, Window
from monitoring.vocabulary import Syndrome


def plain(html: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", html).split())


def left(html: str, kind: str) -> list[float]:
    return [float(share) for share in re.findall(rf'class="{kind}[^"]*" style="left:([\d.]+)%', html)]


def test_the_sentence_is_read_aloud_and_the_picture_is_not() -> None:
    html = ribbon(sample.patient())
    said, drawn = html.split('<div class="track" aria-hidden="true">')
    assert plain(said) == "Day 8: inside both."
    for words in ("CRS · day 0–14", "ICANS · day 7–28", "day 9", "▲ tisagenlecleucel"):
        assert words in plain(drawn), words


def test_today_and_the_infusion_stand_on_their_days() -> None:
    """Infused on 1 March 12:12 in Berlin; the ICANS window of the sample ends 28 days later; now is 10 March 03:12."""
    html = ribbon(sample.patient())
    whole = timedelta(days=28, hours=12, minutes=12, seconds=41)
    now = timedelta(days=9, hours=3, minutes=12, seconds=41)
    assert left(html, "given") == [round(timedelta(hours=12, minutes=12, seconds=41) / whole * 100, 2)]
    assert left(html, "today") == [round(now / whole * 100, 2)]
    assert left(html, "week")[:2] == [0.0, round(timedelta(days=7) / whole * 100, 2)]


def test_each_infusion_has_its_windows_and_its_mark() -> None:
    view = sample.patient()
    later = sample.INFUSED + timedelta(days=6)
    second = tuple(
        Window(
            one.syndrome,
            one.label,
            one.start + timedelta(days=6),
            one.end + timedelta(days=6),
            infusion=2,
            days=one.days,
        )
        for one in view.windows
    )
    html = ribbon(
        replace(view, infusions=(*view.infusions, InfusionMark(later, "x")), windows=(*view.windows, *second))
    )
    words = plain(html)
    for name in ("CRS 1 · day 0–14", "CRS 2 · day 0–14", "ICANS 1 · day 7–28", "ICANS 2 · day 7–28"):
        assert name in words
    assert len(left(html, "given")) == 2
    assert "day 3" in words, "7 March to 10 March: counted from the second infusion"


def test_a_day_past_the_last_window_stays_at_the_end_of_the_ribbon() -> None:
    view = replace(sample.patient(), as_of=sample.AS_OF + timedelta(days=60))
    assert left(ribbon(view), "today") == [100.0]


def test_without_an_infusion_there_is_a_sentence_and_no_picture() -> None:
    view = sample.patient()
    bare = replace(view, infusions=(), windows=(), risk=replace(view.risk, sentence="No infusion.", bands=(), notes=()))
    assert plain(ribbon(bare)) == "No infusion."
    assert "track" not in ribbon(bare)


def test_what_a_site_writes_in_a_product_s_name_opens_nothing() -> None:
    view = replace(sample.patient(), infusions=(InfusionMark(sample.INFUSED, "<script>x</script>"),))
    assert "<script>" not in ribbon(view)
    assert Syndrome.CRS.value in ribbon(view)
