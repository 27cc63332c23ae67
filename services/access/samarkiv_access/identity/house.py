"""All of identity, made from a house: what access's service and pages use."""

from fastapi import Request
from samarkiv_contracts.problems import Unavailable
from samarkiv_runtime.house import House
from samarkiv_runtime.signing import Signer
from samarkiv_runtime.web.context import cookie_name

from samarkiv_access import identity_store as store
from samarkiv_access.identity.accounts import Accounts
from samarkiv_access.identity.bootstrap import Bootstrap
from samarkiv_access.identity.demo import demo_allowed
from samarkiv_access.identity.home_token import HomeToken
from samarkiv_access.identity.issuer import LocalIssuer
from samarkiv_access.identity.program_tokens import ProgramTokens
from samarkiv_access.identity.revoking import Revoking
from samarkiv_access.identity.sessions import Sessions


class Identities:
    """Accounts, sessions, tokens and their issuer. Made once by access's service; `start` when the tables exist."""

    def __init__(self, house: House) -> None:
        self.settings = house.settings
        self.clock = house.clock
        self.ids = house.ids
        self.database = house.database
        self._house = house
        self.revoking = Revoking(house.database, house.clock)
        self.accounts = Accounts(house.database, house.clock, house.ids, self.revoking)
        self.sessions = Sessions(house.settings, house.database, house.clock, house.ids, self.revoking)
        self.tokens = ProgramTokens(house.database, house.clock, house.ids, self.revoking)
        self.home = HomeToken(house.settings, house.database, house.clock, house.ids)
        self.bootstrap = Bootstrap(house.settings, house.database, house.clock, house.ids, self.accounts)
        self.signer = Signer.open(house.settings.home / "keys", "tokens", self._now)
        self.issuer = LocalIssuer(
            self.signer, house.database, house.clock, house.ids, self.sessions, self.home, self.revoking
        )
        house.verifier.connect(self.issuer)

    def _now(self) -> int:
        return int(self.clock.now().timestamp())

    def start(self) -> None:
        """Make the home token and, in an empty archive, the bootstrap secret.

        Raises Unavailable when demo accounts are found outside a demo (POLICY §6).
        """
        with self.database.read() as tx:
            demo = store.accounts_of_kind(tx, "demo")
        if demo and not demo_allowed(self.settings):
            raise Unavailable(
                "Här finns demokonton, men detta är ingen demo på den egna maskinen. Ta bort dem först.",
                "There are demo accounts here, but this is no demo on this machine. Remove them first.",
            )
        self.signer.rotate()
        self.home.start()
        if not demo_allowed(self.settings):
            self.bootstrap.start()

    def stop(self) -> None:
        """Take the home token away."""
        self.home.stop()

    def sign_in(self, name: str, password: str, request: Request) -> str:
        """Begin a browser's session and return its cookie's value; raises NotSignedIn, TooManyRequests."""
        forwarded = request.headers.get("x-forwarded-for", "").split(",")[-1].strip()
        network = forwarded or (request.client.host if request.client else "")
        old = request.cookies.get(self.cookie, "")
        return self.sessions.sign_in(name, password, network, old_cookie=old).cookie

    def sign_out(self, cookie: str) -> None:
        """End a browser's session."""
        self.sessions.sign_out(cookie)

    @property
    def cookie(self) -> str:
        """Return the name of the session cookie."""
        return cookie_name(self.settings)

    def names(self, accounts: list[str]) -> dict[str, str]:
        """Return the display names of accounts, for pages and for acts that are archived with their subjects."""
        with self.database.read() as tx:
            return store.names_of(tx, accounts)
