"""Requests to providers: short, small, and to the address that was meant.

Imported where a provider is asked: requests is heavy, and part of the extra `oauth`.
"""

from __future__ import annotations

import time
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

#: Seconds that a provider may take to connect, to begin its answer, and to end it.
PATIENCE = 5.0
#: Bytes of an answer, unpacked.
LARGEST = 500_000
_CHUNK = 16_384


class BoundedAdapter(HTTPAdapter):
    """Gives up on answers that are slow, large, or lead elsewhere (CWE-400, CWE-918)."""

    def send(  # type: ignore[override]
        self, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        """Send, and read the whole answer within bounds.

        :raises requests.RequestException: it passes them.
        """
        response = super().send(request, **{**options, "stream": True, "timeout": PATIENCE})
        try:
            if response.is_redirect:
                raise requests.TooManyRedirects("leads elsewhere", response=response)
            response._content = _body(response, time.monotonic() + PATIENCE)
        finally:
            response.close()
        return response


def bound(session: requests.Session) -> requests.Session:
    """Have every request of a session go through the bounds."""
    session.headers["Accept-Encoding"] = "identity"
    session.headers["Accept"] = "application/json"
    for scheme in ("https://", "http://"):
        session.mount(scheme, BoundedAdapter())
    return session


def _body(response: requests.Response, end: float) -> bytes:
    """Whatever has come, as soon as it has come: else one byte now and then would pass as fast."""
    raw: Any = response.raw
    read, chunks, size = getattr(raw, "read1", raw.read), [], 0
    try:
        while chunk := read(_CHUNK, decode_content=True):
            size += len(chunk)
            if size > LARGEST:
                raise requests.RequestException("too large")
            if time.monotonic() > end:
                raise requests.ReadTimeout("too slow")
            chunks.append(chunk)
    except urllib3.exceptions.ReadTimeoutError as error:
        raise requests.ReadTimeout(error) from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        if isinstance(error, requests.RequestException):
            raise
        raise requests.ConnectionError(error) from error
    return b"".join(chunks)


def get_json(url: str, *, token: str | None = None) -> Any:
    """What an address answers.

    :param token: an access token, sent as ``Bearer`` (RFC 6750).
    :raises requests.RequestException: it did not answer with a JSON document.
    """
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    with bound(requests.Session()) as session:
        # No credentials of a .netrc file: they would take the place of the token.
        response = session.get(url, headers=headers, auth=lambda request: request)
    response.raise_for_status()
    return response.json()


def kind_of(error: BaseException) -> str:
    """Lback's word for what went wrong."""
    if isinstance(error, requests.Timeout):
        return "timeout"
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"http_error_{error.response.status_code}"
    if isinstance(error, requests.RequestException):
        return "request_error"
    return "unexpected_exception"
