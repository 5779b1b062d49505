"""Pages out of templates: one frame, a whole page or only its part that changes, in the person's language.

Templates escape by default and refuse undefined names. No script or style stands in a page.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from broker.problems import PROBLEMS
from broker.web.assets import address
from broker.web.languages import COOKIE, LANGUAGES, chosen, translations
from broker.web.walltime import Stretch, Wanted
from broker.web.words import filters
from conventions.faults import Fault

TEMPLATES = Path(__file__).parent / "templates"


class Pages:
    """Renders; knows nothing of who may see what."""

    def __init__(self, *, demonstration: bool, contact: str) -> None:
        self._environments = {
            language: environment(language, demonstration=demonstration, contact=contact) for language in LANGUAGES
        }

    def page(self, request: Request, name: str, status: int = 200, **context: Any) -> HTMLResponse:
        """A whole page, or for a request of htmx only the part inside the frame."""
        language = chosen(request.cookies.get(COOKIE))
        layout = "fragment.html" if request.headers.get("hx-request") == "true" else "frame.html"
        template = self._environments[language].get_template(name)
        text = template.render({"layout": layout, "here": request.url.path, **context})
        return HTMLResponse(text, status, {"Vary": "HX-Request, Cookie"})

    def failed(self, request: Request, fault: Fault, since_utc: datetime, **context: Any) -> HTMLResponse:
        """A fault as a page: what failed, since when, whom to call; or that there is nothing here."""
        status = PROBLEMS[fault.kind].status
        name = "failed.html" if status >= 500 else "mistaken.html"
        return self.page(request, name, status, fault=fault, since_utc=since_utc, **context)


def environment(language: str = LANGUAGES[0], *, demonstration: bool = False, contact: str = "") -> Environment:
    """The templates in one language."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    made.filters |= filters(language)
    made.globals |= {
        "language": language,
        "demonstration": demonstration,
        "contact": contact,
        "asset": address,
        "icon": icon,
        "layout": "frame.html",
        "here": "/login",
        "person": None,
        "case": None,
        "Stretch": Stretch,
        "wanted": Wanted(),
    }
    return made


def icon(name: str, classes: str = "") -> Markup:
    """A picture of the sprite, hidden from readers: words stand beside it."""
    return Markup('<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#it-{}"></use></svg>').format(
        classes, address("vendor/sprites.svg"), name
    )
