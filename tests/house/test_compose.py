"""Every setting, port and command in the compose file exists in the code."""

import re
from pathlib import Path

import yaml
from samarkiv_contracts.paths import SERVICES
from samarkiv_runtime.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
OURS = {name: one for name, one in COMPOSE["services"].items() if name in {*SERVICES, "migrate", "migrations"}}


def _environment(service: dict[str, object]) -> dict[str, str]:
    said = service.get("environment", {})
    if isinstance(said, list):
        return dict(line.split("=", 1) for line in said)
    return {str(key): str(value) for key, value in dict(said).items()}  # type: ignore[call-overload]


def test_the_four_services_and_the_migrations_are_there() -> None:
    assert set(SERVICES) <= set(OURS)
    assert len(OURS) == len(SERVICES) + 1


def test_every_setting_is_one_the_code_reads() -> None:
    known = {f"SAMARKIV_{name.upper()}" for name in Settings.model_fields}
    for name, service in OURS.items():
        for variable in _environment(service):
            if variable.startswith("SAMARKIV_"):
                assert variable.removesuffix("_FILE") in known, f"{name}: {variable}"


def test_every_service_runs_a_command_that_exists() -> None:
    from typer.main import get_command

    from samarkiv.cli import app

    commands = get_command(app).commands  # type: ignore[attr-defined]
    for name, service in OURS.items():
        command = service["command"]
        words = command if isinstance(command, list) else str(command).split()
        words = words[1:] if words[0] == "samarkiv" else words
        assert words[0] in commands, name
        if words[0] == "serve":
            assert words[words.index("--service") + 1] == name


def test_no_secret_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert not re.findall(r"\$\{[A-Z_]*(?:SECRET|PASSWORD|KEY)[A-Z_]*:-[^}]+\}", text)


def test_nginx_goes_to_the_port_the_services_listen_on() -> None:
    from samarkiv_runtime.settings import load_settings

    from samarkiv.front import nginx_configuration

    configuration = nginx_configuration(load_settings(_env_file=None))
    for name in SERVICES:
        assert f"set ${name} http://{name}:8080;" in configuration
    mounted = (ROOT / "deploy" / "nginx" / "samarkiv.conf").read_text(encoding="utf-8")
    assert mounted == configuration
