"""`samarkiv …`: nouns then verbs, `--json` on every read, plain words, stable exit codes (DESIGN §7)."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    name="samarkiv",
    help="Ett e-arkiv som många kommuner driver tillsammans. · An e-archive that many municipalities run together.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    add_completion=False,
)
parked_app = typer.Typer(
    help="Stoppade händelser: visa, kör om, släpp. · Parked events: show, retry, drop.", no_args_is_help=True
)
agreements_app = typer.Typer(help="Leveransöverenskommelser. · Submission agreements.", no_args_is_help=True)
tenants_app = typer.Typer(help="Medlemmar i samverkan. · Members.", no_args_is_help=True)
deliveries_app = typer.Typer(help="Leveranser. · Deliveries.", no_args_is_help=True)
receipt_app = typer.Typer(help="Kvitton. · Receipts.", no_args_is_help=True)
app.add_typer(parked_app, name="parked")
app.add_typer(agreements_app, name="agreements")
app.add_typer(tenants_app, name="tenants")
app.add_typer(deliveries_app, name="deliveries")
app.add_typer(receipt_app, name="receipt")

Json = Annotated[bool, typer.Option("--json", help="JSON på stdout. · JSON on stdout.")]


def _settings(**overrides: Any) -> Any:
    from pydantic import ValidationError
    from samarkiv_runtime.settings import load_settings

    from samarkiv import talk

    try:
        return load_settings(**{key: value for key, value in overrides.items() if value is not None})
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'settings'}: {one['msg']}" for one in error.errors()
        )
        talk.stop(talk.USAGE, f"Inställningarna är fel: {wrong}", f"The settings are wrong: {wrong}")


def _client(*, signed: bool = True) -> Any:
    from samarkiv import talk
    from samarkiv.client import Client

    return Client(_settings(), signed=signed, language=talk.language())


def _list(path: str, columns: dict[str, str], json_out: bool) -> None:
    from samarkiv import talk

    with talk.told_plainly():
        items = list(_client().items(path))
    if json_out:
        talk.give({"items": items, "next": None})
    else:
        talk.table(items, columns)


@app.command()
def demo(
    exit_: Annotated[bool, typer.Option("--exit", help="Ladda och sluta. · Load and stop.")] = False,
    port: Annotated[int | None, typer.Option(help="Webbport. · Web port.")] = None,
) -> None:
    """Ett arkiv med demomedlemmar och leveranser, serverat. · A served archive with demo members and deliveries."""
    from samarkiv.commands.demo import run_demo

    raise SystemExit(run_demo(_settings(port=port), stay=not exit_))


@app.command()
def serve(
    service: Annotated[
        str | None, typer.Option(help="En tjänst vid namn (distribuerat). · One service by name.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Webbport. · Web port.")] = None,
    host: Annotated[str | None, typer.Option(help="Adress att lyssna på. · Address to listen on.")] = None,
) -> None:
    """Starta arkivet: alla tjänster i en process, eller en vid namn. · Serve all services, or one by name."""
    from samarkiv.serve import serve_archive

    raise SystemExit(serve_archive(_settings(port=port, host=host), service))


@app.command()
def migrate() -> None:
    """Skapa eller uppgradera databasen och allt som ska finnas. · Create or upgrade the database and all that must exist."""
    from samarkiv.app import prepare

    prepare(_settings())


@app.command()
def nginx() -> None:
    """Skriv den omvända proxyns konfiguration. · Print the reverse proxy's configuration."""
    from samarkiv.front import nginx_configuration

    print(nginx_configuration(_settings()))


@app.command()
def deliver(
    path: Annotated[Path, typer.Argument(exists=True, help="Fil eller mapp. · File or folder.")],
    agreement: Annotated[str, typer.Option(help="Överenskommelsens id eller beteckning. · Id or reference.")],
    title: Annotated[str, typer.Option(help="Leveransens titel. · Title.")] = "",
    wait: Annotated[
        bool, typer.Option("--wait", help="Följ leveransen till slutet. · Follow it to its end.")
    ] = False,
    test: Annotated[
        bool, typer.Option("--test", help="Testleverans: kontrolleras, lagras aldrig. · Test delivery.")
    ] = False,
    replaces: Annotated[
        str, typer.Option(help="Avvisad leverans som ersätts. · Rejected delivery it replaces.")
    ] = "",
    key: Annotated[
        str,
        typer.Option("--idempotency-key", help="Samma nyckel, samma leverans. · Same key, same delivery."),
    ] = "",
    json_out: Json = False,
) -> None:
    """Leverera en fil, eller en mapp som en ZIP. · Deliver a file, or a folder as a ZIP."""
    from samarkiv import talk
    from samarkiv.commands import deliver as verb

    with talk.told_plainly():
        client = _client()
        delivery = verb.deliver(client, path, agreement, title=title, test=test, replaces=replaces, key=key)
        row = verb.wait(client, delivery) if wait else client.delivery(delivery)
        result = verb.outcome(client, row)
    if json_out:
        talk.give(result)
    else:
        verb.show(result, row)
        if not wait:
            talk.say(f"Följ den med: samarkiv trace {delivery}", f"Follow it with: samarkiv trace {delivery}")
    raise SystemExit(verb.exit_code(row["state"]))


