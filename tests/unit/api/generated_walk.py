"""A program that knows the API by the client that was generated from its schema, and nothing else.

Run by `test_generated_client.py` in the environment of the tools:

    python generated_walk.py DIRECTORY-OF-THE-CLIENT BASE-URL KEY CONTACTS RECORDING VALUES
"""

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any


def main(where: str, base: str, key: str, contacts: str, recording: str, values: str) -> None:
    """Go from a list to a campaign; what was seen, as JSON."""
    sys.path.insert(0, where)
    client = import_module("porte_voix_client").AuthenticatedClient(base_url=base, token=key)
    types = import_module("porte_voix_client.types")
    models = import_module("porte_voix_client.models")

    def file(path: str) -> Any:
        return types.File(payload=Path(path).open("rb"), file_name=Path(path).name)

    def ask(tag: str, operation: str, *ids: int, **asked: Any) -> Any:
        found = import_module(f"porte_voix_client.api.{tag}.{operation}")
        return found.sync_detailed(*ids, client=client, **asked)

    given = json.loads(values)
    body = models.BodyImportAList(file=file(contacts), provenance=json.dumps(given["provenance"]))
    report = ask("lists", "import_a_list", body=body).parsed
    sent = models.BodyUploadARecording(file=file(recording))
    kept = ask("recordings", "upload_a_recording", body=sent).parsed
    wanted = models.NewCampaign.from_dict(
        given["campaign"] | {"list_ids": [report.list_id], "recording_ids": [kept.id]}
    )
    made = ask("campaigns", "prepare_a_campaign", body=wanted).parsed
    page = ask("campaigns", "list_campaigns").parsed
    progress = ask("campaigns", "progress_now", made.id).parsed
    missing = ask("campaigns", "one_campaign", 99_999)
    seen = {
        "accepted": report.accepted,
        "campaigns": [[one.name, one.state.value] for one in page.items],
        "targets": progress.targets,
        "missing": [int(missing.status_code), missing.parsed.code],
    }
    sys.stdout.write(json.dumps(seen) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
