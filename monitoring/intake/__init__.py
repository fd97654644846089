"""Channels that run beside the screens: HL7 v2 over MLLP, and a watched folder."""
