"""Recordings: probed, conditioned for the telephone, encoded as Asterisk plays them, kept."""
