"""Our own Swedish analysis, the same for both search backends (ENGINES, 'One Swedish analysis')."""

from samarkiv_search.analysis.analyser import FIELDS, VERSION, Analyser

__all__ = ["FIELDS", "VERSION", "Analyser"]
