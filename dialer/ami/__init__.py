"""Asterisk over AMI, behind the `Pbx` protocol."""

from dialer.ami.adapter import AmiPbx
from dialer.ami.link import LoginRejected
from dialer.ami.settings import AmiPatience, AmiSettings

__all__ = ["AmiPatience", "AmiPbx", "AmiSettings", "LoginRejected"]
