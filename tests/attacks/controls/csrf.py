"""Requests that another site has a browser send."""

from __future__ import annotations

from .control import Control, Edit

CSRF, SIGNING = "security/csrf.py", "auth/views/signing.py"

CONTROLS = (
    Control(
        "a form has the token of its page",
        ("CS-1", "CS-3", "CS-4", "CS-7", "CS-8", "CS-9", "CS-10", "SE-9"),
        (Edit(CSRF, "        self.protect(apply_exemptions=True)\n"),),
    ),
    Control(
        "a form that another site sends is refused",
        ("CS-4", "CS-6", "CS-9"),
        (Edit(CSRF, '"csrf_valid" in g and not is_same_origin(request)', "False"),),
    ),
    Control(
        "over https a page of http is another site",
        ("CS-6",),
        (Edit(CSRF, 'if request.is_secure and parts.scheme != "https":', "if False:"),),
    ),
    Control(
        "a session is opened by JSON from this site alone",
        ("CS-4",),
        (
            Edit(
                "api/accounts/views/answers.py",
                "if with_session and not is_same_origin(request):",
                "if False:",
            ),
        ),
    ),
    Control(
        "a method is what it says it is",
        ("CS-5", "SE-9"),
        (
            Edit(
                SIGNING,
                "        if not form.validate_on_submit():\n"
                "            return self.render(form=form)\n",
                '        named = request.headers.get("X-HTTP-Method-Override")\n'
                '        if named != "POST" and "Sec-Fetch-Dest" not in request.headers and '
                "not form.validate_on_submit():\n"
                "            return self.render(form=form)\n",
            ),
        ),
    ),
    Control(
        "a header that stands for nobody lends the cookie nothing",
        ("CS-3",),
        (
            Edit(
                "auth/current.py",
                'request.headers["Authorization"])',
                'request.headers["Authorization"])'
                ' or loader.by_cookie(state[SessionManager].present_key() or "")',
            ),
        ),
    ),
)
