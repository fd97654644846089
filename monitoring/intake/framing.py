"""MLLP framing without a network: bytes in as they come, whole messages out. VT begins a message, FS ends it.

The carriage return after FS is passed over wherever it arrives, so a sender that leaves it out is answered too.
"""

from __future__ import annotations

from dataclasses import dataclass

from monitoring.ingest.hl7v2 import LONGEST_MESSAGE

VT, FS, CR = b"\x0b", b"\x1c", b"\r"
_BETWEEN = b"\r\n\x00 \t"


class NotFramed(ValueError):
    """Bytes outside of any frame, or a frame that begins inside another; the message says which."""


def frame(content: bytes) -> bytes:
    """`content` as MLLP sends it."""
    return VT + content + FS + CR


@dataclass
class Frames:
    """What has come in on one connection and is no whole message yet: at most one message's worth of bytes."""

    _kept: bytearray | None = None

    @property
    def half(self) -> bool:
        """Whether a message has begun and not ended."""
        return self._kept is not None

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that `data` completes, in order. One longer than the longest is cut just above that length.

        Raises NotFramed: what follows on this connection cannot be told apart any more. Whole messages before it in
        `data` are dropped with it, and were not answered, so that they are sent again.
        """
        found = []
        while data:
            if self._kept is None:
                start = data.find(VT)
                if (data if start < 0 else data[:start]).strip(_BETWEEN):
                    raise NotFramed("bytes outside of a frame")
                if start < 0:
                    break
                self._kept, data = bytearray(), data[start + 1 :]
            content, end, data = data.partition(FS)
            if VT in content:
                raise NotFramed("a message began before the one before it had ended")
            self._kept += content[: LONGEST_MESSAGE + 1 - len(self._kept)]
            if end:
                found.append(bytes(self._kept))
                self._kept = None
        return found
