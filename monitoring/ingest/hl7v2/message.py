"""One message as segments, fields and text, with the delimiters and the character set it declares itself.

Our own splitting, and why not python-hl7's: D71. Fields are split when they are asked for, so that a message of
waveforms costs what is read of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from monitoring.ingest.hl7v2.framing import MOST_SEGMENTS

_SEGMENT = re.compile(r"[^\r\n]+")
_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_MOST_FIELDS = 64
_MOST_REPEATS = 100
_MOST_COMPONENTS = 32
_LONGEST_READ = 10_000
_BOM = b"\xef\xbb\xbf"
_CODECS = {"": None, "ASCII": "ascii", "UNICODE UTF-8": "utf-8", "UTF-8": "utf-8", "UNICODE": "utf-8"} | {
    f"8859/{part}": f"iso8859_{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)
}
"""HL7 table 0211, the sets that hold delimiters as single bytes; None: what the site says of undeclared ones."""


class Unusable(ValueError):
    """Bytes that are no message we can split; `field` names what of the header is wrong."""

    def __init__(self, field: str, reason: str, rule: str = "format") -> None:
        super().__init__(reason)
        self.field = field
        self.rule = rule


@dataclass(frozen=True)
class Delimiters:
    """MSH-1 and MSH-2. An empty one is not declared, and splits nothing."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"

    @classmethod
    def of(cls, header: str) -> Delimiters:
        """Those a header segment declares. Raises Unusable."""
        if len(header) < 5:
            raise Unusable("MSH-2", "the header ends before it declares its delimiters; expected MSH|^~\\&")
        declared = header[4:].split(header[3], 1)[0]
        marks = header[3] + declared
        if not 1 <= len(declared) <= 5 or len(set(marks)) < len(marks) or any(m.isalnum() or m <= " " for m in marks):
            raise Unusable("MSH-2", "the delimiters are not four different marks; expected for example MSH|^~\\&")
        return cls(header[3], *(declared[:4] + "    ")[:4].replace(" ", "\0")).without_gaps()

    def without_gaps(self) -> Delimiters:
        """The same, a delimiter that is not declared left empty."""
        return Delimiters(*(mark.strip("\0") for mark in self.marks()))

    def marks(self) -> tuple[str, str, str, str, str]:
        """All five, in the order of MSH."""
        return self.field, self.component, self.repetition, self.escape, self.subcomponent

    def unescaped(self, text: str, codec: str = "utf-8") -> str:
        """`text` with its escape sequences read; one that cannot be, or in too long a text, stays as it came."""
        if not self.escape or self.escape not in text or len(text) > _LONGEST_READ:
            return text
        sequence = re.compile(f"{re.escape(self.escape)}([^{re.escape(self.escape)}]*){re.escape(self.escape)}")
        return sequence.sub(lambda found: self._meaning(found[1], codec, found[0]), text)

    def _meaning(self, sequence: str, codec: str, as_it_came: str) -> str:
        plain = {"F": self.field, "S": self.component, "R": self.repetition, "E": self.escape, "T": self.subcomponent}
        plain |= {".br": "\n", "H": "", "N": ""}
        if sequence in plain:
            return plain[sequence]
        if sequence.startswith("X"):
            try:
                meant = bytes.fromhex(sequence[1:]).decode(codec)
                return as_it_came if _CONTROL.search(meant) else meant
            except ValueError:
                return as_it_came
        return as_it_came

    def escaped(self, text: str) -> str:
        """`text` fit to stand in a field; line breaks and control characters become spaces."""
        letters = dict(zip(self.marks(), "FSRET", strict=True))
        wrapped = {m: f"{self.escape}{name}{self.escape}" if self.escape else " " for m, name in letters.items() if m}
        return "".join(wrapped.get(mark, mark) for mark in re.sub(r"[\x00-\x1f\x7f]+", " ", text))


