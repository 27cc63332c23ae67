"""The decision table, row by row, with the codes a caller meets."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samarkiv_runtime.policy import (
    ACTIONS,
    ANONYMOUS,
    Context,
    Grant,
    Resource,
    Subject,
    decide,
    is_public,
    scope_of,
)

NOW = 1_800_000_000
LIGHT = Context(now=NOW)


def staff(*grants: Grant, **more: object) -> Subject:
    base = Subject("person", "prs-1", "acc-1", "tnt-1", grants, 1, NOW - 60, "session")
    return replace(base, **more)


def thing(**more: object) -> Resource:
    return replace(
        Resource("record", "rec-1", "tnt-1", authority="aut-1", level=0, persons=frozenset({"prs-9"})), **more
    )


def code(subject: Subject, action: str, resource: Resource, context: Context = LIGHT) -> tuple[int, str]:
    decision = decide(subject, action, resource, context)
    return decision.status, decision.code or decision.row


def test_everyone_sees_level_0_and_only_counters_are_kept() -> None:
    decision = decide(ANONYMOUS, "file.download", thing(kind="file"), LIGHT)
    assert decision.permit
    assert decision.public
    assert decision.obligations == {"public", "no_person", "rate"}


def test_a_file_of_level_1_answers_on_request_and_of_level_2_nothing() -> None:
    assert code(ANONYMOUS, "file.view", thing(level=1, part="file")) == (403, "on_request")
    assert code(ANONYMOUS, "file.view", thing(level=2, part="file")) == (404, "no_grant")
    assert code(ANONYMOUS, "file.view", thing(level=None, part="file")) == (404, "no_grant")
    assert code(ANONYMOUS, "record.see", thing(level=1, part="public_title")) == (200, "P2")
    assert code(ANONYMOUS, "record.see", thing(level=1)) == (403, "on_request")


def test_a_protected_identity_closes_whatever_the_level_says() -> None:
    assert code(ANONYMOUS, "record.see", thing(protected=True)) == (404, "no_grant")


def test_a_login_route_without_login_is_401_whatever_is_there() -> None:
    assert code(ANONYMOUS, "delivery.see", thing()) == (401, "not_signed_in")
    assert is_public("record.see")
    assert not is_public("delivery.see")


def test_another_tenants_thing_does_not_exist_but_its_public_records_do() -> None:
    archivist = staff(Grant("archivist", "tnt-2"))
    assert code(archivist, "record.see", thing(level=2))[0] == 404
    assert code(archivist, "delivery.return", thing(state="held"))[0] == 404
    assert code(archivist, "record.see", thing()) == (200, "P1")


def test_a_closed_tenant_is_gone_and_a_suspended_one_takes_no_writes() -> None:
    producer = staff(Grant("producer", "tnt-1", "aut-1"))
    assert code(producer, "delivery.create", thing(tenant_state="closed"))[0] == 404
    assert code(producer, "delivery.create", thing(tenant_state="suspended")) == (403, "tenant_suspended")
    assert code(producer, "delivery.see", thing(tenant_state="suspended")) == (200, "P4")


def test_producers_deliver_for_their_own_board_only_and_never_for_all() -> None:
    assert code(staff(Grant("producer", "tnt-1", "aut-1")), "delivery.create", thing()) == (200, "P4")
    assert code(staff(Grant("producer", "tnt-1", "aut-2")), "delivery.create", thing())[0] == 404
    assert code(staff(Grant("producer", "tnt-1", "all")), "delivery.create", thing())[0] == 404
    system = staff(Grant("producer_system", "tnt-1"), agreements=frozenset({"agr-1"}), kind="service_account")
    assert code(system, "delivery.create", thing(agreement="agr-1")) == (200, "P5")
    assert code(system, "delivery.create", thing(agreement="agr-2"))[0] == 404


def test_the_archive_authority_reaches_final_things_control_and_open_metadata() -> None:
    archivist = staff(Grant("archivist", "tnt-1"))
    assert code(archivist, "file.view", thing(level=1, custody="final", part="file")) == (200, "P10")
    assert code(archivist, "file.view", thing(level=1, part="file")) == (403, "custody_intermediate")
    assert code(archivist, "record.see", thing(level=1)) == (200, "P9")
    assert code(archivist, "delivery.see", thing(state="held", level=2, part="registry")) == (200, "P9")
    assert code(archivist, "delivery.see", thing(state="received", level=2, part="registry"))[0] == 404


def test_level_2_asks_for_a_purpose_and_a_token_of_a_person_present() -> None:
    archivist = staff(Grant("archivist", "tnt-1", "aut-1"))
    closed = thing(level=2)
    assert code(archivist, "record.see", closed) == (403, "purpose_required")
    told = replace(archivist, purposes=frozenset({"aut-1"}))
    decision = decide(told, "record.see", closed, LIGHT)
    assert decision.permit
    assert {"log", "no_store"} <= decision.obligations
    assert code(replace(told, token_kind="home"), "record.see", closed) == (403, "token_kind")
    assert code(replace(told, auth_time=NOW - 3601), "record.see", closed) == (403, "login_again")
    assert code(told, "record.see", closed, replace(LIGHT, assurance_cap=3)) == (403, "assurance")


def test_a_decision_needs_another_person_a_fresh_login_and_a_whole_list() -> None:
    approver = staff(Grant("approver", "tnt-1"))
    held = thing(kind="delivery", state="held", part="registry")
    decision = decide(approver, "delivery.approve", held, LIGHT)
    assert decision.permit
    assert {"log", "reason"} <= decision.obligations
    assert code(approver, "delivery.approve", replace(held, persons=frozenset({"prs-1"}))) == (
        403,
        "four_eyes",
    )
    assert code(approver, "delivery.approve", replace(held, persons=None)) == (403, "four_eyes")
    assert code(replace(approver, auth_time=NOW - 901), "delivery.approve", held) == (403, "login_again")
    assert code(replace(approver, token_kind="personal"), "delivery.approve", held) == (403, "token_kind")


def test_publishing_is_for_whoever_is_responsible() -> None:
    light = replace(LIGHT, decision="KS 2026:14")
    archive = staff(Grant("approver", "tnt-1"))
    assert code(archive, "package.publish", thing(custody="final"), light) == (200, "P13")
    assert code(archive, "package.publish", thing(), light) == (403, "not_responsible")
    assert code(archive, "package.publish", thing(custody="final")) == (403, "no_decision")
    board = staff(Grant("approver", "tnt-1", "aut-1"))
    assert code(board, "package.publish", thing(), light) == (200, "P13")
    assert code(board, "package.publish", thing(protected=True), light)[0] == 403


def test_the_aip_is_for_archivists() -> None:
    aip = replace(LIGHT, export_as="aip")
    assert code(ANONYMOUS, "package.export", thing(part="file"), aip) == (403, "aip_not_public")
    assert code(ANONYMOUS, "package.export", thing(part="file"), replace(LIGHT, export_as="dip")) == (
        200,
        "P1",
    )
    assert code(ANONYMOUS, "package.export", thing(part="file"))[0] == 403
    assert code(staff(Grant("archivist", "tnt-1", "aut-1")), "package.export", thing(part="file"), aip) == (
        200,
        "P10",
    )


def test_operators_run_everything_and_read_nothing() -> None:
    operator = staff(Grant("operator", "*"))
    assert code(operator, "event.retry", thing(tenant="tnt-7")) == (200, "P17")
    assert code(operator, "event.payload", thing(tenant="tnt-7")) == (403, "payload_closed")
    assert code(operator, "record.see", thing(level=2))[0] == 404
    assert code(operator, "delivery.see", thing())[0] == 404


def test_nobody_grants_to_themselves() -> None:
    administrator = staff(Grant("administrator", "tnt-1"))
    grant = Resource("grant", tenant="tnt-1", part="registry")
    assert code(administrator, "grant.create", grant, replace(LIGHT, grantee="prs-1")) == (403, "own_grant")
    assert code(administrator, "grant.create", grant, replace(LIGHT, grantee="prs-2")) == (200, "P19")
    assert code(administrator, "tenant.propose", grant)[0] == 403
    assert code(staff(Grant("administrator", "*")), "tenant.propose", grant) == (200, "P19")


def test_dead_files_are_not_served() -> None:
    for state in ("test", "quarantined", "disposed"):
        assert code(ANONYMOUS, "file.view", thing(state=state)) == (403, "state")


def test_services_do_what_their_list_says_and_never_decide() -> None:
    service = Subject("service", account="svc-search", token_kind="internal")
    assert code(service, "service.internal", Resource("service")) == (200, "P22")
    assert code(service, "delivery.approve", thing(persons=frozenset()))[0] == 404
    assert code(replace(service, account="svc-disposal"), "service.internal", Resource("service"))[0] == 404


def test_an_unknown_action_is_a_fault_of_ours() -> None:
    with pytest.raises(KeyError):
        decide(ANONYMOUS, "record.burn", thing(), LIGHT)


CALM = settings(derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
GRANTS = st.builds(
    Grant,
    st.sampled_from(
        ["producer", "archivist", "approver", "staff_reader", "operator", "administrator", "producer_system"]
    ),
    st.sampled_from(["tnt-1", "tnt-2", "*"]),
    st.sampled_from(["all", "*", "aut-1", "aut-2"]),
)
SUBJECTS = st.builds(
    lambda grants, purposes, token: staff(
        *grants, purposes=purposes, token_kind=token, agreements=frozenset({"agr-1"})
    ),
    st.lists(GRANTS, max_size=3).map(tuple),
    st.frozensets(st.sampled_from(["aut-1", "aut-2"])),
    st.sampled_from(["session", "home", "personal"]),
)
THINGS = st.builds(
    Resource,
    kind=st.just("record"),
    tenant=st.sampled_from(["tnt-1", "tnt-2"]),
    tenant_state=st.sampled_from(["active", "closed", "suspended"]),
    authority=st.sampled_from(["aut-1", "aut-2"]),
    level=st.sampled_from([0, 1, 2, None]),
    custody=st.sampled_from(["intermediate", "final"]),
    protected=st.booleans(),
    state=st.sampled_from(["", "held", "received"]),
    part=st.sampled_from(["public_title", "metadata", "registry"]),
    agreement=st.sampled_from(["agr-1", "agr-2"]),
)
LISTED = [
    "record.find",
    "record.see",
    "package.see",
    "delivery.see",
    "agreement.see",
    "tenant.see",
    "event.see",
    "account.see",
]


@CALM
@given(SUBJECTS | st.just(ANONYMOUS), THINGS, st.sampled_from(LISTED))
def test_a_list_shows_exactly_what_the_decision_permits(
    subject: Subject, resource: Resource, action: str
) -> None:
    shown = scope_of(subject, action, resource.part, LIGHT).holds(resource)
    assert shown == decide(subject, action, resource, LIGHT).permit


@CALM
@given(SUBJECTS | st.just(ANONYMOUS), THINGS, st.sampled_from(sorted(ACTIONS)))
def test_every_question_has_an_answer_and_denials_say_why(
    subject: Subject, resource: Resource, action: str
) -> None:
    decision = decide(subject, action, resource, LIGHT)
    assert decision.permit == (decision.status == 200)
    assert decision.permit or decision.code
