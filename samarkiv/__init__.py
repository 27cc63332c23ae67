"""The top of the house: command line and composition."""