@dataclass(frozen=True)
class Segment:
    """One segment; `nth` counts those of its name from 1, in the order of the message."""

    text: str
    nth: int
    delimiters: Delimiters
    codec: str = "utf-8"

    @property
    def name(self) -> str:
        """Three capitals, or "" for a line that is no segment."""
        name = self.text[:3]
        ended = len(self.text) == 3 or self.text[3:4] == self.delimiters.field
        return name if ended and _NAME.fullmatch(name) else ""

    @cached_property
    def _fields(self) -> list[str]:
        fields = self.text.split(self.delimiters.field, _MOST_FIELDS)
        if self.name in {"MSH", "BHS", "FHS"}:
            fields.insert(1, self.delimiters.field)
        return fields

    def field(self, number: int) -> str:
        """The field as it came; "" where it is missing or HL7's explicit null."""
        text = self._fields[number].strip() if number < len(self._fields) else ""
        return "" if text == '""' else text

    def repeats(self, number: int) -> list[str]:
        """The repeats of a field as they came, an empty field having none."""
        text = self.field(number)
        if not text or not self.delimiters.repetition:
            return [text] if text else []
        return text.split(self.delimiters.repetition, _MOST_REPEATS)

    def components(self, text: str) -> list[str]:
        """The components of one repeat, read; of each the first subcomponent."""
        parts = text.split(self.delimiters.component, _MOST_COMPONENTS) if self.delimiters.component else [text]
        first = (
            part.split(self.delimiters.subcomponent, 1)[0] if self.delimiters.subcomponent else part for part in parts
        )
        return ["" if part == '""' else self.delimiters.unescaped(part, self.codec).strip() for part in first]

    def component(self, number: int, component: int = 1) -> str:
        """A component of the first repeat of a field, read."""
        text = self.field(number)
        if not text or text.isalnum():  # no delimiter is a letter or a digit
            return text if component == 1 else ""
        repeats = self.repeats(number)
        parts = self.components(repeats[0]) if repeats else []
        return parts[component - 1] if component <= len(parts) else ""

    def read(self, text: str) -> str:
        """`text` of a field with its escape sequences read."""
        return self.delimiters.unescaped(text, self.codec).strip()


@dataclass(frozen=True)
class Message:
    """A message split into segments."""

    text: str
    delimiters: Delimiters
    codec: str

    @classmethod
    def of(cls, content: bytes, undeclared: str) -> Message:
        """The message in `content`, without framing. Raises Unusable.

        A byte order mark says UTF-8, whatever MSH-18 says: a message kept as text is sent again that way.
        """
        marked = content.startswith(_BOM)
        content = content.removeprefix(_BOM).strip(b"\r\n\x0b\x1c ")
        ascii_only = content.decode("ascii", "replace")
        header = _SEGMENT.match(ascii_only)
        if header is None or header[0][:3] != "MSH":
            raise Unusable("MSH", "does not begin with an MSH segment; not read")
        delimiters = Delimiters.of(header[0])
        declared = Segment(header[0], 1, delimiters).component(18).upper() or undeclared.upper()
        codec = "utf-8" if marked else _CODECS.get(declared)
        if codec is None:
            known = ", ".join(name for name in _CODECS if name)
            raise Unusable(
                "MSH-18", f"character set not read here; expected one of {known}. Message not read", "charset"
            )
        try:
            text = content.decode(codec)
        except UnicodeDecodeError as broken:
            raise Unusable(
                "MSH-18",
                f"byte {broken.start + 1} is not {declared}; nothing was read. Correct MSH-18 at the sender, or the "
                "site's charset_when_none_is_declared, and send it again",
                "charset",
            ) from broken
        if _CONTROL.search(text):
            raise Unusable("MSH", "holds control characters; nothing was read. Correct it at the sender", "charset")
        if text.count("\r") + text.count("\n") > MOST_SEGMENTS:
            raise Unusable(
                "MSH", f"more than {MOST_SEGMENTS:,} segments; nothing was read. Send its vital signs apart", "size"
            )
        return cls(text, delimiters, codec)

    def segments(self) -> Iterator[Segment]:
        """Every segment in order; empty lines are none."""
        counted: dict[str, int] = {}
        for line in _SEGMENT.finditer(self.text):
            name = line[0][:3]
            counted[name] = counted.get(name, 0) + 1
            yield Segment(line[0], counted[name], self.delimiters, self.codec)

    @cached_property
    def header(self) -> Segment:
        """The MSH segment."""
        return next(self.segments())

    @property
    def control_id(self) -> str:
        """MSH-10, short enough for a place; "" without one."""
        return self.header.component(10)[:80]

    def to_keep(self) -> str:
        """The message as text that, in UTF-8, is read again as the same message."""
        return self.text if self.text.isascii() else f"\ufeff{self.text}"


def bytes_to_keep(content: bytes) -> str:
    """Bytes no character set fits, as text: each byte beyond ASCII in HL7's own hexadecimal escape."""
    printable = {9, 10, 13, *range(32, 127)}
    return "".join(chr(byte) if byte in printable else f"\\X{byte:02X}\\" for byte in content.strip(b"\x0b\x1c"))
