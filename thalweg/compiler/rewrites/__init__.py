"""Rewritings of programs: identities, each said once."""
