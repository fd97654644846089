"""What every answer tells the browser not to do: no foreign script, frame, form or type, no address passed on."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import re
from functools import cache
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Scope, Send

from monitoring.api.visit import is_secure

_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_HOST = re.compile(r"[A-Za-z0-9.\-\[\]:]+\Z")


@cache
def inline_scripts() -> str:
    """The hashes of the scripts inside the page that the installed Streamlit serves, as the policy writes them."""
    found = importlib.util.find_spec("streamlit")
    if found is None or found.origin is None:
        raise RuntimeError("streamlit is not installed; expected by requirements.txt")
    page = (Path(found.origin).parent / "static" / "index.html").read_text(encoding="utf-8")
    hashes = [hashlib.sha256(script.encode()).digest() for script in _INLINE.findall(page)]
    return " ".join(f"'sha256-{base64.b64encode(one).decode()}'" for one in hashes)


def policy(host: str, *, secure: bool) -> str:
    """The content policy (lab.md, section 8). `blob:` is how Streamlit loads its components' scripts."""
    socket = f" {'wss' if secure else 'ws'}://{host}" if _HOST.match(host) else ""
    rules = (
        "default-src 'self'",
        f"script-src 'self' blob: {inline_scripts()}",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        f"connect-src 'self'{socket}",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
    return "; ".join(rules)


def protection(scope: Scope, *, keep: bool = False) -> dict[str, str]:
    """The headers of an answer to this request; without `keep` no browser or proxy stores it."""
    secure = is_secure(scope)
    added = {
        "content-security-policy": policy(Headers(scope=scope).get("host", ""), secure=secure),
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=()",
        "cross-origin-opener-policy": "same-origin",
    }
    if secure:
        added["strict-transport-security"] = "max-age=31536000"
    if not keep:
        added["cache-control"] = "no-store"
    return added


def guarded(scope: Scope, send: Send, *, keep: bool) -> Send:
    """`send`, with the headers of `protection` on the answer."""
    added = protection(scope, keep=keep)

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in added.items():
                headers[name] = value
        await send(message)

    return sent
