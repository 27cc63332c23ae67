"""The embedded archive of the flow tests."""

from tests.flow.fixtures import archive, client, public, settings

__all__ = ["archive", "client", "public", "settings"]
