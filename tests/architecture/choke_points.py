"""What imports cannot express: who may make which value, and names that nobody may use. Read from the syntax tree.

Each check takes a module's source and its path inside the repository, and yields what is wrong with it.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("conventions", "policies", "adapters", "broker")
MAX_LINES_COUNT = 300

MADE_IN: Mapping[str, tuple[str, ...]] = {
    "Grant": ("broker/ledger/",),
    "Refused": ("broker/ledger/",),
    "Permit": ("broker/decision/",),
    "Refusal": ("broker/decision/",),
    "Operator": ("broker/identity/",),
    "Official": ("broker/identity/",),
    "Machine": ("broker/identity/",),
    "VerifiedDocument": ("conventions/verification.py",),
}
"""A value of the chain, and the only places that make one."""

ASKING = {"isinstance", "issubclass", "cast"}
"""Calls that may be handed a class without making one of it."""

COMMITS_IN = ("broker/storage/", "broker/ledger/")
CATCHES_ALL_IN = "broker/pipeline.py"

NEVER = {
    "enable_enforce": "it allows everything",
    "FileAdapter": "rules enter in process, never as text",
    "StringAdapter": "rules enter in process, never as text",
    "FastEnforcer": "it drops wildcard denies",
    "dependency_overrides": "the application under test is the application",
}
NEVER_FALSE = ("verify", "ssl", "verify_signature", "verify_aud", "verify_exp", "check_hostname")
SWITCH = re.compile(r"(?:^|_)(?:skip_|bypass|insecure|testing|debug)", re.IGNORECASE)

Check = Callable[[str, str], Iterator[str]]


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _called(func: ast.expr) -> set[str]:
    """Names that a call may be of: one, or those of ``(A if a else B)(...)`` and its like."""
    if isinstance(func, ast.Name | ast.Attribute):
        return {_name(func)}
    return {_name(node) for node in ast.walk(func) if isinstance(node, ast.Name | ast.Attribute)}


def made_elsewhere(source: str, path: str) -> Iterator[str]:
    """A value of the chain made, renamed or handed over as a factory outside its owner."""
    guarded = {name for name, owners in MADE_IN.items() if not path.startswith(owners)}
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=func, args=args, keywords=keywords):
                for made in _called(func) & guarded:
                    yield f"{path}:{node.lineno}: makes {made}"
                if _name(func) in {"__new__", "replace"} | ASKING:
                    continue
                for given in (*args, *(keyword.value for keyword in keywords)):
                    if _name(given) in guarded:
                        yield f"{path}:{node.lineno}: hands {_name(given)} to a call"
            case ast.ImportFrom(names=names):
                for alias in names:
                    if alias.name in guarded and alias.asname is not None:
                        yield f"{path}:{node.lineno}: renames {alias.name}"
            case ast.Assign(value=value) if _name(value) in guarded:
                yield f"{path}:{node.lineno}: renames {_name(value)}"
            case ast.ClassDef(bases=bases):
                for base in bases:
                    if _name(base) in guarded:
                        yield f"{path}:{node.lineno}: derives from {_name(base)}"


def made_without_its_constructor(source: str, path: str) -> Iterator[str]:
    """Ways round a frozen value: ``__new__`` of a class of the chain, and ``object.__setattr__`` from outside."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(attr="__new__"), args=[first, *_]) if _name(first) in MADE_IN:
                yield f"{path}:{node.lineno}: makes {_name(first)} without its constructor"
            case ast.Call(func=ast.Attribute(attr="__new__", value=owner)) if _name(owner) in MADE_IN:
                yield f"{path}:{node.lineno}: makes {_name(owner)} without its constructor"


def commits_elsewhere(source: str, path: str) -> Iterator[str]:
    """A transaction ended outside storage and the ledger."""
    if path.startswith(COMMITS_IN):
        return
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(attr="commit")):
                yield f"{path}:{node.lineno}: commits"


def names_never_used(source: str, path: str) -> Iterator[str]:
    """Off switches of the engine, of the application and of TLS or signature checks."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name) if name in NEVER:
                yield f"{path}: {name}: {NEVER[name]}"
            case ast.keyword(arg=str(name), value=ast.Constant(value=False)) if name in NEVER_FALSE:
                yield f"{path}:{node.value.lineno}: {name}=False"
            case ast.Attribute(attr="check_hostname", ctx=ast.Store()):
                yield f"{path}:{node.lineno}: sets check_hostname"
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    match key, value:
                        case ast.Constant(value=str(name)), ast.Constant(value=False) if name in NEVER_FALSE:
                            yield f"{path}:{node.lineno}: {name}: False"


def switches(source: str, path: str) -> Iterator[str]:
    """A name of ours that promises to turn something off."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case (
                ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
                | ast.arg(arg=name)
                | ast.Name(id=name, ctx=ast.Store())
                | ast.Attribute(attr=name, ctx=ast.Store())
            ) if SWITCH.search(name):
                yield f"{path}: {name}"


def catches_everything(source: str, path: str) -> Iterator[str]:
    """``except Exception``, ``except BaseException`` or a bare ``except``; suppress counts."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ExceptHandler(type=caught):
                kinds = caught.elts if isinstance(caught, ast.Tuple) else [caught] if caught else []
                if caught is None or {"Exception", "BaseException"} & {_name(kind) for kind in kinds}:
                    yield f"{path}:{node.lineno}"
            case ast.Call(func=func, args=args) if _name(func) == "suppress":
                if {"Exception", "BaseException"} & {_name(given) for given in args}:
                    yield f"{path}:{node.lineno}"


def too_long(source: str, path: str) -> Iterator[str]:
    """A module in which a second idea may hide."""
    lines_count = source.count("\n")
    if lines_count > MAX_LINES_COUNT:
        yield f"{path}: {lines_count} lines"


def dumps_and_hashes(source: str, path: str) -> Iterator[str]:
    """JSON from ``json.dumps`` in a module that hashes or signs: only ``conventions.canonical`` writes those bytes."""
    if path == "conventions/canonical.py":
        return
    dumps = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute) and node.attr == "dumps"]
    hashes = re.search(r"^\s*(?:import|from) (?:hashlib|hmac)\b", source, re.MULTILINE)
    for node in dumps:
        if hashes and _name(node.value) == "json":
            yield f"{path}:{node.lineno}: json.dumps beside a hash"


def left_out(source: str, path: str) -> Iterator[str]:
    """A test that does not run, or does not count."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case (
                ast.Attribute(attr="skip" | "skipif" | "xfail" | "importorskip" | "skipTest")
                | ast.Name(id="skipif" | "xfail" | "importorskip")
            ):
                yield f"{path}:{node.lineno}"


def modules(*packages: str) -> dict[str, str]:
    """Path inside the repository to source, of every module of some packages."""
    return {
        file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8")
        for package in packages
        for file in sorted((ROOT / package).rglob("*.py"))
        if "node_modules" not in file.parts
    }
