"""The one fault of the inflating library, typed (its own stubs call the class an instance)."""

from typing import cast

from isal import isal_zlib

InflateError = cast("type[Exception]", isal_zlib.error)
