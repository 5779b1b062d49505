"""From signed documents to rules: a pure function, without clock, file or chance.

1. Read every document once (``books``): which version counts when, which regulation bounds whom.
2. For every deed that grants, every controller, regulation version, clause and body: take the product of what the
   clause asks. A framework protocol grants nothing; a regulation speaks only for its own roles; an implementing
   agreement opens only transits and only to police; without a regulation in force there are no rules.
3. What the regulation takes away (``conjunction``) becomes a rule that denies with its reason; the rest allows.
4. Territories become cameras of the annex, so that a rule never opens a camera that the annex does not list.
5. A suspension or withdrawal mirrors every key that it stops into a rule that denies: deny overrides.

Source: design 3, 4; requirements 1.2 R1, R2; MC-1.1a, MC-1.1b, MC-2.1, MC-3.1c, MC-3.2a, PM-P.1, PM-1.1.
"""

from collections.abc import Iterable, Iterator

from conventions.schema import AnyDocument, Clause, ImplementingAgreement, Regulation
from conventions.terms import Reason
from conventions.verified import VerifiedDocument
from policies.asking import UNBOUNDED_S, Grounds, clause_id, clause_rules, clauses_of
from policies.books import Books, Dated, Granting, Stop
from policies.bundle import Bundle, Generation
from policies.facts import ANY
from policies.rules import ALLOW, DENY, ClauseTerms, Rule


def generate(verified: Iterable[VerifiedDocument], previous: Generation | None = None) -> Generation:
    """The generation that follows from verified documents.

    ``previous`` only saves work: a bundle whose every input is the same is carried over, and the result is equal.
    """
    books = Books((document.document, document.sha256) for document in verified)
    kept = {bundle.inputs: bundle for bundle in previous.bundles if bundle.inputs} if previous else {}
    bundles: list[Bundle] = []
    for deed in books.granting:
        inputs = _inputs(deed, books)
        bundles.append(kept.get(inputs) or _bundle(deed, books, inputs))
    return _without_contested(Generation.of(bundles))


def rules_of(documents: Iterable[AnyDocument]) -> tuple[Rule, ...]:
    """The rules that would follow if these plain documents were verified: for drafts, previews and tests."""
    return draft(documents).rules


def draft(documents: Iterable[AnyDocument]) -> Generation:
    """The generation that would follow from plain documents. Never published: nobody signed it."""
    books = Books((document, "") for document in documents)
    return _without_contested(Generation.of(_bundle(deed, books, ()) for deed in books.granting))


def draft_of(document: Granting, others: Iterable[AnyDocument]) -> tuple[Bundle, ...]:
    """The bundles of one draft beside other documents: as ``draft``, without making the others' rules."""
    books = Books([*((other, "") for other in others), (document, "")])
    mine = (deed for deed in books.granting if deed.document is document)
    return tuple(_bundle(deed, books, ()) for deed in mine)


def _bundle(deed: Dated[Granting], books: Books, inputs: tuple[object, ...]) -> Bundle:
    rules: list[Rule] = []
    regimes: dict[str, set[str]] = {}
    terms: list[ClauseTerms] = []
    document = deed.document
    for grounds in _grounds(deed, books):
        allowed: list[Rule] = []
        for clause in clauses_of(document):
            for rule in clause_rules(grounds, clause, books):
                rules.append(rule)
                if rule.effect == ALLOW:
                    allowed.append(rule)
            regimes.setdefault(clause.number, set()).update(
                entry.regime.value for entry in grounds.regulation.document.purposes if entry.purpose in clause.purposes
            )
        for stop in (*books.stops.get(document.id, ()), *books.stops.get(grounds.regulation.document.id, ())):
            rules.extend(_stopped(stop, deed, allowed, books))
            terms.append(_notice_terms(stop, books))
    terms += [
        _terms(document, clause, regimes[clause.number]) for clause in clauses_of(document) if clause.number in regimes
    ]
    return Bundle.of(document.id, document.version, deed.sha256, rules, terms, inputs)


def _grounds(deed: Dated[Granting], books: Books) -> Iterator[Grounds]:
    document = deed.document
    controllers = (document.body,) if isinstance(document, Regulation) else document.controllers
    for controller in sorted(set(controllers)):
        for regulation in books.regulations(document, controller):
            own_version = not isinstance(document, Regulation) or regulation.document.version == document.version
            if own_version and regulation.start < deed.end and deed.start < regulation.end:
                annex = {entry.id: entry for entry in regulation.document.cameras}
                yield Grounds(deed, controller, regulation, annex)


