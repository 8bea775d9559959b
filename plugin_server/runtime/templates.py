"""Templates: each feature's ``templates/`` folder under the feature's name, always escaped, texts by gettext."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import web
from markupsafe import Markup

from plugin_server.runtime import i18n

PACKAGE = Path(__file__).resolve().parent.parent


class Templates:
    """Renders ``<feature>/<name>.html`` in a language."""

    def __init__(self) -> None:
        folders = {path.parent.name: path for path in PACKAGE.glob("*/templates")}
        self.loader = jinja2.PrefixLoader({name: jinja2.FileSystemLoader(path) for name, path in folders.items()})
        self._environments: dict[str, jinja2.Environment] = {}

    def render(self, name: str, lang: str, **context: Any) -> Markup:
        """The template's HTML; values in ``context`` are escaped where they are not markup."""
        # The environment escapes every value (autoescape), which is what makes its output markup.
        with i18n.speaking(lang):
            return Markup(self._environment(lang).get_template(name).render(lang=lang, **context))  # noqa: S704

    def attach(self, app: web.Application) -> None:
        """Let ``aiohttp_jinja2`` render whole pages from the same folders."""
        aiohttp_jinja2.setup(
            app, loader=self.loader, autoescape=True, extensions=["jinja2.ext.i18n"], undefined=jinja2.StrictUndefined
        )
        _install(aiohttp_jinja2.get_env(app), i18n.DEFAULT)

    def _environment(self, lang: str) -> jinja2.Environment:
        if lang not in self._environments:
            environment = jinja2.Environment(
                loader=self.loader,
                auto_reload=False,  # they come with the program
                autoescape=True,
                trim_blocks=True,
                lstrip_blocks=True,
                undefined=jinja2.StrictUndefined,
                extensions=["jinja2.ext.i18n"],
            )
            _install(environment, lang)
            self._environments[lang] = environment
        return self._environments[lang]


def _install(environment: jinja2.Environment, lang: str) -> None:
    environment.install_gettext_translations(i18n.catalogue(lang), newstyle=True)  # type: ignore[attr-defined]
    environment.filters |= {
        "decimal": i18n.decimal,
        "day": i18n.day,
        "weekday": i18n.weekday,
        "moment": i18n.moment,
        "clock_time": i18n.clock_time,
        "number": i18n.number,
        "retold": i18n.retold,
    }
