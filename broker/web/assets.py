"""The browser assets of other projects: which files are copied, and from where. The one list.

``python -m broker.web.assets`` copies them from ``node_modules`` to ``static/vendor`` (never committed), each with its
licence. Pages name an asset through ``address``, which carries a digest so that browsers may keep it.
"""

import hashlib
import shutil
import sys
from functools import cache
from pathlib import Path

from conventions.faults import Fault, FaultKind

STATIC = Path(__file__).parent / "static"
VENDOR = STATIC / "vendor"

ASSETS: dict[str, str] = {
    "bootstrap-italia.min.css": "bootstrap-italia/dist/css/bootstrap-italia.min.css",
    "bootstrap-italia.LICENSE": "bootstrap-italia/LICENSE",
    "sprites.svg": "bootstrap-italia/dist/svg/sprites.svg",
    "fonts/titillium-web-regular.woff2": (
        "bootstrap-italia/dist/fonts/Titillium_Web/titillium-web-v10-latin-ext_latin-regular.woff2"
    ),
    "fonts/titillium-web-600.woff2": (
        "bootstrap-italia/dist/fonts/Titillium_Web/titillium-web-v10-latin-ext_latin-600.woff2"
    ),
    "fonts/titillium-web-700.woff2": (
        "bootstrap-italia/dist/fonts/Titillium_Web/titillium-web-v10-latin-ext_latin-700.woff2"
    ),
    "fonts/titillium-web.LICENSE": "bootstrap-italia/dist/fonts/Titillium_Web/OFL.txt",
    "fonts/roboto-mono-regular.woff2": (
        "bootstrap-italia/dist/fonts/Roboto_Mono/roboto-mono-v13-latin-ext_latin-regular.woff2"
    ),
    "fonts/roboto-mono-700.woff2": "bootstrap-italia/dist/fonts/Roboto_Mono/roboto-mono-v13-latin-ext_latin-700.woff2",
    "fonts/roboto-mono.LICENSE": "bootstrap-italia/dist/fonts/Roboto_Mono/LICENSE.txt",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "htmx.LICENSE": "htmx.org/LICENSE",
    "hls.min.mjs": "hls.js/dist/hls.min.mjs",
    "hls.worker.js": "hls.js/dist/hls.worker.js",
    "hls.LICENSE": "hls.js/LICENSE",
}
"""Name under ``static/vendor`` and file under ``node_modules``."""


def copy(node_modules: Path, vendor: Path = VENDOR) -> tuple[Path, ...]:
    """Copy every asset; gives the files written.

    Raises:
        Fault: ``settings-invalid`` when one is missing; then nothing was copied.
    """
    if missing := [source for source in ASSETS.values() if not (node_modules / source).is_file()]:
        raise Fault(FaultKind.SETTINGS_INVALID, f"missing: {', '.join(missing)}", where="node_modules")
    written = []
    for name, source in ASSETS.items():
        target = vendor / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(node_modules / source, target)
        written.append(target)
    return tuple(written)


@cache
def address(name: str) -> str:
    """The address of a static file (``varco/varco.css``), with the digest of its content.

    Raises:
        Fault: ``settings-invalid`` when the file is not there: the assets were not copied.
    """
    file = STATIC / name
    if not file.is_file():
        raise Fault(FaultKind.SETTINGS_INVALID, "run python -m broker.web.assets", where=name)
    return f"/static/{name}?v={hashlib.sha256(file.read_bytes()).hexdigest()[:12]}"


if __name__ == "__main__":
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "node_modules"
    sys.stdout.write(f"{len(copy(root))} files copied to {VENDOR.name}\n")
