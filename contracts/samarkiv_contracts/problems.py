"""The error tree. Every class: a stable code, an HTTP status, whose fault it is, what happened and what to do next.

Problem
├── content: the delivery or document is at fault
│   ├── HostileContainer          container_refused      422
│   ├── DigestMismatch            digest_mismatch        422
│   ├── UnsupportedMedia          unsupported_media      415
│   └── UnreadableEvent           unreadable_event       422
├── person: the caller can mend the request
│   ├── BadRequest                bad_request            400
│   ├── NotSignedIn               not_signed_in          401
│   ├── Forbidden                 (a policy code)        403
│   ├── NotFound                  not_found              404
│   ├── MethodNotAllowed          method_not_allowed     405
│   ├── Conflict                  conflict               409
│   ├── WrongOffset               wrong_offset           409
│   ├── PreconditionFailed        precondition_failed    412
│   ├── TooLarge                  too_large              413
│   ├── PreconditionRequired      precondition_required  428
│   ├── InvalidInput              invalid_input          422
│   ├── UnknownAgreement          unknown_agreement      422
│   ├── InactiveAgreement         inactive_agreement     422
│   ├── KeyReused                 idempotency_key_reused 422
│   ├── ChecksumMismatch          checksum_mismatch      460
│   └── TooManyRequests           too_many_requests      429
└── system: we are at fault, nothing is lost
    ├── Unavailable               unavailable            503
    ├── StorageFull               storage_full           507
    ├── CopyUnreadable            copy_unreadable        503
    ├── AllCopiesBad              all_copies_bad         503
    ├── Fenced                    fenced                 409
    └── Unexpected                unexpected             500
"""

from typing import ClassVar, Literal

from samarkiv_contracts.findings import Finding
from samarkiv_contracts.text import Text

Fault = Literal["content", "system", "person"]


class Problem(Exception):
    """The root of every error of the archive. Subclasses state the fixed parts; the instance adds what it met."""

    code: ClassVar[str] = "unexpected"
    status: ClassVar[int] = 500
    fault: ClassVar[Fault] = "system"
    title: ClassVar[Text] = Text(sv="Ett tekniskt fel uppstod", en="A technical fault occurred")
    todo: ClassVar[Text] = Text(
        sv="Försök igen om en stund. Ingenting har gått förlorat.",
        en="Try again in a moment. Nothing has been lost.",
    )

    def __init__(
        self,
        sv: str = "",
        en: str = "",
        *,
        findings: tuple[Finding, ...] = (),
        headers: dict[str, str] | None = None,
        policy_code: str = "",
    ) -> None:
        """Take what this instance adds: a sentence in each language, findings, response headers."""
        super().__init__(en or self.title.en)
        self.detail = Text(sv=sv, en=en or sv)
        self.findings = findings
        self.headers = headers or {}
        self.policy_code = policy_code

    @property
    def stable_code(self) -> str:
        """Return the code that programs may rely on."""
        return self.policy_code or self.code

    def told(self, language: str) -> dict[str, object]:
        """Return the RFC 9457 object (without `instance`) in one language."""
        doc: dict[str, object] = {
            "type": f"/problem/{self.stable_code}",
            "title": self.title.get(language),
            "status": self.status,
            "code": self.stable_code,
            "fault": self.fault,
            "todo": self.todo.get(language),
        }
        if self.detail.get(language):
            doc["detail"] = self.detail.get(language)
        if self.findings:
            doc["findings"] = [finding.told(language) for finding in self.findings]
        return doc


def _t(sv: str, en: str) -> Text:
    return Text(sv=sv, en=en)


class ContentProblem(Problem):
    """What was delivered is at fault."""

    fault: ClassVar[Fault] = "content"
    status: ClassVar[int] = 422


class HostileContainer(ContentProblem):
    """The container is broken, ambiguous or dangerous; it was not opened and is not kept."""

    code: ClassVar[str] = "container_refused"
    title: ClassVar[Text] = _t("Paketfilen avvisas", "The package file is refused")
    todo: ClassVar[Text] = _t(
        "Skapa om paketfilen med ett vanligt verktyg (zip eller tar) och leverera den på nytt.",
        "Make the package file anew with an ordinary tool (zip or tar) and deliver it again.",
    )


class DigestMismatch(ContentProblem):
    """What arrived does not have the digest that was declared."""

    code: ClassVar[str] = "digest_mismatch"
    title: ClassVar[Text] = _t("Kontrollsumman stämmer inte", "The digest does not match")
    todo: ClassVar[Text] = _t(
        "Kontrollera filen i källsystemet och skicka den på nytt.",
        "Check the file at the source and send it again.",
    )


class UnsupportedMedia(ContentProblem):
    """The content type of the request is not one we read here."""

    code: ClassVar[str] = "unsupported_media"
    status: ClassVar[int] = 415
    title: ClassVar[Text] = _t("Innehållstypen stöds inte", "The content type is not supported")
    todo: ClassVar[Text] = _t(
        "Använd den typ som API-beskrivningen anger.", "Use the type the API description names."
    )


