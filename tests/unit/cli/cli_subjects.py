"""What the tests of the command line are about."""

from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

EXAMPLES = Path(__file__).parents[3] / "examples"

Command = Callable[..., Result]

CAMPAIGN = """
name = "Essai"
controller = "Comité"
purpose = "political"
pack = "fr-political"
trunk = "rehearsal"
caller_id = "01 99 00 12 34"
ring_timeout_s = 15
recordings = ["{recording}"]

[limits]
max_channels = 7
max_cps = 3

[schedule]
any_hour = true

[[lists]]
file = "liste.csv"
supplier = "Comité"
method = "formulaire"
collected_on = 2025-12-31
purposes = ["political"]

[lists.wordings]
w1 = "J'accepte."
"""

ROWS = """telephone;date_consentement;source;formulation
06 39 98 00 01;01/11/2025;site;w1
06 39 98 00 02;01/11/2025;site;w1
06 39 98 00;01/11/2025;site;w1
"""
