"""What every answer of the web is sent with: headers that keep pages private and let nothing of others run or load."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web import pages

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors "
    "'none'"
)
# Of a page with forms, of one with a frame, and of the page in that frame.
FORM = {"content-security-policy": _POLICY.replace("form-action 'none'", "form-action 'self'") + "; connect-src 'self'"}
FRAMING = {"content-security-policy": f"{_POLICY}; frame-src 'self'"}
FRAMED = {
    "content-security-policy": pages.SAVED_POLICY,
    "x-frame-options": "SAMEORIGIN",
    "x-dns-prefetch-control": "off",
}
HEADERS = {
    "content-security-policy": _POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex, nofollow, noarchive",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "private, no-cache",
}
_RAW = [(name.encode(), value.encode()) for name, value in HEADERS.items()]


class Headers:
    """Adds to every answer the headers that keep pages private and without scripts of others."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in _RAW if pair[0] not in there)]
            await send(message)

        await self._inner(scope, receive, with_headers)
