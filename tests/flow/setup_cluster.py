"""Run by the distributed tests: two members' agreements, and a token that may deliver, verify and see. Prints the token."""

from samarkiv_access.identity.accounts import Accounts, NewGrant
from samarkiv_access.identity.program_tokens import ProgramTokens
from samarkiv_access.identity.revoking import Revoking
from samarkiv_runtime.settings import load_settings

from samarkiv.app import compose
from samarkiv.demo import agreements, load, members


def main() -> None:
    """Set up and print."""
    archive = compose(load_settings(_env_file=None), only=("ingest",))
    house = archive.house
    parts = archive.services["ingest"].parts  # type: ignore[attr-defined]
    wanted = [one for one in agreements.AGREEMENTS if one.reference in {"DEMO-TOLERANT", "KVA-KS-2026-1"}]
    slugs = {one.member for one in wanted}
    load.agreements(parts, load.members(parts, [one for one in members.MEMBERS if one.slug in slugs]), wanted)
    revoking = Revoking(house.database, house.clock)
    accounts = Accounts(house.database, house.clock, house.ids, revoking)
    tokens = ProgramTokens(house.database, house.clock, house.ids, revoking)
    for name, roles in (("flow", ("producer", "archivist")), ("drift", ("operator",))):
        account = accounts.create(
            username=name, name=name, tenant="*", kind="person", password=f"en lång mening att gissa {name}"
        )
        for role in roles:
            accounts.grant(account, NewGrant(role, "*", "*"), decided_by="test", reason="test")
        print(tokens.make(account, "personal", name=name, days=1).secret)
    archive.stop()


if __name__ == "__main__":
    main()