class UnreadableEvent(ContentProblem):
    """An event cannot be read as a CloudEvent of a known type."""

    code: ClassVar[str] = "unreadable_event"
    title: ClassVar[Text] = _t("Händelsen kan inte läsas", "The event cannot be read")
    todo: ClassVar[Text] = _t(
        "Jämför med exemplen i händelsekatalogen och skicka om.",
        "Compare with the event catalogue and send it again.",
    )


class PersonProblem(Problem):
    """The caller can mend the request."""

    fault: ClassVar[Fault] = "person"
    status: ClassVar[int] = 400


class BadRequest(PersonProblem):
    """The request cannot be read."""

    code: ClassVar[str] = "bad_request"
    title: ClassVar[Text] = _t("Begäran kan inte läsas", "The request cannot be read")
    todo: ClassVar[Text] = _t("Rätta begäran och försök igen.", "Correct the request and try again.")


class NotSignedIn(PersonProblem):
    """The caller must sign in, or the token is no longer valid."""

    code: ClassVar[str] = "not_signed_in"
    status: ClassVar[int] = 401
    title: ClassVar[Text] = _t("Du behöver logga in", "You need to sign in")
    todo: ClassVar[Text] = _t("Logga in och försök igen.", "Sign in and try again.")


class Forbidden(PersonProblem):
    """The caller sees the thing but may not do this with it; `policy_code` says why."""

    code: ClassVar[str] = "no_grant"
    status: ClassVar[int] = 403
    title: ClassVar[Text] = _t("Du har inte behörighet till detta", "You may not do this")
    todo: ClassVar[Text] = _t(
        "Vänd dig till behörighetsadministratören om du behöver åtkomsten.",
        "Ask the administrator of grants if you need the access.",
    )


class NotFound(PersonProblem):
    """There is nothing here, or nothing the caller may know of: the two answer alike."""

    code: ClassVar[str] = "not_found"
    status: ClassVar[int] = 404
    title: ClassVar[Text] = _t("Sidan eller uppgiften finns inte", "There is nothing here")
    todo: ClassVar[Text] = _t(
        "Kontrollera adressen. Handlingar som inte är öppna kan begäras hos arkivet.",
        "Check the address. Records that are not open can be requested from the archive.",
    )


class MethodNotAllowed(PersonProblem):
    """The address exists but does not take this method."""

    code: ClassVar[str] = "method_not_allowed"
    status: ClassVar[int] = 405
    title: ClassVar[Text] = _t("Metoden används inte här", "The method is not used here")
    todo: ClassVar[Text] = _t("Se API-beskrivningen.", "See the API description.")


class Conflict(PersonProblem):
    """The thing is in a state where this cannot be done."""

    code: ClassVar[str] = "conflict"
    status: ClassVar[int] = 409
    title: ClassVar[Text] = _t("Det går inte i det här läget", "It cannot be done in this state")
    todo: ClassVar[Text] = _t("Läs om och se vad som har hänt.", "Read again and see what has happened.")


class WrongOffset(PersonProblem):
    """The upload continues at another offset."""

    code: ClassVar[str] = "wrong_offset"
    status: ClassVar[int] = 409
    title: ClassVar[Text] = _t("Uppladdningen fortsätter på en annan plats", "The upload continues elsewhere")
    todo: ClassVar[Text] = _t(
        "Fråga efter Upload-Offset med HEAD och fortsätt där.",
        "Ask for Upload-Offset by HEAD and go on there.",
    )


class PreconditionFailed(PersonProblem):
    """The thing has changed since it was read."""

    code: ClassVar[str] = "precondition_failed"
    status: ClassVar[int] = 412
    title: ClassVar[Text] = _t("Uppgiften har ändrats sedan du läste den", "It has changed since you read it")
    todo: ClassVar[Text] = _t("Läs om och gör ändringen på nytt.", "Read again and make the change anew.")


class PreconditionRequired(PersonProblem):
    """A change must say which version it is made upon."""

    code: ClassVar[str] = "precondition_required"
    status: ClassVar[int] = 428
    title: ClassVar[Text] = _t("Ändringen saknar If-Match", "The change lacks If-Match")
    todo: ClassVar[Text] = _t(
        "Skicka ETag från senaste läsningen i If-Match.", "Send the ETag of the last read as If-Match."
    )


class TooLarge(PersonProblem):
    """More bytes than the limit."""

    code: ClassVar[str] = "too_large"
    status: ClassVar[int] = 413
    title: ClassVar[Text] = _t("För stort", "Too large")
    todo: ClassVar[Text] = _t(
        "Dela upp leveransen eller kom överens om en högre gräns.",
        "Split the delivery or agree on a higher limit.",
    )


