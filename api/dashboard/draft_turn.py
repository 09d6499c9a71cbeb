"""What a step of a draft sends: kept first, whatever it is; then one goes on, back or aside."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fastapi import Request, UploadFile
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from api.caller import Caller
from api.dashboard.draft import FIELD_OF, STEPS, Draft, draft_of, step_of
from api.dashboard.draft_check import check_step, known, prepared
from api.dashboard.draft_page import Shown, draft_page
from api.dashboard.forms import faults_of, text_of
from api.dashboard.pages import chosen
from api.dashboard.recordings import keep_upload
from campaigns.errors import InvalidInput
from operations import drafts
from operations.drafts import Taken
from operations.workspace import Workspace
from store.drafts import Filled, KeptDraft

_ASIDE = {"lists": "/lists/new", "campaigns": "/campaigns"}
"""Where one can go from any step; the draft is there meanwhile."""

_Change = Callable[[Filled], Draft]


def address(draft_id: int, step: str = "") -> str:
    """Where a draft is, at a step or at the one to go on with."""
    return f"/campaigns/new/{draft_id}" + (f"?step={step}" if step else "")


def go(
    request: Request,
    workspace: Workspace,
    caller: Caller,
    draft_id: int,
    form: FormData,
    file: UploadFile | None = None,
) -> Response:
    """Keep what a step sends; to the step asked for, aside, or to what was made with the last.

    Args:
        request: what it answers.
        workspace: where.
        caller: who fills it in.
        draft_id: which draft.
        form: what was sent.
        file: a recording that was sent with it.

    Raises:
        NotFound: the caller's controller has no such draft.
    """
    kept = drafts.one(workspace, caller.controller_id, draft_id)
    step = text_of(form, "step")
    turn = _Turn(request, workspace, caller, kept, step if step in STEPS else kept.step, form)
    try:
        return turn.taken(file)
    except Taken:
        return RedirectResponse(address(draft_id), 303)


@dataclass(frozen=True, slots=True)
class _Turn:
    """One step that was sent."""

    request: Request
    workspace: Workspace
    caller: Caller
    kept: KeptDraft
    step: str
    form: FormData

    def taken(self, file: UploadFile | None) -> Response:
        """Keep what was sent, the recording first."""
        try:
            added = self._recording(file)
        except InvalidInput as error:
            self._keep(self._change(), self.step)
            return self._wrong(self.step, error, {**FIELD_OF, error.field: "file"})
        aside = _ASIDE.get(text_of(self.form, "leave"), "")
        if "add" in self.form or aside:
            self._keep(self._change(added), self.step)
            here = f"{address(self.kept.id, self.step)}&added={added}"
            return RedirectResponse(aside or here, 303)
        return self._on(self._change(added))

    def _on(self, change: _Change) -> Response:
        """Forward where this step is right; back, whatever it is."""
        to, prepare = self._target(), "prepare" in self.form
        try:
            if prepare or STEPS.index(to) > STEPS.index(self.step):
                draft = known(self.workspace, self.caller, change(self.kept.filled))
                check_step(self.workspace, self.caller, draft, self.step)
        except InvalidInput as error:
            self._keep(change, self._step_of(error))
            return self._wrong(self._step_of(error), error)
        self._keep(change, to)
        return self._made() if prepare else RedirectResponse(address(self.kept.id, to), 303)

    def _made(self) -> Response:
        """To the campaign; to the step that is wrong, where none could be made."""

        def prepare(filled: Filled) -> int:
            draft = known(self.workspace, self.caller, draft_of(filled))
            return prepared(self.workspace, self.caller, draft)

        try:
            made = drafts.make(self.workspace, self.caller.controller_id, self.kept.id, prepare)
        except InvalidInput as error:
            return self._wrong(self._step_of(error), error)
        return RedirectResponse(f"/campaigns/{made}/preflight", 303)

    def _recording(self, file: UploadFile | None) -> int | None:
        """The recording that was sent, as it is kept; None where none was, nor asked to be."""
        if file is not None and file.filename:
            name = text_of(self.form, "recording_name")
            return int(keep_upload(self.workspace, self.caller, file, name)["id"])
        if "add" in self.form:
            raise InvalidInput(
                "file", "nothing was recorded, and no file was chosen.", "Do one or the other."
            )
        return None

    def _change(self, added: int | None = None) -> _Change:
        """What was sent, put to what is kept; a recording added to the message is heard in it."""

        def change(filled: Filled) -> Draft:
            draft = draft_of(filled).with_step(self.step, self.form)
            return draft.hearing(added) if added and self.step == "message" else draft

        return change

    def _keep(self, change: _Change, step: str) -> None:
        drafts.fill(
            self.workspace, self.caller.controller_id, self.kept.id,
            lambda filled: change(filled).plain(), step, self.caller.name,
        )  # fmt: skip

    def _target(self) -> str:
        """The step that is asked for, or the next one."""
        to = text_of(self.form, "to_step")
        return to if to in STEPS else STEPS[min(STEPS.index(self.step) + 1, len(STEPS) - 1)]

    def _step_of(self, error: InvalidInput) -> str:
        return step_of(FIELD_OF.get(error.field, error.field), self.step)

    def _wrong(
        self, step: str, error: InvalidInput, names: Mapping[str, str] = FIELD_OF
    ) -> Response:
        """The step on which something is wrong, which is said beside it."""
        kept = drafts.one(self.workspace, self.caller.controller_id, self.kept.id)
        draft = known(self.workspace, self.caller, draft_of(kept.filled))
        faults = faults_of(error, chosen(self.request), names)
        shown = Shown(step, draft, kept, faults=faults)
        return draft_page(self.request, self.workspace, self.caller, shown, 422)
