"""Step 1, who: a cookie becomes an operator or an official. Machines: ``broker.identity.machines``."""

from dataclasses import dataclass

from broker.evidence import Caller, Machine, Official, Operator, Session
from broker.identity.sessions import Sessions
from broker.identity.trust import Directory, Issuers, ListedPerson, unlisted
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId, SessionId


@dataclass(frozen=True, slots=True)
class Identities:
    """Names the person behind a session, anew each time: lists and trust change while sessions last."""

    sessions: Sessions
    issuers: Issuers
    directory: Directory

    def identify(self, cookie: str | None) -> Operator | Official:
        """Who holds this cookie. Whether that person is on a list in force is decided later.

        Raises:
            Fault: ``not-authenticated``; ``session-ended``.
        """
        return self.caller(self.sessions.find(cookie))

    def identify_again(self, session_id: SessionId) -> Operator | Official:
        """Who obtained a running grant, if the session still holds; raises as ``identify``."""
        return self.caller(self.sessions.still_holds(session_id))

    def caller(self, session: Session) -> Operator | Official:
        """The person of a session.

        Raises:
            Fault: ``not-authenticated`` when the issuer is no longer trusted, or is not trusted for the body that
                lists the person; ``session-ended`` when the person moved to another body.
        """
        trust = self.issuers.trust_in(session.issuer)
        listed = self.directory.person_of(session.issuer, session.subject)
        body = listed.body if listed is not None else session.body
        if body not in trust.bodies:
            raise Fault(FaultKind.NOT_AUTHENTICATED, "the issuer does not vouch for this body")
        if not trust.admits(session.acr):
            raise Fault(FaultKind.ASSURANCE_TOO_LOW, "the sign-in is weaker than is now asked for")
        if listed is None:
            return Operator(unlisted(body, session.issuer, session.subject), body, session)
        if body != session.body:
            raise Fault(FaultKind.SESSION_ENDED, "the person is listed by another body now")
        return (Official if listed.is_official else Operator)(listed.person, body, session)

    def known_to(self, controller: BodyId, caller: Caller) -> Caller:
        """The caller as the controller's own lists name the credential: there no other list has a say (R4).

        Whom they do not name keeps the name of the session; whom they name twice is nobody.
        """
        if isinstance(caller, Machine):
            return caller
        session = caller.session
        named = self.directory.people_at(controller, session.issuer, session.subject)
        return as_named(caller, tuple(one for one in named if self.issuers.vouches(session.issuer, one.body)))


def as_named(caller: Operator | Official, named: tuple[ListedPerson, ...]) -> Operator | Official:
    """The caller under the one name given; under its own when none is, under nobody's when there are several."""
    session = caller.session
    if not named:
        return caller
    if len(named) > 1:
        return Operator(unlisted(caller.body, session.issuer, session.subject), caller.body, session)
    return (Official if named[0].is_official else Operator)(named[0].person, named[0].body, session)
