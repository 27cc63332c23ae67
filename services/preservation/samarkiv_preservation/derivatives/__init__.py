"""Derivatives: text for search, a thumbnail and page images, made from a file's bytes in a pool worker.

Light to import: the libraries that open untrusted bytes are loaded by the first file that needs them.
"""

from samarkiv_preservation.derivatives.derive import Derived, Task, derive, derive_many
from samarkiv_preservation.derivatives.pictures import media_type

__all__ = ["Derived", "Task", "derive", "derive_many", "media_type"]
