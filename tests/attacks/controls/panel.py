"""Who gets into the admin panel, and what comes of the requests of those who are in."""

from __future__ import annotations

from .control import Control, Edit

ACCESS, RECORDS, DELETION = (
    f"admin/{name}.py" for name in ("access", "views/records", "views/deletion")
)
PAGES = "templates/lback/admin"

ENTERING = (
    Control(
        "the panel is for people, not for their programs",
        ("AD-1",),
        (Edit(ACCESS, "        personal_login()", "        pass"),),
    ),
    Control(
        "the panel is for staff, whatever somebody may do elsewhere",
        ("AD-1",),
        (Edit(ACCESS, "if not is_staff(user):", "if False:"),),
    ),
    Control(
        "nothing of the panel stands in a frame",
        ("AD-12",),
        (
            Edit("security/settings.py", '"frame-ancestors": "\'none\'"', '"frame-ancestors": "*"'),
            Edit("security/headers.py", '    "X-Frame-Options": "DENY",\n'),
        ),
    ),
)
TEXTS = (
    Control(
        "a form writes the fields that it shows",
        ("AD-4",),
        (
            Edit(
                "admin/views/record_form.py",
                "    form.keep(written_names(view.options, request, row))\n",
            ),
        ),
    ),
    Control(
        "what a cell holds is text",
        ("AD-5",),
        (
            Edit(
                f"{PAGES}/_pieces.html",
                "{%- else -%}\n    {{ cell.text }}\n",
                "{%- else -%}\n    {{ cell.text|safe }}\n",
            ),
        ),
    ),
    Control(
        "a page leads back to this site only",
        ("AD-5",),
        (
            Edit(
                "admin/views/panel.py",
                "return target if is_safe_redirect(target) and target else default",
                "return target or default",
            ),
        ),
    ),
    Control(
        "a spreadsheet is given texts and no formula",
        ("AD-6",),
        (
            Edit(
                "admin/transfer/values.py",
                "if text[:1] not in _FIRST and _BREAK.search(text) is None:",
                "if True:",
            ),
        ),
    ),
)
ROWS = (
    Control(
        "a page of a list has so many rows and no more",
        ("AD-8",),
        (Edit("admin/paging.py", "min(int(text[:9]), max(usual, most))", "int(text[:9])"),),
    ),
    Control(
        "so many rows are acted on at once and no more",
        ("AD-9",),
        (
            Edit("admin/views/action.py", "if len(chosen) > limit:", "if False:"),
            Edit(DELETION, "if len(texts) > view.site.settings.bulk_limit:", "if False:"),
        ),
    ),
    Control(
        "rows are reached for what is to be done with them",
        ("AD-9",),
        (
            Edit(
                RECORDS,
                "statement = self.listing.every(action)",
                "statement = self.listing.every()",
            ),
        ),
    ),
    Control(
        "what the database says stays in the log",
        ("AD-10",),
        (Edit("admin/saving.py", "if isinstance(error, SQLAlchemyError):", "if False:"),),
    ),
    Control(
        "a link deletes nothing",
        ("AD-11",),
        (
            Edit(DELETION, 'if request.method != "POST":', "if False:"),
            Edit(DELETION, 'request.form.get("proof", "")', 'request.values.get("proof", "")'),
        ),
    ),
    Control(
        "what the panel changes is written down",
        ("AD-13",),
        (
            Edit(
                ACCESS,
                "with watched(resolve()), recorded(resolve()):",
                "with watched(resolve()):",
            ),
        ),
    ),
    Control(
        "a password that somebody sets ends what the former one opened",
        ("AD-14",),
        (
            Edit(
                "auth/accounts.py",
                "        self._end_what_it_opened(user, but)\n        user_password_set.emit",
                "        user_password_set.emit",
            ),
        ),
    ),
)
CONTROLS = (*ENTERING, *TEXTS, *ROWS)
