"""The QR code that an app reads, drawn here: no outside service sees the secret."""

from __future__ import annotations

from markupsafe import Markup, escape

from ...core.translation import gettext


def qr_code(text: str) -> Markup:
    """An SVG for the page: colours and sizes are attributes, which the CSP has nothing against.

    It keeps its light ground in the dark scheme, since many cameras read no other (ISO/IEC 18004
    section 6.2).
    """
    import segno

    svg: str = segno.make_qr(text, error="m").svg_inline(
        scale=5, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None
    )
    label = escape(gettext("QR code for your authenticator app"))
    drawn = svg.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
    return Markup(drawn)  # noqa: S704  # nosec B704 - of a library, from modules
