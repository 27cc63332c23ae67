"""Every page and the byte routes, through the real door and policy, with stand-ins for the other services."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from samarkiv_contracts.problems import all_problems
from samarkiv_runtime.peers import InProcess

from tests.unit.access import peers
from tests.unit.access.seeded import PASSWORD, WEBP, Seeded
from tests.unit.access.shelf import BOARD, an_id

OPEN, ASKED, CLOSED, ABSENT = (an_id("rec", name) for name in ("bygglov", "betyg", "akt", "never"))
PUBLIC = (
    "/",
    "/sok?q=bygg",
    "/sok?q=finnsinte",
    f"/handling/{OPEN}",
    f"/handling/{ASKED}",
    f"/handling/{OPEN}/las?fil=1",
    f"/handling/{OPEN}/las?fil=2&sida=2",
    "/bestall",
    f"/bestall?handling={ASKED}",
    "/jamfor",
    "/logga-in",
    "/om",
    "/tillganglighet",
    "/stil",
    "/problem",
)
DESKS = ("/arkivarie", "/producent", "/bevarande", *(f"/leverans/{one['id']}" for one in peers.DELIVERIES))


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    one = Seeded(Path(tmp_path_factory.mktemp("seeded")), 8098)
    yield one
    one.house.database.close()


@pytest.fixture
def client(seeded: Seeded) -> httpx.Client:
    transport = InProcess()

    async def outside(scope: Any, receive: Any, send: Any) -> None:
        await seeded.service.app({**scope, "client": ("192.0.2.7", 5000)}, receive, send)

    transport.apps["127.0.0.1"] = outside
    headers = {"Accept": "text/html", "Accept-Language": "sv", "Origin": seeded.address}
    return httpx.Client(transport=transport, base_url=seeded.address, headers=headers)


_COOKIES: dict[str, str] = {}


def signed_in(client: httpx.Client, who: str) -> httpx.Client:
    """Return the client with a session; one sign-in a person, since a password takes its time by design."""
    if who not in _COOKIES:
        answer = client.post("/logga-in", data={"konto": who, "losenord": PASSWORD, "till": "/om"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/om")
        _COOKIES[who] = client.cookies["samarkiv"]
    client.cookies.set("samarkiv", _COOKIES[who])
    return client


def token_of(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found
    return found[1]


@pytest.mark.parametrize("path", PUBLIC)
@pytest.mark.parametrize("language", ["sv", "en"])
def test_public_pages_stand_in_both_languages(client: httpx.Client, path: str, language: str) -> None:
    answer = client.get(path, headers={"Accept-Language": language})
    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert not re.search(r"<[^>]+ (style|on\w+)=", answer.text)
    assert answer.text.count("<h1") == 1
    assert len(answer.content) < 50_000


def test_a_record_page_is_light(client: httpx.Client) -> None:
    assert len(client.get(f"/handling/{OPEN}").content) < 20_000
    css = client.get("/static/samarkiv.css").content
    script = client.get("/static/samarkiv.js").content
    assert len(css) < 25_000
    assert len(script) < 20_000


@pytest.mark.parametrize("path", DESKS)
def test_desks_ask_for_sign_in_and_come_back(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/logga-in?till=/")


@pytest.mark.parametrize("path", DESKS)
@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_archivist_s_desks_stand(client: httpx.Client, path: str, language: str) -> None:
    answer = signed_in(client, "arkivarie").get(path, headers={"Accept-Language": language})
    assert answer.status_code == 200
    assert "no-store" in answer.headers["cache-control"]


def test_the_operator_sees_health_and_parked_events_but_no_deliveries(client: httpx.Client) -> None:
    page = signed_in(client, "drift").get("/drift").text
    assert "storage_full" in page
    assert client.get("/arkivarie").status_code in {403, 404}


def test_a_parked_event_is_run_again_and_dropped_only_for_a_reason(client: httpx.Client) -> None:
    token = token_of(signed_in(client, "drift").get("/drift").text)
    again = client.post("/drift/preservation/7", data={"verb": "retry", "csrf": token})
    assert again.headers["location"] == "/drift?klart=retry"
    without = client.post("/drift/preservation/7", data={"verb": "drop", "csrf": token})
    assert without.status_code == 422
    reason = {"verb": "drop", "csrf": token, "reason-preservation-7": "aldrig behövd"}
    assert client.post("/drift/preservation/7", data=reason).headers["location"] == "/drift?klart=drop"


def test_hidden_and_absent_records_answer_byte_for_byte_alike(client: httpx.Client) -> None:
    def seen(path: str) -> tuple[int, str]:
        answer = client.get(path, headers={"X-Correlation-Id": "x" * 32})
        return answer.status_code, answer.text.replace(ABSENT, "").replace(CLOSED, "")

    for path in (
        "/handling/{}",
        "/handling/{}/las",
        "/v1/records/{}",
        "/v1/records/{}/files",
        "/v1/records/{}/files/1",
    ):
        assert seen(path.format(CLOSED)) == seen(path.format(ABSENT))
        assert seen(path.format(ABSENT))[0] == 404


def test_a_form_from_elsewhere_is_refused(client: httpx.Client) -> None:
    answer = client.post("/bestall", data={"text": "x"}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_signing_in_never_leads_to_another_site(client: httpx.Client, target: str) -> None:
    answer = client.post("/logga-in", data={"konto": "arkivarie", "losenord": PASSWORD, "till": target})
    assert answer.headers["location"] == "/"


def test_a_wrong_password_says_so_without_saying_which(client: httpx.Client) -> None:
    wrong = [
        client.post("/logga-in", data={"konto": name, "losenord": "fel"}).text.replace(name, "")
        for name in ("arkivarie", "finnsinte")
    ]
    assert wrong[0] == wrong[1]
    assert 'role="alert"' in wrong[0]


def test_a_request_gives_a_code_that_shows_where_it_stands(client: httpx.Client) -> None:
    answer = client.post("/bestall", data={"handling": ASKED, "text": ""})
    assert answer.status_code == 303
    page = client.get(answer.headers["location"]).text
    assert "Mottagen" in page
    assert "Slutbetyg, Lindhamra gymnasium 1987" in page
    assert "Anna" not in page
    assert "Det finns ingen begäran" in client.get("/bestall?kod=AAAA-BBBB").text


def test_an_empty_request_points_at_the_field(client: httpx.Client) -> None:
    answer = client.post("/bestall", data={"text": ""})
    assert answer.status_code == 422
    assert 'href="#text"' in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_a_held_delivery_is_decided_with_a_reason(client: httpx.Client) -> None:
    path = f"/leverans/{peers.HELD}"
    token = token_of(signed_in(client, "arkivarie").get(path).text)
    assert client.post(f"{path}/beslut", data={"verb": "approve", "csrf": token}).status_code == 422
    decided = client.post(
        f"{path}/beslut", data={"verb": "approve", "csrf": token, "reason": "Titlarna är rättade."}
    )
    assert decided.headers["location"] == f"{path}?klart=approve"


def test_a_closed_record_asks_the_archivist_for_a_purpose_first(client: httpx.Client, seeded: Seeded) -> None:
    page = signed_in(client, "bygg").get(f"/handling/{CLOSED}")
    assert page.status_code == 403
    form = {"csrf": token_of(page.text), "authority": BOARD, "till": f"/handling/{CLOSED}"}
    assert client.post("/andamal", data={**form, "andamal": "x"}).status_code == 422
    given = client.post("/andamal", data={**form, "andamal": "Tillsynsärende 2026-17"})
    assert given.headers["location"] == f"/handling/{CLOSED}"
    assert "Hemlig akt" in client.get(f"/handling/{CLOSED}").text


def test_every_problem_code_has_a_page(client: httpx.Client) -> None:
    for problem in all_problems():
        page = client.get(f"/problem/{problem.code}")
        assert page.status_code == 200, problem.code
        assert problem.title.sv in page.text
    assert client.get("/problem/on_request").status_code == 200
    assert client.get("/problem/finns_inte").status_code == 404


def test_the_language_link_keeps_page_and_question(client: httpx.Client) -> None:
    page = client.get("/sok?q=bygg&tenant=x").text
    assert 'href="/sok?q=bygg&amp;tenant=x&amp;lang=en"' in page


# ---------------------------------------------------------------------------------------------- bytes

FILE = f"/v1/records/{OPEN}/files/1"


def test_a_file_is_given_whole_with_its_digest(client: httpx.Client) -> None:
    answer = client.get(FILE)
    digest = hashlib.sha256(answer.content).hexdigest()
    assert answer.headers["etag"] == f'"{digest}"'
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert client.get(FILE, headers={"If-None-Match": f'"{digest}"'}).status_code == 304


def test_ranges_are_exact_and_only_one_is_served(client: httpx.Client) -> None:
    whole = client.get(FILE).content
    part = client.get(FILE, headers={"Range": "bytes=5-9"})
    assert (part.status_code, part.content) == (206, whole[5:10])
    assert part.headers["content-range"] == f"bytes 5-9/{len(whole)}"
    tail = client.get(FILE, headers={"Range": "bytes=-4"})
    assert tail.content == whole[-4:]
    for wrong in (f"bytes={len(whole)}-", "bytes=0-1,4-5", "bytes=-0"):
        refused = client.get(FILE, headers={"Range": wrong})
        assert (refused.status_code, refused.headers["content-range"]) == (416, f"bytes */{len(whole)}")
    changed = client.get(FILE, headers={"Range": "bytes=5-9", "If-Range": '"other"'})
    assert changed.status_code == 200


def test_a_hidden_file_never_answers_a_range_or_a_condition(client: httpx.Client) -> None:
    for headers in ({"Range": "bytes=99999999-"}, {"If-None-Match": "*"}):
        for record in (CLOSED, ABSENT):
            assert client.get(f"/v1/records/{record}/files/1", headers=headers).status_code == 404


def test_head_tells_the_size_without_the_bytes(client: httpx.Client) -> None:
    answer = client.head(FILE)
    assert answer.content == b""
    assert int(answer.headers["content-length"]) == len(client.get(FILE).content)


def test_names_with_foreign_letters_are_saved_under_their_own_name(
    seeded: Seeded, client: httpx.Client
) -> None:
    from samarkiv_access.api import disposition

    assert (
        disposition("å'\";\r\n b.pdf")
        == "attachment; filename=\"_'_;__ b.pdf\"; filename*=UTF-8''%C3%A5%27%22%3B%0D%0A%20b.pdf"
    )


def test_a_page_image_and_the_text_are_shown_in_place(client: httpx.Client) -> None:
    image = client.get(f"/v1/records/{OPEN}/files/2?as=preview&page=2")
    assert (image.headers["content-type"], image.content) == ("image/webp", WEBP)
    text = client.get(f"{FILE}?as=text")
    assert "BYGGNADSNÄMNDEN" in text.text
    assert client.get(f"/v1/records/{OPEN}/files/2?as=preview&page=9").status_code == 404
    assert client.get(f"{FILE}?as=what").status_code == 422


def test_a_file_on_request_is_refused_by_code(client: httpx.Client) -> None:
    for path in (
        f"/v1/records/{OPEN}/files/3",
        f"/v1/records/{ASKED}/files/1",
        f"/v1/records/{ASKED}/files/77",
    ):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (403, "on_request")


def test_verify_knows_open_files_only(client: httpx.Client) -> None:
    whole = client.get(FILE).content
    found = client.get("/v1/verify", params={"sha256": hashlib.sha256(whole).hexdigest()}).json()
    assert [one["record"] for one in found["items"]] == [OPEN]
    for hidden in (b"%PDF-1.4 betyg", b"%PDF-1.4 akt"):
        answer = client.get("/v1/verify", params={"sha256": hashlib.sha256(hidden).hexdigest()}).json()
        assert answer["known"] is False
    assert client.get("/v1/verify", params={"sha256": "x"}).status_code == 422


def test_one_record_of_a_package_is_exported_alone(client: httpx.Client) -> None:
    answer = client.get(f"/v1/exports/{an_id('uuid', 'bygglov')}?as=zip&record={OPEN}")
    assert answer.headers["content-type"] == "application/zip"
    other = client.get(f"/v1/exports/{an_id('uuid', 'bygglov')}?as=zip&record={an_id('rec', 'lov-0')}")
    assert other.status_code == 404


def test_a_journey_is_told_in_both_languages(client: httpx.Client) -> None:
    steps = client.get(f"/v1/journeys/{OPEN}").json()["steps"]
    assert steps
    assert all(step["sv"] and step["en"] and step["text"] == step["sv"] for step in steps)


def test_every_link_of_a_record_page_answers(client: httpx.Client) -> None:
    page = client.get(f"/handling/{OPEN}").text
    links = {link.replace("&amp;", "&") for link in re.findall(r'(?:href|src)="(/[^"]*)"', page)}
    assert any("as=bagit" in link for link in links)
    for link in links:
        assert client.get(link).status_code == 200, link
