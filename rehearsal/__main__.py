"""`python -m rehearsal`: run the simulated telephone network until it is told to stop."""

import argparse
import json
import signal
import sys
from pathlib import Path

from campaigns.errors import InvalidInput
from rehearsal import profile
from rehearsal.capture import Capture
from rehearsal.network import ByNumber, Network, Population, open_ledger
from rehearsal.voices import load_library


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m rehearsal",
        description="The far side of a loopback SIP trunk: people, machines and faults.",
    )
    parser.add_argument("--bind", default="127.0.0.1", help="loopback address (127.0.0.1)")
    parser.add_argument("--sip-port", type=int, default=5080, help="0 for a free one (5080)")
    parser.add_argument(
        "--rtp-port", type=int, default=0, help="first of ten even ports, 0 for free ones (0)"
    )
    parser.add_argument("--ledger", type=Path, required=True, help="file to append what is seen to")
    parser.add_argument(
        "--capture", type=Path, metavar="DIRECTORY", help="keep the RTP of every call there"
    )
    parser.add_argument("--seed", type=int, default=1, help="who is who, the same in every run (1)")
    who = parser.add_mutually_exclusive_group()
    who.add_argument(
        "--profile", default="demo", help="shipped population: demo, answers, day, paris, survey"
    )
    who.add_argument("--weights", metavar="FILE", help="population of your own, in TOML")
    who.add_argument(
        "--by-number", action="store_true", help="the last two digits dialled say what happens"
    )
    parser.add_argument(
        "--voices", type=Path, metavar="DIR", help="other answers: human-*.flac, machine-*.flac"
    )
    return parser.parse_args(argv)


def _population(arguments: argparse.Namespace) -> Population:
    if arguments.by_number:
        return ByNumber()
    return profile.load(arguments.weights or arguments.profile, arguments.seed)


def main(argv: list[str] | None = None) -> int:
    """Run the network. Returns the exit code: 0 stopped on request, 2 could not start."""
    arguments = _arguments(argv)
    try:
        population = _population(arguments)
        ledger = open_ledger(arguments.ledger)
        network = Network(
            arguments.bind,
            arguments.sip_port,
            arguments.rtp_port,
            ledger,
            population,
            library=load_library(arguments.voices),
            capture=Capture(arguments.capture) if arguments.capture else None,
        )
    except InvalidInput as error:
        print(error, file=sys.stderr)
        return 2
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, network.stop)
    signal.signal(signal.SIGUSR1, network.storm)
    signal.signal(signal.SIGUSR2, network.calm)
    ready = {"sip_port": network.sip[1], "rtp_port": network.media.port}
    print(json.dumps(ready), flush=True)
    network.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
