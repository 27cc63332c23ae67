"""The two engines on the Java machine: Kafka and OpenSearch."""

from __future__ import annotations

import base64
import json
import subprocess
import urllib.request
import uuid
from pathlib import Path

from . import fetch
from .place import PARTS, WORK, EngineError, cache, port
from .process import Process, free

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def archived(name: str, version: int) -> list[str]:
    """Options that keep loaded classes in an archive between runs: starts take half the time."""
    if version < 19:
        return []
    file = cache() / f"{name}-java{version}.jsa"
    return [
        "-XX:+AutoCreateSharedArchive",
        f"-XX:SharedArchiveFile={file}",
        "-Xlog:cds=off",
        "-Xlog:cds+dynamic=off",
        "-Xlog:aot=off",
    ]


class Kafka:
    """One Kafka node, broker and controller in one process."""

    name = "kafka"

    def __init__(self) -> None:
        self.process = Process(self.name, WORK / self.name)
        self.address = f"127.0.0.1:{port('kafka')}"

    def install(self) -> None:
        fetch.jars("kafka", PARTS / "kafka")

    def _java(self, archive: str) -> list[str]:
        home, version = fetch.jdk(17)
        small = [
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData",
            "-XX:+ExitOnOutOfMemoryError",
        ]
        logs = f"-Dlog4j2.configurationFile={PARTS / 'kafka/log4j2.properties'}"
        jars = fetch.classpath(fetch.jars("kafka", PARTS / "kafka"))
        return [
            str(home / "bin/java"),
            *small,
            *archived(archive, version),
            "-Djava.net.preferIPv4Stack=true",
            logs,
            "-cp",
            jars,
        ]

    def start(self) -> None:
        """Formats the folder once, starts, returns when clients are served."""
        free(port("kafka"), "kafka")
        free(port("kafka-controller"), "kafka-controller")
        home = self.process.home
        home.mkdir(parents=True, exist_ok=True)
        template = (PARTS / "kafka/server.properties").read_text()
        for key, value in {
            "port": port("kafka"),
            "controller": port("kafka-controller"),
            "data": home / "data",
        }.items():
            template = template.replace("{" + key + "}", str(value))
        settings = home / "server.properties"
        settings.write_text(template)
        if not (home / "data/meta.properties").exists():
            cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "a")
            form = ["kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(settings)]
            fetch.run([*self._java("kafka-format"), *form], "kafka: formatting")
        self.process.launch([*self._java("kafka"), "kafka.Kafka", str(settings)])
        self.process.wait(lambda: "Kafka Server started" in self.process.log.read_text(errors="replace"), 180)

    def env(self) -> dict[str, str]:
        return {"SAMARKIV_KAFKA": self.address}


class OpenSearch:
    """One OpenSearch node."""

    name = "opensearch"

    def __init__(self) -> None:
        self.process = Process(self.name, WORK / self.name)
        self.address = f"http://127.0.0.1:{port('opensearch')}"

    def install(self) -> None:
        fetch.jars("opensearch", PARTS / "opensearch", least=21)

    def start(self) -> None:
        """Starts the node and returns when its cluster is at least yellow."""
        free(port("opensearch"), "opensearch")
        home = self.process.home
        (home / "config").mkdir(parents=True, exist_ok=True)
        (home / "data").mkdir(exist_ok=True)
        settings = (PARTS / "opensearch/opensearch.yml").read_text()
        for key, value in {"port": port("opensearch"), "data": home / "data", "logs": home}.items():
            settings = settings.replace("{" + key + "}", str(value))
        (home / "config/opensearch.yml").write_text(settings)
        (home / "config/log4j2.properties").write_text((PARTS / "opensearch/log4j2.properties").read_text())
        self.process.launch(self._command(home))
        self.process.wait(self._ready, 240)

    def _command(self, home: Path) -> list[str]:
        jdk, version = fetch.jdk(21)
        # the serial collector answers long bulk loads with 429
        memory = [
            "-Xms512m",
            "-Xmx512m",
            "-XX:+UseG1GC",
            "-XX:G1ReservePercent=25",
            "-XX:InitiatingHeapOccupancyPercent=30",
        ]
        options = ["-XX:-UsePerfData", "-Djava.net.preferIPv4Stack=true", "-Dlog4j2.disable.jmx=true"]
        options += ["-Dopensearch.set.netty.runtime.available.processors=false"]
        options += ["--add-opens=java.base/java.nio=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED"]
        if version >= 23:
            options.append("--sun-misc-unsafe-memory-access=allow")
        jars = fetch.classpath(fetch.jars("opensearch", PARTS / "opensearch", least=21))
        java = [str(jdk / "bin/java"), *memory, *options, *archived("opensearch", version)]
        return [*java, "-cp", jars, "SearchNode", str(home)]

    def _ready(self) -> bool:
        try:
            with DIRECT.open(f"{self.address}/_cluster/health", timeout=10) as answer:
                return json.load(answer)["status"] in {"yellow", "green"}
        except (OSError, ValueError):
            return False

    def env(self) -> dict[str, str]:
        return {"SAMARKIV_OPENSEARCH_URL": self.address}


def judge(name: str, source: Path, main: str, requests: list[dict[str, str]]) -> int:
    """Runs a warm judge: the given requests, or JSON lines from standard input; prints its JSON lines."""
    home, _ = fetch.jdk(17)
    jars = fetch.jars(name, source, least=17)
    command = [str(home / "bin/java"), "-XX:+UseSerialGC", "-Xmx1g", "-cp", fetch.classpath(jars), main]
    lines = "".join(json.dumps(request) + "\n" for request in requests)
    try:
        return subprocess.run(command, check=False, text=True, input=lines or None).returncode
    except KeyboardInterrupt as stop:
        raise EngineError(f"{name}: interrupted") from stop
