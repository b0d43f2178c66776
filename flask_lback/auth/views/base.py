"""The base of account pages that an application mounts under its own address, as in Django."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping
from typing import Any, ClassVar

from flask import Response, flash, redirect, request
from flask.typing import ResponseReturnValue, RouteCallable
from flask.views import View

from ...core.redirects import resolve_url
from .page import form_for, show

#: What makes a page the page that it is.
_FIXED = frozenset({"page", "view_class", *vars(View)})


class AccountView(View):
    """A page with one form.

    ``app.add_url_rule("/enter/", view_func=LoginView.as_view("enter", success_url="/desk/"))``
    mounts one, or a subclass; what is left as None is as in the pages of this package.

    :param options: other values for attributes of the class.
    :raises TypeError: it has no such attribute.
    """

    methods: ClassVar = ["GET", "POST"]
    init_every_request = False

    #: The page: its form in ``LBACK_AUTH_FORMS``, its template in ``LBACK_AUTH_<PAGE>_TEMPLATE``.
    page: ClassVar[str]
    #: A form class, or its dotted path, instead of the page's.
    form_class: Any = None
    #: A template, instead of the page's.
    template_name: str | None = None
    #: Where success leads, instead of the page's: a path, a full address or an endpoint.
    success_url: str | None = None
    #: More values for the template.
    extra_context: Mapping[str, Any] = {}

    def __init__(self, **options: Any) -> None:
        for name, value in options.items():
            if name not in (known := self._options()):
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"Did you mean {near[0]!r}?" if near else f"It takes {', '.join(known)}."
                raise TypeError(f"{type(self).__name__} takes no option {name!r}. {hint}")
            setattr(self, name, value)

    @classmethod
    def as_view(
        cls, name: str | None = None, *class_args: Any, **class_kwargs: Any
    ) -> RouteCallable:
        """The view.

        :param name: of its endpoint; that of the page when left out.
        :param class_kwargs: other values for attributes of the class, such as ``success_url``.
        """
        return super().as_view(name or cls.page, *class_args, **class_kwargs)

    def get_form(self, **values: Any) -> Any:
        """The form, filled with what was sent."""
        return form_for(self.page, self.form_class, **values)

    def render(self, status: int | None = None, **context: Any) -> Response:
        """The page.

        :param status: 200 for a page that was asked for, 400 for a form that did not pass, when
            left out.
        """
        if status is None:
            status = 400 if request.method == "POST" else 200
        values = {**self.extra_context, **context}
        return show(self.page, status, template=self.template_name, **values)

    def lead_on(self, message: str) -> ResponseReturnValue | None:
        """Lead to ``success_url`` with a message; None when the page ends as it always does."""
        if self.success_url is None:
            return None
        flash(message, "ok")
        return redirect(resolve_url(self.success_url))

    def dispatch_request(self) -> ResponseReturnValue:
        """Answer a request."""
        raise NotImplementedError

    @classmethod
    def _options(cls) -> list[str]:
        return [
            name
            for name in dir(cls)
            if not name.startswith("_")
            and name not in _FIXED
            and not inspect.isroutine(getattr(cls, name))
        ]
