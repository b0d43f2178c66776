"""The base of account pages that an application mounts under its own address, as in Django."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import Response
from flask.typing import ResponseReturnValue
from flask.views import View

from .page import form_for, show


class AccountView(View):
    """A page with one form.

    ``app.add_url_rule("/enter/", view_func=MyLoginView.as_view("enter"))`` mounts a subclass;
    what it leaves as None is as in the pages of this package.
    """

    methods: ClassVar = ["GET", "POST"]
    init_every_request = False

    #: The page: its form in ``LBACK_AUTH_FORMS``, its template in ``LBACK_AUTH_<PAGE>_TEMPLATE``.
    page: ClassVar[str]
    #: A form class, instead of the page's.
    form_class: ClassVar[Any] = None
    #: A template, instead of the page's.
    template_name: ClassVar[str | None] = None
    #: Where success leads, instead of the page's.
    success_url: ClassVar[str | None] = None
    #: More values for the template.
    extra_context: ClassVar[dict[str, Any]] = {}

    def get_form(self, **values: Any) -> Any:
        """The form, filled with what was sent."""
        return form_for(self.page, self.form_class, **values)

    def render(self, status: int = 200, **context: Any) -> Response:
        """The page."""
        values = {**self.extra_context, **context}
        return show(self.page, status, template=self.template_name, **values)

    def dispatch_request(self) -> ResponseReturnValue:
        """Answer a request."""
        raise NotImplementedError