class InvalidInput(PersonProblem):
    """Fields of the request are missing or wrong; the findings name them."""

    code: ClassVar[str] = "invalid_input"
    status: ClassVar[int] = 422
    title: ClassVar[Text] = _t("Uppgifter saknas eller är fel", "Something is missing or wrong")
    todo: ClassVar[Text] = _t(
        "Rätta uppgifterna nedan och skicka igen.", "Correct what is listed and send again."
    )


class UnknownAgreement(PersonProblem):
    """There is no such submission agreement for the caller."""

    code: ClassVar[str] = "unknown_agreement"
    status: ClassVar[int] = 422
    title: ClassVar[Text] = _t("Leveransöverenskommelsen finns inte", "There is no such submission agreement")
    todo: ClassVar[Text] = _t(
        "Kontrollera beteckningen; `samarkiv agreements list` visar dina överenskommelser.",
        "Check the reference; `samarkiv agreements list` shows your agreements.",
    )


class InactiveAgreement(PersonProblem):
    """The submission agreement is not in force."""

    code: ClassVar[str] = "inactive_agreement"
    status: ClassVar[int] = 422
    title: ClassVar[Text] = _t(
        "Leveransöverenskommelsen gäller inte", "The submission agreement is not in force"
    )
    todo: ClassVar[Text] = _t(
        "Kontakta arkivet: en överenskommelse som båda parter har godkänt behövs före leverans.",
        "Contact the archive: an agreement approved by both parties is needed before delivery.",
    )


class KeyReused(PersonProblem):
    """The Idempotency-Key was used before with another request."""

    code: ClassVar[str] = "idempotency_key_reused"
    status: ClassVar[int] = 422
    title: ClassVar[Text] = _t("Idempotency-Key är redan använd", "The Idempotency-Key is already used")
    todo: ClassVar[Text] = _t("Använd en ny nyckel för en ny begäran.", "Use a new key for a new request.")


class ChecksumMismatch(PersonProblem):
    """A piece of an upload was damaged on the way (tus checksum extension); nothing of it was kept."""

    code: ClassVar[str] = "checksum_mismatch"
    status: ClassVar[int] = 460
    title: ClassVar[Text] = _t("Delen skadades på vägen", "The piece was damaged on the way")
    todo: ClassVar[Text] = _t("Skicka samma del igen.", "Send the same piece again.")


class TooManyRequests(PersonProblem):
    """Too many requests in a short time."""

    code: ClassVar[str] = "too_many_requests"
    status: ClassVar[int] = 429
    title: ClassVar[Text] = _t("För många försök", "Too many requests")
    todo: ClassVar[Text] = _t("Vänta så länge som Retry-After anger.", "Wait as long as Retry-After says.")


class SystemProblem(Problem):
    """We are at fault; nothing is lost and the work goes on when the fault is mended."""


class Unavailable(SystemProblem):
    """A part that is needed does not answer."""

    code: ClassVar[str] = "unavailable"
    status: ClassVar[int] = 503
    title: ClassVar[Text] = _t("En del av arkivet svarar inte", "A part of the archive does not answer")


class StorageFull(SystemProblem):
    """There is no room for this now."""

    code: ClassVar[str] = "storage_full"
    status: ClassVar[int] = 507
    title: ClassVar[Text] = _t("Lagringsutrymmet räcker inte", "There is not room enough")
    todo: ClassVar[Text] = _t(
        "Driften är underrättad. Försök igen senare.", "The operator has been told. Try again later."
    )


class CopyUnreadable(SystemProblem):
    """A copy could not be read; another copy is tried."""

    code: ClassVar[str] = "copy_unreadable"
    status: ClassVar[int] = 503
    title: ClassVar[Text] = _t("Kopian kan inte läsas just nu", "The copy cannot be read now")


class AllCopiesBad(SystemProblem):
    """No copy is whole: nothing is written and people are alarmed."""

    code: ClassVar[str] = "all_copies_bad"
    status: ClassVar[int] = 503
    title: ClassVar[Text] = _t("Ingen kopia är hel", "No copy is whole")
    todo: ClassVar[Text] = _t(
        "Kontakta driften genast. Skriv ingenting till kopiorna.",
        "Contact the operator at once. Write nothing to the copies.",
    )


class Fenced(SystemProblem):
    """Another worker has taken over the job; this one's late write fails."""

    code: ClassVar[str] = "fenced"
    status: ClassVar[int] = 409
    title: ClassVar[Text] = _t("Arbetet har tagits över", "The work has been taken over")


class Unexpected(SystemProblem):
    """A fault nobody foresaw."""

    code: ClassVar[str] = "unexpected"


def all_problems() -> tuple[type[Problem], ...]:
    """Return every concrete class of the tree, sorted by code."""

    def walk(cls: type[Problem]) -> list[type[Problem]]:
        return [
            one for sub in cls.__subclasses__() for one in ([sub] if "code" in vars(sub) else []) + walk(sub)
        ]

    return tuple(sorted(walk(Problem), key=lambda cls: cls.code))
