"""Flask 3.2's shape before it is released: the context is passed on as the first argument."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from flask import Flask, Response, got_request_exception, request_finished
from werkzeug.exceptions import InternalServerError


class Flask32(Flask):
    """Calls what Flask 3.2 calls, with what it passes; everything else is the installed Flask's."""

    def wsgi_app(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        context = self.request_context(environ)
        error: BaseException | None = None
        try:
            try:
                context.push()
                response = self.full_dispatch_request(context)
            except Exception as caught:
                error = caught
                response = self.handle_exception(context, caught)
            return response(environ, start_response)  # type: ignore[no-any-return]
        finally:
            context.pop(error)

    def full_dispatch_request(self, context: Any = None) -> Any:
        self._got_first_request = True
        try:
            value = self.preprocess_request(context)
            if value is None:
                value = self.dispatch_request(context)
        except Exception as error:
            value = self.handle_user_exception(context, error)
        return self.finalize_request(context, value)

    def preprocess_request(self, context: Any = None) -> Any:
        assert context is not None
        return super().preprocess_request()

    def dispatch_request(self, context: Any = None) -> Any:
        assert context is not None
        return super().dispatch_request()

    def handle_user_exception(self, context: Any, error: Any = None) -> Any:
        assert isinstance(error, Exception)
        return super().handle_user_exception(error)

    def handle_exception(self, context: Any, error: Any = None) -> Any:
        got_request_exception.send(self, _async_wrapper=self.ensure_sync, exception=error)
        propagate = self.config["PROPAGATE_EXCEPTIONS"]
        if self.testing if propagate is None else propagate:
            raise error
        self.log_exception(sys.exc_info())
        page: Any = InternalServerError(original_exception=error)
        if handler := self._find_error_handler(page, []):
            page = self.ensure_sync(handler)(page)
        return self.finalize_request(context, page, from_error_handler=True)

    def finalize_request(  # type: ignore[override]
        self, context: Any, value: Any = None, from_error_handler: bool = False
    ) -> Response:
        response = self.make_response(value)
        try:
            response = self.process_response(response)
            request_finished.send(self, _async_wrapper=self.ensure_sync, response=response)
        except Exception:
            if not from_error_handler:
                raise
        return response