def _stopped(stop: Stop, deed: Dated[Granting], allowed: list[Rule], books: Books) -> Iterator[Rule]:
    """Rules that deny every key which a notice stops: those of the party that gave it, or all if it is no party.

    A suspension speaks until it ends or the deed does; a withdrawal until the same bodies sign another deed.
    """
    document = deed.document
    parties = set() if isinstance(document, Regulation) else {party.body for party in document.parties}
    for rule in allowed:
        if stop.by in parties and stop.by not in (rule.controller, rule.requesting_body):
            continue
        if stop.reason is Reason.CONVENTION_SUSPENDED:
            end = min(stop.end, deed.end)
        else:
            end = books.later_deed(rule.controller, rule.requesting_body, document.id, stop.start)
        if stop.start < end:
            yield Rule(
                controller=rule.controller,
                requesting_body=rule.requesting_body,
                unit=ANY,
                role=ANY,
                qualification=ANY,
                operation=rule.operation,
                data_class=rule.data_class,
                purpose=rule.purpose,
                ground=ANY,
                territory=rule.territory,
                window=ANY,
                max_span_s=UNBOUNDED_S,
                not_before=stop.start,
                not_after=end,
                clause=stop.clause,
                effect=DENY,
                reason=stop.reason.value,
            )


def _without_contested(generation: Generation) -> Generation:
    """Drop a pool's "not entitled" where another deed grants the very same: it bars the pool, not the parties."""
    barred = {rule for bundle in generation.bundles for rule in bundle.rules if _bars_pool(rule)}
    if not barred:
        return generation
    keys = {_key(rule) for rule in barred}
    granted = {_key(rule) for bundle in generation.bundles for rule in bundle.rules if rule.effect == ALLOW} & keys
    if not granted:
        return generation
    return Generation.of(
        replace_rules(bundle, [rule for rule in bundle.rules if not (_bars_pool(rule) and _key(rule) in granted)])
        for bundle in generation.bundles
    )


def replace_rules(bundle: Bundle, rules: list[Rule]) -> Bundle:
    """The same bundle with other rules; unchanged when they are the same."""
    if tuple(rules) == bundle.rules:
        return bundle
    return Bundle.of(bundle.document, bundle.version, bundle.sha256, rules, bundle.terms)


def _bars_pool(rule: Rule) -> bool:
    return rule.effect == DENY and rule.reason == Reason.APPLICANT_NOT_ENTITLED.value


def _key(rule: Rule) -> tuple[str, ...]:
    return (*rule.slice_key, rule.data_class, rule.territory)


def _terms(document: Granting, clause: Clause, regimes: set[str]) -> ClauseTerms:
    return ClauseTerms(
        clause=clause_id(document, clause),
        document=document.id,
        version=document.version,
        article=clause.article,
        sources=clause.sources,
        mode=clause.mode,
        regime=next(iter(regimes)) if len(regimes) == 1 else "both",
        obligations=tuple(sorted(set(clause.obligations))),
        invented=document.invented,
        max_cameras=clause.limits.max_cameras,
    )


def _notice_terms(stop: Stop, books: Books) -> ClauseTerms:
    notice = books.notice(stop.clause)
    return ClauseTerms(
        clause=stop.clause,
        document=notice.id,
        version=notice.version,
        article=notice.title,
        sources=notice.sources,
        mode="",
        regime="",
        obligations=(),
        invented=notice.invented,
    )


def _inputs(deed: Dated[Granting], books: Books) -> tuple[object, ...]:
    """Everything that a bundle depends on, as one comparable value."""
    if not deed.sha256:
        return ()
    document = deed.document
    bodies = sorted({body for clause in clauses_of(document) for body in _party_bodies(document, clause)})
    grounds: list[object] = []
    for found in _grounds(deed, books):
        regulation = found.regulation
        stops = (*books.stops.get(document.id, ()), *books.stops.get(regulation.document.id, ()))
        types = tuple(tuple(sorted(books.org_types(document, found.controller, body))) for body in bodies)
        later = tuple(
            books.later_deed(found.controller, body, document.id, stop.start) for stop in stops for body in bodies
        )
        grounds.append((found.controller, regulation.sha256, regulation.start, regulation.end, types, stops, later))
    return (deed.sha256, deed.start, deed.end, *grounds)


def _party_bodies(document: Granting, clause: Clause) -> set[str]:
    if isinstance(document, ImplementingAgreement):
        return {party.body for party in document.parties}
    return set(clause.bodies)
