"""The top of the house: command line and composition."""

__version__ = "0.1.0"