@app.command()
def validate(
    path: Annotated[Path, typer.Argument(exists=True, help="Paketfil eller mapp. · Package file or folder.")],
    profile: Annotated[str, typer.Option(help="Paketprofil; annars känns den igen. · Package profile.")] = "",
    json_out: Json = False,
) -> None:
    """Samma regler som mottagningskontrollen, utan att något lagras. · The same rules as acceptance control, offline."""
    from samarkiv import talk
    from samarkiv.commands.validate import show, validate_path

    with talk.told_plainly():
        result = validate_path(_settings(), path, profile, talk.language())
    if json_out:
        talk.give(result)
    else:
        show(result)
    raise SystemExit(talk.DONE if result["outcome"] == "valid" else talk.FINDINGS)


@app.command()
def find(
    words: Annotated[list[str], typer.Argument(help="Sökord. · Words.")],
    limit: Annotated[int, typer.Option(help="Antal träffar. · Number of hits.")] = 20,
    json_out: Json = False,
) -> None:
    """Sök i det öppna arkivet. · Search the open archive."""
    from samarkiv import talk
    from samarkiv.commands import find as verb

    with talk.told_plainly():
        answer = verb.find(_client(signed=False), " ".join(words), limit)
    if json_out:
        talk.give(answer)
    else:
        verb.show(answer)


@app.command()
def fetch(
    package: Annotated[str, typer.Argument(help="Paketets id. · Package id.")],
    folder: Annotated[Path, typer.Argument(help="Tom mapp att skriva till. · Empty folder to write to.")],
    as_: Annotated[
        str, typer.Option("--as", help="aip, dip, bagit eller zip. · aip, dip, bagit or zip.")
    ] = "dip",
    json_out: Json = False,
) -> None:
    """Hämta en kopia, kontrollsummor jämförda. · Fetch a copy, digests compared."""
    from samarkiv import talk
    from samarkiv.commands import fetch as verb

    if as_ not in {"aip", "dip", "bagit", "zip"}:
        talk.stop(talk.USAGE, "--as är aip, dip, bagit eller zip.", "--as is aip, dip, bagit or zip.")
    with talk.told_plainly():
        files, size = verb.fetch(_client(), package, folder, as_)  # type: ignore[arg-type]
    if json_out:
        talk.give({"package": package, "as": as_, "folder": str(folder), "files": files, "bytes": size})
    else:
        talk.say(
            f"{files} filer, {size} byte, alla kontrollsummor stämmer.",
            f"{files} files, {size} bytes, every digest matches.",
        )


@app.command()
def trace(
    identity: Annotated[
        str, typer.Argument(help="Leverans, paket eller handling. · Delivery, package or record.")
    ],
    json_out: Json = False,
) -> None:
    """Berätta hur det har gått. · Tell the walk of a delivery, package or record."""
    from samarkiv import talk
    from samarkiv.commands import care

    with talk.told_plainly():
        story = care.trace(_client(), identity)
    if json_out:
        talk.give(story)
    else:
        care.show_trace(story)


@app.command()
def verify(
    package: Annotated[
        str | None, typer.Argument(help="Paketets id; annars alla. · Package id; else all.")
    ] = None,
    json_out: Json = False,
) -> None:
    """Läs och jämför varje kopia nu; det som kan lagas lagas. · Check every copy now; what can be mended is mended."""
    from samarkiv import talk
    from samarkiv.commands import care

    with talk.told_plainly():
        answers = list(care.verify(_client(), package))
    if json_out:
        talk.give({"items": answers, "next": None})
    else:
        care.show_verified(answers)
    raise SystemExit(talk.DONE if all(one["outcome"] == "ok" for one in answers) else talk.FINDINGS)


@app.command()
def rebuild(
    copy: Annotated[str, typer.Option(help="Vilken kopia. · Which copy.")] = "", json_out: Json = False
) -> None:
    """Bygg databas och index på nytt ur en lagringskopia. · Rebuild database and index from one storage copy."""
    from samarkiv import talk
    from samarkiv.commands.rebuild import rebuild_archive

    with talk.told_plainly():
        result = rebuild_archive(_settings(), copy)
    if json_out:
        talk.give(result)
    else:
        talk.say(
            f"{result['packages']} paket och {result['tenants']} medlemmar återställda ur kopia {result['copy']}.",
            f"{result['packages']} packages and {result['tenants']} members restored from copy {result['copy']}.",
        )


