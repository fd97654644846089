"""What on Streamlit's websocket was done by a person: the gate counts that, and nothing else, as activity."""

from __future__ import annotations

from google.protobuf.message import DecodeError
from streamlit.proto.BackMsg_pb2 import BackMsg


def by_a_person(message: bytes) -> bool:
    """Whether a message asks for a run that no timer asked for. What cannot be read is nobody's doing."""
    asked = BackMsg()
    try:
        asked.ParseFromString(message)
    except DecodeError:
        return False
    return asked.HasField("rerun_script") and not asked.rerun_script.is_auto_rerun
