"""The web of every service: one way to build an app, to name a route's policy, to ask for permission and to fail."""

from samarkiv_runtime.web.app import build_app
from samarkiv_runtime.web.caller import Caller, CallerOf, caller_of
from samarkiv_runtime.web.context import WebContext
from samarkiv_runtime.web.problems import answer
from samarkiv_runtime.web.ranges import ByteRange, Unsatisfiable, parse_range
from samarkiv_runtime.web.routing import OPEN, Declared, PolicyRouter, form_token_of

__all__ = [
    "OPEN",
    "ByteRange",
    "Caller",
    "CallerOf",
    "Declared",
    "PolicyRouter",
    "Unsatisfiable",
    "WebContext",
    "answer",
    "build_app",
    "caller_of",
    "form_token_of",
    "parse_range",
]
