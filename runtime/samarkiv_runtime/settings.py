"""One frozen settings object, read from the environment (`SAMARKIV_…`, `_FILE` for secrets) and `.env`."""

import os
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SECRETS = ("database_url", "s3_access_key", "s3_secret_key", "service_secret", "kafka_password")


class Settings(BaseSettings):
    """Everything that can be set. Paths that are not given lie under `home`."""

    model_config = SettingsConfigDict(env_prefix="SAMARKIV_", env_file=".env", frozen=True, extra="ignore")

    mode: Literal["embedded", "distributed"] = Field(
        default="embedded", description="composition: one process, or services by name"
    )
    home: Path = Field(
        default=Path("samarkiv-home"),
        description="the one folder of an embedded archive; scratch and keys when distributed",
    )
    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8080, description="the web port")
    public_url: str = Field(default="", description="the address users see; default http://host:port")
    front_url: str = Field(
        default="", description="distributed: the address of the reverse proxy, for calls between services"
    )
    copies: str = Field(
        default="a,b", description="names of the archive copies, comma separated; at least two"
    )

    database_url: SecretStr = Field(
        default=SecretStr(""), description="distributed: SQLAlchemy address of PostgreSQL (embedded: SQLite under home/db)"
    )
    kafka: str = Field(default="", description="bootstrap servers, host:port, comma separated")
    kafka_session_ms: int = Field(default=15_000, description="session time-out of Kafka consumers")
    kafka_prefix: str = Field(
        default="", description="put before every topic and group name (tests share a broker)"
    )
    opensearch_url: str = Field(default="", description="address of OpenSearch")
    opensearch_prefix: str = Field(default="samarkiv", description="prefix of index names")
    s3_a_url: str = Field(default="", description="S3 endpoint of copy a (and of staging)")
    s3_b_url: str = Field(default="", description="S3 endpoint of copy b")
    s3_access_key: SecretStr = Field(default=SecretStr(""), description="access key of both S3 stores")
    s3_secret_key: SecretStr = Field(default=SecretStr(""), description="secret key of both S3 stores")
    s3_bucket_prefix: str = Field(
        default="samarkiv",
        description="buckets are <prefix>-copy-<name>, <prefix>-staging, <prefix>-derivatives",
    )
    ingest_url: str = Field(default="", description="distributed: inner address of ingest; default front_url")
    preservation_url: str = Field(default="", description="distributed: inner address of preservation; default front_url")
    search_url: str = Field(default="", description="distributed: inner address of search; default front_url")
    access_url: str = Field(default="", description="distributed: inner address of access; default front_url")
    service_secret: SecretStr = Field(
        default=SecretStr(""), description="shared secret with which services ask access for their tokens"
    )

    workers: int = Field(default=0, description="spawned workers for CPU work; 0 = by the machine")
    job_threads: int = Field(default=2, description="jobs a service runs at a time in one process")
    lease_s: float = Field(
        default=30.0, description="a job whose heartbeat stands still this long is taken over"
    )
    fixity_days: float = Field(
        default=30.0, gt=0, description="every copy of every package is checked at least this often"
    )
    max_entries: int = Field(
        default=100_000, description="most members of a container, unless the agreement says otherwise"
    )
    max_package_bytes: int = Field(default=100 * 2**30, description="largest delivery")
    max_ratio: int = Field(default=200, description="largest compression ratio above 10 MB")
    schemas: Path | None = Field(
        default=None, description="folder with further XML schemas (ERMS, SIARD, FGS)"
    )
    unsandboxed: bool = Field(
        default=False,
        description="run converters without bubblewrap where the machine has none (a risk: they open untrusted files)",
    )
    verapdf: str = Field(
        default="", description="command of a warm veraPDF (JSON lines); empty = PDF/A is not judged"
    )
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR")
    log_format: Literal["auto", "json", "text"] = Field(
        default="auto", description="auto: text on a terminal, JSON otherwise"
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.mode == "distributed":
            needed = {
                "database_url": self.database_url.get_secret_value(),
                "kafka": self.kafka,
                "opensearch_url": self.opensearch_url,
                "s3_a_url": self.s3_a_url,
                "s3_b_url": self.s3_b_url,
                "s3_access_key": self.s3_access_key.get_secret_value(),
                "s3_secret_key": self.s3_secret_key.get_secret_value(),
                "service_secret": self.service_secret.get_secret_value(),
            }
            missing = [f"SAMARKIV_{name.upper()}" for name, value in needed.items() if not value]
            if missing:
                raise ValueError(f"distributed mode needs {', '.join(missing)}")
            if len(self.service_secret.get_secret_value()) < 32:
                raise ValueError(
                    "SAMARKIV_SERVICE_SECRET must be at least 32 characters; `make secrets` writes one"
                )
        if len(self.copy_names) < 2:
            raise ValueError("SAMARKIV_COPIES must name at least two copies")
        return self

    @property
    def embedded(self) -> bool:
        """Return True when all services run in this one process."""
        return self.mode == "embedded"

    @property
    def copy_names(self) -> tuple[str, ...]:
        """Return the names of the archive copies."""
        return tuple(name.strip() for name in self.copies.split(",") if name.strip())

    @property
    def address(self) -> str:
        """Return the address users see, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def sqlite_path(self) -> Path:
        """Return the embedded database file."""
        return self.home / "db" / "samarkiv.sqlite"


def load_settings(**overrides: object) -> Settings:
    """Read the settings; `SAMARKIV_<NAME>_FILE` gives a secret by file. Raises pydantic.ValidationError."""
    from_files = {}
    for name in SECRETS:
        path = os.environ.get(f"SAMARKIV_{name.upper()}_FILE")
        if path:
            from_files[name] = Path(path).read_text(encoding="utf-8").strip()
    return Settings(**{**from_files, **overrides})  # type: ignore[arg-type]
