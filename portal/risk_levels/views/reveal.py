"""A vendor's raw answer, for whoever says why."""

from uuid import UUID

from flask import Response, url_for
from flask.typing import ResponseReturnValue

from portal.permissions import Permission
from portal.risk_levels import evaluations
from portal.risk_levels.views import bp
from portal.risk_levels.views.forms import RevealForm
from portal.web.access import current_actor, requires
from portal.web.commands import Sent, command, read, shown
from portal.web.render import render

SHOWN_SECONDS = 60


def raw_page(evaluation_id: UUID, *, sent: Sent | None = None, raw: str | None = None) -> Response:
    """The raw answer, which leaves by itself; or the form that asks why once more."""
    credit_score_id = evaluations.score_of(evaluation_id)
    response = render(
        "risk_levels/raw.html",
        sent=sent,
        form=shown(RevealForm, sent),
        raw=raw,
        evaluation_id=evaluation_id,
        credit_score_id=credit_score_id,
        seconds=SHOWN_SECONDS,
    )
    if raw is not None:
        back = url_for("credit_scores.show", credit_score_id=credit_score_id)
        response.headers["Refresh"] = f"{SHOWN_SECONDS}; url={back}"
    return response


@bp.post("/<uuid:evaluation_id>/reveal")
@requires(Permission.RAW_SCORE_REVEAL, is_fresh=True)
@command(RevealForm, again=raw_page)
def reveal(evaluation_id: UUID, form: RevealForm) -> ResponseReturnValue:
    raw = evaluations.reveal(evaluation_id, read(form, evaluations.RevealAnswers), actor=current_actor())
    return raw_page(evaluation_id, raw=raw)
