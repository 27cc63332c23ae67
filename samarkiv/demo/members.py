"""The fictional members (DOMAIN §6): no real municipality is meant. Populations are for fee tests."""

from dataclasses import dataclass

FEDERATION = "Nordväst Arkivförbund"


@dataclass(frozen=True)
class Member:
    """A municipality: short name, name, population, and how it co-operates."""

    slug: str
    name: str
    population: int
    cooperation: str


MEMBERS = (
    Member("lindhamra", "Lindhamra kommun", 148_000, "avtalssamverkan"),
    Member("kvarnasa", "Kvarnåsa kommun", 46_500, "avtalssamverkan"),
    Member("ronnesta", "Rönnesta kommun", 43_200, "avtalssamverkan"),
    Member("bjorkevad", "Björkevad kommun", 27_800, "gemensam nämnd"),
    Member("havsrod", "Havsröds kommun", 17_900, "gemensam nämnd"),
    Member("stenhaga", "Stenhaga kommun", 16_400, "avtalssamverkan"),
    Member("tranerup", "Tranerups kommun", 15_800, "kommunalförbund"),
    Member("ekeslatt", "Ekeslätts kommun", 15_100, "kommunalförbund"),
    Member("faltvik", "Fältviks kommun", 14_300, "kommunalförbund"),
    Member("granmo", "Granmo kommun", 10_100, "avtalssamverkan"),
    Member("asbrolid", "Åsbrolids kommun", 7_300, "kommunalförbund"),
)

BOARDS = (
    ("ks", "Kommunstyrelsen", "arkivmyndighet"),
    ("bun", "Barn- och utbildningsnämnden", "nämnd"),
    ("sn", "Socialnämnden", "nämnd"),
    ("bn", "Byggnadsnämnden", "nämnd"),
    ("mn", "Miljönämnden", "nämnd"),
)
COMPANY = ("bostader", "Lindhamra Bostäder AB", "kommunalt bolag")


def authorities_of(member: Member) -> list[dict[str, str]]:
    """Return the authorities of a member; the company is Lindhamra's alone."""
    boards = (*BOARDS, COMPANY) if member.slug == "lindhamra" else BOARDS
    return [
        {"slug": slug, "name": name, "kind": kind, "org_no": f"212000-{number:04d}"}
        for number, (slug, name, kind) in enumerate(boards, 1)
    ]