@app.command()
def doctor(
    store: Annotated[
        bool,
        typer.Option(
            "--store", help="Prova också lagringen, steg för steg. · Try the stores too, step by step."
        ),
    ] = False,
    json_out: Json = False,
) -> None:
    """Prova inställningar, maskin och tjänster. · Try settings, machine and services."""
    from samarkiv_contracts.problems import Problem

    from samarkiv import talk
    from samarkiv.client import Told
    from samarkiv.commands import care, offline

    rows = offline.machine(_settings())
    if store:
        with talk.told_plainly():
            rows += offline.stores(_settings())
    try:
        rows += care.doctor(_client())
    except (Problem, Told) as error:
        rows.append(
            {"service": "archive", "name": "address", "outcome": "could_not_check", "detail": str(error)}
        )
    if json_out:
        talk.give({"items": rows, "next": None})
    else:
        talk.table(
            rows,
            {
                "service": talk.pick("tjänst", "service"),
                "name": talk.pick("del", "part"),
                "outcome": talk.pick("utfall", "outcome"),
                "detail": "",
            },
        )
    raise SystemExit(talk.SYSTEM if any(row["outcome"] == "bad" for row in rows) else talk.DONE)


@app.command()
def settings(json_out: Json = False) -> None:
    """Visa inställningarna med ursprung; hemligheter maskerade. · Show the settings with origin; secrets masked."""
    from samarkiv import talk
    from samarkiv.commands.offline import settings_rows

    rows = settings_rows(_settings())
    if json_out:
        talk.give({"items": rows, "next": None})
    else:
        talk.table(
            rows,
            {
                "name": "",
                "value": talk.pick("värde", "value"),
                "origin": talk.pick("ursprung", "origin"),
                "meaning": "",
            },
        )


@agreements_app.command("list")
def agreements_list(json_out: Json = False) -> None:
    """Lista överenskommelser. · List agreements."""
    _list("/v1/agreements", {"reference": "", "title": "", "tenant": "", "state": "", "id": ""}, json_out)


@tenants_app.command("list")
def tenants_list(json_out: Json = False) -> None:
    """Lista medlemmar. · List members."""
    _list("/v1/tenants", {"name": "", "slug": "", "population": "", "id": ""}, json_out)


@deliveries_app.command("list")
def deliveries_list(json_out: Json = False) -> None:
    """Lista leveranser, senaste först. · List deliveries, newest first."""
    _list(
        "/v1/deliveries",
        {"id": "", "title": "", "agreement": "", "state_text": "", "received_at": ""},
        json_out,
    )


@parked_app.command("list")
def parked_list(json_out: Json = False) -> None:
    """Lista stoppade händelser. · List parked events."""
    from samarkiv import talk
    from samarkiv.commands import care

    with talk.told_plainly():
        rows = care.parked(_client())
    if json_out:
        talk.give({"items": rows, "next": None})
    else:
        talk.table(rows, {"name": "", "type": "", "reason": "", "attempts": ""})


@parked_app.command("show")
def parked_show(name: str) -> None:
    """Visa en stoppad händelse. · Show one parked event."""
    from samarkiv import talk
    from samarkiv.commands import care

    with talk.told_plainly():
        talk.give(_client().get(care.parked_path(name)))


@parked_app.command("retry")
def parked_retry(name: str) -> None:
    """Kör om en stoppad händelse. · Retry one parked event."""
    from samarkiv import talk
    from samarkiv.commands import care

    with talk.told_plainly():
        _client().post(f"{care.parked_path(name)}/retry", {})
    talk.say("Händelsen körs om.", "The event is being retried.")


@parked_app.command("drop")
def parked_drop(name: str, reason: Annotated[str, typer.Option(help="Varför. · Why.")]) -> None:
    """Släpp en stoppad händelse, med skäl. · Drop one parked event, with a reason."""
    from samarkiv import talk
    from samarkiv.commands import care

    with talk.told_plainly():
        _client().post(f"{care.parked_path(name)}/drop", {"reason": reason})
    talk.say("Händelsen är släppt.", "The event is dropped.")


@receipt_app.command("get")
def receipt_get(
    delivery: str, folder: Annotated[Path, typer.Argument(help="Mapp. · Folder.")] = Path()
) -> None:
    """Hämta en leverans kvitton. · Fetch a delivery's receipts."""
    from samarkiv import talk
    from samarkiv.commands.receipts import get_receipts

    with talk.told_plainly():
        for path in get_receipts(_client(), delivery, folder):
            print(path)


@receipt_app.command("verify")
def receipt_verify(path: Annotated[Path, typer.Argument(exists=True)], json_out: Json = False) -> None:
    """Kontrollera ett kvittos underskrift, utan arkivet. · Verify a receipt's signature, without the archive."""
    from samarkiv import talk
    from samarkiv.commands.receipts import verify_receipt

    result = verify_receipt(path)
    if json_out:
        talk.give(result)
    else:
        talk.say(
            "Underskriften stämmer." if result["valid"] else "Underskriften stämmer inte.",
            "The signature is right." if result["valid"] else "The signature is wrong.",
        )
    raise SystemExit(talk.DONE if result["valid"] else talk.FINDINGS)


def main() -> None:
    """Run the command line."""
    try:
        app()
    except BrokenPipeError:
        sys.exit(0)


if __name__ == "__main__":
    main()
