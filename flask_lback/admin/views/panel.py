"""What every page of the panel has around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import request

from ...auth.current import resolve
from ...core.redirects import is_safe_redirect
from ...core.translation import gettext
from ..access import Guarded, is_superuser
from ..counting import spoken
from ..overview.pages import pages
from ..overview.recent import is_log_of_changes, log_of_changes

if TYPE_CHECKING:
    from ..sites import Site


class PanelView(Guarded):
    """A guarded view that is drawn inside the panel.

    :ivar site: the panel of this application.
    """

    site: Site

    def render(self, template: str, *, counts: dict[str, int] | None = None, **context: Any) -> str:
        """Draw a page with its sidebar.

        :param counts: rows by endpoint, when they are known already.
        """
        if counts is None:
            counts = self.site.count()
        user = resolve()
        shell = {
            "title": self.site.title,
            "menu": self._menu(counts),
            "changes_url": log_of_changes(self.site),
            "is_changes": is_log_of_changes() and self._is_log,
            "user_name": str(user),
            "user_role": gettext("Administrator") if is_superuser(user) else gettext("Staff"),
            "site_url": request.root_path + "/",
            "pages": pages(self.site),
        }
        return super().render(template, shell=shell, **context)  # nosec B604 - the frame around a page

    def get_url(self, endpoint: str, **kwargs: Any) -> str:
        """``url_for``; an endpoint that begins with a dot is this view's, whoever asks."""
        if endpoint.startswith("."):
            endpoint = self.endpoint + endpoint
        return super().get_url(endpoint, **kwargs)

    def back(self, default: str) -> str:
        """Where to go on: the page that a form names when it is safe, else another."""
        target = request.values.get("next")
        return target if is_safe_redirect(target) and target else default

    @property
    def _is_log(self) -> bool:
        """Whether this is the audit log."""
        return self is self.site.view_of(self.site.models.AuditEntry)

    def _menu(self, counts: dict[str, int]) -> list[tuple[str, list[dict[str, Any]]]]:
        limit = self.site.settings.count_limit
        groups: dict[str, list[dict[str, Any]]] = {}
        for view in self.site.visible():
            number = counts.get(view.endpoint)
            entry = {
                "label": view.title,
                "icon": view.icon,
                "url": view.get_url(".index_view"),
                "count": None if number is None else spoken(number, limit),
                "is_current": view is self and not (self._is_log and is_log_of_changes()),
            }
            groups.setdefault(view.group, []).append(entry)
        return list(groups.items())
