"""Rights: who may run a view, and who reaches an object."""

from __future__ import annotations

from .control import Control, Edit

DECORATORS, MIXINS, NAMES = (f"permissions/{name}.py" for name in ("decorators", "mixins", "names"))
POLICIES, OBJECTS, REMOVAL, RIGHTS = (
    f"permissions/{name}.py" for name in ("policies", "objects", "removal", "rights")
)

VIEWS = (
    Control(
        "a view asks for its permission",
        ("RB-2", "RB-9", "RB-10"),
        (Edit(DECORATORS, "if not self._may(user, names):", "if False:"),),
    ),
    Control(
        "a view asks who is there",
        ("RB-2",),
        (Edit(DECORATORS, "if not user.is_authenticated:", "if False:"),),
    ),
    Control(
        "the mixin asks before each dispatch",
        ("RB-2", "RB-10"),
        (
            Edit(
                MIXINS,
                "return run(self, *args, **kwargs) if refusal is None else refusal",
                "return run(self, *args, **kwargs)",
            ),
        ),
    ),
    Control(
        "a permission above the route stops the start",
        ("RB-10",),
        (Edit("permissions/feature.py", "        refuse_open_views(app)\n", "        pass\n"),),
    ),
    Control(
        "a subclass of a guarded class is guarded",
        ("RB-10",),
        (
            Edit(
                "auth/guarding.py",
                "cls.dispatch_request = self(cls.dispatch_request)",
                "pass",
            ),
        ),
    ),
    Control(
        "a refusal is written down",
        ("RB-2",),
        (
            Edit(
                "auth/denials.py",
                '    write_refusal("security.forbidden", account=account, '
                'permission=permission or "")\n',
            ),
        ),
    ),
)
NAMED = (
    Control(
        "a decorator that names no permission is an error",
        ("RB-5",),
        (Edit(DECORATORS, "if self._function is None and self._names is None:", "if False:"),),
    ),
    Control(
        "one wrong name spoils a list of names",
        ("RB-5",),
        (
            Edit(
                NAMES,
                "return frozenset(found) if found and all(map(is_name, found)) else None",
                "return frozenset(found)",
            ),
        ),
    ),
    Control(
        "a wildcard is no permission",
        ("RB-5",),
        (
            Edit(
                NAMES, "value == value.strip() and not is_wildcard(value)", "value == value.strip()"
            ),
        ),
    ),
    Control(
        "a name counts as it is written",
        ("RB-9",),
        (
            Edit(
                RIGHTS,
                "return name in grants.permissions or",
                "return name.casefold() in grants.permissions or",
            ),
        ),
    ),
    Control(
        "an account that is off holds nothing",
        ("RB-6",),
        (Edit(RIGHTS, "or not name or not self.user.is_active:", "or not name:"),),
    ),
)
OBJECT_RIGHTS = (
    Control(
        "a rule that does not say yes refuses",
        ("RB-3",),
        (Edit(POLICIES, "return said is True", "return True"),),
    ),
    Control(
        "a list is narrowed as its policy says",
        ("RB-3",),
        (Edit(POLICIES, "return _narrowed(policy, statement, user, what)", "return statement"),),
    ),
    Control(
        "rights on an object go with it",
        ("RB-3",),
        (
            Edit(
                REMOVAL,
                "_execute(session, models, rows.c.model == model, rows.c.object_key.in_(some))",
                "pass",
            ),
        ),
    ),
    Control(
        "who cannot be asked about is nobody",
        ("RB-11",),
        (
            Edit(
                DECORATORS,
                "        user = resolve()\n        names = self._asked()\n",
                "        try:\n"
                "            user = resolve()\n"
                "        except Exception:\n"
                "            return None\n"
                "        names = self._asked()\n",
            ),
        ),
    ),
)
CONTROLS = (*VIEWS, *NAMED, *OBJECT_RIGHTS)
